# SPDX-License-Identifier: MPL-2.0
"""The whole matting network."""

from __future__ import annotations

import torch
from torch import nn

from mattenet.net.backbone import Backbone
from mattenet.net.config import NetConfig
from mattenet.net.head import Head
from mattenet.net.lite import LiteEncoder, LiteHead


class MatteNet(nn.Module):
    """RGB [B, 3, H, W] in 0..1 (H, W multiples of 16; trained around 144x256) to logits [B, 1, H, W]."""

    def __init__(self, cfg: NetConfig):
        super().__init__()
        self.cfg = cfg
        if cfg.encoder == "own":
            self.backbone, self.head = Backbone(cfg), Head(cfg)
        elif cfg.encoder == "lite0":
            self.backbone, self.head = LiteEncoder(), LiteHead(cfg)
        else:
            raise ValueError(f"unknown encoder {cfg.encoder!r}; known are own, lite0")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x))


class Deployed(nn.Module):
    """What is exported: the same network with the sigmoid inside, so that it returns alpha in 0..1."""

    def __init__(self, net: MatteNet):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.net(x))
