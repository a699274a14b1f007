# SPDX-License-Identifier: MPL-2.0
"""The README's picture of an edge, four times enlarged: the frame, the raw matte as it is, scaled up
bilinearly, and refined, each over plain green.

    python scripts/bench/steadiness/edge_picture.py --clip FILE --model FILE.onnx --binary FILE --out FILE.jpg
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import methods
import raws
import real

FRAMES = 32
LARGER = 4
# Places to look at, in the scaled frame: left, top, width, height.
PLACES = ((246, 60, 150, 110), (322, 178, 150, 110))
GREEN = np.float32([60, 180, 90])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True, help="movie-hello.mp4 of Debian's forensics-samples-files")
    parser.add_argument("--model", type=Path, required=True, help="the network (.onnx)")
    parser.add_argument("--binary", type=Path, required=True, help="the bench `steadiness`, built")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    clip = real.presenter(options.clip, FRAMES)
    mattes = raws.Network(options.model)(clip)
    refined = methods.Chain(options.binary, None, preset="balanced")(clip, mattes)
    frame, raw = clip.frames[-1].astype(np.float32), mattes[-1]
    columns = [None] + [cv2.resize(raw, real.SIZE, interpolation=how) for how in (cv2.INTER_NEAREST, cv2.INTER_LINEAR)]
    rows = []
    for left, top, width, height in PLACES:
        row = []
        for matte in [*columns, refined[-1]]:
            seen = frame if matte is None else matte[:, :, None] * frame + (1 - matte[:, :, None]) * GREEN
            part = seen[top : top + height, left : left + width].astype(np.uint8)
            part = cv2.resize(part, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_NEAREST)
            row.append(cv2.copyMakeBorder(part, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=(255, 255, 255)))
        rows.append(np.hstack(row))
    cv2.imwrite(str(options.out), np.vstack(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
