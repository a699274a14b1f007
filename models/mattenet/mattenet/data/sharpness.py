# SPDX-License-Identifier: MPL-2.0
"""How blurred a picture is, and pictures made as blurred as each other.

A step edge that a Gaussian of sigma s has blurred loses gradient when another of sigma r blurs it again: the ratio of
both gradients is sqrt(s^2 + r^2) / s, whatever the edge's contrast (Zhuo and Sim 2011, "Defocus map estimation from a
single image", equation 4). Lines and textures are not steps, so the median over the strongest gradients counts.
"""

from __future__ import annotations

import cv2
import numpy as np

SAMPLED = 0.55  # px^2: what the Sobel kernel and the pixels themselves add to the blur, measured on made-up edges
AGAIN = 1.0  # sigma of the second blur, px
STRONG = 0.05  # share of the pixels that are taken for edges
FAINT = 8.0  # gradients below this, in gray levels a pixel, are noise
LEAST = 30  # edges that an estimate needs
MOST = 3.0  # px; softer edges are shadows and gradients, not focus


def _gradient(gray: np.ndarray) -> np.ndarray:
    return cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(gray, cv2.CV_32F, 0, 1, scale=0.125))


def blur_of(rgb: np.ndarray, where: np.ndarray) -> float | None:
    """Sigma in px, 0 to MOST, of the blur that the edges of RGB HxWx3 in `where` (bool HxW) show; None where there are too few."""
    gray = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
    before, after = _gradient(gray), _gradient(cv2.GaussianBlur(gray, (0, 0), AGAIN))
    inside = before[where]
    if inside.size < LEAST / STRONG:
        return None
    edges = where & (before >= max(FAINT, float(np.quantile(inside, 1 - STRONG))))
    if edges.sum() < LEAST:
        return None
    ratio = float(np.median(before[edges] / np.maximum(after[edges], 1e-3)))
    # What a second blur cannot soften was softer than anything that this can measure.
    square = AGAIN * AGAIN / max(ratio * ratio - 1, 1e-6) - SAMPLED
    return min(MOST, float(np.sqrt(max(square, 0.0))))


def missing(mine: float | None, theirs: float | None) -> float:
    """Sigma of the Gaussian that makes edges of blur `mine` as soft as `theirs`; 0 where they are, or one is unknown."""
    if mine is None or theirs is None or mine >= theirs:
        return 0.0
    return float(np.sqrt(theirs * theirs - mine * mine))
