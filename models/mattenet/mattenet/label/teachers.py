# SPDX-License-Identifier: MPL-2.0
"""Teachers: segmentation networks as ONNX files that turn a picture into a person matte.

A teacher is described by a few words (`teachers.yaml`, or a file of the same form given by the user):
input size, value range, which channel is the person, and how many passes a recurrent network gets.
"""

from __future__ import annotations

import dataclasses
import importlib.resources
import math
import pathlib

import cv2
import numpy as np
import onnxruntime as ort
import yaml

from mattenet import tflite
from mattenet.errors import UserError

IMAGENET_MEAN = np.float32([0.485, 0.456, 0.406])
IMAGENET_STD = np.float32([0.229, 0.224, 0.225])

# Value ranges: float32 RGB 0..255, HxWx3, to what the network was trained on.
RANGES = {
    "raw": lambda x: x,
    "unit": lambda x: x / 255,
    "signed": lambda x: x / 127.5 - 1,
    "imagenet": lambda x: (x / 255 - IMAGENET_MEAN) / IMAGENET_STD,
    # U2Net's own loader divides by the picture's maximum, not by 255.
    "imagenet_max": lambda x: (x / max(float(x.max()), 1e-6) - IMAGENET_MEAN) / IMAGENET_STD,
    "isnet": lambda x: (x - 128) / 256,
}
OUTPUTS = ("alpha", "logit", "softmax", "minmax")


@dataclasses.dataclass(frozen=True)
class Descriptor:
    """What a teacher's file needs. Sizes in pixels of the network's input."""

    name: str
    height: int
    width: int
    range: str = "unit"  # key of RANGES
    output: str = "alpha"  # one of OUTPUTS
    channel: int = 0  # person channel of the output
    passes: int = 1  # recurrent networks: times the still is shown
    # Sides are free multiples of this, chosen in the picture's aspect with about height x width pixels; 0 = as given.
    multiple: int = 0
    file: str = ""  # folder below the peers' folder, or a path to an .onnx
    licence: str = "unknown"

    def __post_init__(self):
        if self.range not in RANGES:
            raise UserError(f"teacher {self.name}: range '{self.range}' is unknown, use one of {', '.join(RANGES)}")
        if self.output not in OUTPUTS:
            raise UserError(f"teacher {self.name}: output '{self.output}' is unknown, use one of {', '.join(OUTPUTS)}")


def descriptors(path: str | pathlib.Path | None = None) -> dict[str, Descriptor]:
    """All known teachers by name; `path` names a YAML file whose entries are added or replace built-in ones."""
    found = yaml.safe_load(importlib.resources.files(__package__).joinpath("teachers.yaml").read_text())
    if path:
        found.update(yaml.safe_load(pathlib.Path(path).read_text()) or {})
    known = {f.name for f in dataclasses.fields(Descriptor)}
    for name, entry in found.items():
        if unknown := set(entry) - known:
            raise UserError(f"teacher {name}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return {name: Descriptor(name=name, **{"file": name, **entry}) for name, entry in found.items()}


def find(names: list[str], extra: str | pathlib.Path | None = None) -> list[Descriptor]:
    """The descriptors of `names`, in that order; UserError on a name that nobody describes."""
    known = descriptors(extra)
    for name in names:
        if name not in known:
            raise UserError(f"teacher '{name}' is not described; known are {', '.join(sorted(known))}")
    return [known[name] for name in names]


def sides(aspect: float, d: Descriptor) -> tuple[int, int]:
    """Width and height that a picture of `aspect` (width over height) is scaled to, as the plugin chooses them
    (src/model/input/size.rs): of the heights around the ideal one, the pair that bends aspect and area least."""
    if not d.multiple:
        return d.width, d.height
    pixels, aspect = d.width * d.height, min(max(aspect, 1 / 8), 8.0)

    def whole(side: float) -> int:
        return max(1, math.floor(side / d.multiple + 0.5)) * d.multiple

    def cost(pair: tuple[int, int]) -> float:
        return 2 * abs(math.log(pair[0] / pair[1] / aspect)) + abs(math.log(pair[0] * pair[1] / pixels))

    heights = [whole(max(1.0, (pixels / aspect) ** 0.5 + step * d.multiple)) for step in (-1, 0, 1)]
    return min(((whole(height * aspect), height) for height in heights), key=cost)


def prepare(image: np.ndarray, d: Descriptor) -> np.ndarray:
    """RGB uint8 HxWx3, scaled to the teacher's input: float32 1x3xhxw in its range."""
    width, height = sides(image.shape[1] / image.shape[0], d)
    shrinks = image.shape[0] > height or image.shape[1] > width
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    x = RANGES[d.range](scaled.astype(np.float32)).astype(np.float32)
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


class Teacher:
    """One ONNX network, ready to run on the CPU with `threads` threads."""

    def __init__(self, descriptor: Descriptor, peers: str | pathlib.Path, threads: int = 1):
        self.descriptor = descriptor
        path = pathlib.Path(peers) / descriptor.file
        path = path if path.suffix in (".onnx", ".tflite") else path / "model.onnx"
        if not path.is_file():
            raise UserError(f"teacher {descriptor.name}: no file {path}; fetch the public models first (--peers names their folder)")
        self.path = path
        self.session = tflite.Session(path, threads) if path.suffix == ".tflite" else self._open(threads)
        first, *states = self.session.get_inputs()
        self.input = first.name
        self.output = self.session.get_outputs()[0].name
        self.zero_states = {s.name: np.zeros(s.shape, np.float32) for s in states}
        # RobustVideoMatting's convention: state rNi comes back as rNo.
        self.state_outputs = [s.replace("i", "o") for s in self.zero_states]

    def _open(self, threads: int) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return ort.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])

    def raw(self, x: np.ndarray) -> np.ndarray:
        """The network's own output for a prepared input; recurrent states start at zero."""
        if not self.zero_states:
            return self.session.run([self.output], {self.input: x})[0]
        states = self.zero_states
        for _ in range(self.descriptor.passes):
            y, *new = self.session.run([self.output, *self.state_outputs], {self.input: x, **states})
            states = dict(zip(self.zero_states, new))
        return y

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Matte of an RGB uint8 picture: uint8 HxW at the picture's size, 255 = person."""
        d = self.descriptor
        y = self.raw(prepare(image, d))[0].astype(np.float32)
        if d.output == "softmax":
            e = np.exp(y - y.max(0, keepdims=True))
            y = e / e.sum(0, keepdims=True)
        y = y[d.channel]
        if d.output == "logit":
            y = 1 / (1 + np.exp(-y))
        if d.output == "minmax":
            y = (y - y.min()) / max(float(y.max() - y.min()), 1e-6)
        y = cv2.resize(y, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
        return (np.clip(y, 0, 1) * 255 + 0.5).astype(np.uint8)
