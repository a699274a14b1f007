# SPDX-License-Identifier: MPL-2.0
"""Where in a picture the training frame looks: one affine map from the cached picture to the frame.

Streams are shown in about their own aspect, but inputs of fixed sides and squeezed recordings exist: most views keep
shapes roughly right, and a share (`AugmentConfig.stretch`) squeezes whatever the picture was into the frame.
"""

from __future__ import annotations

import cv2
import numpy as np

from mattenet.data.cache import BOTTOM, LEFT, RIGHT, TOP
from mattenet.data.config import AugmentConfig

Rect = tuple[float, float, float, float]  # x, y, width, height in source px


def _inside(start: float, length: float, limit: float) -> float:
    """`start` moved so that start..start+length lies in 0..limit, or centred where it is longer."""
    return (limit - length) / 2 if length >= limit else min(max(start, 0.0), limit - length)


def view(rng: np.random.Generator, height: int, width: int, box: np.ndarray, upper_body: bool, size: tuple[int, int], aug: AugmentConfig) -> Rect:
    """A random view of a picture for a frame of `size` (width, height) px."""
    if rng.random() < aug.stretch:
        part = rng.uniform(0.72, 1.0)
        w, h = (min(1.0, part * rng.normal(1, 0.06)) * n for n in (width, height))
        return _inside(rng.uniform(0, width - w + 1e-6), w, width), _inside(rng.uniform(0, height - h + 1e-6), h, height), w, h
    aspect = size[0] / size[1] * np.exp(rng.normal(0, 0.12))
    x0, y0, x1, y1 = (float(v) for v in box)
    tall = y1 - y0 > 1.1 * (x1 - x0) and y1 > y0
    if tall and rng.random() < (0.8 if upper_body else 0.3):
        # Head and shoulders: from above the head down to a part of the body.
        # Not so tall that the frame would be much wider than the picture.
        h = min((y1 - y0) * rng.uniform(0.22, 0.75), 1.15 * width / aspect)
        w = h * aspect
        x = (x0 + x1) / 2 + rng.normal(0, 0.15) * w - w / 2
        y = y0 - rng.uniform(-0.05, 0.35) * h
    else:
        h = min(height, width / aspect) * rng.uniform(0.6, 1.0)
        w = h * aspect
        x, y = rng.uniform(0, max(width - w, 1e-6)), rng.uniform(0, max(height - h, 1e-6))
        if y1 > y0 and rng.random() < 0.8:
            # Keep a random point of the person in view.
            px, py = rng.uniform(x0, x1), rng.uniform(y0, (y0 + y1) / 2)
            x, y = min(max(x, px - w), px), min(max(y, py - h), py)
    return _inside(x, w, width), _inside(y, h, height), w, h


def matrix(rect: Rect, size: tuple[int, int], degrees: float = 0.0, flip: bool = False) -> np.ndarray:
    """2x3 map from source px to frame px: `rect` fills the frame, turned by `degrees` about its middle."""
    x, y, w, h = rect
    turn = np.deg2rad(degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    sx, sy = size[0] / w, size[1] / h
    if flip:
        sx = -sx
    linear = np.array([[sx * cos, -sx * sin], [sy * sin, sy * cos]])
    middle = np.array([x + w / 2, y + h / 2])
    shift = np.array(size) / 2 - linear @ middle
    return np.column_stack([linear, shift]).astype(np.float64)


def place(rng: np.random.Generator, box: np.ndarray, touches: int, size: tuple[int, int], border: bool) -> Rect:
    """The rectangle of the source that fills the frame so that its person stands somewhere sensible in it.

    Sides where the source's frame cuts the person stay outside the new frame: a cut in mid-air is no edge
    to learn. `border` puts the person partly past the left or right side.
    """
    width, height = size
    x0, y0, x1, y1 = (float(v) for v in box)
    bw, bh = x1 - x0, y1 - y0
    squeeze = np.exp(rng.normal(0, 0.1))  # x scale over y scale
    tall = height * (rng.uniform(0.18, 0.9) if rng.random() < 0.45 else rng.uniform(0.7, 1.5))
    sy = tall / bh
    if touches & TOP and touches & BOTTOM:
        sy = max(sy, height / bh)
    sx = sy * squeeze
    if touches & LEFT and touches & RIGHT:
        grow = max(1.0, width / (bw * sx))
        sx, sy = sx * grow, sy * grow
    w, h = bw * sx, bh * sy
    if touches & LEFT:
        left = -rng.uniform(0, 0.2) * w
        if touches & RIGHT:
            left = -rng.uniform(0, max(w - width, 0.0))
    elif touches & RIGHT:
        left = width - w + rng.uniform(0, 0.2) * w
    elif border:
        left = -rng.uniform(0.2, 0.7) * w if rng.random() < 0.5 else width - rng.uniform(0.3, 0.8) * w
    else:
        left = rng.uniform(0.15, 0.85) * width - w / 2
    if touches & BOTTOM:
        top = height - h + rng.uniform(0, 0.15) * h
        if touches & TOP:
            top = min(0.0, top)
    elif touches & TOP:
        top = -rng.uniform(0, 0.15) * h
    else:
        # A whole body stands with its feet in the lower part of the frame or below it.
        top = rng.uniform(0.75, 1.0) * height - h if h < height else rng.uniform(-0.05, 0.25) * height
    return x0 - left / sx, y0 - top / sy, width / sx, height / sy


def beside(rng: np.random.Generator, height: int, width: int, box: np.ndarray, size: tuple[int, int]) -> Rect | None:
    """A part of a labelled picture left of, right of or above all of its people (`box`): a room for somebody else.

    None where no such part is at least a quarter of the frame's sides; then there is too little to see in it.
    """
    x0, y0, x1, _ = (float(v) for v in box)
    gap = 4.0  # px: soft hair ends outside the box
    strips = [(0.0, x0 - gap, float(height)), (x1 + gap, width - x1 - gap, float(height)), (0.0, float(width), y0 - gap)]
    fits = [s for s in strips if s[1] >= size[0] / 4 and s[2] >= size[1] / 4]
    if not fits:
        return None
    areas = np.array([w * h for _, w, h in fits])
    left, free, tall = fits[int(rng.choice(len(fits), p=areas / areas.sum()))]
    aspect = size[0] / size[1] * np.exp(rng.normal(0, 0.2))
    h = min(tall, free / aspect) * rng.uniform(0.7, 1.0)
    w = h * aspect
    return left + rng.uniform(0, max(free - w, 0.0)), rng.uniform(0, max(tall - h, 0.0)), w, h


def hook(rng: np.random.Generator, box: np.ndarray, rows: tuple[int, int], size: tuple[int, int]) -> Rect:
    """The rectangle of the source that fills the frame so that the clothes in `rows` of `box` hang in it, their top in view."""
    width, height = size
    sy = height * rng.uniform(0.25, 0.9) / max(rows[1] - rows[0], 1)
    sx = sy * rng.uniform(0.6, 1.1)
    x0, x1 = float(box[0]), float(box[2])
    w = (x1 - x0) * sx
    left = rng.uniform(*sorted((-0.3 * w, width - 0.7 * w)))
    top = rng.uniform(0.02, 0.7) * height
    return x0 - left / sx, rows[0] - top / sy, width / sx, height / sy


def warp(source: tuple[np.ndarray, np.ndarray], m: np.ndarray, size: tuple[int, int], outside: int = cv2.BORDER_REFLECT_101) -> tuple[np.ndarray, np.ndarray]:
    """RGBA and confidence of a cached picture through `m`: uint8 HxWx4 and HxW of `size`.

    Where the map shrinks by more than 1.6 the picture is halved by area first, and again: a linear kernel alone aliases.
    """
    rgba, confidence = source
    m = m.copy()
    while 1 / max(min(np.hypot(m[0, 0], m[0, 1]), np.hypot(m[1, 0], m[1, 1])), 1e-6) > 1.6:
        half = (rgba.shape[1] // 2, rgba.shape[0] // 2)
        if min(half) < 2:
            break
        ratio = np.array([rgba.shape[1] / half[0], rgba.shape[0] / half[1], 1.0])
        rgba, confidence = (cv2.resize(a, half, interpolation=cv2.INTER_AREA) for a in (rgba, confidence))
        m *= ratio
    # `m` counts from the corners of pixels, OpenCV from their middles.
    m[:, 2] += m[:, :2] @ [0.5, 0.5] - 0.5
    # Alpha and confidence are 0 outside where the border is constant, mirrored with the picture elsewhere.
    return (cv2.warpAffine(rgba, m, size, flags=cv2.INTER_LINEAR, borderMode=outside),
            cv2.warpAffine(confidence, m, size, flags=cv2.INTER_NEAREST, borderMode=outside))


def step(rng: np.random.Generator, alpha: np.ndarray) -> np.ndarray:
    """2x3 map of frame px that moves a person (alpha uint8 HxW) as far as people move from one frame of a call to the next.

    A person whom a side of the frame cuts never moves away from that side: where the cut would be seen, there is nothing.
    """
    height, width = alpha.shape
    across, down = rng.normal(0, 0.015, 2) * width
    solid = alpha > 8
    left, right, top, bottom = solid[:, 0].any(), solid[:, -1].any(), solid[0].any(), solid[-1].any()
    across = 0.0 if left and right else -abs(across) if left else abs(across) if right else across
    down = 0.0 if top and bottom else -abs(down) if top else abs(down) if bottom else down
    return np.array([[1, 0, across], [0, 1, down]])


def nudge(rgba: np.ndarray, trust: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A frame RGBA HxWx4 and its confidence HxW, moved by less than a pixel each way."""
    m = np.float32([[1, 0, rng.uniform(-0.75, 0.75)], [0, 1, rng.uniform(-0.75, 0.75)]])
    move = lambda x: cv2.warpAffine(x, m, x.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return move(rgba), move(trust)
