# SPDX-License-Identifier: MPL-2.0
"""The quick look at validation pictures during training; `mattenet compare` is the thorough one."""

from __future__ import annotations

import pathlib

import cv2
import numpy as np
import torch
from torch import nn

from mattenet import metrics
from mattenet.config import Config
from mattenet.data import splits
from mattenet.data.dataset import Frames
from mattenet.review import tags


Picture = tuple[str, np.ndarray, np.ndarray, np.ndarray]


def pictures(cfg: Config, limit: int) -> list[Picture]:
    """Up to `limit` validation pictures spread evenly over the folders: folder, RGB, alpha, confidence (u8)."""
    frames = Frames(cfg.data, splits.VALIDATION, (256, 144), cfg.train.seed)
    by_folder: dict[str, list[int]] = {}
    for i in range(len(frames)):
        by_folder.setdefault(frames.source(i)[0].folder, []).append(i)
    share = max(1, limit // len(by_folder))
    found = []
    for folder, rows in by_folder.items():
        for k in np.unique(np.linspace(0, len(rows) - 1, min(share, len(rows))).astype(int)):
            found.append(_picture(frames, rows[k], folder))
    return found


def tagged(cfg: Config) -> list[Picture]:
    """Every validation picture that has tags (WORK/tags.tsv), once for each: the tag in the folder's place."""
    frames = Frames(cfg.data, splits.VALIDATION, (256, 144), cfg.train.seed)
    known = tags.read(pathlib.Path(cfg.data.work) / "tags.tsv")
    found = []
    for index in range(len(frames)):
        shelf, i = frames.source(index)
        found += [_picture(frames, index, tag) for tag in known.get((shelf.folder, str(shelf.names[i])), ())]
    return found


def _picture(frames: Frames, index: int, name: str) -> Picture:
    shelf, i = frames.source(index)
    pixels, confidence = shelf.picture(i)
    return name, pixels[..., :3], pixels[..., 3], confidence


@torch.no_grad()
def predict(net: nn.Module, image: np.ndarray, width: int = 256, height: int = 144) -> np.ndarray:
    """Alpha f32 HxW in 0..1 of an RGB picture, stretched to `width` x `height` whatever its aspect."""
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    x = torch.from_numpy(small.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    alpha = torch.sigmoid(net(x))[0, 0].numpy()
    return cv2.resize(alpha, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def measure(net: nn.Module, found: list[Picture], size: tuple[int, int] = (256, 144)) -> dict:
    """IoU, boundary F and band error: means over folders, so that a large folder does not drown the others.

    `folders` holds the IoU of each. A picture without a person counts in `false` only: the share of it
    that is called person. `size`: width and height that pictures are stretched to for the network.
    """
    net.eval()
    values: dict[str, list] = {}
    false = []
    for folder, image, alpha, confidence in found:
        guess = predict(net, image, *size)
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
