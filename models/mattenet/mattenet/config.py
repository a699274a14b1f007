# SPDX-License-Identifier: MPL-2.0
"""A run's configuration: one YAML file read into dataclasses.

A key that no dataclass has, or a value of the wrong type, is an error that names
the key: a misspelt switch must not silently train the default.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mattenet.data.config import DataConfig
from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.net.large import TeachConfig
from mattenet.train.loss import LossConfig


@dataclass
class TrainConfig:
    """The schedule. `steps` may be raised on resume: the learning rate then follows the longer curve."""

    # Weights to start from: a checkpoint of `train` or `pretrain`, or imagenet (net.encoder lite0); none = random.
    init: str = ""
    # A checkpoint whose mattes and features are learnt beside the labels, by loss.soft and loss.features; none = labels only.
    teacher: str = ""
    steps: int = 20000
    lr: float = 2e-3
    # Factor on it for the encoder; below 1 keeps what a pre-trained one knows.
    encoder_lr: float = 1.0
    # The encoder's first layer and so many of its units keep what they know: no gradient, batch norm fixed (net.encoder
    # lite0, which has 16). Fewer learn, more pictures a second. 0 = all learn.
    frozen: int = 0
    warmup: int = 300
    decay: float = 1e-3
    ema: float = 0.998
    seed: int = 1
    threads: int = 2
    # Where steps are computed: cpu, or cuda (in bfloat16 where precision allows; give data.workers a process a core).
    device: str = "cpu"
    # Prepared pictures kept on the device and drawn from at random (0.2 MB each at 256x144); 0 = each is used once, in
    # order. For GPUs, which learn faster than pictures are prepared; see mattenet.train.pool.
    pool: int = 0
    # Share of the steps, at the end, with batch norm fixed (the second stage); 0 = never.
    fixed_bn: float = 0.1
    # Pictures are mined anew every so many epochs (data.epoch samples each); 0 = never.
    mine_every: int = 2
    # Share of the steps in another aspect than the first of `sizes`.
    other_sizes: float = 0.25
    # Width, height; the first is the main one.
    sizes: list[list[int]] = field(default_factory=lambda: [[256, 144], [144, 256], [192, 192]])
    # The first so many steps see pictures of 3/4 of these sizes: half the cost while shapes are learnt.
    small_steps: int = 0
    save_minutes: float = 5.0
    check_minutes: float = 15.0
    # Validation pictures of a check during training.
    check_pictures: int = 300


@dataclass
class PretrainConfig:
    """Pre-training of the backbone; see mattenet.train.pretrain."""

    # EfficientNet-Lite whose features are learnt: lite0, lite1 or lite2.
    teacher: str = "lite0"
    # Crops a picture in the cache of features.
    crops: int = 4
    steps: int = 5000
    batch: int = 32
    lr: float = 3e-3
    warmup: int = 200
    save_every: int = 200


@dataclass
class DetectConfig:
    """The person detector; see mattenet.train.detect."""

    box_folders: list[str] = field(default_factory=lambda: ["general/openimages"])
    # Folders with masks of one person each, whose outline gives the box.
    mask_folders: list[str] = field(default_factory=lambda: ["stills/ccp"])
    # Width, height.
    size: list[int] = field(default_factory=lambda: [256, 144])
    steps: int = 6000
    batch: int = 16
    lr: float = 1e-3


@dataclass
class Config:
    """Everything a run needs; stored in its checkpoints and exported files."""

    net: NetConfig = field(default_factory=NetConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    data: DataConfig = field(default_factory=DataConfig)
    teach: TeachConfig = field(default_factory=TeachConfig)


def _check(value, hint, key: str):
    """`value` as `hint` asks for it, or a UserError that names `key`."""
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value, key)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _check(value, next(t for t in inner if t is not type(None)), key)
    if origin is list and isinstance(value, list):
        return [_check(v, inner[0], f"{key}[{i}]") for i, v in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {k: _check(v, inner[1], f"{key}.{k}") for k, v in value.items()}
    if hint is float and type(value) in (int, float):
        return float(value)
    if origin is None and type(value) is hint:
        return value
    name = getattr(hint, "__name__", hint) if origin is None else hint
    raise UserError(f"config key {key}: found {value!r}, expected {name}")


def from_dict(cls, values, prefix: str = ""):
    """A dataclass from nested dicts, checked."""
    if not isinstance(values, dict):
        raise UserError(f"config section {prefix or 'top level'}: found {values!r}, expected keys and values")
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        where = f" in {prefix}" if prefix else ""
        raise UserError(f"unknown config key {unknown[0]!r}{where}; known are {', '.join(sorted(hints))}")
    dot = f"{prefix}." if prefix else ""
    return cls(**{k: _check(v, hints[k], dot + k) for k, v in values.items()})


def load(path: str | Path | None, overrides: list[str] = ()) -> Config:
    """Reads a YAML file (none = defaults), then `section.key=value` overrides, then the environment.

    Raises UserError for a missing file, bad YAML, an unknown key or a wrong type.
    """
    values: dict = {}
    try:
        if path is not None:
            values = yaml.safe_load(Path(path).read_text()) or {}
        for item in overrides:
            key, sep, text = item.partition("=")
            if not sep:
                raise UserError(f"override {item!r}: expected section.key=value")
            node = values
            *parents, last = key.split(".")
            for part in parents:
                node = node.setdefault(part, {})
            node[last] = yaml.safe_load(text)
    except OSError as error:
        raise UserError(f"cannot read the config {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path or 'override'} is not valid YAML: {error}") from error
    config = from_dict(Config, values)
    config.data.data = config.data.data or os.environ.get("MATTE_DATA", "")
    config.data.work = config.data.work or os.environ.get("MATTE_WORK", "")
    return config


def to_dict(config) -> dict:
    """The inverse of from_dict; plain types only, fit for YAML, JSON and checkpoints."""
    return dataclasses.asdict(config)


def add_arguments(parser) -> None:
    """The arguments every command shares: --config, --set, --data, --work."""
    parser.add_argument("--config", metavar="FILE", help="YAML file of the run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
                        help="change one key, e.g. train.steps=100 (repeatable)")
    parser.add_argument("--data", metavar="DIR", help="root of the pictures (default: MATTE_DATA)")
    parser.add_argument("--work", metavar="DIR", help="root of labels, caches and runs (default: MATTE_WORK)")


def from_args(args) -> Config:
    """The configuration that add_arguments' arguments ask for."""
    config = load(args.config, args.overrides)
    config.data.data = args.data or config.data.data
    config.data.work = args.work or config.data.work
    return config
