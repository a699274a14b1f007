# SPDX-License-Identifier: MPL-2.0
"""The command line: `mattenet COMMAND ...`.

Each command lives in a module of its own with `add_parser(sub)`, which adds one
parser to an argparse sub-parser group, and `run(args)`, which returns None or an
exit status. Only the module of the command asked for is imported, so that `--help`
does not wait for torch.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from mattenet.errors import UserError

# name: (module, what it does)
COMMANDS: dict[str, tuple[str, str]] = {
    "cache": ("mattenet.data.cache", "decode all pictures once into a cache"),
    "teach": ("mattenet.teach", "train the large teacher network"),
    "label": ("mattenet.label.label", "label pictures with an ensemble of teachers"),
    "review": ("mattenet.review.server", "keep or drop labels by hand in the browser"),
    "compare": ("mattenet.compare", "measure models against each other on the validation pictures"),
    "sheets": ("mattenet.sheets", "look at models' mattes of validation pictures, worst first"),
    "pretrain": ("mattenet.train.pretrain", "teach the backbone a classifier's features"),
    "train": ("mattenet.train.loop", "train a matting network, or resume a run"),
    "detect": ("mattenet.train.detect", "train, measure or run the person detector"),
    "ablate": ("mattenet.ablate", "measure each design rule on and off at equal budget"),
    "profile": ("mattenet.profile", "parameters, FLOPs and latency of a network"),
    "export": ("mattenet.export", "write a trained network as ONNX with its descriptor"),
    "thaw": ("mattenet.thaw", "make a checkpoint of an exported network, to train on from it"),
    "mean": ("mattenet.mean", "take the mean of two networks' weights"),
    "quantize": ("mattenet.quantize", "write an int8 (QDQ) version of an exported network"),
    "tflite": ("mattenet.tflite", "write an int8 .tflite of an exported network, for other elements and NPUs"),
}


def _overview() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mattenet", description=__doc__.split("\n")[0])
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, text) in COMMANDS.items():
        sub.add_parser(name, help=text, add_help=False)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in COMMANDS:
        _overview().parse_args(argv)
        return 2
    module = importlib.import_module(COMMANDS[argv[0]][0])
    parser = argparse.ArgumentParser(prog="mattenet")
    sub = parser.add_subparsers(dest="command", required=True)
    module.add_parser(sub)
    args = parser.parse_args(argv)
    try:
        return module.run(args) or 0
    except UserError as error:
        print(f"mattenet {argv[0]}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
