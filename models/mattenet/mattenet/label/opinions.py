# SPDX-License-Identifier: MPL-2.0
"""The slow half of labelling: what every teacher says of every picture, kept on disk.

Opinions are stored apart from labels so that fusion can be improved without asking the teachers again.
One `.npz` a picture; keys are teacher names, values uint8 mattes of the picture's size (long side <= 512 px).
"""

from __future__ import annotations

import os
import pathlib
import zipfile

import cv2
import numpy as np

from mattenet.data import unlabelled
from mattenet.label import teachers

LONG_SIDE = 512
FLIP = "~flip"  # NAME~flip: the same teacher on the mirrored picture

_teachers: dict[str, teachers.Teacher] = {}


def agreement(mattes: list[np.ndarray]) -> float:
    """Mean IoU at 0.5 of each matte with their median, 0..1; 1 where all are empty."""
    stack = np.stack(mattes)
    middle = np.median(stack, axis=0) >= 128
    masks = stack >= 128
    union = (masks | middle).sum(axis=(1, 2))
    both = (masks & middle).sum(axis=(1, 2))
    return float(np.where(union > 0, both / np.maximum(union, 1), 1.0).mean())


def load(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Opinions on disk; empty where the file is missing or was cut off while being written."""
    try:
        with np.load(path) as kept:
            return {name: kept[name] for name in kept.files}
    except (FileNotFoundError, ValueError, EOFError, zipfile.BadZipFile):
        return {}


def ask(name: str, image: np.ndarray) -> np.ndarray:
    """Matte of `image` by the teacher `name` (`start` made it ready), mirrored there and back for NAME~flip."""
    if not name.endswith(FLIP):
        return _teachers[name](image)
    matte = _teachers[name.removesuffix(FLIP)](np.ascontiguousarray(image[:, ::-1]))
    return np.ascontiguousarray(matte[:, ::-1])


def start(names: list[str], peers: str, extra: str | None, threads: int) -> None:
    """Prepares this process: loads the teachers behind `names`, one thread for OpenCV."""
    cv2.setNumThreads(1)
    for d in teachers.find(sorted({n.removesuffix(FLIP) for n in names}), extra):
        _teachers[d.name] = teachers.Teacher(d, peers, threads)


def collect(job: tuple[str, str, list[str], list[str], float]) -> float:
    """Asks `first` about one picture and `second` too where they agree less than `doubt`; returns the agreement.

    `job` is (picture, .npz file, first, second, doubt). What the file already holds is not asked again.
    """
    picture, file, first, second, doubt = job
    file = pathlib.Path(file)
    kept = load(file)
    before = len(kept)
    image = None
    for names in (first, second):
        for name in names:
            if name not in kept:
                image = unlabelled.read(picture, LONG_SIDE) if image is None else image
                kept[name] = ask(name, image)
        found = agreement([kept[n] for n in first])
        if found >= doubt:
            break
    if len(kept) > before:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        with open(part, "wb") as out:
            np.savez_compressed(out, **kept)
        part.rename(file)
    return found
