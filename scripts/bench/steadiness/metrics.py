# SPDX-License-Identifier: MPL-2.0
"""How good and how steady a matte is, against the true one."""

import cv2
import numpy as np

BAND = 10  # pixels of a 640 pixels wide frame


def iou(p, g):
    p, g = p > 0.5, g > 0.5
    union = (p | g).sum()
    return (p & g).sum() / union if union else 1.0


def band(g):
    radius = max(round(BAND * g.shape[1] / 640), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = (g > 0.5).astype(np.uint8)
    return cv2.dilate(solid, disc) != cv2.erode(solid, disc)


def flows(frames, size):
    """DIS flow from each frame to the next at a size."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grays = [cv2.cvtColor(cv2.resize(f, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for f in frames]
    return [dis.calc(a, b, None) for a, b in zip(grays, grays[1:])]


def messddt(p, g, motion):
    """Motion-compensated change of the squared error (Erofeev et al. 2015), for one pair."""
    rows, columns = p[0].shape
    ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
    u, v = xs + motion[..., 0], ys + motion[..., 1]
    after = cv2.remap((p[1] - g[1]) ** 2, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.abs((p[0] - g[0]) ** 2 - after).mean() * 1e3


def measure(clip, mattes, truth, motion, bands):
    """All figures of one clip; `mattes`, `truth` and `bands` have one size. Keys that make no
    sense for a kind of clip are missing."""
    known = [n for n, g in enumerate(truth) if g is not None]
    settled = [n for n in known if n >= 5] or known
    out = {
        "iou": 100 * np.mean([iou(mattes[n], truth[n]) for n in settled]),
        "mad": 1e3 * np.mean([np.abs(mattes[n] - truth[n]).mean() for n in settled]),
        "band": np.mean([np.abs(mattes[n] - truth[n])[bands[n]].sum() for n in settled]),
    }
    pairs = [n for n in settled if n - 1 in known and not (clip.kind == "cut" and n == clip.event)]
    if pairs:
        change = [(mattes[n] - mattes[n - 1]) - (truth[n] - truth[n - 1]) for n in pairs]
        out["dtssd"] = 100 * np.mean([np.sqrt((d**2).mean()) for d in change])
        out["messddt"] = np.mean([messddt(mattes[n - 1 : n + 1], truth[n - 1 : n + 1], motion[n - 1]) for n in pairs])
    if clip.kind == "still":
        sides = [m > 0.5 for m in mattes[10:]]
        out["toggle"] = 100 * np.mean([(a != b).mean() for a, b in zip(sides, sides[1:])])
    if clip.kind in ("motion", "uncover"):
        window = max(round(10 * clip.fps / 30), 2)
        ghosts = []
        for n in range(window, len(mattes)):
            left = np.max([truth[k] for k in range(n - window, n)], axis=0) > 0.5
            ghosts.append(((truth[n] < 0.05) & left & (mattes[n] > 0.5)).mean())
        out["ghost"] = 100 * np.mean(ghosts)
    return out


def lag(clip, mattes, raws, truth):
    """Frames from a step or cut until IoU is within 1 point of what the raw matte comes to."""
    reached = np.mean([iou(raws[n], truth[n]) for n in range(len(truth) - 8, len(truth))])
    for n in range(clip.event, len(truth)):
        if iou(mattes[n], truth[n]) >= reached - 0.01:
            return n - clip.event
    return len(truth) - clip.event
