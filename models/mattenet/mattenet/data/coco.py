# SPDX-License-Identifier: MPL-2.0
"""Loader for COCO JSON: polygons, run-length masks (plain and compressed), crowds as untrusted regions.

Format: https://cocodataset.org/#format-data; the compressed counts are LEB128-like, 5 bits a character,
differences to the count two before from the third on (pycocotools, maskApi.c, rleFrString).
"""

from __future__ import annotations

import json
import pathlib
from collections import defaultdict

import cv2
import numpy as np

from mattenet.data.item import Item
from mattenet.errors import UserError

PERSON = "person"


def counts_of(text: str) -> list[int]:
    """Run lengths from COCO's compressed string."""
    counts: list[int] = []
    position = 0
    while position < len(text):
        value = shift = 0
        more = True
        while more:
            if position >= len(text):
                raise ValueError("compressed run lengths end in the middle of a number")
            code = ord(text[position]) - 48
            value |= (code & 0x1F) << shift
            more = bool(code & 0x20)
            position, shift = position + 1, shift + 5
            if not more and code & 0x10:
                value |= -1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def decode_rle(rle: dict) -> np.ndarray:
    """Mask uint8 HxW (0 or 1) of a COCO RLE; runs go down the columns and start with background."""
    height, width = rle["size"]
    counts = counts_of(rle["counts"]) if isinstance(rle["counts"], str) else rle["counts"]
    if sum(counts) != height * width or min(counts, default=0) < 0:
        raise ValueError(f"run lengths sum to {sum(counts)}, expected {height}x{width}")
    values = np.arange(len(counts), dtype=np.uint8) % 2
    return np.repeat(values, counts).reshape(width, height).T


def _region(annotation: dict, size: tuple[int, int], height: int, width: int) -> np.ndarray:
    """One annotation as uint8 0/1 at height x width; `size` is (height, width) in the JSON's pixels."""
    shape = annotation["segmentation"]
    if isinstance(shape, dict):
        mask = decode_rle(shape)
        return mask if mask.shape == (height, width) else cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width / size[1], height / size[0]])
    for ring in shape:
        # 4 fractional bits: polygons are given to a hundredth of a pixel.
        points = np.round(np.array(ring, float).reshape(-1, 2) * scale * 16).astype(np.int32)
        cv2.fillPoly(mask, [points], 1, shift=4)
    return mask


def load(root: pathlib.Path, folder: str, annotations: str) -> list[Item]:
    """Items of `root`/`folder`; pictures without a person come as empty ones."""
    file = root / folder / annotations
    try:
        content = json.loads(file.read_text())
        people = {c["id"] for c in content["categories"] if c["name"] == PERSON}
        images = {i["id"]: (i["file_name"], i["height"], i["width"]) for i in content["images"]}
        by_image = defaultdict(list)
        for annotation in content["annotations"]:
            if annotation["category_id"] in people:
                by_image[annotation["image_id"]].append(annotation)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise UserError(f"{file}: not COCO JSON (missing or wrong: {error})") from error
    if not people:
        raise UserError(f"{file}: no category is named '{PERSON}'")

    def drawer(key):
        _, rows, columns = images[key]

        def draw(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
            alpha = np.zeros((height, width), np.uint8)
            confidence = np.full((height, width), 255, np.uint8)
            for annotation in by_image[key]:
                try:
                    region = _region(annotation, (rows, columns), height, width)
                except (KeyError, ValueError, TypeError) as error:
                    raise UserError(f"{file}: annotation {annotation.get('id')}: {error}") from error
                if annotation.get("iscrowd"):
                    confidence[region > 0] = 0
                else:
                    alpha[region > 0] = 255
            confidence[alpha > 0] = 255
            return alpha, confidence

        return draw

    base = root / folder
    inner = base / "images" if (base / "images").is_dir() else base
    return [Item(folder, pathlib.Path(name).stem, inner / name, draw=drawer(key)) for key, (name, _, _) in sorted(images.items())]
