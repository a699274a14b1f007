# SPDX-License-Identifier: MPL-2.0
"""The units the networks are built of.

All of them end in ReLU: ONNX Runtime fuses Conv + Add + Relu into one kernel, so a
residual unit costs two kernel launches. Feature maps are [B, C, H, W].
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ConvBn(nn.Sequential):
    """Convolution, batch norm and (by default) ReLU; same padding, stride `s`, dilation `d`."""

    def __init__(self, cin: int, cout: int, k: int = 1, s: int = 1, d: int = 1, groups: int = 1, act: bool = True):
        layers = [nn.Conv2d(cin, cout, k, s, d * (k // 2), d, groups, bias=False), nn.BatchNorm2d(cout)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if act else []))


class Separable(nn.Module):
    """Depthwise then pointwise convolution (Howard et al. 2017) with a residual where shapes allow.

    Channels stay equal, which minimises memory access at given FLOPs (Ma et al. 2018, guideline 1).
    """

    def __init__(self, cin: int, cout: int, k: int = 3, s: int = 1, d: int = 1):
        super().__init__()
        self.dw = ConvBn(cin, cin, k, s, d, groups=cin)
        self.pw = ConvBn(cin, cout, act=False)
        self.residual = cin == cout and s == 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.pw(self.dw(x))
        return F.relu(y + x if self.residual else y)


class HalfShuffle(nn.Module):
    """A separable convolution on half of the channels, then a shuffle of both halves (ShuffleNetV2)."""

    def __init__(self, channels: int, k: int = 3, d: int = 1):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(ConvBn(half, half), ConvBn(half, half, k, 1, d, groups=half, act=False),
                                    ConvBn(half, half))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x.chunk(2, 1)
        x = torch.cat([a, self.branch(b)], 1)
        n, c, h, w = x.shape
        return x.reshape(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Inverted(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018), the unequal-channel unit the equal one is measured against."""

    def __init__(self, channels: int, k: int = 3, d: int = 1, expand: int = 2):
        super().__init__()
        wide = channels * expand
        self.branch = nn.Sequential(ConvBn(channels, wide), ConvBn(wide, wide, k, 1, d, groups=wide),
                                    ConvBn(wide, channels, act=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


class Dense(nn.Module):
    """A dense convolution with a residual: few channels at a high resolution, where a pointwise one is as dear."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = ConvBn(channels, channels, 3, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.conv(x))


class Lateral(ConvBn):
    """A map of the encoder brought to the decoder's channels, to be added there."""

    def __init__(self, cin: int, cout: int):
        super().__init__(cin, cout, act=False)


def silence(net: nn.Module, new: set[str]) -> None:
    """Lets what is added by the units whose tensors are all `new` (names in the state) be nothing at first.

    Their last batch norm starts at zero (Goyal et al. 2017): a trained network that is given more units computes
    the same as before.
    """
    for name, module in net.named_modules():
        adds = isinstance(module, (Dense, Lateral)) or (isinstance(module, Separable) and module.residual)
        if adds and all(f"{name}.{key}" in new for key in module.state_dict()):
            norm = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)][-1]
            nn.init.zeros_(norm.weight)


def unit(kind: str, channels: int, k: int = 3, d: int = 1) -> nn.Module:
    """One stride-1 unit with equal input and output channels; `kind` is separable, half or inverted."""
    if kind == "separable":
        return Separable(channels, channels, k, 1, d)
    if kind == "half":
        return HalfShuffle(channels, k, d)
    if kind == "inverted":
        return Inverted(channels, k, d)
    raise ValueError(f"unknown unit {kind!r}; known are separable, half, inverted")


class SqueezeExcite(nn.Module):
    """Channel attention (Hu et al. 2018) with a skip: x + x * sigmoid(fc(mean(x)))."""

    def __init__(self, channels: int, reduce: int = 4):
        super().__init__()
        self.fc = nn.Sequential(nn.Conv2d(channels, channels // reduce, 1), nn.ReLU(inplace=True),
                                nn.Conv2d(channels // reduce, channels, 1), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + x * self.fc(F.adaptive_avg_pool2d(x, 1))


class Cbam(nn.Module):
    """Channel, then spatial attention (Woo et al. 2018), with a skip like SqueezeExcite's."""

    def __init__(self, channels: int, reduce: int = 4):
        super().__init__()
        self.fc = nn.Sequential(nn.Conv2d(channels, channels // reduce, 1), nn.ReLU(inplace=True),
                                nn.Conv2d(channels // reduce, channels, 1))
        self.spatial = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        channel = torch.sigmoid(self.fc(F.adaptive_avg_pool2d(x, 1)) + self.fc(x.amax((2, 3), keepdim=True)))
        y = x * channel
        maps = torch.cat([y.mean(1, keepdim=True), y.amax(1, keepdim=True)], 1)
        return x + y * torch.sigmoid(self.spatial(maps))


class PyramidPooling(nn.Module):
    """Spatial pyramid pooling (He et al. 2015) for a map of a few pixels.

    The map itself, its 3x3 averages and its global mean, concatenated and mixed. Stride-1 averages
    instead of a fixed grid of bins keep it valid for any input size.
    """

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.local = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.mix = ConvBn(2 * cin, cout, act=False)
        self.context = ConvBn(cin, cout, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # A pointwise convolution of a concatenation is the sum of two; the global half needs one pixel only.
        y = self.mix(torch.cat([x, self.local(x)], 1))
        return F.relu(y + self.context(F.adaptive_avg_pool2d(x, 1)))


class AtrousPyramid(nn.Module):
    """Atrous spatial pyramid pooling (Chen et al. 2017), the option PyramidPooling is measured against."""

    def __init__(self, cin: int, cout: int, rates: tuple[int, ...] = (1, 2, 3)):
        super().__init__()
        self.branches = nn.ModuleList([ConvBn(cin, cin, 3, 1, r, groups=cin) for r in rates])
        self.mix = ConvBn(len(rates) * cin, cout, act=False)
        self.context = ConvBn(cin, cout, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.mix(torch.cat([b(x) for b in self.branches], 1))
        return F.relu(y + self.context(F.adaptive_avg_pool2d(x, 1)))
