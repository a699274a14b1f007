# SPDX-License-Identifier: MPL-2.0
"""A trained network as an ONNX file, with a descriptor beside it that tells the plugin how to feed it,
and a .modelinfo that tells GStreamer's own `onnxinference` (1.28 and newer).

Batch norm is folded into the convolutions, the sigmoid is inside, height and width are free
(multiples of 16, made for about 256x144 pixels), so that one file serves landscape and portrait.
--sharpness multiplies the logits, so that edges are less soft; which side a pixel is on does not change.
With --bits 16 kernels are rounded to 16 bits, which halves the file; with --bits 8 those of pointwise
convolutions, most of the weights, to 8 bits with a scale an output channel. ONNX Runtime widens them when it
loads the file and computes in 32 bits.
Seed, configuration and the commit that trained the weights are in the file's metadata.
"""

from __future__ import annotations

import copy
import io
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import mattenet
from mattenet import config as config_module
from mattenet import profile
from mattenet.errors import UserError
from mattenet.net.matte import Deployed, MatteNet
from mattenet.train import state as run_state

OPSET = 17
MULTIPLE = 16
LICENCE = "MPL-2.0"
# What GStreamer's elements call the output: by .modelinfo from 1.28 on, before by the file's metadata.
# mattedecode knows it (src/model/decoder/tensor_id.rs).
TENSOR_ID = "matting-generic-out"


def add_parser(sub) -> None:
    parser = sub.add_parser("export", description=__doc__)
    parser.add_argument("checkpoint", help="best.pt or last.pt of a run; the averaged weights are taken")
    parser.add_argument("output", help="the .onnx to write; its descriptor gets the same name with .toml, and .modelinfo added")
    parser.add_argument("--bits", type=int, choices=(32, 16, 8), default=32, help="bits that kernels are stored in")
    parser.add_argument("--sharpness", type=float, default=1.0, metavar="FACTOR",
                        help="factor on the logits: labels in doubt and scaled edges make a network less sure than it could be")
    parser.add_argument("--version", default="1", help="version of the weights, for descriptor and metadata")


def load_net(path: str | Path) -> tuple[MatteNet, config_module.Config, dict]:
    """The averaged network of a checkpoint, its configuration, and the rest of the checkpoint."""
    saved = run_state.load(path)
    if "ema" not in saved or "config" not in saved:
        raise UserError(f"{path} is no checkpoint of `mattenet train`")
    cfg = config_module.from_dict(config_module.Config, saved["config"])
    net = MatteNet(cfg.net)
    net.load_state_dict(saved["ema"])
    return net.eval(), cfg, saved


def fold_batch_norm(net: nn.Module) -> nn.Module:
    """Merges each convolution with the batch norm behind it, in place; `net` is in eval mode."""
    for module in net.modules():
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                    module[i] = fuse_conv_bn_eval(module[i], module[i + 1])
                    module[i + 1] = nn.Identity()
    return net


def sharpen(net: MatteNet, factor: float) -> None:
    """Multiplies the logits by `factor` in place: alpha moves away from 1/2, nothing changes sides."""
    with torch.no_grad():
        for parameter in net.head.logits.parameters():
            parameter.mul_(factor)


def _bytes(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A pointwise kernel [O, I, 1, 1] as int8 and the f32 scale [O, 1, 1, 1] of each output channel."""
    scale = (np.abs(kernel).max((1, 2, 3), keepdims=True) / 127).clip(1e-20).astype(np.float32)
    return np.round(kernel / scale).astype(np.int8), scale


def round_weights(net: nn.Module, bits: int) -> nn.Module:
    """Rounds the kernels of a folded network, in place, to what `store` keeps of them."""
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 4 and bits == 8 and parameter.shape[2:] == (1, 1):
                # Twice: the scale of what is rounded differs by a rounding from that of what was not.
                for _ in range(2):
                    values, scale = _bytes(parameter.numpy())
                    parameter.copy_(torch.from_numpy(values.astype(np.float32) * scale))
            elif parameter.ndim > 1:
                parameter.copy_(parameter.half())
    return net


def store(proto: onnx.ModelProto, bits: int) -> None:
    """Stores rounded kernels small, each with what widens it behind it: a cast, for bytes also their scale."""
    graph, widen = proto.graph, []
    helper, number = onnx.helper, onnx.numpy_helper
    for tensor in list(graph.initializer):
        if len(tensor.dims) < 2 or tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        name, kernel = tensor.name, number.to_array(tensor)
        if bits == 8 and kernel.shape[2:] == (1, 1):
            values, scale = _bytes(kernel)
            tensor.CopyFrom(number.from_array(values, f"{name}.byte"))
            graph.initializer.append(number.from_array(scale, f"{name}.scale"))
            widen.append(helper.make_node("Cast", [f"{name}.byte"], [f"{name}.wide"], f"{name}.cast", to=onnx.TensorProto.FLOAT))
            widen.append(helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name], f"{name}.mul"))
        else:
            tensor.CopyFrom(number.from_array(kernel.astype(np.float16), f"{name}.half"))
            widen.append(helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.cast", to=onnx.TensorProto.FLOAT))
    nodes = [*widen, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def shorten(proto: onnx.ModelProto) -> None:
    """Numbers for the names of nodes and of what passes between them, which hold the module's whole path each time,
    3 % of the file. Inputs, outputs and weights keep theirs: `thaw` finds the weights by them."""
    graph = proto.graph
    names = {value.name: value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    for number, node in enumerate(graph.node):
        node.name = f"n{number}"
        for i, name in enumerate(node.input):
            # Empty: an optional input that is left out. Nodes stand in the order of their work.
            node.input[i] = names[name] if name else name
        for i, name in enumerate(node.output):
            node.output[i] = names.setdefault(name, f"t{len(names)}")
    del graph.value_info[:]


def to_onnx(net: MatteNet, metadata: dict[str, str], dynamic: bool = True, bits: int = 32) -> bytes:
    """The network as ONNX: input `image` 1x3xHxW RGB in 0..1, output `alpha` 1x1xHxW in 0..1.

    Changes `net` into what the file computes: folded, with `bits` below 32 its kernels rounded.
    """
    model = fold_batch_norm(Deployed(net).eval())
    if bits < 32:
        round_weights(model, bits)
    buffer = io.BytesIO()
    axes = {2: "height", 3: "width"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 3, 144, 256),), buffer, dynamo=False, opset_version=OPSET,
                          input_names=["image"], output_names=["alpha"],
                          dynamic_axes={"image": axes, "alpha": axes} if dynamic else None)
    proto = onnx.load_from_string(buffer.getvalue())
    if bits < 32:
        store(proto, bits)
    shorten(proto)
    proto.producer_name, proto.producer_version = "mattenet", mattenet.__version__
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto.SerializeToString()


def metadata_of(cfg: config_module.Config, saved: dict, version: str, sharpness: float = 1.0) -> dict[str, str]:
    """What makes the file reproducible: settings without this machine's paths, the commit that the weights were trained
    at, and by its SHA-256 the file that the run started from."""
    settings = config_module.to_dict(cfg)
    for key in ("data", "work"):
        settings["data"].pop(key, None)
    settings["train"].pop("init", None)
    facts = {"mattenet.config": json.dumps(settings, sort_keys=True), "mattenet.seed": str(cfg.train.seed),
             "mattenet.commit": saved.get("commit", "unknown"), "mattenet.exported": run_state.commit(),
             "mattenet.step": str(saved.get("step", 0)), "mattenet.version": version,
             "mattenet.sharpness": str(sharpness), "licence": LICENCE, "alpha": TENSOR_ID}
    return facts | {f"mattenet.{key}": saved[key] for key in ("init", "note") if saved.get(key)}


def descriptor(name: str, version: str) -> str:
    """The TOML beside the file, as the plugin reads it."""
    return f'''# Written by `mattenet export`.
[model]
name = "{name}"
version = "{version}"
licence = "{LICENCE}"
source = "models/mattenet"

[input]
name = "image"
layout = "nchw"
order = "rgb"
type = "f32"
range = [0.0, 1.0]
multiple = {MULTIPLE}

[output]
name = "alpha"
layout = "nchw"
kind = "alpha"
'''


def modelinfo(element: str = "float32", sides: tuple[str, str] = ("1,3,-1,-1", "-1,1,-1,-1"), most: str = "1.0") -> str:
    """The same for GStreamer's own elements: type and sides of picture and matte, and the picture's white; -1 is a
    side of any length."""
    return f"""[modelinfo]
version=1.0
group-id=matte

[image]
id=image
type={element}
dims={sides[0]}
dir=input
ranges={";".join([f"0.0,{most}"] * 3)}

[alpha]
id={TENSOR_ID}
type={element}
dims={sides[1]}
dir=output
"""


def difference(net: nn.Module, model: bytes, width: int, height: int) -> float:
    """Largest difference in alpha between PyTorch and ONNX Runtime on random pictures."""
    worst = 0.0
    session = profile.session(model)
    for seed in range(3):
        x = np.random.default_rng(seed).random((1, 3, height, width), dtype=np.float32)
        with torch.no_grad():
            expected = torch.sigmoid(net(torch.from_numpy(x))).numpy()
        worst = max(worst, float(np.abs(session.run(None, {"image": x})[0] - expected).max()))
    return worst


def run(args) -> None:
    """The command."""
    net, cfg, saved = load_net(args.checkpoint)
    if not 0 < args.sharpness < 100:
        raise UserError(f"--sharpness {args.sharpness}: expected a factor above 0, about 1 to 3")
    sharpen(net, args.sharpness)
    trained = copy.deepcopy(net)
    model = to_onnx(net, metadata_of(cfg, saved, args.version, args.sharpness), bits=args.bits)
    for width, height in ((256, 144), (144, 256)):
        worst = difference(net, model, width, height)
        if worst > 1e-4:
            raise UserError(f"the exported file differs from the network by {worst:.2g} at {width}x{height}; nothing written")
        kept = difference(trained, model, width, height)
        # Folding moves alpha by rounding errors only; fewer bits do more, which is what was asked for.
        if args.bits == 32 and kept > 1e-4:
            raise UserError(f"folding batch norm changes alpha by {kept:.2g} at {width}x{height}; nothing written")
        print(f"{width}x{height}: differs from PyTorch by {worst:.1e}, from the checkpoint's {args.sharpness:g} times logits by {kept:.1e}")
    out = Path(args.output)
    out.write_bytes(model)
    out.with_suffix(".toml").write_text(descriptor(out.stem, args.version))
    Path(f"{out}.modelinfo").write_text(modelinfo())
    print(f"{out}: {len(model) / 1e6:.2f} MB, step {saved.get('step')}, commit {saved.get('commit', 'unknown')}")
