# SPDX-License-Identifier: MPL-2.0
"""The segmentation head: pyramid pooling, then a DeepLabV3+-like decoder."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mattenet.net.blocks import AtrousPyramid, Cbam, ConvBn, Dense, Lateral, PyramidPooling, SqueezeExcite, unit
from mattenet.net.config import NetConfig


def _pick(kind: str, options: dict, *args) -> nn.Module:
    if kind not in options:
        raise ValueError(f"unknown option {kind!r}; known are {', '.join(options)}")
    return options[kind](*args)


class Upsample(nn.Module):
    """Whole-factor upsampling: bilinear, or a learned transposed convolution a channel."""

    def __init__(self, kind: str, channels: int, factor: int):
        super().__init__()
        self.factor = factor
        self.deconv = None
        if kind == "deconv":
            self.deconv = nn.ConvTranspose2d(channels, channels, 2 * factor, factor, factor // 2,
                                             groups=channels, bias=False)
            nn.init.constant_(self.deconv.weight, 1 / 4)
        elif kind != "bilinear":
            raise ValueError(f"unknown upsampling {kind!r}; known are bilinear, deconv")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.deconv is not None:
            return self.deconv(x)
        return F.interpolate(x, scale_factor=self.factor, mode="bilinear", align_corners=False)


class Head(nn.Module):
    """Features by stride in, logits [B, 1, H, W] at the input's size out."""

    def __init__(self, cfg: NetConfig):
        super().__init__()
        c2, c4, c8, c16, c64 = cfg.widths
        d16, d4, d2 = cfg.decoder
        self.base_key = {"deepest": 16, "first": 116}[cfg.base]
        deep = c64 if cfg.depths[3] else c16
        self.deep_key = 64 if cfg.depths[3] else 16
        self.pyramid = _pick(cfg.pyramid, {"spp": PyramidPooling, "aspp": AtrousPyramid, "none": ConvBn}, deep, d16)
        self.attention = _pick(cfg.attention, {"se": SqueezeExcite, "cbam": Cbam, "none": lambda _: nn.Identity()}, d16)
        self.base = ConvBn(c16, d16, act=False)
        self.refine16 = nn.Sequential(*[unit(cfg.unit, d16, 3) for _ in range(cfg.decoder_depths[0])])
        if cfg.decoder8:
            self.up8 = Upsample(cfg.upsampling, d16, 2)
            self.middle = Lateral(c8, d16)
            self.refine8 = nn.Sequential(*[unit(cfg.unit, d16, 3) for _ in range(cfg.decoder8)])
        self.to4 = ConvBn(d16, d4, act=False)
        self.up4 = Upsample(cfg.upsampling, d4, 2 if cfg.decoder8 else 4)
        self.low = ConvBn(c4, d4, act=False) if cfg.low_level else None
        self.refine4 = nn.Sequential(*[unit(cfg.unit, d4, 3) for _ in range(cfg.decoder_depths[1])])
        if d2:
            self.to2 = ConvBn(d4, d2, act=False)
            self.up2 = Upsample(cfg.upsampling, d2, 2)
            self.detail = ConvBn(c2, d2, act=False)
            self.refine2 = nn.Sequential(*ConvBn(d2, d2, 3, groups=d2), *[Dense(d2) for _ in range(cfg.decoder2)])
        factor = 2 if d2 else 4
        if cfg.output == "subpixel":
            self.logits = nn.Conv2d(d2 or d4, factor * factor, 1)
            # All sub-pixels start alike, so that no checkerboard has to be unlearnt (Aitken et al. 2017).
            with torch.no_grad():
                self.logits.weight.copy_(self.logits.weight[:1].expand_as(self.logits.weight))
                self.logits.bias.zero_()
            self.out = nn.PixelShuffle(factor)
        else:
            self.logits = nn.Conv2d(d2 or d4, 1, 1)
            self.out = Upsample(cfg.output, 1, factor)

    def forward(self, features: dict[int, torch.Tensor]) -> torch.Tensor:
        base = self.base(features[self.base_key])
        deep = self.attention(self.pyramid(features[self.deep_key]))
        if deep.shape[2:] != base.shape[2:]:
            deep = F.interpolate(deep, size=base.shape[2:], mode="bilinear", align_corners=False)
        x = self.refine16(F.relu(base + deep))
        if hasattr(self, "middle"):
            x = self.refine8(F.relu(self.middle(features[8]) + self.up8(x)))
        x = self.up4(self.to4(x))
        if self.low is not None:
            x = self.low(features[4]) + x
        x = self.refine4(F.relu(x))
        if hasattr(self, "to2"):
            x = self.refine2(F.relu(self.detail(features[2]) + self.up2(self.to2(x))))
        return self.out(self.logits(x))
