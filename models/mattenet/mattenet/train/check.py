# SPDX-License-Identifier: MPL-2.0
"""The quick look at validation pictures during training; `mattenet compare` is the thorough one."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import nn

from mattenet import metrics
from mattenet.config import Config
from mattenet.data import cache, splits
from mattenet.data.config import sources


def pictures(cfg: Config, limit: int) -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Up to `limit` validation pictures spread evenly over the folders: folder, RGB, alpha, confidence (u8)."""
    known = sources(cfg.data)
    by_folder: dict[str, list] = {}
    for shelf in cache.shelves(cfg.data):
        rows = [i for i, name in enumerate(shelf.names)
                if splits.split(shelf.folder, name, known[shelf.folder]) == splits.VALIDATION]
        if rows:
            by_folder[shelf.folder] = [(shelf, i) for i in rows]
    share = max(1, limit // max(1, len(by_folder)))
    found = []
    for folder, entries in by_folder.items():
        for k in np.unique(np.linspace(0, len(entries) - 1, min(share, len(entries))).astype(int)):
            shelf, i = entries[k]
            pixels, confidence = shelf.picture(i)
            found.append((folder, pixels[..., :3], pixels[..., 3], confidence))
    return found


@torch.no_grad()
def predict(net: nn.Module, image: np.ndarray, width: int = 256, height: int = 144) -> np.ndarray:
    """Alpha f32 HxW in 0..1 of an RGB picture, which is stretched to the network's size as in the plugin."""
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    x = torch.from_numpy(small.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    alpha = torch.sigmoid(net(x))[0, 0].numpy()
    return cv2.resize(alpha, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def measure(net: nn.Module, cfg: Config, found: list | None = None) -> dict:
    """IoU, boundary F and band error: means over folders, so that a large folder does not drown the others.

    `folders` holds the IoU of each. A picture without a person counts in `false` only: the share of it
    that is called person.
    """
    net.eval()
    values: dict[str, list] = {}
    false = []
    for folder, image, alpha, confidence in found or pictures(cfg, cfg.train.check_pictures):
        guess = predict(net, image)
        if not (alpha >= 128).any():
            false.append(float((guess >= 0.5).mean()))
            continue
        truth, counts = alpha.astype(np.float32) / 255, confidence >= 64
        values.setdefault(folder, []).append((metrics.iou(guess, truth, counts),
                                              metrics.boundary_f(guess, truth, counts),
                                              metrics.band_error(guess, truth, counts)))
    means = {folder: np.nanmean(np.array(v), 0) for folder, v in values.items()}
    iou, boundary, band = (round(float(m), 4) for m in np.nanmean(np.array(list(means.values())), 0))
    return {"iou": iou, "boundary_f": boundary, "band": band,
            "false": round(float(np.mean(false)), 4) if false else 0.0,
            "folders": {folder: round(float(m[0]), 4) for folder, m in means.items()}}
