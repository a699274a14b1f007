# SPDX-License-Identifier: MPL-2.0
"""`mattenet compare`: one table of models on the validation pictures, with intervals, latency and the worst pictures.

Every model sees the whole picture as the plugin shows it: stretched to a fixed input, at free sides in the
picture's own aspect (--stretched: at 256x144 all the same). Its matte is measured at the picture's size (longer
side at most 512 px). Mean and 95 % bootstrap interval over pictures, a set at a time; clips draw whole clips'
frames alike, so their intervals are too narrow. Where truth is a teacher's label only trusted pixels count.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import os
import pathlib
import time
import tomllib

import cv2
import numpy as np
import onnxruntime as ort
from tqdm import tqdm

from mattenet import config, metrics, tflite, tiles
from mattenet.data import cache, clips, item as items, splits
from mattenet.data.config import DataConfig, sources
from mattenet.errors import UserError
from mattenet.label import teachers
from mattenet.review import decisions, tags

LONG_SIDE = 512
PEERS = ["mp_general", "mp_landscape", "rvm_256", "modnet"]
# Name of a set, and the folders in it.
SETS = {
    "calls": ("scenario/webcam_calls_ccbysa", "scenario/webcam_openscapes"),
    "webcam": ("scenario/webcam_utez", "scenario/webcam_gestcount"),
    "portrait": ("scenario/congress_lo",),
    "clips": ("clips/",),
    "street": ("stills/ccp",),
    "coco": ("stills/cocoperson_ok",),
    "general": ("general/openimages",),
    "negative": ("stills/coco_negatives_ok",),
}
TAGGED = "calls"  # the set whose pictures are measured by tag, too
# What the public models are called in the table.
TITLES = {"mp_general": "MediaPipe general", "mp_landscape": "MediaPipe landscape", "rvm_256": "RobustVideoMatting",
          "modnet": "MODNet"}
FIELDS = ["folder", "name", "stamp", "iou", "boundary", "band", "false"]


def add_parser(sub) -> None:
    """Adds `compare` to the command line."""
    p = sub.add_parser("compare", help="measure models against each other on the validation pictures",
                       description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    config.add_arguments(p)
    p.add_argument("--onnx", nargs="*", default=[], metavar="FILE", help="our models; NAME.toml beside them says what they need")
    p.add_argument("--models", nargs="*", default=PEERS, metavar="NAME", help="public models")
    p.add_argument("--peers", default=os.environ.get("MATTE_PEERS", ""), help="folder of the public models (default: MATTE_PEERS)")
    p.add_argument("--teachers", metavar="FILE", help="YAML file that describes further models")
    p.add_argument("--against", nargs="*", default=[], metavar="NAME", help="a second table: how far --onnx is from these, picture by picture")
    p.add_argument("--sets", nargs="*", default=list(SETS), metavar="SET", help=f"of {', '.join(SETS)}")
    p.add_argument("--most", type=int, default=150, help="pictures a set at most, evenly spread")
    p.add_argument("--stretched", nargs="*", default=[], metavar="FILE", help="our models at 256x144 whatever the picture's aspect")
    p.add_argument("--unreviewed", action="store_true", help="count teachers' labels that nobody has looked at")
    p.add_argument("--no-time", action="store_true", help="leave the latency out")
    p.add_argument("--worst", metavar="PNG", help="sheet of the pictures on which the first model fails most")
    p.add_argument("--out", metavar="MD", help="write the table there too")


def describe(path: pathlib.Path, stretch: bool = False) -> teachers.Descriptor:
    """How to run an ONNX or .tflite file of ours: sizes from its graph, output kind and multiple from NAME.toml where it exists.

    Open sides follow the picture's aspect unless `stretch`.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such model")
    made = tflite.Session(path) if path.suffix == ".tflite" else ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shape = made.get_inputs()[0].shape
    height, width = (n if isinstance(n, int) else d for n, d in zip(shape[2:], (144, 256)))
    open_sides = not stretch and not any(isinstance(n, int) for n in shape[2:])
    toml = path.with_suffix(".toml")
    words = tomllib.loads(toml.read_text()) if toml.is_file() else {}
    output = words.get("output", "alpha")
    output = output.get("kind", "alpha") if isinstance(output, dict) else output
    output = {"logits": "logit", "sigmoid": "alpha"}.get(output, output)
    multiple = words.get("input", {}).get("multiple", 16) if open_sides else 0
    name = f"{path.stem} stretched" if stretch else path.stem
    return teachers.Descriptor(name, height, width, output=output, multiple=multiple, file=str(path.resolve()), licence="MPL-2.0")


def validation(cfg: DataConfig, sets: list[str], most: int, unreviewed: bool) -> dict[str, list[items.Item]]:
    """The validation pictures of each set; sets without any are left out."""
    known = sources(cfg)
    decided = decisions.read(pathlib.Path(cfg.work) / "review.tsv")
    found: dict[str, list[items.Item]] = {}
    if strange := set(sets) - set(SETS):
        raise UserError(f"no set {', '.join(sorted(strange))}; there are {', '.join(SETS)}")
    for name in sets:
        pool: list[items.Item] = []
        for folder in SETS[name]:
            if folder == "clips/":
                pool += clips.masked_frames(pathlib.Path(cfg.data), pathlib.Path(cfg.work))
            elif folder in known:
                source = known[folder]
                for item in cache.find(cfg, folder, source):
                    kept = decided.get((folder, item.name))
                    looked_at = source.loader != "labels" or kept == decisions.KEEP or (unreviewed and kept is None)
                    if looked_at and splits.split(folder, item.name, source) == splits.VALIDATION:
                        pool.append(item)
        if len(pool) > most:
            pool = [pool[int(i)] for i in np.linspace(0, len(pool) - 1, most)]
        if pool:
            found[name] = pool
        if name == TAGGED:
            found |= by_tag(name, pool, tags.read(pathlib.Path(cfg.work) / "tags.tsv"))
    if not found:
        raise UserError("no validation pictures: label and review the validation folders first (or --unreviewed)")
    return found


def by_tag(name: str, pool: list[items.Item], tagged: dict[tuple[str, str], tuple[str, ...]]) -> dict[str, list[items.Item]]:
    """The pictures of a set that show something, as sets `NAME: TAG`; tags that no picture has are left out."""
    found = {f"{name}: {tag}": [i for i in pool if tag in tagged.get((i.folder, i.name), ())] for tag in tags.TAGS}
    return {title: some for title, some in found.items() if some}


def measure(matte: np.ndarray, alpha: np.ndarray, confidence: np.ndarray) -> dict[str, float]:
    """The metrics of one picture from uint8 mattes; `false` is the share wrongly called person."""
    predicted, truth = matte.astype(np.float32) / 255, alpha.astype(np.float32) / 255
    counts = confidence >= 128
    return {
        "iou": metrics.iou(predicted, truth, counts),
        "boundary": metrics.boundary_f(predicted, truth, counts),
        "band": metrics.band_error(predicted, truth, counts),
        "false": float(((predicted >= 0.5) & (truth < 0.5) & counts).mean()),
    }


def _stamp(item: items.Item) -> str:
    strokes = [hashlib.sha256(repr(item.strokes).encode()).hexdigest()[:12]] if item.strokes else []
    return "-".join([*(str(p.stat().st_mtime_ns) for p in (item.mask, item.confidence) if p), *strokes])


class Results:
    """One model's metrics by picture, kept in WORK/compare so that only new pictures are measured."""

    def __init__(self, model: teachers.Teacher, work: str):
        digest = hashlib.sha256(model.path.read_bytes() + repr(model.descriptor).encode()).hexdigest()[:12]
        self.model = model
        self.file = pathlib.Path(work) / "compare" / f"{model.descriptor.name}-{digest}.tsv"
        self.known: dict[tuple[str, str, str], dict[str, float]] = {}
        if self.file.is_file():
            with open(self.file, newline="") as lines:
                for row in csv.DictReader(lines, delimiter="\t"):
                    self.known[row["folder"], row["name"], row["stamp"]] = {k: float(row[k]) for k in FIELDS[3:]}

    def of(self, pictures: list[items.Item]) -> list[dict[str, float]]:
        """Metrics of `pictures`, in order."""
        keys = [(i.folder, i.name, _stamp(i)) for i in pictures]
        fresh = [(k, i) for k, i in zip(keys, pictures) if k not in self.known]
        if fresh:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            new = not self.file.is_file()
            with open(self.file, "a", newline="") as out:
                writer = csv.DictWriter(out, FIELDS, delimiter="\t")
                if new:
                    writer.writeheader()
                for key, item in tqdm(fresh, self.model.descriptor.name, leave=False):
                    image, alpha, confidence = items.load(item, LONG_SIDE)
                    self.known[key] = measure(self.model(image), alpha, confidence)
                    writer.writerow(dict(zip(FIELDS, key)) | self.known[key])
        return [self.known[k] for k in keys]


def latency(models: list[teachers.Teacher], rounds: int = 40) -> dict[str, float]:
    """Median ms of one run by model, one thread; runs are interleaved so that a busy machine hurts all alike."""
    inputs = {}
    for model in models:
        d = model.descriptor
        inputs[d.name] = teachers.prepare(np.random.default_rng(0).integers(0, 255, (d.height, d.width, 3), np.uint8), d)
    times: dict[str, list[float]] = {m.descriptor.name: [] for m in models}
    for number in range(rounds + 1):
        for model in models:
            once = teachers.Teacher.raw if not model.zero_states else _one_pass
            start = time.perf_counter()
            once(model, inputs[model.descriptor.name])
            if number:  # the first round warms up
                times[model.descriptor.name].append(time.perf_counter() - start)
    return {name: 1e3 * float(np.median(t)) for name, t in times.items()}


def _one_pass(model: teachers.Teacher, x: np.ndarray) -> None:
    # A recurrent network costs one pass a frame in video, however often it is shown a still.
    model.session.run([model.output, *model.state_outputs], {model.input: x, **model.zero_states})


def _cells(results: dict[str, list[dict[str, float]]], key: str) -> dict[str, str]:
    """Mean and interval of one measure by model; the best mean bold."""
    column = {model: metrics.bootstrap([r[key] for r in rows]) for model, rows in results.items()}
    best = (min if key in ("band", "false") else max)(v[0] for v in column.values())
    return {model: (f"**{mean:.3f}**" if mean == best else f"{mean:.3f}") + f" ({low:.3f} to {high:.3f})"
            for model, (mean, low, high) in column.items()}


def table(results: dict[str, dict[str, list[dict[str, float]]]], times: dict[str, float]) -> str:
    """One Markdown table, a line a set and model, best mean of each column bold; then pictures without people, latency."""
    keys = ("iou", "boundary", "band")
    results = {TITLES.get(model, model): by for model, by in results.items()}
    lines = ["| set | model | mean IoU | boundary F | error in 10 px band |", "| --- | --- | --- | --- | --- |"]
    sets = list(next(iter(results.values())))
    people = [name for name in sets if name != "negative"]
    for name in people:
        by_model = {model: by[name] for model, by in results.items()}
        columns = [_cells(by_model, key) for key in keys]
        head = f"{name} ({len(next(iter(by_model.values())))})"
        for model in results:
            lines.append(f"| {head} | {model} | " + " | ".join(column[model] for column in columns) + " |")
            head = ""
    head = "mean of the sets with people"
    for model, by in results.items():
        # The pictures of a tag are in their set already.
        means = [np.mean([np.nanmean([r[k] for r in by[name]]) for name in people if ":" not in name]) for k in keys]
        lines.append(f"| {head} | {model} | " + " | ".join(f"{m:.3f}" for m in means) + " |")
        head = ""
    if "negative" in sets:
        false = _cells({model: by["negative"] for model, by in results.items()}, "false")
        count = len(next(iter(results.values()))["negative"])
        words = ", ".join(f"{model} {cell}" for model, cell in false.items())
        lines += ["", f"Pictures without people ({count}), share of the picture called person: {words}."]
    if times:
        lines += ["", "Milliseconds a run: " + ", ".join(f"{TITLES.get(model, model)} {ms:.2f}" for model, ms in times.items()) + "."]
    return "\n".join(lines) + "\n"


def differences(results: dict[str, dict[str, list[dict[str, float]]]], ours: list[str], theirs: list[str]) -> str:
    """Markdown: mean difference of each of `ours` to each of `theirs` by set, on the same pictures, so that how hard a
    picture is does not count. Where its 95 % bootstrap interval leaves 0 out, the better side is named; else it is chance."""
    lines = ["| set | model | beside | mean IoU | boundary F | error in 10 px band |", "| --- | --- | --- | --- | --- | --- |"]
    for name in (n for n in next(iter(results.values())) if n != "negative"):
        for our in ours:
            for their in theirs:
                cells = []
                for key in ("iou", "boundary", "band"):
                    pairs = zip(results[our][name], results[their][name])
                    mean, low, high = metrics.bootstrap([a[key] - b[key] for a, b in pairs])
                    better = (mean < 0) == (key == "band")
                    verdict = "chance" if low <= 0 <= high else "ours" if better else "theirs"
                    cells.append(f"{mean:+.3f} ({low:+.3f} to {high:+.3f}) {verdict}")
                lines.append(f"| {name} | {TITLES.get(our, our)} | {TITLES.get(their, their)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sheet(model: teachers.Teacher, pictures: list[items.Item], found: list[dict[str, float]], count: int = 40, cell: int = 200) -> np.ndarray:
    """The `count` pictures with the lowest IoU: picture, truth and matte over green side by side; BGR uint8."""
    worst = np.argsort([r["iou"] for r in found], kind="stable")[:count]
    strips = []
    for i in worst:
        image, alpha, _ = items.load(pictures[i], LONG_SIDE)
        words = [f"{pictures[i].folder.split('/')[-1]} {pictures[i].name[-12:]}", "", f"{found[i]['iou']:.2f}"]
        strips.append(tiles.strip(image, [alpha, model(image)], words, cell))
    return tiles.grid(strips, 4)


def run(args) -> None:
    """Measures, prints the table, writes the sheet."""
    cfg = config.from_args(args).data
    if not cfg.data or not cfg.work:
        raise UserError("compare needs --data and --work (or MATTE_DATA and MATTE_WORK)")
    wanted = [describe(pathlib.Path(p)) for p in args.onnx]
    wanted += [describe(pathlib.Path(p), stretch=True) for p in args.stretched]
    wanted += teachers.find(args.models, args.teachers)
    doubled = {}
    for number, d in enumerate(wanted):
        # Two runs' files may share a name.
        doubled[d.name] = doubled.get(d.name, 0) + 1
        if doubled[d.name] > 1:
            wanted[number] = dataclasses.replace(d, name=f"{d.name}-{doubled[d.name]}")
    if not wanted:
        raise UserError("nothing to compare: name --onnx files or --models")
    pictures = validation(cfg, args.sets, args.most, args.unreviewed)
    models = [teachers.Teacher(d, args.peers) for d in wanted]
    results = {}
    for model in models:
        kept = Results(model, cfg.work)
        results[model.descriptor.name] = {name: kept.of(pool) for name, pool in pictures.items()}
    text = table(results, {} if args.no_time else latency(models))
    if unknown := set(args.against) - set(results):
        raise UserError(f"--against {' '.join(sorted(unknown))}: not among what is compared ({', '.join(results)})")
    if args.against:
        ours = list(results)[: len(args.onnx) + len(args.stretched)]
        text += "\n" + differences(results, ours, args.against)
    print(text)
    if args.out:
        pathlib.Path(args.out).write_text(text)
    if args.worst:
        whole = [name for name in pictures if ":" not in name]
        flat = [i for name in whole for i in pictures[name]]
        rows = [r for name in whole for r in results[models[0].descriptor.name][name]]
        if not cv2.imwrite(args.worst, sheet(models[0], flat, rows)):
            raise UserError(f"{args.worst}: cannot be written")
