# SPDX-License-Identifier: MPL-2.0
"""Labels corrected by hand: strokes of a brush over a teacher's label, kept in WORK/touchup.tsv.

Columns: folder, name, strokes (JSON, all strokes of the picture in their order), when (ISO 8601, UTC); the last
line of a picture holds. Strokes are kept, not pixels: they are small enough for a repository, they can be laid over
a label that is made anew, and they hold nothing of the picture.

A stroke is {"mode", "radius", "points", "area"}:

- mode: `subject` (alpha 255), `background` (alpha 0), or `ignore` (alpha stays, not trusted);
- points: [[x, y], ...], shares of width and height, 0 to 1;
- radius: of the brush, as a share of the longer side;
- area: whether the inside of the closed outline is filled as well (default false).

What a stroke has painted is trusted. Its rim is soft over SOFT pixels of the label.
"""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib

import cv2
import numpy as np

from mattenet.errors import UserError
from mattenet.review import table

SUBJECT, BACKGROUND, IGNORE = "subject", "background", "ignore"
MODES = (SUBJECT, BACKGROUND, IGNORE)
SOFT = 1.5  # px between full effect and none: as sharp as a good matte's own edge
MOST_STROKES, MOST_POINTS = 2000, 20000  # a picture; more is a mistake


@dataclasses.dataclass(frozen=True)
class Stroke:
    """One stroke; see the module's text."""

    mode: str
    radius: float
    points: tuple[tuple[float, float], ...]
    area: bool = False


def parse(strokes: object) -> tuple[Stroke, ...]:
    """Strokes from what JSON gives; ValueError says what is wrong with them."""
    if not isinstance(strokes, list) or len(strokes) > MOST_STROKES:
        raise ValueError(f"expected a list of at most {MOST_STROKES} strokes")
    found = tuple(_parse_one(stroke) for stroke in strokes)
    if sum(len(stroke.points) for stroke in found) > MOST_POINTS:
        raise ValueError(f"more than {MOST_POINTS} points")
    return found


def _number(value: object, low: float, high: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{what} {value!r}, expected {low} to {high}")
    return float(value)


def _parse_one(stroke: object) -> Stroke:
    if not isinstance(stroke, dict) or set(stroke) - {"mode", "radius", "points", "area"}:
        raise ValueError(f"stroke {stroke!r}, expected mode, radius, points, area")
    if stroke.get("mode") not in MODES:
        raise ValueError(f"mode {stroke.get('mode')!r}, expected {', '.join(MODES)}")
    points = stroke.get("points")
    if not isinstance(points, list) or not points:
        raise ValueError("a stroke needs at least one point")
    # A brush may leave the picture on its way.
    pairs = [(_number(x, -1, 2, "x"), _number(y, -1, 2, "y")) for x, y in points]
    return Stroke(stroke["mode"], _number(stroke.get("radius"), 0, 1, "radius"), tuple(pairs), stroke.get("area") is True)


def read(path: str | pathlib.Path) -> dict[tuple[str, str], tuple[Stroke, ...]]:
    """Strokes by (folder, name) of the pictures that have some; empty where the file does not exist."""
    found = {}
    for number, row in table.rows(path):
        try:
            found[row["folder"], row["name"]] = parse(json.loads(row.get("strokes") or "null"))
        except (ValueError, TypeError) as error:
            raise UserError(f"{path}, line {number}: {error}") from error
    return {key: strokes for key, strokes in found.items() if strokes}


def append(path: str | pathlib.Path, folder: str, name: str, strokes: tuple[Stroke, ...]) -> None:
    """Notes all strokes of a picture, in the place of those that it had."""
    rounded = [{"mode": s.mode, "radius": round(s.radius, 5), "points": [[round(x, 5), round(y, 5)] for x, y in s.points]}
               | ({"area": True} if s.area else {}) for s in strokes]
    table.append(path, {"folder": folder, "name": name, "strokes": json.dumps(rounded, separators=(",", ":"))})


def cover(stroke: Stroke, height: int, width: int) -> np.ndarray:
    """How far a stroke covers each pixel of a picture of that size, 0 to 1; float32 HxW."""
    points = np.array(stroke.points, np.float64) * (width, height) - 0.5  # pixel centres lie at whole numbers
    radius = stroke.radius * max(height, width)
    if not stroke.area:
        radius = max(radius, SOFT / 2)
    nearest = np.full((height, width), radius + SOFT, np.float32)  # px from the line, as far as it matters
    corners = np.vstack([points, points[:1]]) if stroke.area or len(points) == 1 else points
    for start, end in zip(corners, corners[1:]):
        _measure(nearest, start, end, radius + SOFT)
    if stroke.area:
        shift = 8  # fractional bits of the corners
        inside = np.zeros((height, width), np.uint8)
        cv2.fillPoly(inside, [np.round(points * (1 << shift)).astype(np.int32)], 1, shift=shift)
        nearest[inside == 1] *= -1
    return np.clip((radius - nearest) / SOFT + 0.5, 0, 1)


def _measure(nearest: np.ndarray, start: np.ndarray, end: np.ndarray, reach: float) -> None:
    """Lowers `nearest` to the distance from a line; only the pixels within `reach` of it are looked at."""
    height, width = nearest.shape
    low = np.clip(np.floor(np.minimum(start, end) - reach), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(np.maximum(start, end) + reach) + 1, 0, (width, height)).astype(int)
    if (low >= high).any():
        return
    ys, xs = np.mgrid[low[1]:high[1], low[0]:high[0]].astype(np.float64)
    line = end - start
    length = float(line @ line)
    along = np.clip(((xs - start[0]) * line[0] + (ys - start[1]) * line[1]) / length, 0, 1) if length else 0.0
    far = np.hypot(xs - start[0] - along * line[0], ys - start[1] - along * line[1])
    near = nearest[low[1]:high[1], low[0]:high[0]]
    np.minimum(near, far, out=near, casting="same_kind")


def apply(alpha: np.ndarray, confidence: np.ndarray, strokes: tuple[Stroke, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and confidence (uint8 HxW, 255 = person, 255 = trusted) with the strokes laid over them."""
    alpha, confidence = alpha.astype(np.float32), confidence.astype(np.float32)
    for stroke in strokes:
        share = cover(stroke, *alpha.shape)
        if stroke.mode == IGNORE:
            confidence *= 1 - share
        else:
            alpha += ((255.0 if stroke.mode == SUBJECT else 0.0) - alpha) * share
            confidence = np.maximum(confidence, 255 * share)
    return tuple(np.clip(np.round(m), 0, 255).astype(np.uint8) for m in (alpha, confidence))
