# SPDX-License-Identifier: MPL-2.0
"""The encoder: a picture to features at strides 2, 4, 8, 16 and 64.

Large kernels and fast downsampling come first, most of the work happens at stride 16,
and the deepest layers see the whole picture at stride 64.
"""

from __future__ import annotations

import torch
from torch import nn

from mattenet.net.blocks import ConvBn, Separable, unit
from mattenet.net.config import NetConfig


class Backbone(nn.Module):
    """Input [B, 3, H, W] in 0..1, H and W multiples of 16; output a dict of features by stride.

    Channels are `cfg.widths` at strides 2, 4, 8, 16 and 64; the key 64 is absent where `cfg.depths[3]` is 0.
    Key 116 is the first map at stride 16, key 16 the deepest.
    """

    def __init__(self, cfg: NetConfig):
        super().__init__()
        if cfg.encoder != "own":
            raise ValueError(f"net.encoder {cfg.encoder}: pre-training and the detector know the own encoder only")
        c2, c4, c8, c16, c64 = cfg.widths
        n4, n8, n16, n64 = cfg.depths
        k = cfg.stem_kernel

        def stage(channels: int, count: int, kernel: int, rates: list[int]) -> nn.Sequential:
            return nn.Sequential(*[unit(cfg.unit, channels, 3 if d > 1 else kernel, d)
                                   for d in (rates * count)[:count]])

        self.stem = ConvBn(3, c2, k, 2)
        self.down4 = ConvBn(c2, c4, 3, 2) if cfg.dense_down else Separable(c2, c4, k, 2)
        self.stage4 = stage(c4, n4, k, [1])
        self.down8 = Separable(c4, c8, k, 2)
        self.stage8 = stage(c8, n8, k, [1])
        self.down16 = Separable(c8, c16, k, 2)
        self.stage16 = stage(c16, n16, 3, cfg.dilations)
        self.deep = nn.Sequential(Separable(c16, c64, 5, 4), stage(c64, n64, 3, [1])) if n64 else None

    def forward(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        s2 = self.stem(x)
        s4 = self.stage4(self.down4(s2))
        s8 = self.stage8(self.down8(s4))
        first = self.down16(s8)
        s16 = self.stage16(first)
        features = {2: s2, 4: s4, 8: s8, 116: first, 16: s16}
        if self.deep is not None:
            features[64] = self.deep(s16)
        return features
