# SPDX-License-Identifier: MPL-2.0
"""Steadiness on clips of people who talk and move: how much a matte changes where the picture does
not, and how far it follows the picture's motion. No truth is needed, so any clip will do.

The truth of a pixel cannot change while nothing around it does. What changes there is the network's
noise, its lag, or the filter's own movement after the picture has stopped. One frame is too short
to say that nothing changes: an arm that moves by a quarter of a pixel a frame changes the picture
less than the noise does, yet its matte has to follow. Over PAST frames such a motion adds up to a
pixel, and shows.
"""

import cv2
import numpy as np

from clips import Clip

STILL = 2.0  # luma, of 255: a pixel whose surroundings change by less stands still
PAST = 4  # frames within which they change by less
SURROUNDINGS = 9  # side of a pixel's surroundings
BLUR = 1.5  # deviation of the blur that takes the sensor's noise away before that
NEAR = 16  # pixels of a 640 pixels wide frame: only there, around the edge, a matte can be unsteady
LEAST = 0.01  # change or toggles of the raw matte, times 1000, that a ratio needs
SETTLED = 8  # frames at the start that do not count

CROP = (114, 83, 253, 190)  # the camera's inset in the presenter's clip: left, top, width, height
SIZE = (640, 480)  # what it is scaled to
PARTS = (510, 1240)  # frames of the corridor's clip at which a person is there for LONG frames
LONG = 120


def presenter(path, count):
    """The first frames of the inset: a webcam at 15 frames a second, each of them sent twice."""
    left, top, width, height = CROP
    insets = [rgb[top : top + height, left : left + width] for rgb in frames_of(path, count)]
    frames = [np.ascontiguousarray(cv2.resize(i, SIZE, interpolation=cv2.INTER_LANCZOS4)) for i in insets]
    return Clip("presenter", "film", 30.0, frames)


def frames_of(path, count=None):
    """The frames of a file, RGB, sides cut to what 4:2:0 can hold."""
    capture, frames = cv2.VideoCapture(str(path)), []
    while count is None or len(frames) < count:
        ok, bgr = capture.read()
        if not ok:
            break
        height, width = (side // 4 * 4 for side in bgr.shape[:2])
        frames.append(np.ascontiguousarray(bgr[:height, :width, ::-1]))
    if not frames or (count and len(frames) < count):
        raise SystemExit(f"{path}: {len(frames)} frames, expected {count or 'some'}")
    return frames


def clips(data, webcam):
    """The clips, in the order of the table. `webcam` is the presenter's file."""
    folder = data / "clips"
    yield presenter(webcam, 249)
    for name in ("intel_asl_no", "intel_asl_walk"):
        yield Clip(name, "film", 30.0, frames_of(folder / f"{name}.mkv"))
    corridor = frames_of(folder / "intel_one-by-one-person-detection.mp4", PARTS[-1] + LONG)
    for first in PARTS:
        yield Clip(f"corridor-{first}", "film", 10.0, corridor[first : first + LONG])
    yield Clip("classroom", "film", 10.0, frames_of(folder / "intel_classroom.gif"))


class Scene:
    """A clip with its raw mattes, and the pixels that stand still and that move near the raw edge."""

    def __init__(self, clip, raws):
        self.clip, self.raws = clip, raws
        height, width = clip.frames[0].shape[:2]
        self.size, self.pixels = (width, height), []
        lumas = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY).astype(np.float32) for f in clip.frames]
        lumas = [cv2.GaussianBlur(luma, (0, 0), BLUR) for luma in lumas]
        dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self.flows = []
        around = np.ones((SURROUNDINGS, SURROUNDINGS))
        for n in range(SETTLED, len(lumas)):
            since = [cv2.dilate(np.abs(lumas[n] - lumas[n - k]), around) < STILL for k in range(1, PAST + 1)]
            solid = (self.full(raws[n]) > 0.5).astype(np.uint8)
            edge = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
            near = cv2.distanceTransform(1 - edge, cv2.DIST_L2, 3) <= NEAR * width / 640
            self.pixels.append((near & np.logical_and.reduce(since), near & since[0], near & ~since[0]))
            now, before = (luma.astype(np.uint8) for luma in (lumas[n], lumas[n - 1]))
            self.flows.append(dis.calc(now, before, None))

    def full(self, matte):
        """A matte at the frame's size, 0 to 1."""
        same = matte.shape == self.size[::-1]
        return matte if same else cv2.resize(matte, self.size, interpolation=cv2.INTER_LINEAR)

    def measure(self, mattes):
        """`still`: mean change of still pixels, times 1000; `toggles`: how many of 1000 of them cross
        0.5; `paused`: as `still`, of pixels that do not change from the last frame to this one;
        `moving`: mean change of moving pixels, times 1000; `warp`: squared difference from the last
        matte moved along the flow, times 1000, over the whole frame (Lai et al. 2018)."""
        mattes = [self.full(m) for m in mattes]
        sums, warp = np.zeros((4, 2)), 0.0
        ys, xs = np.mgrid[0 : self.size[1], 0 : self.size[0]].astype(np.float32)
        for n, ((stands, pauses, moves), flow) in enumerate(zip(self.pixels, self.flows), SETTLED):
            change = np.abs(mattes[n] - mattes[n - 1])
            crossed = (mattes[n] > 0.5) != (mattes[n - 1] > 0.5)
            sums += [(of[where].sum(), where.sum()) for of, where in ((change, stands), (crossed, stands), (change, pauses), (change, moves))]
            u, v = xs + flow[..., 0], ys + flow[..., 1]
            there = cv2.remap(mattes[n - 1], u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            warp += ((mattes[n] - there) ** 2).mean()
        means = 1e3 * sums[:, 0] / np.maximum(sums[:, 1], 1)
        return dict(zip(("still", "toggles", "paused", "moving"), means), warp=1e3 * warp / len(self.pixels))


def compare(scenes, methods):
    """Per method the figures of every scene; `methods` are pairs of name and method."""
    return [(name, [scene.measure(method(scene.clip, scene.raws)) for scene in scenes]) for name, method in methods]


def lines(scenes, rows):
    """The section of the page. The first row must be that of the raw mattes."""
    raw = rows[0][1]
    film = [n for n, scene in enumerate(scenes) if scene.clip.kind == "film"]
    call = [n for n in range(len(scenes)) if n not in film]

    def ratio(row, key, n):
        return row[n][key] / max(raw[n][key], 1e-9)

    def mean(row, key, among):
        # A clip where the raw matte does not change says nothing.
        return f"{np.mean([ratio(row, key, n) for n in among if raw[n][key] > LEAST]):.2f}"

    everything = range(len(scenes))
    out = [
        "## People who talk and move",
        "",
        f"{len(film)} filmed clips, and {len(call)} clips made of pictures of video calls: the person holds still,",
        "the camera is pushed once, its exposure hunts, a codec refreshes the picture. Raw mattes are those",
        "of our own network. A pixel near the edge stands still while nothing in its surroundings has",
        f"changed for {PAST} frames; its matte should not change either. `still` is the mean change of such pixels,",
        "`toggles` the number that cross one half, `moving` the mean change of pixels that move, each",
        "relative to the raw matte's. 0 is perfect for the first two. `moving`, of the filmed clips, below 1",
        "would be steadiness that is bought by lag. `warp` is the flow-warping error, times 1000 (others call",
        "5 very steady). The filmed clips were used to choose the constants, the calls were not.",
        "",
        "| method | still, film | calls | toggles, film | calls | moving | warp | worst still |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for name, row in rows:
        worst = max(everything, key=lambda n, row=row: ratio(row, "still", n))
        cells = [mean(row, "still", film), mean(row, "still", call), mean(row, "toggles", film), mean(row, "toggles", call)]
        cells += [mean(row, "moving", film), f"{np.mean([r['warp'] for r in row]):.2f}"]
        where = "" if name == "raw" else f"{ratio(row, 'still', worst):.2f} ({scenes[worst].clip.name})"
        out.append(f"| {name} | " + " | ".join(cells) + f" | {where} |")
    ours = next(row for name, row in rows if "balanced" in name)
    out += ["", "Clip by clip, raw (times 1000), then balanced relative to it. `paused` counts all pixels that do not"]
    out += [
        "change from one frame to the next, slow motion included. `moving` of a call is mostly noise that the",
        "codec and the exposure make, not motion:",
        "",
    ]
    out += ["| clip | raw still | raw toggles | still | toggles | paused | moving |", "| --- | --: | --: | --: | --: | --: | --: |"]
    for n, scene in enumerate(scenes):
        keys = ("still", "toggles", "paused", "moving")
        part = " | ".join(f"{ratio(ours, key, n):.2f}" if raw[n][key] > LEAST else "" for key in keys)
        out.append(f"| {scene.clip.name} | {raw[n]['still']:.2f} | {raw[n]['toggles']:.2f} | {part} |")
    return [*out, ""]
