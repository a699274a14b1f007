# SPDX-License-Identifier: MPL-2.0
"""Things that people wear, hold and sit in, drawn on and behind labelled people with exact mattes.

Networks learn headsets from few pictures, and take a lamp beside a head for a part of it. So a frame may get a
headset, a cap, glasses or a cup, which are subject, or a chair's back, a lamp, a shelf, a plant or a picture behind the
head, which are not.
Everything is drawn here from ellipses, lines and boxes in random colours; no picture of others is used. A thing is
shaded, takes the light of the person, is as blurred as the picture, and then goes through the camera with it.

Lengths are in head widths. Frames are RGBA uint8 HxWx4 (alpha 255 = person) with their confidence, uint8 HxW.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from mattenet.data import sharpness

FINER = 4  # things are drawn so many times finer than the frame: their edges get exact coverage
NARROWEST, WIDEST = 10, 0.6  # head widths that things are put on: px, and share of the frame's width


@dataclasses.dataclass(frozen=True)
class Head:
    """Where a head is, px. `x`, `y`: its middle; `width`; `top`: its first row."""

    x: float
    y: float
    width: float
    top: float


def find_head(alpha: np.ndarray) -> Head | None:
    """The head of the person who reaches highest; None where the outline shows none.

    From the top down the outline is followed until it is half as deep as wide: there is the middle of the head. Below
    it the outline must not narrow to nothing (a hand, a finger), and the head must be free at both sides.
    """
    solid = alpha >= 128
    rows = np.flatnonzero(solid.any(1))
    if not len(rows) or rows[0] < 2:
        return None  # nobody, or a head that the frame cuts
    top = int(rows[0])
    # Not their median: between two tips that are equally high (hair, fingers) it is none of them.
    columns = np.flatnonzero(solid[top])
    left, right = _run(solid[top], int(columns[len(columns) // 2]))
    for y in range(top, alpha.shape[0]):
        found = _run(solid[y], (left + right) // 2)
        if found is None:
            return None
        left, right = found
        width = right - left
        if y - top >= 0.55 * width:
            break
    else:
        return None
    free = left > 1 and right < alpha.shape[1] - 1
    if not free or not NARROWEST <= width <= WIDEST * alpha.shape[1]:
        return None
    below = min(alpha.shape[0] - 1, round(y + 1.2 * width))
    neck = _run(solid[below], (left + right) // 2)
    if neck is None or neck[1] - neck[0] < 0.35 * width:
        return None
    return Head((left + right - 1) / 2, float(y), float(width), float(top))


def _run(row: np.ndarray, x: int) -> tuple[int, int] | None:
    """First and end column of the run of true values around `x`; None where `x` is false."""
    if not row[x]:
        return None
    gaps = np.flatnonzero(~row)
    before, after = gaps[gaps < x], gaps[gaps > x]
    return (int(before[-1]) + 1 if len(before) else 0), (int(after[0]) if len(after) else len(row))


class Canvas:
    """A thing while it is drawn: colour and coverage, FINER times as fine as the frame, around a head."""

    def __init__(self, frame: np.ndarray, head: Head):
        self.size = frame.shape[1::-1]
        self.colour = np.zeros((*(n * FINER for n in frame.shape[:2]), 3), np.float32)
        self.cover = np.zeros(self.colour.shape[:2], np.uint8)
        self.head = head

    def at(self, x: float, y: float) -> tuple[int, int]:
        """A place, in head widths from the middle of the head (y downwards), as drawing wants it."""
        h = self.head
        return tuple(round((middle + n * h.width + 0.5) * FINER) for middle, n in ((h.x, x), (h.y, y)))

    def length(self, n: float) -> int:
        """A length in head widths as drawing wants it, at least one frame pixel."""
        return max(FINER, round(n * self.head.width * FINER))

    def paint(self, shape: Callable[[np.ndarray], object], colour: np.ndarray, rng: np.random.Generator) -> None:
        """Adds what `shape` draws (value 255 into a gray picture), in a colour with a light across it."""
        mask = np.zeros_like(self.cover)
        shape(mask)
        ys, xs = np.nonzero(mask)
        if not len(ys):
            return
        slope = rng.normal(0, 0.25, 2)
        light = 1 + slope[0] * (xs - xs.mean()) / (np.ptp(xs) + 1) + slope[1] * (ys - ys.mean()) / (np.ptp(ys) + 1)
        self.colour[ys, xs] = colour * light[:, None]
        self.cover |= mask

    def done(self) -> tuple[np.ndarray, np.ndarray]:
        """Colour RGB f32 and coverage 0 to 1 f32 at the frame's size."""
        cover = (self.cover > 0).astype(np.float32)
        part = cv2.resize(cover, self.size, interpolation=cv2.INTER_AREA)
        colour = cv2.resize(self.colour * cover[..., None], self.size, interpolation=cv2.INTER_AREA)
        return colour / np.maximum(part, 1e-3)[..., None], part


def _colour(rng: np.random.Generator) -> np.ndarray:
    """Black, white, gray or anything: things are more often dark than bright."""
    kind = rng.random()
    if kind < 0.45:
        return np.full(3, rng.uniform(8, 60)) + rng.normal(0, 4, 3)
    if kind < 0.65:
        return np.full(3, rng.uniform(180, 245)) + rng.normal(0, 6, 3)
    return rng.uniform(15, 240, 3)


def headset(canvas: Canvas, rng: np.random.Generator) -> None:
    """Band, one or two cups, and often a microphone's arm."""
    colour, wide = _colour(rng), rng.uniform(0.5, 0.56)
    rise = (canvas.head.y - canvas.head.top) / canvas.head.width * rng.uniform(1.0, 1.1)
    band, ear = rng.uniform(0.04, 0.12), rng.uniform(-0.02, 0.14)
    canvas.paint(lambda m: cv2.ellipse(m, canvas.at(0, ear), (canvas.length(wide), canvas.length(rise + ear)), 0, 180, 360, 255,
                                       canvas.length(band)), colour, rng)
    cup = (rng.uniform(0.08, 0.16), rng.uniform(0.14, 0.26))
    colour = colour if rng.random() < 0.7 else _colour(rng)
    sides = (-1, 1) if rng.random() < 0.85 else (rng.choice((-1, 1)),)
    for side in sides:
        canvas.paint(lambda m: cv2.ellipse(m, canvas.at(side * (wide - cup[0] * 0.25), ear), tuple(map(canvas.length, cup)),
                                           side * rng.uniform(-8, 8), 0, 360, 255, -1), colour, rng)
    if rng.random() < 0.6:
        _arm(canvas, float(rng.choice(sides)), wide, ear, colour, rng)


def _arm(canvas: Canvas, side: float, wide: float, ear: float, colour: np.ndarray, rng: np.random.Generator) -> None:
    """A microphone on an arm from a cup towards the mouth, as a quadratic curve."""
    end = np.array([side * rng.uniform(0.12, 0.42), rng.uniform(0.4, 0.62)])
    start, bend = np.array([side * wide, ear + 0.1]), np.array([side * (wide + rng.uniform(0, 0.12)), rng.uniform(0.4, 0.6)])
    t = np.linspace(0, 1, 24)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    points = np.array([canvas.at(x, y) for x, y in curve], np.int32)
    canvas.paint(lambda m: cv2.polylines(m, [points], False, 255, canvas.length(rng.uniform(0.02, 0.035))), colour, rng)
    canvas.paint(lambda m: cv2.circle(m, canvas.at(*end), canvas.length(rng.uniform(0.03, 0.07)), 255, -1), _colour(rng), rng)


def cap(canvas: Canvas, rng: np.random.Generator) -> None:
    """A cap or hat: what covers the skull, and a brim to one or both sides."""
    colour, wide = _colour(rng), rng.uniform(0.5, 0.58)
    rise = (canvas.head.y - canvas.head.top) / canvas.head.width * rng.uniform(1.02, 1.25)
    low = rng.uniform(-0.3, -0.12)
    canvas.paint(lambda m: cv2.ellipse(m, canvas.at(0, low), (canvas.length(wide), canvas.length(rise + low)), 0, 180, 360, 255, -1), colour, rng)
    reach = (rng.uniform(0.5, 0.62), rng.uniform(0.5, 0.62)) if rng.random() < 0.6 else (wide, rng.uniform(0.65, 0.95))
    if rng.random() < 0.5:
        reach = reach[::-1]
    line = np.array([canvas.at(-reach[0], low), canvas.at(0, low + 0.05), canvas.at(reach[1], low)], np.int32)
    canvas.paint(lambda m: cv2.polylines(m, [line], False, 255, canvas.length(rng.uniform(0.06, 0.12))), colour * rng.uniform(0.7, 1), rng)


def glasses(canvas: Canvas, rng: np.random.Generator) -> None:
    """Two lenses with rims, the bridge and the temples: clear, tinted or bright with what they reflect."""
    y, apart = rng.uniform(-0.18, 0.02), rng.uniform(0.2, 0.26)
    lens = (rng.uniform(0.13, 0.19), rng.uniform(0.09, 0.16))
    rim, colour = canvas.length(rng.uniform(0.015, 0.045)), _colour(rng)
    size, round_ = tuple(map(canvas.length, lens)), rng.random() < 0.6
    places = [(canvas.at(side * apart, y), (canvas.at(side * apart - lens[0], y - lens[1]), canvas.at(side * apart + lens[0], y + lens[1])))
              for side in (-1, 1)]

    def draw(mask: np.ndarray, width: int) -> None:
        for middle, (first, last) in places:
            cv2.ellipse(mask, middle, size, 0, 0, 360, 255, width) if round_ else cv2.rectangle(mask, first, last, 255, width)

    if rng.random() < 0.35:  # the others are clear: only their rims are seen
        tint = np.full(3, rng.uniform(10, 50)) if rng.random() < 0.6 else np.array([200, 215, 235]) * rng.uniform(0.6, 1)
        canvas.paint(lambda m: draw(m, -1), tint, rng)
    canvas.paint(lambda m: draw(m, rim), colour, rng)
    for a, b in (((-apart + lens[0], y), (apart - lens[0], y)), ((-apart - lens[0], y), (-0.5, y)), ((apart + lens[0], y), (0.5, y))):
        line = np.array([canvas.at(*a), canvas.at(*b)], np.int32)
        canvas.paint(lambda m: cv2.polylines(m, [line], False, 255, rim), colour, rng)


def held(canvas: Canvas, rng: np.random.Generator) -> None:
    """A cup or a phone before the chest or beside the face, and the fist that holds it."""
    x, y = rng.choice((-1, 1)) * rng.uniform(0.35, 0.85), rng.uniform(0.5, 1.2)
    wide, tall = (rng.uniform(0.22, 0.34), rng.uniform(0.28, 0.42)) if rng.random() < 0.6 else (rng.uniform(0.2, 0.26), rng.uniform(0.42, 0.52))
    canvas.paint(lambda m: cv2.rectangle(m, canvas.at(x - wide / 2, y - tall / 2), canvas.at(x + wide / 2, y + tall / 2), 255, -1), _colour(rng), rng)
    skin = np.array([1.0, 0.76, 0.62]) * rng.uniform(60, 235)
    fist = (canvas.length(rng.uniform(0.14, 0.2)), canvas.length(rng.uniform(0.12, 0.18)))
    canvas.paint(lambda m: cv2.ellipse(m, canvas.at(x, y + tall * 0.2), fist, rng.uniform(-30, 30), 0, 360, 255, -1), skin, rng)
    elbow = np.array([canvas.at(x, y + tall * 0.3), canvas.at(x * 0.5 + rng.normal(0, 0.1), y + rng.uniform(0.5, 1.2))], np.int32)
    canvas.paint(lambda m: cv2.polylines(m, [elbow], False, 255, canvas.length(rng.uniform(0.2, 0.28))), _colour(rng), rng)


def chair(canvas: Canvas, rng: np.random.Generator) -> None:
    """The high back of a chair, that of a player's seat perhaps with wings."""
    wide, top = rng.uniform(0.6, 1.1), rng.uniform(-0.75, 0.3)
    x = rng.normal(0, 0.12)
    corners = [(-wide * rng.uniform(0.6, 1), top), (wide * rng.uniform(0.6, 1), top), (wide, top + 0.5), (wide, 5), (-wide, 5), (-wide, top + 0.5)]
    outline = np.array([canvas.at(x + dx, dy) for dx, dy in corners], np.int32)
    round_ = canvas.length(rng.uniform(0.05, 0.3))

    def back(mask: np.ndarray) -> None:
        cv2.fillPoly(mask, [outline], 255)
        cv2.polylines(mask, [outline], True, 255, round_)

    canvas.paint(back, _colour(rng), rng)


def lamp(canvas: Canvas, rng: np.random.Generator) -> None:
    """A bright shade on a pole that begins right beside the head or the shoulder."""
    side = rng.choice((-1, 1))
    x, y = side * rng.uniform(0.45, 1.0), rng.uniform(-0.7, 0.4)
    low, high, tall = rng.uniform(0.2, 0.45), rng.uniform(0.1, 0.35), rng.uniform(0.25, 0.6)
    shade = np.array([canvas.at(x - high, y - tall / 2), canvas.at(x + high, y - tall / 2), canvas.at(x + low, y + tall / 2), canvas.at(x - low, y + tall / 2)], np.int32)
    pole = np.array([canvas.at(x, y), canvas.at(x + rng.normal(0, 0.05), y + 4)], np.int32)
    canvas.paint(lambda m: cv2.polylines(m, [pole], False, 255, canvas.length(rng.uniform(0.03, 0.08))), _colour(rng), rng)
    canvas.paint(lambda m: cv2.fillConvexPoly(m, shade, 255), np.array([255, 248, 225]) * rng.uniform(0.7, 1), rng)


def shelf(canvas: Canvas, rng: np.random.Generator) -> None:
    """A board with books and boxes on it at the height of the head."""
    y, left, right = rng.uniform(-0.6, 0.5), rng.uniform(-2.5, -0.6), rng.uniform(0.6, 2.5)
    x = left
    while x < right:
        wide, tall = rng.uniform(0.06, 0.25), rng.uniform(0.2, 0.7)
        box = canvas.at(x, y - tall), canvas.at(x + wide, y)
        canvas.paint(lambda m: cv2.rectangle(m, *box, 255, -1), _colour(rng), rng)
        x += wide + max(0, rng.normal(-0.02, 0.08))
    board = canvas.at(left - 0.1, y), canvas.at(right + 0.1, y + rng.uniform(0.04, 0.1))
    canvas.paint(lambda m: cv2.rectangle(m, *board, 255, -1), _colour(rng), rng)


def plant(canvas: Canvas, rng: np.random.Generator) -> None:
    """Leaves on stems that rise from a pot beside the head or the shoulder."""
    x, foot = rng.choice((-1, 1)) * rng.uniform(0.5, 1.2), rng.uniform(0.6, 1.8)
    pot, green = rng.uniform(0.15, 0.35), np.array([rng.uniform(20, 120), rng.uniform(70, 170), rng.uniform(15, 90)])
    canvas.paint(lambda m: cv2.rectangle(m, canvas.at(x - pot, foot), canvas.at(x + pot, foot + 1.5 * pot), 255, -1), _colour(rng), rng)
    long, wide = rng.uniform(0.12, 0.4), rng.uniform(0.15, 0.5)
    for _ in range(int(rng.integers(6, 28))):
        tip = np.array([x + rng.normal(0, 0.35), foot - rng.uniform(0.1, 1.6)])
        stem = np.array([canvas.at(x, foot), canvas.at(*tip)], np.int32)
        colour = green * rng.uniform(0.6, 1.3)
        canvas.paint(lambda m: cv2.polylines(m, [stem], False, 255, canvas.length(0.015)), colour * 0.7, rng)
        leaf, turn = tuple(map(canvas.length, (long / 2, long * wide / 2))), rng.uniform(0, 180)
        canvas.paint(lambda m: cv2.ellipse(m, canvas.at(*tip), leaf, turn, 0, 360, 255, -1), colour, rng)


def picture(canvas: Canvas, rng: np.random.Generator) -> None:
    """A frame on the wall with a portrait in it that nobody is: an oval over shoulders, flat, as on a poster or in a mirror."""
    wide, tall = rng.uniform(0.35, 0.8), rng.uniform(0.4, 0.9)
    x, y = rng.choice((-1, 1)) * rng.uniform(0.6, 1.6), rng.uniform(-0.7, 0.5)
    corners = lambda grow: (canvas.at(x - wide * grow / 2, y - tall * grow / 2), canvas.at(x + wide * grow / 2, y + tall * grow / 2))
    canvas.paint(lambda m: cv2.rectangle(m, *corners(1), 255, -1), _colour(rng), rng)
    canvas.paint(lambda m: cv2.rectangle(m, *corners(rng.uniform(0.75, 0.92)), 255, -1), _colour(rng), rng)
    if rng.random() < 0.7:
        skin, head = np.array([1.0, 0.76, 0.62]) * rng.uniform(60, 235), min(wide, tall) * rng.uniform(0.12, 0.2)
        shoulders = tuple(map(canvas.length, (1.8 * head, 1.2 * head)))
        canvas.paint(lambda m: cv2.ellipse(m, canvas.at(x, y + 0.34 * tall), shoulders, 0, 180, 360, 255, -1), _colour(rng), rng)
        canvas.paint(lambda m: cv2.ellipse(m, canvas.at(x, y - 0.02 * tall), tuple(map(canvas.length, (head, 1.3 * head))), 0, 0, 360, 255, -1), skin, rng)


WORN = {"headset": headset, "cap": cap, "glasses": glasses, "held": held}
BEHIND = {"chair": chair, "lamp": lamp, "shelf": shelf, "plant": plant, "picture": picture}
# A headset is what calls are full of, and what networks lose.
CHANCES = {"headset": 0.5, "cap": 0.15, "glasses": 0.2, "held": 0.15, "chair": 0.35, "lamp": 0.15, "shelf": 0.15, "plant": 0.2, "picture": 0.15}


def add(frame: tuple[np.ndarray, np.ndarray], things: dict, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The frame with one of `things` (WORN or BEHIND) on its person; as it was where no head is found."""
    rgba, trust = frame
    head = find_head(rgba[..., 3])
    if head is None:
        return frame
    chances = np.array([CHANCES[name] for name in things])
    draw = things[str(rng.choice(list(things), p=chances / chances.sum()))]
    canvas = Canvas(rgba, head)
    draw(canvas, rng)
    colour, cover = canvas.done()
    colour, cover = _as_the_picture(colour, cover, rgba, rng)
    alpha = rgba[..., 3].astype(np.float32) / 255
    worn = draw in WORN.values()
    # What is behind shows where the person does not cover it.
    share = cover if worn else cover * (1 - alpha)
    out = rgba.astype(np.float32)
    out[..., :3] += (colour - out[..., :3]) * share[..., None]
    if worn:
        out[..., 3] = 255 * np.maximum(alpha, cover)
    trust = np.where(cover > 0.5, 255, trust) if worn else trust
    return np.clip(out + 0.5, 0, 255).astype(np.uint8), trust.astype(np.uint8)


def _as_the_picture(colour: np.ndarray, cover: np.ndarray, rgba: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Colour and coverage in the person's light and as blurred as the picture."""
    solid = rgba[..., 3] >= 128
    light = float(rgba[..., :3][solid].mean()) / 115  # 115: a person in ordinary light
    # Clipped before it is mixed: a bright thing must not bleed beyond what it covers.
    colour = np.clip(colour * np.clip(light, 0.25, 1.6) * rng.uniform(0.8, 1.15), 0, 255)
    sigma = sharpness.blur_of(rgba[..., :3], np.ones(solid.shape, bool))
    if sigma:
        soft = cv2.GaussianBlur(cover, (0, 0), sigma)
        colour = cv2.GaussianBlur(colour * cover[..., None], (0, 0), sigma) / np.maximum(soft, 1e-3)[..., None]
        cover = soft
    return colour, cover
