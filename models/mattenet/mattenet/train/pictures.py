# SPDX-License-Identifier: MPL-2.0
"""Every picture that may be trained on without a label, wherever it lies under the data's root."""

from __future__ import annotations

import zlib
from pathlib import Path

from mattenet.errors import UserError

VALIDATION_FOLDERS = ("webcam_utez", "webcam_gestcount", "congress_lo", "webcam_calls_ccbysa")


def held_out(path: Path) -> bool:
    """True for what the data's README keeps for validation."""
    # Two pictures of one call, of the same people.
    if "webcam_openscapes_0036" <= Path(path).stem <= "webcam_openscapes_0069":
        return True
    parts = path.parts
    if "clips" in parts or any(f in parts for f in VALIDATION_FOLDERS):
        return True
    if "stills" in parts:
        return zlib.crc32(path.stem.encode()) % 10 == 0
    return "general" in parts and path.stem.startswith("0")


def training_pictures(root: str | Path) -> list[Path]:
    """All training pictures under `root`, sorted. UserError where there is none."""
    root = Path(root)
    found = [p for p in sorted(root.rglob("*")) if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
             and not any(part.endswith("masks") for part in p.parts) and not held_out(p.relative_to(root))]
    if not found:
        raise UserError(f"no pictures under {root or 'the empty data root'}; give --data or MATTE_DATA")
    return found
