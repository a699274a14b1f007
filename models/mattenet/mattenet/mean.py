# SPDX-License-Identifier: MPL-2.0
"""The mean of two networks' weights, where one was trained on from the other.

Between two such networks lie others that have most of both: what a short training has brought, without most of
what it has cost (Wortsman and others 2022, https://arxiv.org/abs/2109.01903).
"""

from __future__ import annotations

from pathlib import Path

import torch

from mattenet.errors import UserError
from mattenet.train import state as run_state


def add_parser(sub) -> None:
    parser = sub.add_parser("mean", description=__doc__)
    parser.add_argument("first", help="a checkpoint (.pt)")
    parser.add_argument("second", help="one that was trained on from it, or from the same one")
    parser.add_argument("checkpoint", help="the .pt to write, for train.init and export")
    parser.add_argument("--share", type=float, default=0.5, help="share of the second, 0 to 1 (default %(default)s)")


def mean(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Weights, and the statistics of batch norm, `share` of the way from the first to the second.

    Raises UserError where names or shapes differ.
    """
    shapes = [{name: tuple(value.shape) for name, value in weights.items()} for weights in (first, second)]
    differing = sorted(name for name in shapes[0] | shapes[1] if shapes[0].get(name) != shapes[1].get(name))
    if differing:
        name = differing[0]
        raise UserError(f"the networks differ in {len(differing)} of {len(shapes[0])} weights, first in {name}: "
                        f"{shapes[0].get(name)} and {shapes[1].get(name)}; two of one shape are expected")
    return {name: torch.lerp(value, second[name], share) if value.is_floating_point() else second[name].clone()
            for name, value in first.items()}


def run(args) -> None:
    """The command."""
    if not 0 <= args.share <= 1:
        raise UserError(f"--share is {args.share}: 0 (the first alone) to 1 (the second alone) is expected")
    saved = [run_state.load(path) for path in (args.first, args.second)]
    for path, found in zip((args.first, args.second), saved):
        if "ema" not in found or "config" not in found:
            raise UserError(f"{path} has no averaged weights; expected a checkpoint of `mattenet train` or `thaw`")
    note = f"mean of {Path(args.first).name} and {Path(args.second).name}, {args.share:g} of the second"
    run_state.save(Path(args.checkpoint), {
        "ema": mean(saved[0]["ema"], saved[1]["ema"], args.share), "step": saved[1].get("step", 0), "note": note,
        **{key: saved[1][key] for key in ("config", "commit", "init") if key in saved[1]}})
    print(f"{args.checkpoint}: {note}")
