# SPDX-License-Identifier: MPL-2.0
"""The encoder as a feature pyramid with a detection head: people as boxes.

Anchor-free, after FCOS (Tian et al. 2019): every cell of the maps at strides 8, 16 and 64 says
whether it lies near a person's middle, and how far the four sides of that person's box are.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mattenet.net.backbone import Backbone
from mattenet.net.blocks import ConvBn, Separable
from mattenet.net.config import NetConfig

STRIDES = (8, 16, 64)
# Longest distance from the cell to a side that each level is responsible for, in px.
REACH = ((0.0, 40.0), (40.0, 96.0), (96.0, float("inf")))


def cells(height: int, width: int, stride: int, like: torch.Tensor) -> torch.Tensor:
    """Middles of a map's cells in px of the input, [H*W, 2] as x, y."""
    y = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) * stride
    x = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) * stride
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], 1)


class DetectNet(nn.Module):
    """RGB [B, 3, H, W] in 0..1 to raw predictions, a level each: [B, 5, h, w] as score logit and log distances."""

    def __init__(self, cfg: NetConfig, channels: int = 64):
        super().__init__()
        if not cfg.depths[3]:
            raise ValueError("the detector needs the stage at stride 64; net.depths[3] is 0")
        self.cfg = cfg
        self.backbone = Backbone(cfg)
        _, _, c8, c16, c64 = cfg.widths
        self.lateral = nn.ModuleList([ConvBn(c, channels, act=False) for c in (c8, c16, c64)])
        self.smooth = nn.ModuleList([Separable(channels, channels, 3) for _ in STRIDES])
        # One tower for all levels; what differs between them is the scale of the distances.
        self.tower = nn.Sequential(Separable(channels, channels, 3), Separable(channels, channels, 3))
        self.predict = nn.Conv2d(channels, 5, 1)
        nn.init.constant_(self.predict.bias[:1], -3.0)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        features = self.backbone(x)
        levels = [lateral(features[s]) for lateral, s in zip(self.lateral, STRIDES)]
        for i in (1, 0):
            levels[i] = levels[i] + F.interpolate(levels[i + 1], size=levels[i].shape[2:], mode="bilinear",
                                                  align_corners=False)
        return [self.predict(self.tower(smooth(F.relu(level)))) for smooth, level in zip(self.smooth, levels)]


def decode(predictions: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Score logits [B, N] and boxes [B, N, 4] as x0, y0, x1, y1 in px of the input."""
    logits, boxes = [], []
    for p, stride in zip(predictions, STRIDES):
        flat = p.flatten(2).transpose(1, 2)
        middle = cells(p.shape[2], p.shape[3], stride, p)
        # Bounded so that an untrained or misled cell cannot overflow.
        distance = flat[..., 1:].clamp(-4, 4).exp() * stride
        boxes.append(torch.cat([middle - distance[..., :2], middle + distance[..., 2:]], 2))
        logits.append(flat[..., 0])
    return torch.cat(logits, 1), torch.cat(boxes, 1)


class DeployedDetector(nn.Module):
    """What is exported: score 0..1 and box in fractions of the picture, [B, N, 5]; suppression is the caller's."""

    def __init__(self, net: DetectNet):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits, boxes = decode(self.net(x))
        size = torch.tensor([x.shape[3], x.shape[2]] * 2, dtype=x.dtype)
        return torch.cat([logits.sigmoid().unsqueeze(2), (boxes / size).clamp(0, 1)], 2)


def iou(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Intersection over union and generalised IoU (Rezatofighi et al. 2019) of boxes [..., 4], pair by pair."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    area_a, area_b = ((t[..., 2:] - t[..., :2]).clamp(min=0).prod(-1) for t in (a, b))
    union = area_a + area_b - overlap
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    value = overlap / union.clamp(min=1e-6)
    return value, value - (hull - union) / hull.clamp(min=1e-6)


def suppress(found: torch.Tensor, least: float = 0.3, overlap: float = 0.55) -> torch.Tensor:
    """Of rows score, x0, y0, x1, y1 those of at least `least`, best first, none overlapping a better one by more than `overlap`."""
    found = found[found[:, 0] >= least]
    found = found[found[:, 0].argsort(descending=True)]
    kept: list[torch.Tensor] = []
    for row in found:
        if not kept or iou(row[1:].expand(len(kept), 4), torch.stack(kept)[:, 1:])[0].max() <= overlap:
            kept.append(row)
    return torch.stack(kept) if kept else found[:0]


def targets(boxes: torch.Tensor, shapes: list[tuple[int, int]], like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For one picture's true boxes [M, 4] in px: which cells are a person [N] (0 or 1), and its box [N, 4].

    A cell counts where it lies within 1.5 strides of a box's middle, inside of the box, and the box
    is of the level's size; of several boxes the smallest.
    """
    hits, aims = [], []
    for (h, w), stride, (low, high) in zip(shapes, STRIDES, REACH):
        middle = cells(h, w, stride, like)
        if not len(boxes):
            hits.append(middle.new_zeros(len(middle)))
            aims.append(middle.new_zeros(len(middle), 4))
            continue
        distance = torch.cat([middle[:, None] - boxes[None, :, :2], boxes[None, :, 2:] - middle[:, None]], 2)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        near = (middle[:, None] - centre[None]).abs().amax(2) <= 1.5 * stride
        reach = torch.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) / 2
        fits = (distance.amin(2) > 0) & near & (reach >= low) & (reach < high)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1).expand(len(middle), -1).masked_fill(~fits, float("inf"))
        hits.append(fits.any(1).float())
        aims.append(boxes[area.argmin(1)])
    return torch.cat(hits), torch.cat(aims)


def detect_loss(predictions: list[torch.Tensor], truth: list[torch.Tensor]) -> torch.Tensor:
    """Focal loss (Lin et al. 2017) of the scores plus generalised IoU loss of the boxes; `truth` in px, a picture each."""
    logits, boxes = decode(predictions)
    shapes = [tuple(p.shape[2:]) for p in predictions]
    pairs = [targets(t, shapes, logits) for t in truth]
    hit, aim = torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])
    count = hit.sum().clamp(min=1.0)
    p = logits.sigmoid()
    right = p * hit + (1 - p) * (1 - hit)
    weight = (0.25 * hit + 0.75 * (1 - hit)) * (1 - right).square()
    scores = (weight * F.binary_cross_entropy_with_logits(logits, hit, reduction="none")).sum() / count
    _, giou = iou(boxes, aim)
    return scores + ((1 - giou) * hit).sum() / count
