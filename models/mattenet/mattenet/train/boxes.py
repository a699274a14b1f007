# SPDX-License-Identifier: MPL-2.0
"""Pictures with boxes of people: from YOLO text files, and from masks that show one person."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import torch

from mattenet.data import folders, item, splits, unlabelled
from mattenet.data.config import DataConfig, SourceConfig
from mattenet.errors import UserError


@dataclasses.dataclass
class Boxed:
    """A picture and its people as x0, y0, x1, y1 in fractions, [M, 4]."""

    picture: Path
    boxes: np.ndarray


def read_boxes(path: Path) -> np.ndarray:
    """Lines `class cx cy w h` in fractions as corners [M, 4]. UserError on anything else."""
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            _, cx, cy, w, h = map(float, line.split())
        except ValueError as error:
            raise UserError(f"{path}:{number}: found {line!r}, expected `class cx cy w h`") from error
        rows.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    return np.array(rows, np.float32).reshape(-1, 4).clip(0, 1)


def _mask_box(path: Path) -> np.ndarray:
    """The box of a mask's person, [1, 4], or [0, 4] of an empty one."""
    mask = item.gray(path)
    rows, columns = np.flatnonzero((mask >= 128).any(1)), np.flatnonzero((mask >= 128).any(0))
    if not len(rows):
        return np.zeros((0, 4), np.float32)
    h, w = mask.shape
    return np.float32([[columns[0] / w, rows[0] / h, (columns[-1] + 1) / w, (rows[-1] + 1) / h]])


def find(cfg: DataConfig, box_folders: list[str], mask_folders: list[str], split: str) -> list[Boxed]:
    """The pictures of a split. UserError where there is none."""
    root, found = Path(cfg.data), []
    for folder in box_folders:
        for picture in unlabelled.pictures(root / folder):
            path = root / folder / "boxes" / f"{picture.stem}.txt"
            if path.exists() and splits.split(folder, picture.stem, SourceConfig()) == split:
                found.append(Boxed(picture, read_boxes(path)))
    for folder in mask_folders:
        for masked in folders.masks(root, folder, Path(cfg.work) / "labels"):
            if splits.split(folder, masked.name, SourceConfig()) == split:
                found.append(Boxed(masked.picture, _mask_box(masked.mask)))
    if not found:
        raise UserError(f"no pictures with boxes in split '{split}' below {root}")
    return found


def view(boxed: Boxed, size: tuple[int, int], rng: np.random.Generator | None) -> tuple[np.ndarray, np.ndarray]:
    """RGB u8 [H, W, 3] and boxes in px; with `rng` a random part of the picture, mirrored half of the time."""
    image = unlabelled.read(boxed.picture)
    h, w = image.shape[:2]
    width, height = size
    sx, sy, ox, oy = width / w, height / h, 0.0, 0.0
    if rng is not None:
        zoom = rng.uniform(0.7, 1.6)
        squeeze = np.exp(rng.uniform(-0.2, 0.2))
        sx, sy = sx * zoom * squeeze, sy * zoom / squeeze
        ox = rng.uniform(min(0, width - w * sx), max(0, width - w * sx))
        oy = rng.uniform(min(0, height - h * sy), max(0, height - h * sy))
        if rng.random() < 0.5:
            sx, ox = -sx, width - ox
    grid = np.float32([[sx, 0, ox], [0, sy, oy]])
    # Boxes count from the corners of pixels, OpenCV from their middles.
    grid[:, 2] += grid[:, :2] @ np.float32([0.5, 0.5]) - 0.5
    out = cv2.warpAffine(image, grid, size, flags=cv2.INTER_AREA, borderValue=(114, 114, 114))
    boxes = boxed.boxes * np.float32([w, h, w, h]) * np.float32([sx, sy, sx, sy]) + np.float32([ox, oy, ox, oy])
    boxes = np.stack([boxes[:, [0, 2]].min(1), boxes[:, 1], boxes[:, [0, 2]].max(1), boxes[:, 3]], 1)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    boxes = boxes.clip(0, np.float32([width, height, width, height]))
    seen = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    # What is mostly outside of the view is no person to be found.
    return out, boxes[(seen > 0.3 * whole) & (seen > 64)]


def batch(items: list[Boxed], size: tuple[int, int], rng: np.random.Generator, count: int):
    """`count` random views: images u8 [B, 3, H, W] and a list of boxes in px."""
    views = [view(items[int(rng.integers(len(items)))], size, rng) for _ in range(count)]
    images = torch.from_numpy(np.stack([v[0] for v in views])).permute(0, 3, 1, 2)
    return images, [torch.from_numpy(v[1]) for v in views]
