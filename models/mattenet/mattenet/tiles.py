# SPDX-License-Identifier: MPL-2.0
"""Sheets of pictures with mattes beside them, to look at."""

from __future__ import annotations

import cv2
import numpy as np

GREEN = np.float32([60, 200, 60])
LINE = 18  # px, a line of text


def over_green(image: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """RGB uint8 HxWx3: what `matte` (uint8 HxW) calls person, the rest dark behind green."""
    a = matte[..., None].astype(np.float32) / 255
    return (image * a + (image * 0.25 + GREEN * 0.75) * (1 - a)).astype(np.uint8)


def _text(canvas: np.ndarray, words: str, left: int, bottom: int) -> None:
    cv2.putText(canvas, words, (left + 3, bottom - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1, cv2.LINE_AA)


def strip(image: np.ndarray, mattes: list[np.ndarray], words: list[str], cell: int) -> np.ndarray:
    """The picture and each matte over green in cells of `cell` px side by side, one text of `words` under each."""
    scale = cell / max(image.shape[:2])
    size = [max(1, round(n * scale)) for n in image.shape[1::-1]]
    parts = [image, *(over_green(image, matte) for matte in mattes)]
    canvas = np.zeros((cell + LINE, len(parts) * cell, 3), np.uint8)
    for k, part in enumerate(parts):
        left = k * cell
        canvas[: size[1], left : left + size[0]] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        _text(canvas, words[k], left, cell + LINE)
    return canvas


def heading(words: list[str], cell: int) -> np.ndarray:
    """A line of text over the cells of a strip."""
    canvas = np.zeros((LINE, len(words) * cell, 3), np.uint8)
    for k, word in enumerate(words):
        _text(canvas, word, k * cell, LINE)
    return canvas


def grid(strips: list[np.ndarray], columns: int) -> np.ndarray:
    """Strips of one size in so many columns, the rest black; BGR as OpenCV writes it."""
    strips = strips + [np.zeros_like(strips[0])] * (-len(strips) % columns)
    rows = [np.hstack(strips[k : k + columns]) for k in range(0, len(strips), columns)]
    return cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
