# SPDX-License-Identifier: MPL-2.0
"""The edge fit alone, at the frame's resolution: single frames, nothing from before."""

import cv2
import numpy as np

import methods
import metrics
from clips import Clip


def luma(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def bilinear(rgb, matte):
    return cv2.resize(matte, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def opencv_guided(radius, epsilon, color=False):
    def run(rgb, matte):
        guide = rgb if color else luma(rgb)
        out = cv2.ximgproc.guidedFilter(guide, bilinear(rgb, matte), radius, epsilon * 255 * 255)
        return np.clip(out, 0, 1)

    return run


def opencv_joint_bilateral(deviation, space):
    def run(rgb, matte):
        guide = luma(rgb).astype(np.float32)
        return cv2.ximgproc.jointBilateralFilter(guide, bilinear(rgb, matte), -1, deviation, space)

    return run


def chain(binary, **properties):
    off = {"preset": "off", **properties}

    def run(rgb, matte):
        clip = Clip("edge", "still", 30.0, [np.ascontiguousarray(rgb)], [None])
        return methods.Chain(binary, None, **off)(clip, [matte])[0]

    return run


def samples(cases):
    """Frames of clips whose outline is known to a pixel or two, with a network's matte."""
    out = []
    for case in cases:
        clip = case.clip
        if case.source == "truth and noise" or clip.kind in ("cut", "uncover") or clip.name.startswith("photo"):
            continue
        known = [n for n, g in enumerate(clip.truth) if g is not None and n >= len(clip.truth) // 2]
        for n in known[:: max(len(known) // 2, 1)][:2]:
            out.append((clip.frames[n], case.raws[n], clip.truth[n]))
    return out


def compare(cases, binary):
    """Rows of (name, band SAD per thousand band pixels, IoU, MAD)."""
    tried = [("bilinear", bilinear)]
    for radius in (4, 8, 16):
        for epsilon in (1e-4, 1e-3, 1e-2):
            tried.append((f"OpenCV guided, r {radius}, eps {epsilon}", opencv_guided(radius, epsilon)))
    for radius in (4, 8):
        tried.append((f"OpenCV guided, colour, r {radius}, eps 0.001", opencv_guided(radius, 1e-3, True)))
    for deviation, space in ((10, 2), (10, 4), (25, 4), (25, 8)):
        tried.append((f"OpenCV joint bilateral, {deviation}/{space}", opencv_joint_bilateral(deviation, space)))
    for mode in ("guided", "guided-color", "joint-bilateral", "matting"):
        tried.append((f"matte {mode}", chain(binary, edge_mode=mode)))
    frames, rows = samples(cases), []
    for name, method in tried:
        band, iou, mad = [], [], []
        for rgb, matte, truth in frames:
            p = method(rgb, matte)
            near = metrics.band(truth)
            band.append(1e3 * np.abs(p - truth)[near].sum() / near.sum())
            iou.append(100 * metrics.iou(p, truth))
            mad.append(1e3 * np.abs(p - truth).mean())
        rows.append((name, float(np.mean(band)), float(np.mean(iou)), float(np.mean(mad))))
    return rows, len(frames)


def presets(bench):
    """Median processor milliseconds of a frame, by case of the bench (preset and size)."""
    import subprocess

    lines = subprocess.run([str(bench)], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("filter\t")]
    return {name: float(median) for _, name, median, *_ in rows}


def speed(bench, rounds=60):
    """Median ms of OpenCV's guided filter and of ours in turns, on 1080p gray, subsampled by 4."""
    import subprocess
    import time

    random = np.random.default_rng(3)
    width, height, radius, epsilon = 1920, 1080, 8, 1e-3
    guide = cv2.GaussianBlur(random.integers(0, 256, (height, width)).astype(np.uint8), (0, 0), 3)
    matte = np.zeros((height, width), np.uint8)
    cv2.ellipse(matte, (960, 700), (380, 560), 0, 0, 360, 255, -1)
    matte = cv2.GaussianBlur(matte, (0, 0), 6)
    theirs = cv2.ximgproc.createGuidedFilter(guide, radius, epsilon * 255 * 255, 0.25)
    command = [bench, "serve", width, height, radius, epsilon, 4]
    pipe = subprocess.PIPE
    program = subprocess.Popen([str(c) for c in command], stdin=pipe, stdout=pipe)
    program.stdin.write(guide.tobytes() + matte.tobytes())
    ours_ms, theirs_ms = [], []
    for n in range(rounds + 5):
        start = time.perf_counter()
        theirs = cv2.ximgproc.createGuidedFilter(guide, radius, epsilon * 255 * 255, 0.25)
        theirs.filter(matte)
        passed = (time.perf_counter() - start) * 1e3
        program.stdin.write(b"r")
        program.stdin.flush()
        answer = float(program.stdout.readline())
        if n >= 5:
            theirs_ms.append(passed)
            ours_ms.append(answer)
    program.stdin.write(b"q")
    program.stdin.close()
    program.stdout.read()
    program.wait()
    return float(np.median(theirs_ms)), float(np.median(ours_ms))
