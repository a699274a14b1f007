# SPDX-License-Identifier: MPL-2.0
"""What is to be seen on a picture, noted by hand: WORK/tags.tsv, the last line of a picture holds.

Columns: folder, name, tags (separated by blanks, of TAGS), when (ISO 8601, UTC). `mattenet compare` measures the
pictures of each tag by themselves.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

from mattenet.errors import UserError
from mattenet.review import table

# Tag and what it stands for.
TAGS = {
    "headset": "headset, headphones or earphones with a strap or a microphone's arm",
    "hand": "a hand in the picture, raised or before the face",
    "chair": "the back of a chair beside or behind the person",
    "hat": "hat, cap, hood or headscarf",
    "held": "something in the hand: cup, phone, sign, animal",
    "blurred": "the call's program has blurred or replaced the room",
}


def check(tags: Iterable[str], where: str = "") -> tuple[str, ...]:
    """The tags in the order of TAGS, each once; ValueError on a word that is none."""
    found = set(tags)
    if strange := found - set(TAGS):
        raise ValueError(f"{where}tag {', '.join(sorted(strange))}, expected some of {', '.join(TAGS)}")
    return tuple(tag for tag in TAGS if tag in found)


def read(path: str | pathlib.Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """Tags by (folder, name); empty where the file does not exist."""
    found = {}
    for number, row in table.rows(path):
        try:
            found[row["folder"], row["name"]] = check((row.get("tags") or "").split(), f"{path}, line {number}: ")
        except ValueError as error:
            raise UserError(str(error)) from error
    return found


def append(path: str | pathlib.Path, folder: str, name: str, tags: Iterable[str]) -> None:
    """Notes the tags of a picture, in the place of those that it had."""
    table.append(path, {"folder": folder, "name": name, "tags": " ".join(check(tags))})
