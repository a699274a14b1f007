# SPDX-License-Identifier: MPL-2.0
"""Clips with true mattes: filmed ones, still scenes with sensor noise, and cut-out subjects moved
over real backgrounds, whose alpha is exact.

There are two halves of the same make-up but with other people, rooms and photographs: constants of
the chain are chosen on the half `tune` and judged on the half `judge`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 360


@dataclass
class Clip:
    """Frames are RGB, truth is 0 to 1 or None where it is not known."""

    name: str
    kind: str  # film, still, step, motion, uncover or cut
    fps: float
    frames: list = field(default_factory=list)
    truth: list = field(default_factory=list)
    event: int = 0  # the frame of a step or cut

    def times(self):
        return [n / self.fps for n in range(len(self.frames))]


def sensor(rgb, random, photons=900.0, read=0.006, quality=85):
    """Shot noise, read noise and JPEG on an 8-bit picture, as a webcam indoors has them."""
    linear = (rgb.astype(np.float32) / 255.0) ** 2.2
    noisy = random.poisson(linear * photons).astype(np.float32) / photons
    noisy += random.normal(0.0, read, linear.shape)
    out = np.clip(noisy, 0, 1) ** (1 / 2.2) * 255
    _, packed = cv2.imencode(".jpg", out.astype(np.uint8)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)[:, :, ::-1]


def read(path, flags=cv2.IMREAD_COLOR):
    image = cv2.imread(str(path), flags)
    if image is None:
        raise SystemExit(f"{path}: no picture that OpenCV can read")
    return image[:, :, ::-1] if image.ndim == 3 else image


def held_out(folder):
    """The pictures that no training uses."""
    return [p for p in sorted(folder.glob("*.jpg")) if crc32(p.stem.encode()) % 10 == 0]


def cut_outs(data, count):
    """Upper bodies with soft alpha, about as high as the frame."""
    folder = data / "stills" / "ccp"
    out = []
    for path in held_out(folder / "images"):
        rgb, mask = read(path), read(folder / "masks" / f"{path.stem}.png", cv2.IMREAD_GRAYSCALE)
        rows = np.flatnonzero((mask > 127).any(axis=1))
        if len(rows) < 200:
            continue
        top, size = rows[0], (rows[-1] - rows[0]) * 45 // 100
        rgb, mask = rgb[max(top - 8, 0) : top + size], mask[max(top - 8, 0) : top + size]
        scale = 320 / rgb.shape[0]
        size = (round(rgb.shape[1] * scale), 320)
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
        alpha = cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
        # The masks' outlines hold a rim of the old background: one pixel in, then soft.
        alpha = cv2.GaussianBlur(cv2.erode(alpha, np.ones((3, 3))), (0, 0), 1.0)
        out.append((rgb, np.clip(alpha, 0, 1)))
        if len(out) == count:
            break
    return out


def backgrounds(data, count):
    folder = data / "backgrounds" / "polyhaven_cc0"
    paths = sorted(folder.rglob("*.jpg"))
    paths = paths[:: max(len(paths) // count, 1)][:count]
    out = []
    for path in paths:
        rgb = read(path)
        height = rgb.shape[1] * HEIGHT // WIDTH
        top = max((rgb.shape[0] - height) // 2, 0)
        out.append(cv2.resize(rgb[top : top + height], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    return out


def place(background, cut_out, left):
    """The cut-out over the background, its feet at the lower border; (frame, exact alpha)."""
    rgb, alpha = cut_out
    move = np.float32([[1, 0, left], [0, 1, HEIGHT - rgb.shape[0]]])
    layer = cv2.warpAffine(rgb, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha, move, (WIDTH, HEIGHT))
    a = alpha[:, :, None]
    return (a * layer + (1 - a) * background).astype(np.uint8), alpha


def still(name, picture, truth, seed, frames=50):
    random = np.random.default_rng(seed)
    clip = Clip(name, "still", 30.0)
    clip.frames = [sensor(picture, random) for _ in range(frames)]
    clip.truth = [truth] * frames
    return clip


def moved(name, kind, fps, background, cut_out, lefts, seed, event=0):
    random = np.random.default_rng(seed)
    clip = Clip(name, kind, fps, event=event)
    for left in lefts:
        picture, alpha = place(background, cut_out, left)
        clip.frames.append(sensor(picture, random))
        clip.truth.append(alpha)
    return clip


def uncover(name, background, cut_out, card, seed):
    """The subject sways; a textured card passes before it and uncovers it again."""
    clip = moved(name, "uncover", 30.0, background, cut_out, [180 + 60 * np.sin(n / 6) for n in range(60)], seed)
    random = np.random.default_rng(seed + 1)
    patch = cv2.resize(card, (120, 200))
    for n in range(len(clip.frames)):
        left = round(-120 + n * 13)
        x0, x1 = max(left, 0), min(left + 120, WIDTH)
        if x0 < x1:
            clip.frames[n] = clip.frames[n].copy()
            clip.frames[n][100:300, x0:x1] = sensor(patch, random)[:, x0 - left : x1 - left]
            clip.truth[n] = clip.truth[n].copy()
            clip.truth[n][100:300, x0:x1] = 0
    return clip


def cut(name, first, second):
    half = 20
    clip = Clip(name, "cut", 30.0, event=half)
    clip.frames = first.frames[:half] + second.frames[:half]
    clip.truth = first.truth[:half] + second.truth[:half]
    return clip


def film(data, name):
    clip = Clip(name, "film", 30.0)
    capture = cv2.VideoCapture(str(data / "clips" / f"{name}.mkv"))
    n = 0
    while True:
        ok, bgr = capture.read()
        if not ok:
            break
        mask = data / "clips" / f"{name}_masks" / f"{n:04d}.png"
        clip.frames.append(bgr[:, :, ::-1])
        clip.truth.append(read(mask, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255 if mask.exists() else None)
        n += 1
    return clip


def photographs(data, count):
    """Whole photographs of people with their masks, cropped to the frame."""
    folder = data / "stills" / "cocoperson_ok"
    out = []
    for path in held_out(folder / "images"):
        rgb, mask = read(path), read(folder / "masks" / f"{path.stem}.png", cv2.IMREAD_GRAYSCALE)
        solid = (mask > 127).astype(np.uint8)
        _, _, sizes, _ = cv2.connectedComponentsWithStats(solid)
        crowd = sizes[1:, cv2.CC_STAT_AREA].max(initial=0) < 0.8 * solid.sum()
        if crowd or rgb.shape[1] <= rgb.shape[0] or not 0.12 < solid.mean() < 0.6:
            continue
        height = min(rgb.shape[1] * HEIGHT // WIDTH, rgb.shape[0])
        crop = slice(0, height)
        size = (WIDTH, HEIGHT)
        truth = cv2.resize(mask[crop].astype(np.float32) / 255, size)
        out.append((cv2.resize(rgb[crop], size, interpolation=cv2.INTER_CUBIC), truth))
        if len(out) == count:
            break
    return out


# What each half takes of the sorted pictures, its film, and its random numbers.
HALVES = {"tune": (0, "intel_asl_walk"), "judge": (1, "intel_asl_no")}
PEOPLE, PHOTOGRAPHS = 6, 3


def make(data: Path, half):
    """All clips of a half."""
    place_of, filmed = HALVES[half]

    def share(pictures, count):
        return pictures[place_of * count : (place_of + 1) * count]

    people, photos = share(cut_outs(data, 2 * PEOPLE), PEOPLE), share(photographs(data, 2 * PHOTOGRAPHS), PHOTOGRAPHS)
    # Views are sorted by kind: every other one, so that both halves have all kinds.
    rooms, seed = backgrounds(data, 2 * PEOPLE)[place_of::2], 1000 * place_of
    clips = [film(data, filmed)]
    for n, (person, room) in enumerate(zip(people, rooms)):
        if n < 4:
            picture, alpha = place(room, person, 150 + 40 * n)
            clips.append(still(f"still-{n + 1}", picture, alpha, seed + n))
    for n, (picture, truth) in enumerate(photos):
        clips.append(still(f"photo-{n + 1}", picture, truth, seed + 20 + n))
    step = [120] * 15 + [190] * 20
    clips.append(moved("step-1", "step", 30.0, rooms[0], people[1], step, seed + 40, event=15))
    clips.append(moved("step-2", "step", 30.0, rooms[3], people[4], step[::-1], seed + 41, event=20))
    for fps, speed in [(10.0, 12), (30.0, 4), (60.0, 2)]:
        lefts = [40 + speed * n for n in range(int(280 / speed))]
        clips.append(moved(f"motion-{fps:.0f}fps", "motion", fps, rooms[4], people[2], lefts, seed + 42))
    clips.append(uncover("uncover", rooms[1], people[3], rooms[5], seed + 43))
    stills = {clip.name: clip for clip in clips}
    clips.append(cut("cut", stills["still-1"], stills["still-3"]))
    return clips
