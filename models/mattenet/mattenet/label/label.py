# SPDX-License-Identifier: MPL-2.0
"""`mattenet label`: mattes with confidence for unlabelled pictures, from an ensemble of teachers.

Writes WORK/opinions/FOLDER/NAME.npz (what each teacher said), WORK/labels/FOLDER/NAME.png (alpha),
NAME.conf.png (confidence) and one line a picture in FOLDER/scores.tsv. What exists is skipped, so the
command resumes where it was stopped; `--again` fuses the kept opinions anew. `--check` is for pictures that have
masks: it writes only confidences, 0 where the mask forgets people whom the teachers see.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import pathlib

import cv2
import numpy as np
from tqdm import tqdm

from mattenet import config
from mattenet.data import folders, item, unlabelled
from mattenet.errors import UserError
from mattenet.label import fuse, opinions, teachers

FIRST = ["rvm_256", "rvm_512", "modnet", "mp_general", "isnet_512"]
SECOND = ["u2net"]
REFEREES = ["rvm_256", "rvm_512"]
FIELDS = ["name", "score", "coverage", "opinions"]


def add_parser(sub) -> None:
    """Adds `label` to the command line."""
    p = sub.add_parser("label", help="label pictures with an ensemble of teachers", description=__doc__)
    config.add_arguments(p)
    p.add_argument("folders", nargs="+", metavar="FOLDER", help="folders below --data, e.g. scenario/hagrid")
    p.add_argument("--peers", default=os.environ.get("MATTE_PEERS", ""), help="folder of the public models (default: MATTE_PEERS)")
    p.add_argument("--teachers", metavar="FILE", help="YAML file that describes further teachers")
    p.add_argument("--first", nargs="+", default=FIRST, metavar="NAME", help="teachers asked about every picture")
    p.add_argument("--second", nargs="*", default=SECOND, metavar="NAME",
                   help="asked too where the first agree too little; NAME~flip is a teacher on the mirrored picture")
    p.add_argument("--referees", nargs="*", default=REFEREES, metavar="NAME",
                   help="those of --first that decide where the median contradicts them on a whole component")
    p.add_argument("--doubt", type=float, default=0.95, help="agreement (mean IoU with the median) below which the second are asked")
    p.add_argument("--jobs", type=int, default=2, help="processes")
    p.add_argument("--threads", type=int, default=1, help="threads of ONNX Runtime in each process")
    p.add_argument("--check", action="store_true", help="folders with images/ and masks/: only find people whom the masks forget")
    p.add_argument("--again", action="store_true", help="fuse the kept opinions anew")


def read_boxes(picture: pathlib.Path) -> np.ndarray | None:
    """Boxes beside a picture (boxes/NAME.txt, lines `0 cx cy w h`), n x 4; None where there is no file."""
    file = picture.parent.parent / "boxes" / f"{picture.stem}.txt"
    if not file.is_file():
        return None
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    try:
        return np.array([[float(v) for v in row[1:5]] for row in rows], np.float32).reshape(-1, 4)
    except ValueError as error:
        raise UserError(f"{file}: {error}; expected lines '0 cx cy w h'") from error


def _write(path: pathlib.Path, gray: np.ndarray) -> None:
    part = path.with_suffix(f".{os.getpid()}.part.png")
    cv2.imwrite(str(part), gray)
    part.rename(path)


def label_one(job) -> dict | None:
    """Opinions, fusion and files of one picture; its line for scores.tsv, or None for an unreadable picture."""
    picture, file, out, first, second, referees, doubt = job
    try:
        opinions.collect((picture, file, first, second, doubt))
        image = unlabelled.read(picture, opinions.LONG_SIDE)
    except UserError as error:
        tqdm.write(f"skipped: {error}")
        return None
    kept = opinions.load(pathlib.Path(file))
    found = fuse.fuse(image, {n: kept[n] for n in (*first, *second) if n in kept}, referees)
    boxes = read_boxes(pathlib.Path(picture))
    if boxes is not None:
        found = fuse.check_boxes(found, boxes)
    out = pathlib.Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    _write(out, found.alpha)
    _write(out.with_suffix(".conf.png"), found.confidence)
    return {"name": out.stem, "score": f"{found.score:.4f}", "coverage": f"{found.coverage:.4f}", "opinions": len(kept)}


def check_one(job) -> dict | None:
    """As label_one for a picture with a mask: writes its confidence only."""
    picture, file, out, first, *_ = job
    picture, out = pathlib.Path(picture), pathlib.Path(out)
    image, alpha, _ = item.load(item.Item("", picture.stem, picture, folders.mask_of(picture)), opinions.LONG_SIDE)
    opinions.collect((str(picture), file, first, [], 0.0))
    kept = opinions.load(pathlib.Path(file))
    confidence = fuse.check_mask(alpha, [kept[n] for n in first])
    _write(out.with_suffix(".conf.png"), confidence)
    return {"name": out.stem, "score": "1", "coverage": f"{(alpha >= 128).mean():.4f}", "opinions": len(kept)}


def run(args) -> None:
    """Labels every folder in turn."""
    cfg = config.from_args(args).data
    if not cfg.data or not cfg.work:
        raise UserError("label needs --data and --work (or MATTE_DATA and MATTE_WORK)")
    names = [*args.first, *args.second]
    if not args.check and (strange := set(args.referees) - set(args.first)):
        raise UserError(f"referee {', '.join(sorted(strange))} is not among --first")
    plain = sorted({n.removesuffix(opinions.FLIP) for n in names})
    for d in teachers.find(plain, args.teachers):
        print(f"teacher {d.name}: {d.width}x{d.height}, {d.passes} pass(es), weights {d.licence}")
    root, work = pathlib.Path(cfg.data), pathlib.Path(cfg.work)
    start = (names, args.peers, args.teachers, args.threads)
    if args.jobs > 1:
        with multiprocessing.get_context("spawn").Pool(args.jobs, opinions.start, start) as pool:
            _label(args, root, work, pool.imap_unordered)
    else:
        opinions.start(*start)
        _label(args, root, work, map)


def _label(args, root: pathlib.Path, work: pathlib.Path, each) -> None:
    """Labels the folders; `each` maps a function over jobs, here or in other processes."""
    for folder in args.folders:
        out = work / "labels" / folder
        jobs = [(str(p), str(work / "opinions" / folder / f"{p.stem}.npz"), str(out / f"{p.stem}.png"),
                 args.first, args.second, args.referees, args.doubt) for p in unlabelled.pictures(root / folder)]
        # Stopped between a label and its line in the table, a picture is done again (its opinions are kept).
        done = folders.scores(work / "labels", folder)
        jobs = [j for j in jobs if args.again or not (os.path.exists(j[2].removesuffix(".png") + ".conf.png") and pathlib.Path(j[2]).stem in done)]
        out.mkdir(parents=True, exist_ok=True)
        scores = out / "scores.tsv"
        fresh = not scores.exists()
        # Appended to, never emptied: a training run may read it meanwhile. The last line of a picture counts.
        with open(scores, "a", newline="", buffering=1) as table:
            writer = csv.DictWriter(table, FIELDS, delimiter="\t")
            if fresh:
                writer.writeheader()
            for line in tqdm(each(check_one if args.check else label_one, jobs), folder, len(jobs)):
                if line:
                    writer.writerow(line)
