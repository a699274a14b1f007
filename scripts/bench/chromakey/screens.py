# SPDX-License-Identifier: MPL-2.0
"""People before screens, with exact alpha: cut-outs with drawn hair over cloth that is lit unevenly,
has folds and takes shadows, as a camera and a codec hand it on."""

import tempfile
from pathlib import Path

import clips
import cv2
import numpy as np
from clips import HEIGHT, WIDTH, Clip

GREEN, BLUE = (58, 160, 76), (30, 70, 165)


def cloth(color, random, light=0.35, folds=0.06):
    """A screen: a colour, light that falls off, and folds."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = random.uniform(0.2, 0.8) * WIDTH, random.uniform(0.1, 0.5) * HEIGHT
    distance = np.hypot((xs - x) / WIDTH, (ys - y) / HEIGHT)
    shade = 1.1 - light * distance
    for _ in range(3):
        period, tilt, phase = random.uniform(40, 120), random.uniform(-0.3, 0.3), random.uniform(0, 6)
        shade += folds / 2 * np.sin(2 * np.pi * (xs + tilt * ys) / period + phase) ** 3
    return np.clip(np.float32(color) * shade[:, :, None], 0, 255)


def whole(cut_out):
    """Without the small holes that the labels have."""
    rgb, alpha = cut_out
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha < 0.5).astype(np.uint8), connectivity=4)
    small = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] < 150]
    holes = cv2.dilate(np.isin(labels, small).astype(np.uint8), np.ones((5, 5), np.uint8))
    return rgb, np.maximum(alpha, holes * (cv2.erode(cv2.dilate(alpha, np.ones((9, 9))), np.ones((9, 9)))))


def hair(cut_out, random, strands=90):
    """Strands from the outline of the head, as cut-outs of masks lack them."""
    rgb, alpha = cut_out
    scale, head = 4, rgb.shape[0] // 3
    top = alpha[:head]
    outline = cv2.Canny((top > 0.5).astype(np.uint8) * 255, 50, 150)
    points = np.argwhere(outline > 0)
    if len(points) == 0:
        return cut_out
    centre = np.argwhere(top > 0.5).mean(axis=0)
    drawn = np.zeros((alpha.shape[0] * scale, alpha.shape[1] * scale), np.uint8)
    for y, x in points[random.integers(0, len(points), strands)]:
        along = np.float32([x, y]) - centre[::-1]
        along /= max(np.linalg.norm(along), 1)
        side, bend = np.float32([-along[1], along[0]]), random.uniform(-0.6, 0.6)
        length = random.uniform(4, 14)
        steps = np.linspace(-2, length, 8)[:, None]
        line = np.float32([x, y]) + steps * along + bend * steps**2 / length * side
        cv2.polylines(drawn, [np.round(line * scale).astype(np.int32)], False, 255, int(random.integers(1, 4)), cv2.LINE_AA)
    drawn = cv2.resize(drawn, alpha.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    dark = np.float32(rgb)[:head][top > 0.9]
    color = np.percentile(dark, 15, axis=0) if len(dark) else np.float32([40, 30, 25])
    share = (drawn * (1 - alpha))[:, :, None]
    solid = np.where(alpha[:, :, None] > 0.02, rgb, color)
    return solid * (1 - share) + color * share, np.maximum(alpha, drawn)


def spilled(rgb, alpha, color, amount):
    """The screen's light on the subject: most near its edge, some everywhere."""
    near = cv2.GaussianBlur(1 - alpha, (0, 0), 8)[:, :, None]
    return np.clip(rgb + amount * (0.1 + near) * np.float32(color), 0, 255)


def layer(cut_out, left, blur=0.0):
    """Colours and alpha of the cut-out in the frame; with `blur`, moved by as much during exposure."""
    rgb, alpha = cut_out
    colors, alphas = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    steps = np.linspace(-blur / 2, blur / 2, 9) if blur else [0.0]
    for step in steps:
        move = np.float32([[1, 0, left + step], [0, 1, HEIGHT - rgb.shape[0]]])
        a = cv2.warpAffine(np.float32(alpha), move, (WIDTH, HEIGHT))
        c = cv2.warpAffine(np.float32(rgb), move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        colors += c * a[:, :, None] / len(steps)
        alphas += a / len(steps)
    return colors / np.maximum(alphas, 1e-4)[:, :, None], alphas


def scene(screen, subject, color, spill, shadow=0.25):
    """The subject before the screen, and its shadow on that."""
    rgb, alpha = subject
    cast = cv2.GaussianBlur(cv2.warpAffine(alpha, np.float32([[1, 0, 14], [0, 1, 6]]), (WIDTH, HEIGHT)), (0, 0), 9)
    behind = screen * (1 - shadow * cast)[:, :, None]
    a = alpha[:, :, None]
    return np.clip(a * spilled(rgb, alpha, color, spill) + (1 - a) * behind, 0, 255).astype(np.uint8)


def vp8(frames, fps):
    """Through a codec at the bit rate of a call, if OpenCV's FFmpeg has it."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "call.webm")
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"VP80"), fps, (WIDTH, HEIGHT))
        if not writer.isOpened():
            raise SystemExit("OpenCV cannot write VP8")
        for rgb in frames:
            writer.write(np.ascontiguousarray(rgb[:, :, ::-1]))
        writer.release()
        capture, out = cv2.VideoCapture(path), []
        while len(out) < len(frames):
            ok, bgr = capture.read()
            if not ok:
                break
            out.append(bgr[:, :, ::-1])
    return out + out[-1:] * (len(frames) - len(out))


def filmed(name, kind, pictures, truth, seed, quality=85):
    random = np.random.default_rng(seed)
    clip = Clip(name, kind, 30.0)
    clip.frames = [clips.sensor(picture, random, quality=quality) for picture in pictures]
    clip.truth = truth
    return clip


def with_logo(cut_out):
    """Something greenish on the chest."""
    rgb, alpha = cut_out
    rgb = np.float32(rgb).copy()
    inside = cv2.distanceTransform((alpha > 0.9).astype(np.uint8), cv2.DIST_L2, 5)
    inside[: rgb.shape[0] // 2] = 0
    y, x = np.unravel_index(inside.argmax(), inside.shape)
    mask = np.zeros(alpha.shape, np.float32)
    cv2.circle(mask, (int(x), int(y)), int(max(inside.max() * 0.5, 4)), 1.0, -1, cv2.LINE_AA)
    return rgb + (np.float32([70, 120, 80]) - rgb) * mask[:, :, None], alpha


def make(data, half):
    """Clips of a half, with other people in each."""
    first = {"tune": 0, "judge": 6}[half]
    random = np.random.default_rng(100 + first)
    people = [hair(whole(person), random) for person in clips.cut_outs(data, 12)[first : first + 6]]
    room = clips.backgrounds(data, 12)[first]
    out = []
    for n, (person, color) in enumerate(zip(people[:4], (GREEN, GREEN, BLUE, GREEN))):
        screen = cloth(color, random)
        subject = layer(person, 150 + 40 * n)
        frames = 24
        picture = scene(screen, subject, color, 0.15)
        out.append(filmed(f"still-{n + 1}", "still", [picture] * frames, [subject[1]] * frames, first + n))
    lefts = [120 + 90 * np.sin(n / 9) for n in range(40)]
    screen = cloth(GREEN, random)
    subjects = [layer(people[4], left, blur=abs(b - left)) for left, b in zip(lefts, lefts[1:] + lefts[-1:])]
    pictures = [scene(screen, subject, GREEN, 0.15) for subject in subjects]
    out.append(filmed("motion", "motion", pictures, [a for _, a in subjects], first + 10))
    fast = [60 + 14 * n for n in range(24)]
    subjects = [layer(people[5], left, blur=14) for left in fast]
    pictures = [scene(screen, subject, GREEN, 0.15) for subject in subjects]
    out.append(filmed("fast", "motion", pictures, [a for _, a in subjects], first + 11))
    call = filmed("vp8", "motion", [scene(screen, s, GREEN, 0.15) for s in (layer(people[0], l, 3) for l in lefts)], [layer(people[0], l, 3)[1] for l in lefts], first + 12)
    call.frames = vp8(call.frames, call.fps)
    out.append(call)
    # A small screen, a badly lit one, and a person with something greenish on.
    narrow = screen.copy()
    narrow[:, :110], narrow[:, WIDTH - 110 :] = room[:, :110], room[:, WIDTH - 110 :]
    subject = layer(people[1], 200)
    picture = scene(narrow, subject, GREEN, 0.15)
    out.append(filmed("narrow", "still", [picture] * 24, [subject[1]] * 24, first + 13))
    dim = cloth(GREEN, random, light=0.9, folds=0.14)
    subject = layer(people[2], 190)
    picture = (scene(dim, subject, GREEN, 0.3, shadow=0.45) * 0.6).astype(np.uint8)
    out.append(filmed("badly-lit", "still", [picture] * 24, [subject[1]] * 24, first + 14))
    subject = layer(with_logo(people[3]), 180)
    picture = scene(screen, subject, GREEN, 0.15)
    out.append(filmed("greenish", "still", [picture] * 24, [subject[1]] * 24, first + 15))
    return out
