# SPDX-License-Identifier: MPL-2.0
"""The shape of a network. Each field but the sizes is one design rule that `mattenet ablate` can turn off."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class NetConfig:
    """Sizes are channels and counts of units; the defaults are those of `matte`."""

    name: str = "matte"
    # own, or lite0: EfficientNet-Lite0, which train.init=imagenet gives its weights. Of the rest of this section only
    # `decoder` and `decoder_depths` then mean something: four values each, at strides 16, 8, 4 and 2.
    encoder: str = "own"
    # Channels at strides 2, 4, 8, 16 and 64; multiples of 16 fill the vector units.
    widths: list[int] = field(default_factory=lambda: [16, 32, 64, 144, 192])
    # Units at strides 4, 8, 16 and 64; 0 at 64 leaves the deepest stage out.
    depths: list[int] = field(default_factory=lambda: [0, 2, 9, 6])
    # Kernel of the first layers; 3 is the usual choice, 5 the large one.
    stem_kernel: int = 5
    # Stride 2 to 4 by a dense convolution instead of a separable one.
    dense_down: bool = True
    # separable, half (convolution on half of the channels, then shuffle) or inverted.
    unit: str = "separable"
    # Dilation rates in turn at stride 16; [1, 2, 5] leaves no gridding, [1] is none.
    dilations: list[int] = field(default_factory=lambda: [1, 2, 5])
    # spp, aspp or none.
    pyramid: str = "spp"
    # se, cbam or none.
    attention: str = "se"
    # Which stride-16 map is refined: deepest or first.
    base: str = "deepest"
    # Channels of the decoder at strides 16, 4 and 2; 0 at 2 predicts at stride 4.
    decoder: list[int] = field(default_factory=lambda: [64, 32, 0])
    # Units of the decoder at strides 16 and 4.
    decoder_depths: list[int] = field(default_factory=lambda: [2, 2])
    # Units at stride 8, on the sum with the encoder's map there; 0 goes from 16 to 4 in one step.
    decoder8: int = 0
    # Dense units at stride 2, where `decoder` has channels there.
    decoder2: int = 0
    # Feeds the map at 1/4 to the decoder.
    low_level: bool = True
    # In the decoder: bilinear or deconv.
    upsampling: str = "bilinear"
    # Last step to the full size: subpixel (one channel a sub-pixel, Shi et al. 2016), bilinear or deconv.
    # Subpixel also spares ONNX Runtime a full-size map of one channel padded to a vector's 16.
    output: str = "subpixel"
