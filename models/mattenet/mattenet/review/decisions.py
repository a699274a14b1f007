# SPDX-License-Identifier: MPL-2.0
"""The decisions of the hand selection: one plain file, WORK/review.tsv, appended to, the last line of a picture counts.

Columns: folder, name, decision (keep, drop or undecided), score at the time, when (ISO 8601, UTC).
"""

from __future__ import annotations

import pathlib

from mattenet.errors import UserError
from mattenet.review import table

KEEP, DROP, UNDECIDED = "keep", "drop", "undecided"


def read(path: str | pathlib.Path) -> dict[tuple[str, str], str]:
    """Decision (keep or drop) by (folder, name); empty where the file does not exist."""
    found = {}
    for number, row in table.rows(path):
        if row.get("decision") not in (KEEP, DROP, UNDECIDED):
            raise UserError(f"{path}, line {number}: decision {row.get('decision')!r}, expected keep, drop or undecided")
        found[row["folder"], row["name"]] = row["decision"]
    return {key: decision for key, decision in found.items() if decision != UNDECIDED}


def append(path: str | pathlib.Path, folder: str, name: str, decision: str, score: float) -> None:
    """Adds one decision."""
    table.append(path, {"folder": folder, "name": name, "decision": decision, "score": f"{score:.4f}"})
