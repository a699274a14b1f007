# SPDX-License-Identifier: MPL-2.0
"""Which picture comes next: by folder weight, more often where the network fails (image-level hard negatives)."""

from __future__ import annotations

import numpy as np


class Sampler:
    """Draws picture numbers. A draw depends on seed, step and difficulties only, so a run can resume.

    A picture's chance is its folder's weight / pictures of the folder, times 1 + (mining - 1) * difficulty.
    """

    def __init__(self, folder: np.ndarray, weights: np.ndarray, mining: float, seed: int):
        """`folder`: folder number of each picture; `weights`: of each folder."""
        counts = np.bincount(folder, minlength=len(weights))
        self.base = (np.asarray(weights, float) / np.maximum(counts, 1))[folder]
        if not self.base.sum() > 0:
            raise ValueError("no picture has a weight above 0")
        self.mining, self.seed = mining, seed
        self.difficulty = np.zeros(len(folder), np.float32)
        self._renew()

    def _renew(self) -> None:
        chance = self.base * (1 + (self.mining - 1) * self.difficulty)
        self.ladder = np.cumsum(chance / chance.sum())

    def mined(self, indices: np.ndarray, errors: np.ndarray) -> None:
        """New errors of pictures (any scale, e.g. 1 - IoU): the share with smaller errors, squared, is the difficulty.

        Squared ranks keep the easy half almost untouched whatever the scale of the errors.
        """
        errors = np.asarray(errors)
        smaller = np.searchsorted(np.sort(errors), errors, side="left")
        self.difficulty[np.asarray(indices)] = (smaller / max(len(errors) - 1, 1)) ** 2
        self._renew()

    def set_difficulty(self, difficulty: np.ndarray) -> None:
        """Restores the difficulties (0..1, one a picture) of a checkpoint."""
        self.difficulty[:] = difficulty
        self._renew()

    def pick(self, rng: np.random.Generator) -> int:
        """One picture number."""
        return int(min(np.searchsorted(self.ladder, rng.random(), side="right"), len(self.ladder) - 1))

    def draw(self, step: int, count: int) -> np.ndarray:
        """`count` picture numbers for batch number `step`."""
        rng = np.random.default_rng([self.seed, step, 1])
        return np.array([self.pick(rng) for _ in range(count)])
