#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""What far people would gain if the network saw the part of the picture around them.

    scripts/bench/region.py PICTURES MASKS [MODEL]

For each picture of PICTURES (JPEG) with a mask of the same name in MASKS (PNG, 255 = person) it runs
the network twice at about the size that mattesegment would give it: on the whole picture, and on the box
around what the first run found, with a margin. Both mattes are scaled to the mask and cut at one half.
It prints the mean intersection over union by how much of the picture the box fills, of pictures whose
people fill less than a fifth. The box comes from the network alone, never from the mask. Needs
onnxruntime, numpy and Pillow.
"""

import sys
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

PIXELS = 208 * 160  # what the network sees, about
MULTIPLE = 16
MARGIN = 0.25  # of the box's larger side, on each side of it
LEAST = 0.3  # matte from which a pixel may be of the subject
FAR = 0.2  # people who fill less of the picture are far
SHARES = [(0.0, 0.15), (0.15, 0.3), (0.3, 0.6), (0.6, 1.01)]


def network_size(width, height):
    """Sides of the tensor for a picture, as close to its shape as the multiple allows."""
    scale = (PIXELS / (width * height)) ** 0.5
    side = lambda length: max(MULTIPLE, round(length * scale / MULTIPLE) * MULTIPLE)
    return side(width), side(height)


def matte_of(session, picture):
    """The matte of a picture, at the picture's size."""
    width, height = network_size(*picture.size)
    small = picture.resize((width, height), Image.Resampling.BOX)
    tensor = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 255
    alpha = session.run(None, {session.get_inputs()[0].name: tensor})[0]
    alpha = Image.fromarray(alpha.reshape(alpha.shape[-2:]).astype(np.float32))
    return np.asarray(alpha.resize(picture.size, Image.Resampling.BILINEAR))


def box_of(matte):
    """The box around what a matte shows, with its margin; None if that is nothing."""
    rows, columns = np.nonzero(matte >= LEAST)
    if not len(rows):
        return None
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    margin = MARGIN * max(right - left, bottom - top)
    height, width = matte.shape
    return (max(0, int(left - margin)), max(0, int(top - margin)),
            min(width, int(right + margin)), min(height, int(bottom + margin)))


def by_region(session, picture, box):
    """The matte that the network gives for a box; elsewhere nothing."""
    width, height = picture.size
    matte = np.zeros((height, width), np.float32)
    left, top, right, bottom = box
    matte[top:bottom, left:right] = matte_of(session, picture.crop(box))
    return matte


def iou(matte, truth):
    """Intersection over union at one half."""
    found = matte >= 0.5
    union = (found | truth).sum()
    return (found & truth).sum() / union if union else 1.0


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    pictures, masks = Path(sys.argv[1]), Path(sys.argv[2])
    model = sys.argv[3] if len(sys.argv) == 4 else Path(__file__).parents[2] / "models/matte.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    results = {}
    for path in sorted(pictures.glob("*.jpg")):
        mask = masks / f"{path.stem}.png"
        if not mask.exists():
            continue
        picture = Image.open(path).convert("RGB")
        truth = np.asarray(Image.open(mask).convert("L").resize(picture.size)) >= 128
        if not 0 < truth.mean() < FAR:
            continue
        whole = matte_of(session, picture)
        box = box_of(whole)
        if box is None:
            continue
        pair = iou(whole, truth), iou(by_region(session, picture, box), truth)
        share = (box[2] - box[0]) * (box[3] - box[1]) / truth.size
        held_out = zlib.crc32(path.stem.encode()) % 10 == 0
        results.setdefault(held_out, []).append((share, *pair))
    for held_out, rows in sorted(results.items(), reverse=True):
        print("never trained on" if held_out else "others")
        print("box fills | pictures | whole | region | gain")
        for low, high in SHARES:
            part = np.array([row[1:] for row in rows if low <= row[0] < high])
            if len(part):
                whole, region = part.mean(axis=0)
                print(f"{low:.0%} to {min(high, 1):.0%} | {len(part)} | {whole:.3f} | {region:.3f} "
                      f"| {region - whole:+.3f}")


if __name__ == "__main__":
    main()
