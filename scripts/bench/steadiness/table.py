# SPDX-License-Identifier: MPL-2.0
"""Runs methods over clips and raw mattes and averages their figures."""

from collections import defaultdict

import cv2
import numpy as np

import metrics


def sized(matte, size):
    shape = size[::-1]
    return matte if matte.shape == shape else cv2.resize(matte, size, interpolation=cv2.INTER_LINEAR)


class Case:
    """One clip with one kind of raw matte, measured at one size."""

    def __init__(self, clip, source, raws, columns=256):
        self.clip, self.source, self.raws = clip, source, raws
        height, width = clip.frames[0].shape[:2]
        self.size = (columns, round(columns * height / width))
        area = cv2.INTER_AREA
        self.truth = [None if g is None else cv2.resize(g, self.size, interpolation=area) for g in clip.truth]
        self.bands = [None if g is None else metrics.band(g) for g in self.truth]
        self.motion = metrics.flows(clip.frames, self.size)
        self.sized_raws = [sized(x, self.size) for x in raws]

    def measure(self, mattes):
        mattes = [sized(m, self.size) for m in mattes]
        out = metrics.measure(self.clip, mattes, self.truth, self.motion, self.bands)
        if self.clip.kind in ("step", "cut"):
            key = "lag" if self.clip.kind == "step" else "lag_cut"
            out[key] = metrics.lag(self.clip, mattes, self.sized_raws, self.truth)
        return out


def average(rows):
    """The mean of every figure over the rows that have it."""
    sums = defaultdict(list)
    for row in rows:
        for key, value in row.items():
            sums[key].append(value)
    return {key: float(np.mean(values)) for key, values in sums.items()}
