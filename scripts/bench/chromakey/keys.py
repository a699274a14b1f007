# SPDX-License-Identifier: MPL-2.0
"""Chroma keys of others, written anew or run, to compare with."""

import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np


def border(rgb):
    """The screen's colour: the median of the upper border."""
    return np.median(rgb[:12].reshape(-1, 3), axis=0)


def chroma(rgb):
    """Cb and Cr of 0 to 1 (BT.709, as OBS's filter has them)."""
    matrix = np.float32([[-0.100644, -0.338572, 0.439216], [0.439216, -0.398942, -0.040274]])
    return np.float32(rgb) / 255 @ matrix.T + 0.501961


def obs(similarity, smoothness):
    """The formula of OBS Studio's chroma key filter: distance of colours in Cb and Cr, averaged over
    3x3 pixels, less the similarity, over the smoothness, to the power of 1.5."""

    def run(clip, mattes):
        key = chroma(border(clip.frames[0]))
        out = []
        for rgb in clip.frames:
            distance = cv2.blur(np.linalg.norm(chroma(rgb) - key, axis=2), (3, 3))
            out.append(np.clip((distance - similarity) / smoothness, 0, 1) ** 1.5)
        return out

    return run


def textbook(tolerance):
    """Jack's key in Cb and Cr with one screen colour for the whole picture."""

    def run(clip, mattes):
        key = chroma(border(clip.frames[0])) - 0.501961
        size = np.linalg.norm(key)
        axis = key / size
        out = []
        for rgb in clip.frames:
            c = chroma(rgb) - 0.501961
            along, across = c @ axis, c @ np.float32([-axis[1], axis[0]])
            share = (along - np.abs(across)) / size
            out.append(np.clip((1 - share - tolerance) / (1 - tolerance), 0, 1))
        return out

    return run


def gstreamer(**properties):
    """GStreamer's element `alpha`, told the screen's colour."""

    def run(clip, mattes):
        height, width = clip.frames[0].shape[:2]
        r, g, b = (int(v) for v in border(clip.frames[0]))
        with tempfile.TemporaryDirectory() as folder:
            source, sink = Path(folder) / "in.yuv", Path(folder) / "out.ayuv"
            source.write_bytes(b"".join(cv2.cvtColor(f, cv2.COLOR_RGB2YUV_I420).tobytes() for f in clip.frames))
            target = [f"target-r={r}", f"target-g={g}", f"target-b={b}"]
            extra = [f"{key.replace('_', '-')}={value}" for key, value in properties.items()]
            caps = f"video/x-raw,format=AYUV,width={width},height={height}"
            subprocess.run(
                ["gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "rawvideoparse", "format=i420", f"width={width}", f"height={height}"]
                + ["!", "alpha", "method=custom", *target, *extra, "!", caps, "!", "filesink", f"location={sink}"],
                check=True,
            )
            frames = np.fromfile(sink, np.uint8).reshape(-1, height, width, 4)
        return [frame[:, :, 0].astype(np.float32) / 255 for frame in frames]

    return run


def opponents():
    """Name, method."""
    out = [("GStreamer alpha, as it is", gstreamer())]
    out += [(f"GStreamer alpha, angle {angle}, noise {noise}", gstreamer(angle=angle, noise_level=noise)) for angle in (20, 40) for noise in (8, 16)]
    out += [("OBS, as it is (0.4, 0.08)", obs(0.4, 0.08))]
    out += [(f"OBS, similarity {s}, smoothness {t}", obs(s, t)) for s in (0.01, 0.02, 0.05) for t in (0.04, 0.08)]
    out += [(f"textbook key, tolerance {t}", textbook(t)) for t in (0.1, 0.2, 0.3)]
    return out
