# SPDX-License-Identifier: MPL-2.0
"""Loaders for folders: `images/` + `masks/`, pictures labelled by teachers, pictures without people or labels."""

from __future__ import annotations

import csv
import pathlib

from mattenet.data import unlabelled
from mattenet.data.item import Item
from mattenet.errors import UserError
from mattenet.review import touchup

MASK_SUFFIXES = (".png", ".jpg", ".jpeg")


def mask_of(picture: pathlib.Path) -> pathlib.Path:
    """masks/NAME.* of images/NAME.*; UserError where there is none."""
    folder = picture.parent.parent / "masks"
    for suffix in MASK_SUFFIXES:
        if (found := folder / (picture.stem + suffix)).is_file():
            return found
    raise UserError(f"{folder}: no mask for the picture {picture.stem}")


def masks(root: pathlib.Path, folder: str, labels: pathlib.Path) -> list[Item]:
    """Pictures of `images/` with the mask of the same name in `masks/`; pictures without one are an error.

    Where `labels`/FOLDER/NAME.conf.png exists (`mattenet label --check`) it is the confidence.
    """
    found = []
    for picture in unlabelled.pictures(root / folder):
        confidence = labels / folder / f"{picture.stem}.conf.png"
        found.append(Item(folder, picture.stem, picture, mask_of(picture), confidence if confidence.is_file() else None))
    return found


def empty(root: pathlib.Path, folder: str, labels: pathlib.Path) -> list[Item]:
    """Pictures with no person on them."""
    return [Item(folder, p.stem, p) for p in unlabelled.pictures(root / folder)]


def unlabelled_only(root: pathlib.Path, folder: str, labels: pathlib.Path) -> list[Item]:
    """Pictures of which nothing is known: alpha 0, confidence 0."""
    return [Item(folder, p.stem, p, trust=0) for p in unlabelled.pictures(root / folder)]


def scores(labels: pathlib.Path, folder: str) -> dict[str, float]:
    """Score by name from `mattenet label`'s table; the last line of a name counts."""
    table = labels / folder / "scores.tsv"
    if not table.is_file():
        return {}
    with open(table, newline="") as lines:
        return {row["name"]: float(row["score"]) for row in csv.DictReader(lines, delimiter="\t") if row.get("score")}


def labelled(root: pathlib.Path, folder: str, labels: pathlib.Path) -> list[Item]:
    """Pictures with labels by `mattenet label`, corrected by hand where that was done; those not labelled yet are left out."""
    known = scores(labels, folder)
    corrected = touchup.read(labels.parent / "touchup.tsv")
    found = []
    for picture in unlabelled.pictures(root / folder):
        mask = labels / folder / f"{picture.stem}.png"
        if mask.is_file() and picture.stem in known:
            strokes = corrected.get((folder, picture.stem), ())
            found.append(Item(folder, picture.stem, picture, mask, mask.with_suffix(".conf.png"), score=known[picture.stem], strokes=strokes))
    return found
