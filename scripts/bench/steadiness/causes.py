# SPDX-License-Identifier: MPL-2.0
"""Why a matte changes where the picture does not: how the change splits into causes, clip by clip,
and a picture of where it happens."""

import textwrap

import cv2
import numpy as np

import calls
from real import SETTLED

JUMP = 0.25  # a raw matte that changes by more at a still pixel says something else than before
AFTER = 30  # frames after the push that count as its own
HEAT = 0.04  # mean change of a pixel that is drawn in full red

# Title in the table, and what it counts; each change belongs to the first that fits.
CAUSES = {
    "slow change": "pixels that stand still from one frame to the next, but not over four: slow motion, exposure, blocks of the codec",
    "new opinion": f"still pixels whose raw matte jumps by more than {JUMP}",
    "push": f"still pixels, smaller changes, in the {AFTER} frames after the push",
    "exposure": "the same while the exposure hunts",
    "refresh": "the same in the two frames around a refresh of the codec",
    "noise": "all other changes of still pixels",
}


def frames_of(scene, cause):
    """Whether frame n belongs to a cause of made calls."""
    count = len(scene.clip.frames)
    n = np.arange(count)
    if scene.clip.kind != "call":
        return np.zeros(count, bool)
    if cause == "push":
        return (n >= calls.PUSH) & (n < calls.PUSH + AFTER)
    if cause == "exposure":
        return (n >= calls.HUNT[0]) & (n < calls.HUNT[1])
    return (n % calls.REFRESH <= 1) & (n > 1)


def split(scene, mattes):
    """The sum of the changes by cause, for the raw mattes and for these; and the mean change of every
    still pixel of both."""
    sums = {cause: np.zeros(2) for cause in CAUSES}
    heat = np.zeros((2, *scene.size[::-1]), np.float32)
    when = {cause: frames_of(scene, cause) for cause in ("push", "exposure", "refresh")}
    both = [scene.raws, mattes]
    last = [scene.full(m[SETTLED - 1]) for m in both]
    for n, (stands, pauses, _) in enumerate(scene.pixels, SETTLED):
        now = [scene.full(m[n]) for m in both]
        change = np.abs(np.subtract(now, last))
        last = now
        jumps = stands & (change[0] > JUMP)
        calm = stands & ~jumps
        where = {"slow change": pauses & ~stands, "new opinion": jumps}
        where[next((cause for cause, frames in when.items() if frames[n]), "noise")] = calm
        for cause, pixels in where.items():
            sums[cause] += change[:, pixels].sum(axis=1)
        heat += np.where(stands, change, 0)
    return sums, heat / len(scene.pixels)


def picture(scene, heat):
    """The subject as the network saw it most, with the change of the raw matte, and beside it that of
    the filtered one."""
    subject = scene.full(np.mean(scene.raws, axis=0))[..., None]
    backdrop = 255 - 110 * subject * np.ones(3, np.float32)
    shown = []
    for change in heat:
        strength = np.clip(cv2.GaussianBlur(change, (0, 0), 2) / HEAT, 0, 1)[..., None]
        shown.append((backdrop * (1 - strength) + np.float32([220, 0, 0]) * strength).astype(np.uint8))
    return cv2.resize(np.hstack(shown), (480, 135), interpolation=cv2.INTER_AREA)


def lines(scenes, method, path):
    """The section of the page; draws the picture at `path`."""
    rows, pictures = [], []
    for scene in scenes:
        sums, heat = split(scene, method(scene.clip, scene.raws))
        raw = sum(v[0] for v in sums.values())
        cells = [f"{v[0] / raw:.2f} → {v[1] / raw:.3f}" if v[0] else "" for v in sums.values()]
        rows.append(f"| {scene.clip.name} | " + " | ".join(cells) + " |")
        pictures.append(picture(scene, heat))
    pictures += [np.full_like(pictures[0], 255)] * (len(pictures) % 2)
    sheet = np.vstack([np.hstack(pair) for pair in zip(pictures[::2], pictures[1::2])])
    cv2.imwrite(str(path), sheet[:, :, ::-1])
    out = ["## Why a still pixel changes", "", "What the change of the raw matte consists of, as shares of it, and what balanced leaves of each:", ""]
    out += [line for cause, text in CAUSES.items() for line in textwrap.wrap(f"* {cause}: {text}.", 98, subsequent_indent="  ")]
    out += ["", "| clip | " + " | ".join(CAUSES) + " |", "| --- |" + " --: |" * len(CAUSES), *rows, ""]
    out += ["Where still pixels change (red), raw and balanced, in the order of the table:", "", f"![Change of still pixels]({path.name})", ""]
    return out
