# SPDX-License-Identifier: MPL-2.0
"""What a run keeps: checkpoints, averaged weights, learning rate and history."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import subprocess
from pathlib import Path

import torch
from torch import nn

from mattenet.errors import UserError


def save(path: Path, state: dict) -> None:
    """Writes a checkpoint so that a crash leaves either the old or the new one."""
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    os.replace(partial, path)


def commit() -> str:
    """The commit this code stands at, with a + where files differ from it; unknown outside of a checkout."""
    here = Path(__file__).parents[1]
    git = lambda *words: subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def digest(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load(path: str | Path) -> dict:
    """Reads a checkpoint. UserError where there is none or it is damaged."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"no checkpoint at {path}") from error
    except Exception as error:
        raise UserError(f"{path} is not a checkpoint of mattenet: {error}") from error


def load_matching(net: nn.Module, weights: dict) -> tuple[list[str], list[str]]:
    """Loads the weights whose name and shape fit; returns the names that were missing and those left over."""
    own = net.state_dict()
    fits = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    net.load_state_dict(fits, strict=False)
    return sorted(set(own) - set(fits)), sorted(set(weights) - set(fits))


def device(name: str) -> torch.device:
    """The device of that name (cpu, cuda, cuda:1 ...). UserError where this machine or this PyTorch has none."""
    try:
        found = torch.device(name)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError) as error:  # PyTorch without CUDA asserts
        reason = str(error).splitlines()[0]
        raise UserError(f"train.device {name!r} cannot be used: {reason}; use cpu") from error
    return found


class Ema:
    """Exponential moving average of weights and batch-norm statistics, with a warm-up of the decay."""

    def __init__(self, net: nn.Module, decay: float):
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, net: nn.Module, step: int | None) -> None:
        """Moves towards `net`, faster in the first steps; `step` None: by the final decay."""
        decay = self.decay if step is None else min(self.decay, (1 + step) / (10 + step))
        mine, theirs = self.net.state_dict(), net.state_dict()
        floats = [k for k, v in mine.items() if v.is_floating_point()]
        torch._foreach_lerp_([mine[k] for k in floats], [theirs[k] for k in floats], 1 - decay)


def cosine(step: int, total: int, warmup: int, floor: float = 0.01) -> float:
    """Factor of the learning rate: linear warm-up, then a half cosine down to `floor` at `total`.

    A longer `total` on resume simply follows the longer curve from the same step on.
    """
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))


def split_decay(net: nn.Module, decay: float) -> list[dict]:
    """Parameter groups: weight decay on kernels only, not on biases and batch norm."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def optimizer(net: nn.Module, lr: float, decay: float, device: torch.device, encoder: float = 1.0) -> torch.optim.AdamW:
    """AdamW over `split_decay`; on CUDA in one kernel and with its rate in device memory, where a CUDA graph reads it.

    Each group has a `scale` of the rate: 1, in those of `net.backbone` `encoder`. With 1 there the groups are not split.
    """
    if encoder == 1:
        groups = [{**group, "scale": 1.0} for group in split_decay(net, decay)]
    else:
        rest = nn.ModuleList(part for name, part in net.named_children() if name != "backbone")
        groups = [{**group, "scale": scale} for part, scale in ((net.backbone, encoder), (rest, 1.0)) for group in split_decay(part, decay)]
    if device.type != "cuda":
        return torch.optim.AdamW(groups, lr=lr)
    for group in groups:  # one of its own each: they are filled apart
        group["lr"] = torch.tensor(lr, device=device)
    return torch.optim.AdamW(groups, lr=torch.tensor(lr, device=device), fused=True, capturable=True)


def restore(made: torch.optim.AdamW, saved: dict, device: torch.device) -> None:
    """Loads an optimiser's state into one made by `optimizer`, from whichever device it was saved."""
    own = [{key: group[key] for key in ("lr", "fused", "capturable", "scale")} for group in made.param_groups]
    made.load_state_dict(saved)
    for group, mine in zip(made.param_groups, own):
        group.update(mine)
    for state in made.state.values():
        state["step"] = state["step"].to(device)


def descend(net: nn.Module, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step down the gradient of `loss`, whose norm is held at 5."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimizer.step()


def log(run: Path, record: dict) -> None:
    """Appends one line to the run's history.jsonl."""
    with open(run / "history.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")
