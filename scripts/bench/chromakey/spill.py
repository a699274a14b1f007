# SPDX-License-Identifier: MPL-2.0
"""A green screen's light on skin, hair and people, and what is left of it when keys take it out by
limits of green that are in use, and by ours."""

import clips
import cv2
import numpy as np

SCREEN = np.float64([58, 160, 76])
LIGHTS = (0.0, 0.03, 0.075, 0.12, 0.165)
# Luma and colour differences of BT.709, full range.
YUV = np.float64([[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]])
# Monk's scale, and six more that are redder.
SKIN = ["f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420"]
SKIN += ["c89678", "e0ac8a", "be8264", "deb886", "b88c58", "8c5c46"]
# Black, browns, red, blonds, gray and white.
HAIR = ["282422", "3b2a20", "5a4634", "7a3b22", "96805e", "beaf96", "8a8a8a", "d8d6d2"]


def colors(names):
    return np.float64([[int(name[i : i + 2], 16) for i in (0, 2, 4)] for name in names])


def above(limit):
    """Green is cut off above a limit of red and blue."""

    def run(rgb):
        out = rgb.copy()
        out[:, 1] = np.minimum(rgb[:, 1], limit(rgb[:, 0], rgb[:, 2]))
        return out

    return run


def along(brightness):
    """The part along the screen's axis goes, with this much brightness for each step; what has more
    than half of the screen's is a green thing (src/blend/effects/spill.rs, which its tests hold to
    this formula)."""
    screen = YUV[1:] @ SCREEN
    length = np.hypot(*screen)
    axis = screen / length
    step = np.linalg.inv(YUV)[:, 1:] @ axis

    def run(rgb):
        strength = rgb @ YUV[1:].T @ axis
        taken = np.maximum(np.minimum(strength, length - strength), 0)
        return rgb - taken[:, None] * (step + brightness(step, length))

    return run


LIMITS = [
    ("none", lambda rgb: rgb),
    ("the larger of red and blue", above(np.maximum)),
    ("their mean", above(lambda r, b: (r + b) / 2)),
    ("twice red and blue, over 3", above(lambda r, b: (2 * r + b) / 3)),
    ("0.6 red and 0.4 blue, the screen's colour subtracted", along(lambda step, length: YUV[0] @ SCREEN / length)),
    ("**ours**", along(lambda step, length: -step.min())),
]


def people(data):
    """Pixels of the cut-out people that the clips do not show."""
    random, out = np.random.default_rng(1), []
    for rgb, alpha in clips.cut_outs(data, 12)[:6]:
        inside = np.float64(rgb)[alpha > 0.98]
        out.append(inside[random.choice(len(inside), 2000)])
    return np.vstack(out)


def lab(rgb):
    return cv2.cvtColor(np.float32(np.clip(rgb, 0, 255) / 255)[None], cv2.COLOR_RGB2Lab)[0]


def left(rgb, light, take):
    """The mean difference (CIE76) from the unlit colour."""
    lit = np.minimum(rgb + light * SCREEN, 255)
    return float(np.linalg.norm(lab(take(lit)) - lab(rgb), axis=1).mean())


def table(data):
    """Lines of the table."""
    groups = [("skin", colors(SKIN)), ("hair", colors(HAIR)), ("people", people(data))]
    yield "| limit of green | " + " | ".join(name for name, _ in groups) + " |"
    yield "| --- |" + " --- |" * len(groups)
    for name, take in LIMITS:
        cells = (", ".join(f"{left(rgb, light, take):.1f}" for light in LIGHTS) for _, rgb in groups)
        yield f"| {name} | " + " | ".join(cells) + " |"
