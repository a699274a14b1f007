# SPDX-License-Identifier: MPL-2.0
"""The loss: cross-entropy + L2 + dice, weighted by confidence, with more weight on edges and hard pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass
class LossConfig:
    """Weights of the terms; 0 leaves a term out."""

    ce: float = 1.0
    l2: float = 1.0
    dice: float = 0.5
    # Additional weight of pixels on the matte's edge, in the cross-entropy and L2 terms.
    boundary: float = 3.0
    # Share of pixels, hardest first, that count in the cross-entropy (Shrivastava et al. 2016); 1 = all.
    hard_ratio: float = 0.5
    # Of what the matte of a pair's two frames changes by more or less than the truth does (data.pairs).
    steady: float = 0.0
    # With train.teacher: its soft matte, and its map at 1/16 (see mattenet.train.distil).
    soft: float = 0.0
    features: float = 0.0
    # Factor on the logits in the terms steady and soft: that of `export --sharpness`, so that they see the file's matte.
    sharpness: float = 1.0


def edge_weight(alpha: torch.Tensor) -> torch.Tensor:
    """1 on the matte's edges and half-covered pixels, falling to 0 about 6 px away; [B, 1, H, W] in 0..1.

    4 m (1 - m) of the local mean m, which peaks where person and background meet.
    """
    m = F.avg_pool2d(F.avg_pool2d(alpha, 4), 3, 1, 1, count_include_pad=False)
    return F.interpolate(4 * m * (1 - m), scale_factor=4, mode="bilinear", align_corners=False)


SOME = 61  # every so many pixels tell where the hardest begin; a prime, so that no column is favoured


def matte_loss(logits: torch.Tensor, alpha: torch.Tensor, confidence: torch.Tensor,
               cfg: LossConfig, whole: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch's loss and, detached, one value a picture for the mining of hard ones.

    `logits`, `alpha` and `confidence` are f32 [B, 1, H, W], the latter two in 0..1. Without `whole` a sample of the pixels
    tells which are the hardest, which is much faster where there are millions.
    """
    weight = confidence * (1 + cfg.boundary * edge_weight(alpha))
    total = weight.sum().clamp(min=1.0)
    ce = weight * F.binary_cross_entropy_with_logits(logits, alpha, reduction="none")
    per_picture = ce.detach().mean((1, 2, 3))
    loss = logits.new_zeros(())
    if cfg.ce:
        if cfg.hard_ratio < 1:
            # The hardest pixels of the whole batch, so that easy pictures leave room for difficult ones.
            if whole:
                hardest = ce.flatten().topk(max(1, int(ce.numel() * cfg.hard_ratio)), sorted=False).values
            else:
                some = ce.detach().flatten()[::SOME].sort(descending=True).values
                hardest = torch.where(ce >= some[int((len(some) - 1) * cfg.hard_ratio)], ce, 0)
            loss = loss + cfg.ce * hardest.sum() / total
        else:
            loss = loss + cfg.ce * ce.sum() / total
    p = torch.sigmoid(logits)
    if cfg.l2:
        loss = loss + cfg.l2 * (weight * (p - alpha).square()).sum() / total
    if cfg.dice:
        pc, ac = p * confidence, alpha * confidence
        # One percent of the picture as smoothing: an empty picture with a few wrong pixels is not a total miss.
        smooth = 0.01 * alpha[0].numel()
        overlap = (pc * alpha).sum((1, 2, 3))
        size = (pc * p).sum((1, 2, 3)) + (ac * alpha).sum((1, 2, 3))
        loss = loss + cfg.dice * (1 - (2 * overlap + smooth) / (size + smooth)).mean()
    return loss, per_picture


def steady_loss(logits: torch.Tensor, alpha: torch.Tensor, confidence: torch.Tensor, pairs: int,
                boundary: float) -> torch.Tensor:
    """How much the mattes of the batch's first `pairs` pairs change without reason, a scalar.

    Frames 2i and 2i + 1 are a pair. Mean square of (change of the matte - change of the truth), where both are trusted,
    with `boundary` more weight on edges: what dtSSD (Erofeev et al. 2015) measures from one frame to the next.
    """
    rows = lambda x: x[: 2 * pairs].unflatten(0, (pairs, 2))
    change = torch.sigmoid(rows(logits)).diff(dim=1) - rows(alpha).diff(dim=1)
    weight = rows(confidence).amin(1, keepdim=True) * (1 + boundary * rows(edge_weight(alpha)).amax(1, keepdim=True))
    return (weight * change.square()).sum() / weight.sum().clamp(min=1.0)
