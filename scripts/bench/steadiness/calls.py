# SPDX-License-Identifier: MPL-2.0
"""Clips made of pictures of people in video calls, as a call's receiver sees them: a small camera
that is scaled up, sensor noise, exposure that hunts, a push against the table, and a codec that
refreshes the whole picture now and then.

The person holds still. So everything that the matte does while the table is at rest is a fault.
"""

import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

from clips import Clip, read, sensor

FOLDER = "scenario/webcam_calls_ccbysa"  # its people are in no training set
COUNT = 6
WIDTH = 640
FRAMES, FPS = 150, 30
PUSH = 60  # the frame at which the table is pushed
SWING, DAMPING, PERIOD = 6.0, 8.0, 11.0  # pixels, frames until a third is left, frames
HUNT = (100, 140)  # frames between which the exposure goes down by HUNT_DEPTH and comes back
HUNT_DEPTH = 0.06
BITRATE, REFRESH = 500_000, 50  # of the codec: bits a second, frames between whole pictures


def clips(data, seed=7):
    """The clips, from every fourth picture."""
    paths = sorted((data / FOLDER).glob("*.jpg"))
    for n, path in enumerate(paths[:: max(len(paths) // COUNT, 1)][:COUNT]):
        yield Clip(f"call-{n + 1}", "call", float(FPS), sent(list(filmed(read(path), np.random.default_rng(seed + n)))))


def filmed(picture, random):
    """What the camera gives."""
    height = round(picture.shape[0] * WIDTH / picture.shape[1] / 4) * 4
    picture = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_LANCZOS4)
    for n in range(FRAMES):
        since = n - PUSH
        swing = SWING * np.exp(-since / DAMPING) * np.sin(2 * np.pi * since / PERIOD) if since >= 0 else 0.0
        move = np.float32([[1, 0, swing], [0, 1, 0.4 * swing]])
        frame = cv2.warpAffine(picture, move, (WIDTH, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        passed = np.clip((n - HUNT[0]) / (HUNT[1] - HUNT[0]), 0, 1)
        gain = 1 - HUNT_DEPTH * np.sin(np.pi * passed)
        yield sensor(np.clip(frame * gain, 0, 255).astype(np.uint8), random, quality=90)


def sent(frames):
    """The frames through VP8, as a call sends them."""
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "in", Path(folder) / "out"
        before.write_bytes(b"".join(cv2.cvtColor(f, cv2.COLOR_RGB2YUV_I420).tobytes() for f in frames))
        # A speed that is fixed: by default the encoder takes what the machine has time for.
        line = (
            f"filesrc location={before} blocksize={width * height * 3 // 2} ! "
            f"rawvideoparse format=i420 width={width} height={height} framerate={FPS}/1 ! "
            f"vp8enc deadline=1 cpu-used=-6 threads=1 end-usage=cbr target-bitrate={BITRATE} keyframe-max-dist={REFRESH} ! "
            f"vp8dec ! video/x-raw,format=I420 ! filesink location={after}"
        )
        subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
        data = np.fromfile(after, np.uint8).reshape(-1, height * 3 // 2, width)
    if len(data) != len(frames):
        raise SystemExit(f"VP8 gave {len(data)} of {len(frames)} frames")
    return [cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420) for i420 in data]
