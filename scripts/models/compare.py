#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Compares our mattes with those of Python's onnxruntime, model by model.

usage: compare.py MATTE_PROGRAM MODELS_FOLDER PICTURE [NAME...]
       needs the PyPI packages numpy, onnxruntime and pillow

MATTE_PROGRAM is `cargo build --example matte`. The picture is brought to each model's own size first, so
that sampling changes nothing and only what follows is compared: normalisation, layout, states, decoding.
The preprocessing here is written down by hand from each model's publication, not read from descriptors.
Fails where any pixel differs by more than 2/255.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

LIMIT = 2
PASSES = 3


def unit(x):
    return x / 255


def imagenet(x):
    return (x / 255 - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])


def stretched(y):
    return (y - y.min()) / (y.max() - y.min())


def same(y):
    return y


# name: width, height, what is done to code values, what is done to the output
MODELS = {
    "mp_selfie_landscape": (256, 144, unit, same),
    "mp_selfie_general": (256, 256, unit, same),
    "rvm_mnv3": (256, 144, unit, same),
    "rvm_mnv3_512": (512, 288, unit, same),
    "modnet": (512, 512, lambda x: x / 127.5 - 1, same),
    "u2netp": (320, 320, imagenet, stretched),
    "u2net": (320, 320, imagenet, stretched),
    "isnet": (1024, 1024, lambda x: (x - 128) / 256, same),
}


def reference(path, picture, normalise, finish):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = normalise(np.asarray(picture, np.float32)).astype(np.float32).transpose(2, 0, 1)[None]
    first, *states = session.get_inputs()
    feeds = {state.name: np.zeros(state.shape, np.float32) for state in states}
    names = [session.get_outputs()[0].name, *(state.name.replace("i", "o") for state in states)]
    for _ in range(PASSES if states else 1):
        output, *after = session.run(names, {first.name: image, **feeds})
        feeds = dict(zip(feeds, after))
    return np.clip(finish(output[0, 0]), 0, 1) * 255


def main(program, folder, picture, *names):
    picture, failed = Image.open(picture).convert("RGB"), False
    for name in names or MODELS:
        width, height, normalise, finish = MODELS[name]
        path = pathlib.Path(folder) / f"{name}.onnx"
        if not path.exists():
            raise SystemExit(f"{path} is missing: scripts/fetch-models.sh {name}")
        small = picture.resize((width, height), Image.Resampling.BOX)
        expected = reference(path, small, normalise, finish)
        with tempfile.TemporaryDirectory() as temporary:
            source, target = f"{temporary}/in.png", f"{temporary}/out.png"
            small.save(source)
            passes = str(PASSES if name.startswith("rvm") else 1)
            subprocess.run([program, path, source, target, passes], check=True, stdout=subprocess.DEVNULL)
            found = np.asarray(Image.open(target), np.float32)
        if found.shape != expected.shape:
            raise SystemExit(f"{name}: {found.shape}, expected {expected.shape}")
        worst = np.abs(found - expected).max()
        failed |= worst > LIMIT
        print(f"{name:22}{width}x{height:<6}largest difference {worst:.3f}/255", flush=True)
    if failed:
        raise SystemExit("some model differs by more than the limit")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
