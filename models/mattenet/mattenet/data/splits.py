# SPDX-License-Identifier: MPL-2.0
"""Which pictures are validation and never trained on.

By name, so that the split stays the same wherever and whenever it is made: stills by checksum, Open Images
by the id's first digit, other folders as a whole where their people and rooms appear in no other folder. The same
people appear in several calls of one host, so that calls are held out as a whole, never single pictures of them.
"""

from __future__ import annotations

import zlib

from mattenet.data.config import SourceConfig

TRAIN, VALIDATION = "train", "val"


def split(folder: str, name: str, source: SourceConfig) -> str:
    """`train` or `val` for the picture `name` (without suffix) of `folder` (path below the data root)."""
    if source.validation:
        return VALIDATION
    first, _, last = source.held_out.partition("..")
    if first and first <= name <= (last or first):
        return VALIDATION
    top = folder.split("/")[0]
    if top == "stills" and zlib.crc32(name.encode()) % 10 == 0:
        return VALIDATION
    if top == "general" and name.startswith("0"):
        return VALIDATION
    return TRAIN
