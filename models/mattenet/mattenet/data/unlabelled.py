# SPDX-License-Identifier: MPL-2.0
"""Folders of pictures without masks, and reading a picture from disk."""

from __future__ import annotations

import pathlib

import cv2
import numpy as np

from mattenet.errors import UserError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def read(path: str | pathlib.Path, long_side: int | None = None) -> np.ndarray:
    """The picture as RGB uint8 HxWx3, made smaller (never larger) until its longer side is `long_side` px."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise UserError(f"{path}: not a picture that can be read")
    return shrink(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), long_side)


def shrink(image: np.ndarray, long_side: int | None) -> np.ndarray:
    """`image` (any channels) scaled by area so that its longer side is at most `long_side` px."""
    longest = max(image.shape[:2])
    if not long_side or longest <= long_side:
        return image
    size = [max(1, round(n * long_side / longest)) for n in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def pictures(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """Every picture in `folder` or in its `images/`, by name. UserError where there is none."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    inner = folder / "images"
    found = sorted(p for p in (inner if inner.is_dir() else folder).iterdir() if p.suffix.lower() in SUFFIXES)
    if not found:
        raise UserError(f"{folder}: no pictures ({', '.join(sorted(SUFFIXES))}) here or in images/")
    return found
