# SPDX-License-Identifier: MPL-2.0
"""An int8 version of an exported network: QDQ nodes, calibrated on training pictures.

Weights are int8 a channel, activations uint8, whose ranges leave out one value in ten thousand. Channels are brought to
like sizes before (see equalise.py). The first convolution and the last layers can stay in floating point: they are
cheap, and edges suffer most from coarse steps there.

Weights keep within 7 bits (-64 to 64). Where a processor has no VNNI, ONNX Runtime adds two products in 16 bits, which
saturate: 2 x 255 x 127 is beyond 32,767, 2 x 255 x 64 is not. So the file gives the same on every kind of processor.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from mattenet import config as config_module
from mattenet.data.dataset import Frames
from mattenet.equalise import equalise
from mattenet.errors import UserError


def add_parser(sub) -> None:
    parser = sub.add_parser("quantize", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("model", help="an .onnx of `mattenet export`")
    parser.add_argument("output", help="the .onnx to write")
    parser.add_argument("--pictures", type=int, default=128, help="pictures to calibrate on")
    parser.add_argument("--keep", type=int, nargs=2, default=(1, 1), metavar=("FIRST", "LAST"),
                        help="convolutions at the start and the end that stay in floating point")
    parser.add_argument("--weight-bits", type=int, choices=(7, 8), default=7,
                        help="8 is finer, and saturates on processors without VNNI (default 7)")


class Calibration(quantization.CalibrationDataReader):
    """Feeds pictures f32 [1, 3, H, W] in 0..1 one by one."""

    def __init__(self, pictures: list[np.ndarray], name: str = "image"):
        self.feeds = iter({name: p} for p in pictures)

    def get_next(self) -> dict | None:
        return next(self.feeds, None)


def quantize(model: Path, output: Path, pictures: list[np.ndarray], keep: tuple[int, int] = (1, 1), weight_bits: int = 7) -> None:
    """Writes the int8 version of `model`, with weights of 7 or 8 bits; metadata is carried over."""
    if weight_bits not in (7, 8):
        raise UserError(f"weight bits are {weight_bits}; expected 7 or 8")
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        proto = equalise(onnx.load(prepared), pictures)
        onnx.save(proto, prepared)
        convolutions = [n.name for n in proto.graph.node if n.op_type in ("Conv", "ConvTranspose")]
        first, last = keep
        floating = convolutions[:first] + (convolutions[-last:] if last else [])
        quantization.quantize_static(
            str(prepared), str(output), Calibration(pictures), quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
            per_channel=True, reduce_range=weight_bits == 7, op_types_to_quantize=["Conv", "Add", "Relu"], nodes_to_exclude=floating,
            calibrate_method=quantization.CalibrationMethod.Percentile, extra_options={"CalibPercentile": 99.99})
    result = onnx.load(output)
    onnx.helper.set_model_props(result, {p.key: p.value for p in onnx.load(model).metadata_props}
                                | {"mattenet.int8": f"QDQ, {len(pictures)} pictures, weights of {weight_bits} bits"})
    onnx.save(result, output)


def calibration(cfg: config_module.Config, count: int) -> list[np.ndarray]:
    """Training pictures f32 [1, 3, 144, 256] in 0..1. Drawn as in training, unchanged otherwise: the ranges met in use, not
    those of disturbed pictures."""
    frames = Frames(cfg.data, "train", (256, 144), cfg.train.seed)
    rows = frames.sampler.draw(0, count)
    return [frames.whole(int(r))[0][..., :3].transpose(2, 0, 1)[None].astype(np.float32) / 255 for r in rows]


def run(args) -> None:
    """The command."""
    cfg = config_module.from_args(args)
    if not Path(args.model).exists():
        raise UserError(f"no model at {args.model}")
    pictures = calibration(cfg, args.pictures)
    output = Path(args.output)
    quantize(Path(args.model), output, pictures, tuple(args.keep), args.weight_bits)
    source = Path(args.model).with_suffix(".toml")
    if source.exists():
        text = source.read_text().replace(f'name = "{Path(args.model).stem}"', f'name = "{output.stem}"', 1)
        output.with_suffix(".toml").write_text(text)
    if (upstreams := Path(f"{args.model}.modelinfo")).exists():
        Path(f"{output}.modelinfo").write_text(upstreams.read_text())
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
