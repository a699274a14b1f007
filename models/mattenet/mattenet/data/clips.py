# SPDX-License-Identifier: MPL-2.0
"""Frames of clips that have masks (CLIP.mkv beside CLIP_masks/NUMBER.png), as pictures with mattes.

The frames are written once below the work folder, so that a clip is one more folder of pictures.
"""

from __future__ import annotations

import pathlib

import cv2

from mattenet.data.item import Item
from mattenet.errors import UserError


def _extract(clip: pathlib.Path, numbers: set[int], out: pathlib.Path) -> None:
    video = cv2.VideoCapture(str(clip))
    number = 0
    out.mkdir(parents=True, exist_ok=True)
    while numbers:
        ok, frame = video.read()
        if not ok:
            raise UserError(f"{clip}: ends before frame {min(numbers)}, of which there is a mask")
        if number in numbers:
            cv2.imwrite(str(out / f"{number:06d}.png"), frame)
            numbers.discard(number)
        number += 1


def masked_frames(root: pathlib.Path, work: pathlib.Path) -> list[Item]:
    """Every frame with a mask of every clip in `root`/clips; empty where there are no clips."""
    found = []
    for masks in sorted((root / "clips").glob("*_masks")):
        stem = masks.name.removesuffix("_masks")
        clip = next((c for c in sorted(masks.parent.glob(f"{stem}.*")) if c.is_file()), None)
        if clip is None:
            raise UserError(f"{masks}: no clip {stem}.* beside it")
        by_number = {int("".join(filter(str.isdigit, m.stem))): m for m in sorted(masks.glob("*.png"))}
        out = work / "cache" / "clips" / stem
        missing = {n for n in by_number if not (out / f"{n:06d}.png").is_file()}
        if missing:
            _extract(clip, missing, out)
        found += [Item(f"clips/{stem}", str(n), out / f"{n:06d}.png", by_number[n]) for n in sorted(by_number)]
    return found
