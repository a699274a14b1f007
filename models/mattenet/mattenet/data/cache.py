# SPDX-License-Identifier: MPL-2.0
"""`mattenet cache`: every picture decoded once, so that training reads memory-mapped bytes instead of JPEGs.

A folder becomes WORK/cache/SIDE/FOLDER/: `pixels.u8` (for each picture HxWx4 RGB + alpha, then HxW confidence)
and `index.npz`. A folder is cached again when its pictures, labels or settings change.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib

import cv2
import numpy as np
from tqdm import tqdm

from mattenet import config as run_config
from mattenet.data import coco, folders, item as items, splits
from mattenet.data.config import DataConfig, SourceConfig, sources
from mattenet.errors import UserError

VERSION = 1  # of the layout; part of the fingerprint
LEFT, TOP, RIGHT, BOTTOM = 1, 2, 4, 8  # bits of `touches`


@dataclasses.dataclass
class Shelf:
    """One folder's cached pictures: parallel arrays, one entry a picture."""

    folder: str
    pixels: np.ndarray  # uint8, flat, memory-mapped
    names: np.ndarray
    offset: np.ndarray  # of the picture in `pixels`, bytes
    height: np.ndarray
    width: np.ndarray
    score: np.ndarray  # label quality 0..1
    coverage: np.ndarray  # share of the picture that is person
    trusted: np.ndarray  # mean confidence 0..1 on the person (1 where there is none)
    box: np.ndarray  # n x 4: x0, y0, x1, y1 of the person in px (exclusive end), 0 where there is none
    touches: np.ndarray  # which frame sides the person touches: LEFT | TOP | RIGHT | BOTTOM

    def picture(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Views of picture `i`: HxWx4 RGB + alpha, HxW confidence; uint8, read only."""
        h, w, start = int(self.height[i]), int(self.width[i]), int(self.offset[i])
        middle = start + h * w * 4
        return self.pixels[start:middle].reshape(h, w, 4), self.pixels[middle : middle + h * w].reshape(h, w)


def find(cfg: DataConfig, folder: str, source: SourceConfig) -> list[items.Item]:
    """The pictures of one source; empty for a labelled folder that has no labels yet."""
    root, labels = pathlib.Path(cfg.data), pathlib.Path(cfg.work) / "labels"
    if source.loader == "coco":
        return coco.load(root, folder, source.annotations)
    by_name = {"masks": folders.masks, "labels": folders.labelled, "empty": folders.empty, "unlabelled": folders.unlabelled_only}
    return by_name[source.loader](root, folder, labels)


def _stamp(path: pathlib.Path | None) -> int:
    return path.stat().st_mtime_ns if path else 0


def _fingerprint(found: list[items.Item], source: SourceConfig, side: int) -> str:
    facts = [VERSION, side, source.loader, source.edge_trust]
    facts += [(i.name, _stamp(i.picture), _stamp(i.mask), _stamp(i.confidence), i.score, repr(i.strokes)) for i in found]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _person(alpha: np.ndarray) -> tuple[tuple[int, int, int, int], int]:
    """Box and touched sides of what is person (alpha at least half)."""
    mask = alpha >= 128
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return (0, 0, 0, 0), 0
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    height, width = mask.shape
    near = 2  # masks often end a pixel or two before the frame
    sides = (x0 <= near) * LEFT | (y0 <= near) * TOP | (x1 >= width - near) * RIGHT | (y1 >= height - near) * BOTTOM
    return (x0, y0, x1, y1), int(sides)


def _place(cfg: DataConfig, folder: str) -> pathlib.Path:
    return pathlib.Path(cfg.work) / "cache" / str(cfg.cache_side) / folder.replace("/", "__")


def build(cfg: DataConfig, folder: str, source: SourceConfig, found: list[items.Item]) -> Shelf | None:
    """Caches one folder unless the cache is as new as its sources; None where the folder has no pictures."""
    if not found:
        return None
    place = _place(cfg, folder)
    index, pixels = place / "index.npz", place / "pixels.u8"
    print_ = _fingerprint(found, source, cfg.cache_side)
    if index.is_file():
        with np.load(index) as known:
            if str(known["fingerprint"]) == print_:
                fields = {k: known[k] for k in known.files if k != "fingerprint"}
                end = int(fields["offset"][-1] + fields["height"][-1] * fields["width"][-1] * 5)
                # Another size: somebody else is caching this folder at this moment, from other labels.
                if pixels.stat().st_size == end:
                    return Shelf(folder, np.memmap(pixels, np.uint8, "r"), **fields)
    place.mkdir(parents=True, exist_ok=True)
    columns: dict[str, list] = {f.name: [] for f in dataclasses.fields(Shelf) if f.name not in ("folder", "pixels")}
    offset = 0
    # Written beside and moved: a training run that maps the old file keeps it.
    part = pixels.with_suffix(f".{os.getpid()}.part")
    with open(part, "wb") as out:
        for item in tqdm(found, f"cache {folder}", leave=False):
            image, alpha, confidence = items.load(item, cfg.cache_side, source.edge_trust)
            out.write(np.dstack([image, alpha]).tobytes())
            out.write(confidence.tobytes())
            box, touches = _person(alpha)
            person = alpha >= 128
            row = dict(names=item.name, offset=offset, height=alpha.shape[0], width=alpha.shape[1], score=item.score,
                       coverage=person.mean(), trusted=confidence[person].mean() / 255 if person.any() else 1.0,
                       box=box, touches=touches)
            for key, value in row.items():
                columns[key].append(value)
            offset += alpha.size * 5
    part.rename(pixels)
    fields = {k: np.array(v) for k, v in columns.items()}
    part_index = index.with_suffix(f".{os.getpid()}.npz")
    np.savez(part_index, fingerprint=print_, **fields)
    part_index.rename(index)
    return Shelf(folder, np.memmap(pixels, np.uint8, "r"), **fields)


def shelves(cfg: DataConfig) -> list[Shelf]:
    """All folders of the configuration that have pictures, cached; UserError where none has."""
    if not cfg.data or not cfg.work:
        raise UserError("the loaders need data.data and data.work (--data and --work, or MATTE_DATA and MATTE_WORK)")
    cv2.setNumThreads(1)
    built = [build(cfg, folder, source, find(cfg, folder, source)) for folder, source in sources(cfg).items()]
    if not any(built):
        raise UserError(f"no labelled pictures below {cfg.data}; label them first with `mattenet label`")
    return [b for b in built if b]


def add_parser(sub) -> None:
    """Adds `cache` to the command line."""
    run_config.add_arguments(sub.add_parser("cache", help="decode all pictures once into a cache", description=__doc__))


def run(args) -> None:
    """Caches every folder and prints what is in it."""
    cfg = run_config.from_args(args).data
    known = sources(cfg)
    for shelf in shelves(cfg):
        parts = [splits.split(shelf.folder, n, known[shelf.folder]) for n in shelf.names]
        print(f"{shelf.folder}: {len(parts)} pictures, {parts.count(splits.VALIDATION)} of them validation, "
              f"{(shelf.coverage > 0).sum()} with a person, median score {np.median(shelf.score):.2f}")
