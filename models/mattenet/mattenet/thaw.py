# SPDX-License-Identifier: MPL-2.0
"""An exported network as a checkpoint again, to train on from it, or to give its backbone to another.

Export folds batch norm into the convolutions. Here each convolution gets a batch norm back: its mean and
variance are what the convolution puts out on training pictures, its scale and shift undo them, so that the
network computes what the file does and is normalised as one in training. Kernels are scaled to the size of
fresh ones, which batch norm takes back: the optimiser's steps are as large as they would be in a new run.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from tqdm import tqdm

from mattenet import config as config_module
from mattenet.config import Config
from mattenet.data import dataset
from mattenet.errors import UserError
from mattenet.net.matte import MatteNet
from mattenet.train import state as run_state

# Names of the weights in the file: those of `Deployed`, which holds the network as `net`.
PREFIX = "net."


def add_parser(sub) -> None:
    parser = sub.add_parser("thaw", description=__doc__)
    parser.add_argument("model", help="an .onnx that `mattenet export` wrote")
    parser.add_argument("checkpoint", help="the .pt to write, for train.init, detect and export")
    parser.add_argument("--batches", type=int, default=40, help="training batches that the statistics are taken from")
    config_module.add_arguments(parser)


def read(path: str | Path) -> tuple[Config, dict[str, torch.Tensor], dict[str, str]]:
    """Configuration, folded weights by the network's own names (logits not sharpened) and metadata of a file.

    Raises UserError where the file cannot be read or `mattenet export` did not write it.
    """
    try:
        proto = onnx.load(str(path))
    except Exception as error:
        raise UserError(f"{path} cannot be read as ONNX: {error}") from error
    about = {entry.key: entry.value for entry in proto.metadata_props}
    if "mattenet.config" not in about:
        raise UserError(f"{path} has no mattenet.config among its metadata; expected a file of `mattenet export`")
    cfg = config_module.from_dict(Config, json.loads(about["mattenet.config"]))
    stored = {tensor.name.removeprefix(PREFIX): torch.from_numpy(onnx.numpy_helper.to_array(tensor).astype(np.float32))
              for tensor in proto.graph.initializer if tensor.name.startswith(PREFIX)}
    weights = {name.removesuffix(".half").removesuffix(".byte"): value for name, value in stored.items()}
    for name in [name for name in weights if name.endswith(".scale")]:
        weights[name.removesuffix(".scale")] *= weights.pop(name)
    for name in ("head.logits.weight", "head.logits.bias"):
        if name not in weights:
            raise UserError(f"{path} has no {name}; expected a file of `mattenet export`, not an int8 one")
        weights[name] /= float(about.get("mattenet.sharpness", 1))
    return cfg, weights, about


def pairs(net: nn.Module) -> list[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Every convolution that a batch norm follows, with its name: what export folds."""
    found = []
    for name, module in net.named_modules():
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                    found.append((f"{name}.{i}", module[i], module[i + 1]))
    return found


@torch.no_grad()
def unfold(cfg: Config, weights: dict[str, torch.Tensor]) -> MatteNet:
    """The network with batch norms that only add the folded bias. Raises UserError where a weight is missing."""
    net, weights = MatteNet(cfg.net).eval(), dict(weights)
    for name, _, norm in pairs(net):
        norm.bias.copy_(weights.pop(f"{name}.bias", norm.bias))
        norm.running_var.fill_(1 - norm.eps)
    _, left = run_state.load_matching(net, weights)
    kernels = [name for name, _ in net.named_parameters() if name.endswith(".weight") and name in weights]
    missing = [name for name, conv, _ in pairs(net) if f"{name}.weight" not in kernels]
    if missing or left:
        raise UserError(f"the file is not of its own configuration: missing {missing[:3]}, left over {left[:3]}")
    return net


@torch.no_grad()
def normalise(net: MatteNet, images: list[torch.Tensor]) -> None:
    """Gives every batch norm of `net` (from `unfold`) the statistics of `images`, without changing the output."""
    found = pairs(net)
    sums = {name: torch.zeros(2, norm.num_features, dtype=torch.float64) for name, _, norm in found}
    counts = dict.fromkeys(sums, 0)

    def watch(name):
        def hook(_module, _inputs, output):
            values = output.transpose(0, 1).flatten(1).double()
            sums[name] += torch.stack([values.sum(1), values.square().sum(1)])
            counts[name] += values.shape[1]
        return hook

    hooks = [conv.register_forward_hook(watch(name)) for name, conv, _ in found]
    for image in tqdm(images, "statistics", disable=None):
        net(image)
    for hook in hooks:
        hook.remove()
    for name, conv, norm in found:
        mean, square = sums[name] / counts[name]
        variance = (square - mean.square()).clamp(min=0)
        size = conv.weight.double().square().mean((1, 2, 3)).sqrt().clamp(min=1e-8)
        # That of PyTorch's fresh kernels: uniform within 1 / sqrt(inputs).
        scale = (3 * conv.weight[0].numel()) ** -0.5 / size
        norm.running_mean.copy_(mean * scale)
        norm.running_var.copy_(variance * scale.square())
        norm.weight.copy_((variance * scale.square() + norm.eps).sqrt() / scale)
        norm.bias.add_(mean)
        conv.weight.mul_(scale[:, None, None, None])


def run(args) -> None:
    """The command."""
    cfg, weights, about = read(args.model)
    here = config_module.from_args(args)
    cfg.data.data, cfg.data.work = here.data.data, here.data.work
    net = unfold(cfg, weights).to(memory_format=torch.channels_last)
    loader = dataset.build(cfg.data, "train", tuple(cfg.train.sizes[0]), cfg.train.seed)
    images = [dataset.floats(loader.batch(step))[0] for step in range(args.batches)]
    with torch.no_grad():
        before = net(images[0])
        normalise(net, images)
        change = float((torch.sigmoid(net(images[0])) - torch.sigmoid(before)).abs().max())
    if change > 1e-3:
        raise UserError(f"{args.model}: batch norm changes alpha by {change:.2g}; nothing written")
    step = int(about.get("mattenet.step", 0))
    run_state.save(Path(args.checkpoint), {
        "ema": net.state_dict(), "step": step, "config": config_module.to_dict(cfg),
        **{key: about[f"mattenet.{key}"] for key in ("commit", "init", "note") if f"mattenet.{key}" in about}})
    print(f"{args.checkpoint}: version {about.get('mattenet.version')} at step {step}, alpha within {change:.0e}")
