# SPDX-License-Identifier: MPL-2.0
"""One picture with what is known of it, whichever loader found it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

import cv2
import numpy as np

from mattenet.data import unlabelled
from mattenet.errors import UserError
from mattenet.review import touchup

EDGE_PX = 3


@dataclasses.dataclass
class Item:
    """A picture on disk and where its matte comes from."""

    folder: str  # path below the data root, names the source
    name: str  # file name without suffix
    picture: pathlib.Path
    mask: pathlib.Path | None = None  # gray picture, 255 = person; None = no person or not known
    confidence: pathlib.Path | None = None  # gray picture, 255 = trusted; None = `trust` everywhere
    trust: int = 255  # 0 for unlabelled pictures
    score: float = 1.0  # how good the label is, 0..1
    strokes: tuple[touchup.Stroke, ...] = ()  # corrections by hand, laid over matte and confidence
    # Draws (alpha, confidence) as uint8 HxW for a picture of that size; wins over the files.
    draw: Callable[[int, int], tuple[np.ndarray, np.ndarray]] | None = None


def gray(path: pathlib.Path) -> np.ndarray:
    """A mask HxW uint8, 255 = person: gray, 0/1, colour or the alpha of a cut-out. UserError on anything else."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise UserError(f"{path}: not a picture that can be read")
    if image.ndim == 3:
        # Cut-outs carry their matte in alpha, masks saved as colour carry it in every channel.
        image = image[..., 3] if image.shape[2] == 4 and image[..., 3].min() < 255 else image[..., 0]
    if image.dtype != np.uint8:
        raise UserError(f"{path}: found {image.dtype}, expected an 8-bit mask")
    return image * 255 if image.max() == 1 else image


def label(item: Item, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and confidence of a picture of that size, uint8, as large as the mask is; corrections by hand are in them."""
    if item.draw:
        return item.draw(height, width)
    alpha = gray(item.mask) if item.mask else np.zeros((height, width), np.uint8)
    confidence = gray(item.confidence) if item.confidence else np.full(alpha.shape, item.trust, np.uint8)
    return touchup.apply(alpha, confidence, item.strokes) if item.strokes else (alpha, confidence)


def load(item: Item, long_side: int, edge_trust: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RGB HxWx3, alpha HxW, confidence HxW, all uint8, longer side at most `long_side` px."""
    image = unlabelled.read(item.picture)
    height, width = image.shape[:2]
    alpha, confidence = label(item, height, width)
    image = unlabelled.shrink(image, long_side)
    size = image.shape[1::-1]
    if abs(alpha.shape[1] / alpha.shape[0] - width / height) > 0.03 * width / height:
        raise UserError(f"{item.picture}: the picture is {width}x{height}, its mask {alpha.shape[1]}x{alpha.shape[0]}: not the same shape")
    alpha, confidence = (m if m.shape[::-1] == size else cv2.resize(m, size, interpolation=cv2.INTER_AREA) for m in (alpha, confidence))
    if edge_trust < 1:
        edge = cv2.morphologyEx((alpha >= 128).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((2 * EDGE_PX + 1,) * 2, np.uint8))
        confidence = np.where(edge > 0, np.minimum(confidence, round(255 * edge_trust)), confidence).astype(np.uint8)
    return image, alpha, confidence
