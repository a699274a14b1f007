# SPDX-License-Identifier: MPL-2.0
"""Parameters, FLOPs and latency of a network, and latency of other ONNX files in the same run."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mattenet import config as config_module
from mattenet.errors import UserError
from mattenet.net.matte import Deployed, MatteNet


def parameters(net: nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in net.parameters())


def flops(net: nn.Module, width: int = 256, height: int = 144) -> int:
    """Floating-point operations of one picture; a multiply-add counts as two."""
    net = net.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, height, width))
    return counter.get_total_flops()


def session(model: bytes | str, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session as the plugin makes it: given threads, no spinning."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def latencies(sessions: dict[str, onnxruntime.InferenceSession], rounds: int = 200) -> dict[str, float]:
    """Median milliseconds of each; taken in turn, so that a machine's moods meet all alike."""
    feeds = {}
    for name, s in sessions.items():
        feeds[name] = {}
        for i in s.get_inputs():
            kind = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}.get(i.type)
            if kind is None:
                raise UserError(f"{name}: input {i.name} is {i.type}; expected float or uint8")
            # A free dimension gets the landscape's size by its name, or else 1.
            free = {"height": 144, "width": 256}
            shape = [d if isinstance(d, int) else free.get(d, 1) for d in i.shape]
            feeds[name][i.name] = (np.random.default_rng(0).random(shape)).astype(kind)
    times = {name: [] for name in sessions}
    for i in range(rounds + 10):
        for name, s in sessions.items():
            start = time.perf_counter()
            s.run(None, feeds[name])
            if i >= 10:
                times[name].append(time.perf_counter() - start)
    return {name: 1e3 * float(np.median(t)) for name, t in times.items()}


def add_parser(sub) -> None:
    parser = sub.add_parser("profile", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("models", nargs="*", metavar="ONNX", help="further models to time; the first is the reference")
    parser.add_argument("--rounds", type=int, default=200)


def run(args) -> None:
    """Prints one line a network: parameters, GFLOP, median ms and its ratio to the first ONNX file given."""
    cfg = config_module.from_args(args)
    net = MatteNet(cfg.net).eval()
    buffer = io.BytesIO()
    torch.onnx.export(Deployed(net), (torch.zeros(1, 3, 144, 256),), buffer, dynamo=False, opset_version=17)
    for path in args.models:
        if not Path(path).exists():
            raise UserError(f"no model at {path}")
    # A folder's name tells more where every file is called model.onnx.
    names = {(Path(p).parent.name if Path(p).stem == "model" else Path(p).stem): p for p in args.models}
    sessions = {name: session(p) for name, p in names.items()} | {cfg.net.name: session(buffer.getvalue())}
    times = latencies(sessions, args.rounds)
    reference = next(iter(times.values()))
    print(f"{cfg.net.name}: {parameters(net) / 1e6:.3f} M parameters, {flops(net) / 1e9:.3f} GFLOP")
    for name, ms in times.items():
        print(f"{name:24s} {ms:7.2f} ms  {ms / reference:5.2f}")
