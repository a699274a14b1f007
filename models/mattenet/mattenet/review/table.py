# SPDX-License-Identifier: MPL-2.0
"""Tables of the review that are only appended to: the last line of a picture holds.

So a page that is closed, or a machine that is switched off, loses at most the line that was being written.
"""

from __future__ import annotations

import csv
import datetime
import pathlib
from collections.abc import Iterator


def rows(path: str | pathlib.Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns of each line; nothing where the file does not exist."""
    path = pathlib.Path(path)
    if not path.is_file():
        return
    with open(path, newline="") as lines:
        yield from enumerate(csv.DictReader(lines, delimiter="\t"), 2)


def append(path: str | pathlib.Path, row: dict[str, str]) -> None:
    """Adds one line with the time (column `when`, ISO 8601, UTC); the file gets its header with the first."""
    path = pathlib.Path(path)
    row = row | {"when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    fresh = not path.is_file() or path.stat().st_size == 0
    with open(path, "a", newline="") as out:
        writer = csv.DictWriter(out, list(row), delimiter="\t", lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)
