#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Encoders of FFmpeg (PyAV 16.0.1): a frame that was put in twice comes out as two different pictures.
# One would expect blocks that are skipped, so the same bytes. But the encoder spends what is left of
# its bits on the repeat: it refines what the first one got coarsely.
#
# Seen, for 30 noisy pictures that were each encoded twice in a row: with H.264 (libx264, default settings
# and crf 18) no repeat is equal, and pixels differ by up to 19 of 255; with MPEG-4 part 2, about ten are
# equal. On average a repeat differs by 0.06 of 255 at most, a new picture by 0.8 or more.
# It matters here because webcams double frames in dim light. Who asks whether two frames are equal
# finds none in a recording; matterefine compares the difference with the sensor's noise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check av==16.0.1 numpy==2.3.5
cat >try.py <<'PYTHON'
import io

import av
import numpy as np

PICTURES, WIDTH, HEIGHT = 30, 320, 240
random = np.random.default_rng(1)
blocks = np.kron(random.integers(40, 200, (12, 16)), np.ones((20, 20)))


def picture(n):
    """Blocks, a rectangle that moves, and a sensor's noise."""
    out = blocks.copy()
    out[60:180, 40 + 2 * n : 140 + 2 * n] = 200 - blocks[60:180, 40:140] / 2
    out = np.clip(out + random.normal(0, 3, out.shape), 0, 255).astype(np.uint8)
    return av.VideoFrame.from_ndarray(np.repeat(out[:, :, None], 3, 2), "rgb24").reformat(format="yuv420p")


def decoded(codec, options):
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for n in range(PICTURES):
            frame = picture(n)
            for repeat in range(2):
                frame.pts = 2 * n + repeat
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return [frame.to_ndarray(format="gray").astype(int) for frame in av.open(file).decode(video=0)]


for codec, options in (("libx264", {}), ("libx264", {"crf": "18"}), ("mpeg4", {"qscale": "4"})):
    frames = decoded(codec, options)
    assert len(frames) == 2 * PICTURES, len(frames)
    changes = [np.abs(b - a) for a, b in zip(frames, frames[1:])]
    repeats, news = changes[::2], changes[1::2]
    equal = sum(not change.any() for change in repeats)
    mean, new = (np.mean([change.mean() for change in part]) for part in (repeats, news))
    most = max(change.max() for change in repeats)
    print(f"{codec}: {equal} of {PICTURES} repeats are equal; they differ by {mean:.2f} on average, "
          f"{most} at most; new pictures by {new:.2f}")
    assert equal < PICTURES and mean < 0.1 and most >= 5 and new > 0.5, codec
    assert codec != "libx264" or equal == 0
PYTHON
venv/bin/python try.py
