#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Compares our mattes with those of Python's onnxruntime, model by model.

usage: compare.py MATTE_PROGRAM MODELS_FOLDER TINY_FOLDER PICTURE [NAME...]
       needs the PyPI packages of compare-requirements.txt

MATTE_PROGRAM is `cargo build --example matte`; TINY_FOLDER is tests/models, whose models stand for
kinds that no public model of the catalogue has. The picture is brought to each model's own size
first, so that sampling changes nothing and only what follows is compared: normalisation, layout,
states, decoding. The preprocessing here is written down by hand from each model's publication, not
read from descriptors. Models that are not in MODELS_FOLDER are left out, named and counted. Prints
a TAP line per model. It fails if a pixel differs by more than 1/255, or if there was no public model
to compare, unless MATTE_TEST_MODELS is `none`, which compares only the tiny models.
With MATTE_MODELS_PAGE set to docs/models.md it also writes the table there.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

LIMIT = 1
BEGIN, END = "<!-- compare.py writes this -->", "<!-- until here -->"
PASSES = 3


def unit(x):
    return x / 255


def imagenet(x):
    return (x / 255 - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])


def sinet(x):
    blue_first = x[..., ::-1] - np.float32([102.890434, 111.25247, 126.91212])
    return blue_first / np.float32([62.93292, 62.82138, 66.355705]) / 255


def stretched(y):
    return (y - y.min()) / (y.max() - y.min())


def same(y):
    return y


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis):
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def luma(x):
    return (x / 255) @ np.float32([0.299, 0.587, 0.114])


class Case:
    """A model: its size, how code values (height x width x RGB) become its input, how the named or
    first output becomes a matte, constant inputs, a description for ours. A bare one has no
    description at all; `several` gets all outputs to make a matte of."""

    def __init__(self, size, prepare, finish, output=None, extras=None, toml=None, file=None, element=np.float32,
                 bare=False, several=False):
        self.size, self.prepare, self.finish = size, prepare, finish
        self.output, self.extras, self.toml = output, extras or {}, toml
        self.file, self.element, self.bare, self.several = file, element, bare, several


def planes(normalise):
    """Channels first."""
    return lambda x: normalise(x).transpose(2, 0, 1)[None]


def alpha(y):
    return y[0, 0]


def ratio(value):
    return {"downsample_ratio": [value]}


QUARTER = """
[input]
name = "src"
range = [0.0, 1.0]
multiple = 8
pixels = 2073600
[output]
name = "pha"
kind = "alpha"
[extra]
downsample_ratio = 0.25
"""

PUBLIC = {
    "mp_selfie_landscape": Case((256, 144), planes(unit), alpha),
    "mp_selfie_general": Case((256, 256), planes(unit), alpha),
    "rvm_mnv3": Case((256, 144), planes(unit), alpha),
    "rvm_mnv3_512": Case((512, 288), planes(unit), alpha),
    # Full size in and out, the network itself on 480x270, whose halves are odd.
    "rvm_mnv3_hd": Case((1280, 720), planes(unit), alpha, output="pha", extras=ratio(0.375)),
    "rvm_mnv3_hd, tall": Case((720, 1280), planes(unit), alpha, output="pha", extras=ratio(0.375), file="rvm_mnv3_hd"),
    "rvm_mnv3_hd, a quarter": Case((1920, 1080), planes(unit), alpha, output="pha", extras=ratio(0.25),
                                   file="rvm_mnv3_hd", toml=QUARTER),
    "modnet": Case((512, 512), planes(lambda x: x / 127.5 - 1), alpha),
    # A size that the model leaves open comes from the picture: here a wide and a tall one.
    "modnet, wide": Case((672, 384), planes(lambda x: x / 127.5 - 1), alpha, file="modnet"),
    "modnet, tall": Case((384, 672), planes(lambda x: x / 127.5 - 1), alpha, file="modnet"),
    "u2netp": Case((320, 320), planes(imagenet), lambda y: stretched(y[0, 0])),
    "u2net": Case((320, 320), planes(imagenet), lambda y: stretched(y[0, 0])),
    "isnet": Case((1024, 1024), planes(lambda x: (x - 128) / 256), alpha),
    "pphumanseg": Case((398, 224), planes(lambda x: (x / 255 - 0.5) / 0.5), lambda y: y[0, 1]),
    "sinet": Case((320, 320), planes(sinet), lambda y: y[0, 1]),
    "deeplabv3": Case((257, 257), planes(lambda x: x / 127.5 - 1), lambda y: softmax(y, 1)[0, 15]),
    "deeplabv3, three classes": Case((257, 257), planes(lambda x: x / 127.5 - 1),
                                     lambda y: softmax(y, 1)[0, [9, 15, 20]].sum(0), file="deeplabv3",
                                     toml="[input]\nrange = [-1, 1]\n[output]\nsubject = [9, 15, 20]\n"),
    # Channels last; the matte is a sixteenth of the picture.
    "bodypix": Case((512, 288), lambda x: (x / 127.5 - 1)[None], lambda y: sigmoid(y[0, :, :, 0]), output="segments"),
    "bodypix, tall": Case((288, 512), lambda x: (x / 127.5 - 1)[None], lambda y: sigmoid(y[0, :, :, 0]),
                          output="segments", file="bodypix"),
}

PUBLIC |= {
    "isnet_small": Case((1024, 1024), planes(lambda x: (x - 128) / 256), alpha),
    "sinet_scores": Case((320, 320), planes(sinet), lambda y: softmax(y, 1)[0, 1]),
    "sinet_simple": Case((320, 320), planes(sinet), lambda y: y[0, 1]),
    "mp_selfie_general_last": Case((256, 256), lambda x: unit(x)[None], lambda y: y[0, :, :, 0]),
    "mp_selfie_landscape_last": Case((256, 144), lambda x: unit(x)[None], lambda y: y[0, :, :, 0]),
    "prisma": Case((256, 256), planes(unit), alpha),
    "prisma_deepstream": Case((256, 256), planes(unit), alpha),
    "prisma_lite": Case((256, 256), planes(unit), lambda y: y.reshape(256, 256)),
    "prisma_half": Case((256, 256), planes(unit), lambda y: y.reshape(256, 256)),
    "prisma_tri": Case((256, 256), planes(unit), lambda y: y.reshape(256, 256)),
    "slimnet": Case((512, 512), planes(unit), lambda y: softmax(y, 1)[0, 1]),
    "mnv3_portrait": Case((256, 256), planes(unit), lambda y: softmax(y, 1)[0, 1]),
} | {name: Case((513, 513), planes(lambda x: x / 127.5 - 1), lambda y: softmax(y, 1)[0, 1])
     for name in ("deeplab_portrait", "deeplab_portrait_deepstream", "deeplab_portrait_lite")}

# Recognised by their files alone.
PUBLIC |= {f"{name}, no description": Case(case.size, case.prepare, case.finish, output=case.output, file=name, bare=True)
           for name, case in PUBLIC.items()
           if name in ("mp_selfie_landscape", "mp_selfie_general", "modnet", "u2netp", "u2net", "isnet", "rvm_mnv3",
                       "pphumanseg", "sinet", "sinet_scores", "sinet_simple", "mp_selfie_general_last",
                       "mp_selfie_landscape_last", "deeplab_portrait", "deeplab_portrait_deepstream")}

RATIO = "[extra]\nratio = 0.5\n[input]\nmultiple = 16\npixels = 36864\n"
VOC = "[output]\nsubject = [{}]\n[input]\nmultiple = 16\npixels = 36864\n"

def scores(x):
    """Numbers that a sigmoid has something to decide about, -4 to 4."""
    return x / 255 * 8 - 4


SCORES = "[input]\nrange = [-4, 4]\n"


def with_fourth(x):
    return np.concatenate([planes(unit)(x), np.full((1, 1, *x.shape[:2]), 0.5)], 1)


def first_of_two(x):
    return np.concatenate([planes(scores)(x), np.zeros((1, 3, *x.shape[:2]))])


def masks(found, prototypes):
    """The strongest mask of each pixel. A row of `found`: corners of a box, score, class, coefficients."""
    found = found[(found[:, 5] == 0) & (found[:, 4] >= 0.25)]
    found = found[np.argsort(-found[:, 4], kind="stable")][:300]
    rows, columns = np.mgrid[: prototypes.shape[2], : prototypes.shape[3]] * 4
    matte, kept = np.zeros(rows.shape, np.float32), []
    for row in found:
        left, top, right, bottom = row[:4]

        def shared(other):
            both = np.maximum(np.minimum(row[2:4], other[2:4]) - np.maximum(row[:2], other[:2]), 0).prod()
            return both / ((row[2:4] - row[:2]).prod() + (other[2:4] - other[:2]).prod() - both)

        if any(shared(other) > 0.7 for other in kept):
            continue
        kept.append(row)
        inside = (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom)
        matte = np.maximum(matte, sigmoid(np.tensordot(row[6:], prototypes[0], 1)) * inside)
    return matte


def instances(boxes, prototypes):
    """Detections with the middle of their box and its size, and a score for each class."""
    boxes = boxes[0].T
    scores = boxes[:, 4 : boxes.shape[1] - prototypes.shape[1]]
    corners = [boxes[:, :2] - boxes[:, 2:4] / 2, boxes[:, :2] + boxes[:, 2:4] / 2]
    person = [scores[:, :1], np.zeros((len(boxes), 1), np.float32)]
    return masks(np.hstack([*corners, *person, boxes[:, -prototypes.shape[1] :]]), prototypes)


def best_instances(boxes, prototypes):
    """The best detections, chosen by the network."""
    return masks(boxes[0], prototypes)


def person(y):
    return softmax(y, 1)[0, 1]


def signed(x):
    return x / 127.5 - 1


# Seeded files of families of which no real one is in a package: recognised by their files alone.
FAMILIES = {
    "BiRefNet": Case((1024, 1024), planes(imagenet), alpha, file="family_birefnet"),
    "RMBG-2.0": Case((1024, 1024), planes(imagenet), alpha, file="family_rmbg2"),
    "SegFormer of ADE20K": Case((512, 512), planes(imagenet), lambda y: softmax(y, 1)[0, 12], file="family_segformer"),
    "SegFormer of Cityscapes": Case((1024, 512), planes(imagenet), lambda y: softmax(y, 1)[0, 11],
                                    file="family_segformer_city"),
    "DeepLab of torchvision": Case((520, 520), planes(imagenet), lambda y: softmax(y, 1)[0, 15],
                                   file="family_torchvision"),
    "DeepLab of TensorFlow": Case((256, 144), lambda x: x[None], lambda y: y[0] == 15, file="family_deeplab_tf",
                                  element=np.uint8),
    "PP-HumanSeg, 192x192": Case((192, 192), planes(signed), lambda y: y[0, 1], file="family_pphumanseg"),
    "RobustVideoMatting of half floats, recurrent": Case((256, 144), planes(unit), alpha, output="pha",
                                                         file="family_rvm_half", element=np.float16),
    "YOLO for semantic segmentation": Case((640, 640), planes(unit), person, file="family_yolo_sem"),
    "YOLO 11 for instances": Case((640, 640), planes(unit), instances, file="family_yolo_seg", several=True),
    "YOLO 26 for instances, the best chosen inside": Case((640, 640), planes(unit), best_instances,
                                                          file="family_yolo26_seg", several=True),
}
for case in FAMILIES.values():
    case.bare = True

TINY = {
    "a range in the graph": Case((8, 6), planes(same), alpha, file="fed_bytes"),
    "ImageNet's means in the graph": Case((8, 6), planes(same), alpha, file="fed_imagenet_rgb"),
    "ImageNet's means in the graph, blue first": Case((8, 6), planes(lambda x: x[..., ::-1]), alpha,
                                                      file="fed_imagenet_bgr"),
    "batch normalisation first": Case((8, 6), planes(same), alpha, file="fed_layer"),
    "-1 to 1 in the graph": Case((8, 6), planes(lambda x: x / 127.5 - 1), alpha, file="fed_signed"),
    "turned over, as described": Case((8, 6), planes(lambda x: 1 - unit(x)), alpha, file="fed_turned",
                                      toml="[input]\nrange = [1, 0]\n"),
    "an alpha of the last convolution": Case((8, 6), planes(unit), alpha, file="given_conv"),
    "background's probability": Case((8, 6), planes(unit), lambda y: 1 - alpha(y), file="given_background",
                                     toml="[output]\nrange = [1, 0]\n"),
    "scores in bytes": Case((8, 6), planes(scores), lambda y: sigmoid((y[0, 0] - 128) * 0.05), file="given_logits_u8",
                            toml=SCORES),
    "scores in signed bytes": Case((8, 6), planes(scores), lambda y: sigmoid(y[0, 0] * 0.05), file="given_logits_i8",
                                   toml=SCORES),
    "classes in bytes": Case((8, 6), planes(scores), lambda y: softmax((y - 100) * 0.05, 1)[0, 1],
                             file="given_classes_u8", toml=SCORES),
    "softmax in signed bytes": Case((8, 6), planes(unit), lambda y: (y[0, 1] + 128) / 256, file="given_softmax_i8"),
    "logarithms of probabilities": Case((8, 6), planes(scores), lambda y: np.exp(y[0, 1]), file="given_log", toml=SCORES),
    "an alpha for each class": Case((8, 6), planes(unit), lambda y: y[0, 1], file="given_each"),
    "labels and what they are made of": Case((8, 6), planes(unit), lambda y: y[0, 1], file="given_two", output="shares"),
    "a batch of two": Case((8, 6), first_of_two, alpha, file="batch", toml=SCORES),
    "a fourth channel": Case((8, 6), with_fourth, alpha, file="fourth", toml="[input]\nfourth = 0.5\n"),
    "instances": Case((32, 24), planes(unit), instances, file="instances", several=True),
    "alpha": Case((8, 6), planes(unit), alpha),
    "logits": Case((8, 6), planes(unit), lambda y: sigmoid(y[0, 0])),
    "classes": Case((8, 6), planes(unit), lambda y: softmax(y, 1)[0, 1]),
    "classes, the other": Case((8, 6), planes(unit), lambda y: softmax(y, 1)[0, 0],
                               toml="[output]\nsubject = [0]\n", file="classes"),
    # As SINet takes its picture.
    "blue first, mean and deviation": Case(
        (8, 6), planes(lambda x: (unit(x)[..., ::-1] - np.float32([0.4, 0.45, 0.5])) / np.float32([0.2, 0.25, 0.3])),
        lambda y: softmax(y, 1)[0, 1], file="classes",
        toml='[input]\norder = "bgr"\nmean = [0.4, 0.45, 0.5]\nstd = [0.2, 0.25, 0.3]\n'),
    # As PP-HumanSeg does.
    "softmax, -1 to 1": Case((8, 6), planes(lambda x: x / 127.5 - 1), lambda y: y[0, 1], file="softmax",
                             toml="[input]\nrange = [-1, 1]\n"),
    "softmax": Case((8, 6), planes(unit), lambda y: y[0, 1]),
    "labels": Case((8, 6), planes(unit), lambda y: (y[0] == 1).astype(np.float32)),
    "labels, two of three": Case((8, 6), planes(unit), lambda y: (y[0] != 1).astype(np.float32),
                                 toml='[output]\nsubject = ["background", "cat"]\n', file="labels"),
    "21 classes": Case((256, 144), planes(unit), lambda y: softmax(y, 1)[0, 15], file="open_classes"),
    "21 classes, three of them": Case((256, 144), planes(unit), lambda y: softmax(y, 1)[0, [8, 12, 15]].sum(0),
                                      toml=VOC.format("8, 12, 15"), file="open_classes"),
    "channels last": Case((8, 6), lambda x: unit(x)[None], lambda y: y[0, :, :, 0], file="nhwc"),
    "half floats": Case((8, 6), planes(unit), alpha, file="half", element=np.float16),
    "bytes": Case((8, 6), planes(same), lambda y: y[0, 0] / np.float32(255), file="bytes", element=np.uint8),
    "gray, tall": Case((144, 256), lambda x: luma(x)[None, None], alpha, file="gray"),
    "gray, wide": Case((256, 144), lambda x: luma(x)[None, None], alpha, file="gray"),
    "minmax": Case((8, 6), planes(unit), lambda y: stretched(y[0, 0])),
    "recurrent": Case((256, 144), planes(unit), alpha, output="pha", extras={"ratio": [0.5]}, toml=RATIO),
    "downsample ratio": Case((256, 144), planes(unit), alpha, output="pha", extras={"ratio": [0.5]},
                             toml=RATIO, file="downsample"),
}


def reference(path, case, picture):
    """What Python makes of it, 0 to 255; the number of passes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = np.ascontiguousarray(case.prepare(np.asarray(picture, np.float32)).astype(case.element))
    first, *others = session.get_inputs()
    extras = {name: np.float32(values) for name, values in case.extras.items()}
    states = [other for other in others if other.name not in extras]
    # Open sides begin as 1.
    float_type = np.float16 if case.element == np.float16 else np.float32
    feeds = {s.name: np.zeros([d if isinstance(d, int) else 1 for d in s.shape], float_type) for s in states}
    after = {s.name: s.name.replace("_in", "_out") if "_in" in s.name else s.name.replace("i", "o") for s in states}
    output = case.output or session.get_outputs()[0].name
    passes = PASSES if states else 1
    if case.several:
        return np.clip(case.finish(*session.run(None, {first.name: image})), 0, 1) * 255, passes
    for _ in range(passes):
        found, *new = session.run([output, *after.values()], {first.name: image, **feeds, **extras})
        feeds = dict(zip(after, new))
    return np.clip(case.finish(found.astype(np.float32)), 0, 1) * 255, passes


def ours(program, path, case, picture, passes):
    """What our code makes of it."""
    with tempfile.TemporaryDirectory() as temporary:
        source, target = f"{temporary}/in.png", f"{temporary}/out.png"
        picture.save(source)
        if case.toml or case.bare:
            # Beside a copy of its own, no other description is found.
            path = shutil.copy(path, temporary)
        if case.toml:
            pathlib.Path(path).with_suffix(".toml").write_text(case.toml)
        command = [program, path, source, target, str(passes)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return np.asarray(Image.open(target), np.float32)


def write_table(rows):
    """Puts the results into the page that MATTE_MODELS_PAGE names, between its two marks."""
    page = pathlib.Path(os.environ["MATTE_MODELS_PAGE"])
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    table = ["| model | size | largest difference |", "| --- | --- | --- |"]
    table += [f"| {name} | {width}x{height} | {worst:.3f}/255 |" for name, (width, height), worst in rows]
    page.write_text(before + BEGIN + "\n" + "\n".join(table) + "\n" + END + after)


def main(program, public, tiny, picture, *names):
    picture, failed, compared, missing = Image.open(picture).convert("RGB"), False, set(), set()
    rows = []
    cases = [(name, case, public) for name, case in PUBLIC.items()]
    cases += [(f"seeded: {name}, no description", case, tiny) for name, case in FAMILIES.items()]
    cases += [(f"tiny: {name}", case, tiny) for name, case in TINY.items()]
    for name, case, folder in cases:
        file = case.file or name.removeprefix("tiny: ")
        if names and file not in names and folder == public:
            continue
        path = pathlib.Path(folder) / f"{file}.onnx"
        if not path.exists() and folder == public:
            if file not in missing:
                print(f"# {file}: not fetched (scripts/fetch-models.sh {file})", flush=True)
            missing.add(file)
            continue
        if folder == public:
            compared.add(file)
        small = picture.resize(case.size, Image.Resampling.BOX)
        expected, passes = reference(path, case, small)
        found = ours(program, path, case, small, passes)
        same_size = found.shape == expected.shape
        worst = np.abs(found - expected).max() if same_size else np.inf
        good = worst <= LIMIT
        failed |= not good
        rows.append((name, case.size, worst))
        width, height = case.size
        size = "" if same_size else f", but {found.shape} for {expected.shape}"
        print(f"{'ok' if good else 'not ok'} {name} {width}x{height}: largest difference {worst:.3f}/255{size}", flush=True)
    if os.environ.get("MATTE_MODELS_PAGE"):
        write_table(rows)
    left_out = f", not fetched: {', '.join(sorted(missing))}" if missing else ""
    print(f"# {len(compared)} of {len(compared | missing)} public models compared{left_out}", flush=True)
    if failed:
        raise SystemExit("some model differs by more than the limit")
    if not compared and os.environ.get("MATTE_TEST_MODELS") != "none":
        raise SystemExit("not ok: no public model was compared (MATTE_TEST_MODELS=none if there is no network)")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
