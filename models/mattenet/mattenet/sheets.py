# SPDX-License-Identifier: MPL-2.0
"""`mattenet sheets`: every validation picture of a set with its truth and the mattes of several models, worst first.

Worst is the lowest IoU of the first model; each matte has its own IoU and boundary F under it. Writes SET-01.png and so
on into --out, over what is there of an earlier run. Most pictures show people who never agreed to appear in a repository:
look at the sheets, do not publish them.
"""

from __future__ import annotations

import argparse
import math
import os
import pathlib

import cv2
import numpy as np

from mattenet import compare, config, tiles
from mattenet.data import item as items
from mattenet.errors import UserError
from mattenet.label import teachers

BOTTOM = {"iou": "IoU", "boundary": "F"}


def add_parser(sub) -> None:
    """Adds `sheets` to the command line."""
    p = sub.add_parser("sheets", help="sheets of validation pictures with models' mattes, worst first",
                       description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    config.add_arguments(p)
    p.add_argument("--onnx", nargs="*", default=[], metavar="FILE", help="our models; the first one gives the order")
    p.add_argument("--models", nargs="*", default=[], metavar="NAME", help="public models, e.g. mp_general")
    p.add_argument("--peers", default=os.environ.get("MATTE_PEERS", ""), help="folder of the public models (default: MATTE_PEERS)")
    p.add_argument("--teachers", metavar="FILE", help="YAML file that describes further models")
    p.add_argument("--of", default=compare.TAGGED, metavar="SET", help=f"of {', '.join(compare.SETS)}; default {compare.TAGGED}")
    p.add_argument("--unreviewed", action="store_true", help="also teachers' labels that nobody has looked at")
    p.add_argument("--rows", type=int, default=8, help="pictures a sheet (default 8)")
    p.add_argument("--cell", type=int, default=256, help="pixels of a picture's longer side (default 256)")
    p.add_argument("--out", required=True, metavar="DIR", help="folder of the sheets")


def pages(models: list[teachers.Teacher], pictures: list[items.Item], results: list[list[dict[str, float]]],
          rows: int, cell: int) -> list[np.ndarray]:
    """The sheets, BGR uint8. `results` has the metrics of each model by picture, as compare.Results gives them."""
    titles = [compare.TITLES.get(m.descriptor.name, m.descriptor.name) for m in models]
    head = tiles.heading(["picture", "truth", *titles], cell)
    strips = []
    # Where nobody is and nothing was found there is no IoU: such pictures come last.
    for i in np.argsort([r["iou"] for r in results[0]], kind="stable"):
        image, alpha, confidence = items.load(pictures[i], compare.LONG_SIDE)
        found = [" ".join(f"{word} {by[i][key]:.3f}" for key, word in BOTTOM.items()) for by in results]
        words = [f"{pictures[i].folder.split('/')[-1]} {pictures[i].name[-8:]}", f"{(confidence < 128).mean():.0%} not trusted", *found]
        strips.append(tiles.strip(image, [alpha, *(model(image) for model in models)], words, cell))
    parts = [strips[k : k + rows] for k in range(0, len(strips), rows)]
    return [np.vstack([head[..., ::-1], tiles.grid(part, 1)]) for part in parts]


def run(args) -> None:
    """Writes the sheets and prints their names."""
    cfg = config.from_args(args).data
    if not cfg.data or not cfg.work:
        raise UserError("sheets needs --data and --work (or MATTE_DATA and MATTE_WORK)")
    if args.rows < 1 or args.cell < 32:
        raise UserError(f"--rows {args.rows} --cell {args.cell}: expected at least 1 row and cells of 32 pixels")
    wanted = [compare.describe(pathlib.Path(p)) for p in args.onnx] + teachers.find(args.models, args.teachers)
    if not wanted:
        raise UserError("nothing to show: name --onnx files or --models")
    pictures = compare.validation(cfg, [args.of], 10**6, args.unreviewed)[args.of]
    models = [teachers.Teacher(d, args.peers) for d in wanted]
    results = [compare.Results(model, cfg.work).of(pictures) for model in models]
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    made = pages(models, pictures, results, args.rows, args.cell)
    digits = max(2, math.floor(math.log10(len(made))) + 1)
    for number, page in enumerate(made, 1):
        file = out / f"{args.of}-{number:0{digits}}.png"
        if not cv2.imwrite(str(file), page):
            raise UserError(f"{file}: cannot be written")
        print(file)
