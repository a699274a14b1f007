# SPDX-License-Identifier: MPL-2.0
"""Cheap colour and noise changes of a whole batch, in place of the loaders' full camera model."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def disturb(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """f32 [B, 3, H, W] in 0..1: exposure, contrast, white balance, gamma, blur and noise, a picture each."""
    n = image.shape[0]

    def draw(low: float, high: float, channels: int = 1) -> torch.Tensor:
        return low + (high - low) * torch.rand(n, channels, 1, 1, generator=generator)

    image = image.pow(draw(-0.5, 0.6).exp())
    image = image * draw(-0.5, 0.25).exp() * draw(-0.15, 0.15, 3).exp()
    image = (image - 0.5) * draw(0.7, 1.2) + 0.5
    gray = image.mean(1, keepdim=True)
    image = gray + (image - gray) * draw(0.3, 1.2)
    soft = F.avg_pool2d(image, 3, 1, 1)
    image = torch.lerp(image, soft, (draw(-1.0, 1.0)).clamp(min=0))
    noise = torch.randn(image.shape, generator=generator) * draw(-0.02, 0.06).clamp(min=0)
    return (image + noise).clamp_(0, 1)
