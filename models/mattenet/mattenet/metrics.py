# SPDX-License-Identifier: MPL-2.0
"""How good a matte is: IoU, boundary F-measure, error in the band round the true edge; bootstrap intervals.

All take mattes as float arrays HxW in 0..1 (prediction, truth) and an optional boolean HxW of what counts.
"""

from __future__ import annotations

import cv2
import numpy as np

LONG_SIDE = 256  # boundary F is measured at this size, so that 3 px mean the same on every picture
BOUNDARY_PX = 3
BAND_PX = 10


def _ellipse(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def iou(predicted: np.ndarray, truth: np.ndarray, counts: np.ndarray | None = None) -> float:
    """Intersection over union of the person at 0.5; 1 where both are empty."""
    p, g = predicted >= 0.5, truth >= 0.5
    if counts is not None:
        p, g = p & counts, g & counts
    union = (p | g).sum()
    return float((p & g).sum() / union) if union else 1.0


def _edge(mask: np.ndarray) -> np.ndarray:
    # The frame's border is no edge: pad by repetition before the gradient.
    padded = np.pad(mask.astype(np.uint8), 1, mode="edge")
    return cv2.morphologyEx(padded, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))[1:-1, 1:-1]


def boundary_f(predicted: np.ndarray, truth: np.ndarray, counts: np.ndarray | None = None) -> float:
    """F-measure of the 0.5 outlines matched within 3 px at a 256-px longer side."""
    scale = LONG_SIDE / max(truth.shape)
    size = [max(1, round(n * scale)) for n in truth.shape[::-1]]
    p, g = (_edge(cv2.resize(m, size, interpolation=cv2.INTER_AREA) >= 0.5) for m in (predicted, truth))
    if counts is not None:
        c = cv2.resize(counts.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        p, g = p & c, g & c
    if not p.any() or not g.any():
        return float(p.any() == g.any())
    near = _ellipse(BOUNDARY_PX)
    precision = (p & cv2.dilate(g, near)).sum() / p.sum()
    recall = (g & cv2.dilate(p, near)).sum() / g.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def band_error(predicted: np.ndarray, truth: np.ndarray, counts: np.ndarray | None = None) -> float:
    """Mean |predicted - truth| within 10 px of the true 0.5 edge, at the size given; nan without an edge."""
    band = cv2.dilate(_edge(truth >= 0.5), _ellipse(BAND_PX)).astype(bool)
    if counts is not None:
        band &= counts
    return float(np.abs(predicted - truth)[band].mean()) if band.any() else float("nan")


def bootstrap(values: np.ndarray, rounds: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """Mean of `values` without nan, and the bounds of its 95 % bootstrap interval (pictures drawn with replacement)."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        return (float("nan"),) * 3
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (rounds, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)
