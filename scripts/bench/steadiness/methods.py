# SPDX-License-Identifier: MPL-2.0
"""Steadying formulas that others publish, written anew, and the chain under test.

Every method takes a clip and its raw mattes (0 to 1) and gives one matte a frame. `frames` is the
time step in units of 1/30 s; published formulas count frames, whatever the rate.
"""

import subprocess
import time

import cv2
import numpy as np


def raw(clip, mattes):
    return mattes


def mean_so_far(clip, mattes):
    """What a still scene can be steadied to at best without knowing the future: the mean of all raw mattes up to now."""
    sums = np.cumsum([m.astype(np.float64) for m in mattes], axis=0)
    return [(s / (n + 1)).astype(np.float32) for n, s in enumerate(sums)]


def ema(weight):
    def run(clip, mattes):
        out, m = [], None
        for x in mattes:
            m = x if m is None else weight * x + (1 - weight) * m
            out.append(m)
        return out

    return run


C = (5.68842, -0.748699, -57.8051, 291.309, -624.717)


def uncertainty(ratio):
    def run(clip, mattes):
        out, m = [], None
        for x in mattes:
            if m is not None:
                q = (x - 0.5) ** 2
                u = 1 - np.minimum(1, q * (C[0] + q * (C[1] + q * (C[2] + q * (C[3] + q * C[4])))))
                m = x + (m - x) * u * ratio
            else:
                m = x
            out.append(m)
        return out

    return run


def hysteresis(low, high):
    def run(clip, mattes):
        out, m = [], None
        for x in mattes:
            m = (x > 0.5).astype(np.float32) if m is None else m
            m = np.where(x >= high, 1.0, np.where(x <= low, 0.0, m)).astype(np.float32)
            out.append(m)
        return out

    return run


def gray(rgb, size):
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def edge_snap(weight, low, high):
    """Average, but the raw matte where the luma's gradient is strong."""

    def run(clip, mattes):
        out, m = [], None
        for rgb, x in zip(clip.frames, mattes):
            m = x if m is None else weight * x + (1 - weight) * m
            luma = gray(rgb, x.shape[::-1]).astype(np.float32) / 255
            gradient = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(luma, cv2.CV_32F, 0, 1) / 8)
            t = np.clip((gradient - low) / (high - low), 0, 1)
            t = t * t * (3 - 2 * t)
            out.append(m + (x - m) * t)
        return out

    return run


def flow(moving, still, limit=8.0):
    """The last matte along DIS flow where forward and backward flow agree."""

    def run(clip, mattes):
        dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        out, m, before = [], None, None
        for rgb, x in zip(clip.frames, mattes):
            now = gray(rgb, x.shape[::-1])
            if m is None:
                m = x
            else:
                back, forth = dis.calc(now, before, None), dis.calc(before, now, None)
                ys, xs = np.mgrid[0 : x.shape[0], 0 : x.shape[1]].astype(np.float32)
                u, v = xs + back[..., 0], ys + back[..., 1]
                there = cv2.remap(forth, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                error = ((there + back) ** 2).sum(axis=-1)
                warped = cv2.remap(m, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                speed = np.hypot(back[..., 0], back[..., 1])
                weight = np.where(speed > 0.5, moving, still).astype(np.float32)
                m = np.where(error >= limit, x, weight * x + (1 - weight) * warped)
            before = now
            out.append(m)
        return out

    return run


class Chain:
    """The Rust chain. `own` leaves the matte at the raw one's size."""

    def __init__(self, binary, size, **properties):
        self.binary, self.size, self.properties = binary, size, properties
        self.milliseconds = []

    def __call__(self, clip, mattes):
        height, width = clip.frames[0].shape[:2]
        rows, columns = mattes[0].shape
        out_width, out_height = self.size or (width, height)
        scale = out_width / width
        arguments = [f"{key.replace('_', '-')}={value}" for key, value in self.properties.items()]
        command = [self.binary, width, height, columns, rows, *arguments, f"output-scale={scale}"]
        data = bytearray()
        for when, rgb, x in zip(clip.times(), clip.frames, mattes):
            data += np.float64(when).tobytes()
            data += cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420).tobytes()
            data += (x * 255 + 0.5).astype(np.uint8).tobytes()
        done = subprocess.run([str(c) for c in command], input=bytes(data), capture_output=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{self.binary} failed: {done.stderr.decode(errors='replace')}")
        self.milliseconds.append(float(done.stderr.decode().split()[-1]))
        out = np.frombuffer(done.stdout, np.uint8).reshape(len(mattes), out_height, out_width)
        return [m.astype(np.float32) / 255 for m in out]


def timed(method, clip, mattes):
    """The method's mattes and its milliseconds a frame."""
    start = time.perf_counter()
    out = method(clip, mattes)
    passed = (time.perf_counter() - start) * 1e3 / len(out)
    return out, method.milliseconds[-1] if isinstance(method, Chain) else passed


def opponents():
    """Name of the formula, its settings, the method, and whether the setting is published."""
    out = []
    for weight in (0.85, 0.75, 0.5, 0.25):
        out.append(("ema", f"{weight}", ema(weight), True))
    for weight in (0.35, 0.15, 0.1, 0.05):
        out.append(("ema", f"{weight}", ema(weight), False))
    for ratio in (0.7, 0.9):
        out.append(("uncertainty", f"{ratio}", uncertainty(ratio), True))
    for ratio in (0.5, 0.97, 1.0):
        out.append(("uncertainty", f"{ratio}", uncertainty(ratio), False))
    out.append(("hysteresis", "80/180", hysteresis(80 / 255, 180 / 255), True))
    for low, high in ((0.4, 0.6), (0.2, 0.8), (0.1, 0.9)):
        out.append(("hysteresis", f"{low}/{high}", hysteresis(low, high), False))
    out.append(("edge snap", "0.75", edge_snap(0.75, 0.05, 0.20), True))
    for weight, low, high in ((0.5, 0.05, 0.2), (0.25, 0.05, 0.2), (0.25, 0.1, 0.4), (0.1, 0.1, 0.4)):
        out.append(("edge snap", f"{weight} {low}-{high}", edge_snap(weight, low, high), False))
    out.append(("flow", "0.3/0.05", flow(0.3, 0.05), True))
    for moving, still in ((0.5, 0.2), (0.5, 0.05), (0.8, 0.1), (0.3, 0.02)):
        out.append(("flow", f"{moving}/{still}", flow(moving, still), False))
    return out
