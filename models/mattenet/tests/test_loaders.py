# SPDX-License-Identifier: MPL-2.0
import json
import os
import pathlib

import cv2
import numpy as np
import pytest
from conftest import disc, write

from mattenet.data import cache, coco, folders, item, splits, unlabelled
from mattenet.data.config import DataConfig, SourceConfig, sources
from mattenet.errors import UserError
from mattenet.train.pictures import held_out, training_pictures


def test_masks_of_every_kind_become_alpha(tmp_path):
    image, alpha = disc(40, 60, 1)
    rgba = np.dstack([image, alpha])
    kinds = {"gray": alpha, "ones": (alpha > 127).astype(np.uint8), "colour": np.dstack([alpha] * 3), "cutout": rgba}
    for name, mask in kinds.items():
        write(tmp_path / f"set/images/{name}.png", image)
        (tmp_path / "set/masks").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / f"set/masks/{name}.png"), mask)
    found = folders.masks(tmp_path, "set", tmp_path / "none")
    assert sorted(i.name for i in found) == sorted(kinds)
    for one in found:
        rgb, a, confidence = item.load(one, 512)
        assert rgb.shape == (40, 60, 3) and (confidence == 255).all()
        assert np.array_equal(a >= 128, alpha >= 128), one.name


def test_missing_and_misshapen_masks_are_named(tmp_path):
    image, alpha = disc(40, 60, 1)
    write(tmp_path / "set/images/a.png", image)
    with pytest.raises(UserError, match="no mask for the picture a"):
        folders.masks(tmp_path, "set", tmp_path)
    write(tmp_path / "set/masks/a.png", alpha[:, :30])
    with pytest.raises(UserError, match="60x40, its mask 30x40"):
        item.load(folders.masks(tmp_path, "set", tmp_path)[0], 512)
    (tmp_path / "set/images/a.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match="not a picture"):
        unlabelled.read(tmp_path / "set/images/a.png")
    with pytest.raises(UserError, match="no such folder"):
        unlabelled.pictures(tmp_path / "nowhere")


def test_reading_makes_smaller_never_larger(tmp_path):
    write(tmp_path / "a.png", disc(40, 60, 1)[0])
    assert unlabelled.read(tmp_path / "a.png", 30).shape == (20, 30, 3)
    assert unlabelled.read(tmp_path / "a.png", 600).shape == (40, 60, 3)


def test_coarse_polygons_are_trusted_less_at_their_edge(tmp_path):
    image, alpha = disc(60, 60, 2)
    write(tmp_path / "s/images/a.png", image)
    write(tmp_path / "s/masks/a.png", alpha)
    one = folders.masks(tmp_path, "s", tmp_path)[0]
    confidence = item.load(one, 512, edge_trust=0.4)[2]
    edge = (alpha > 20) & (alpha < 235)
    assert (confidence[edge] == 102).all() and confidence[0, 0] == 255


def rle_string(counts):
    """COCO's compressed counts, written from the format's description."""
    text = ""
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            code, value = value & 0x1F, value >> 5
            more = value != (-1 if code & 0x10 else 0)
            text += chr((code | (0x20 if more else 0)) + 48)
            if not more:
                break
    return text


def coco_file(tmp_path, annotations):
    write(tmp_path / "c/one.png", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / "c/two.png", np.zeros((20, 30, 3), np.uint8))
    content = {
        "categories": [{"id": 7, "name": "person"}, {"id": 8, "name": "dog"}],
        "images": [{"id": 1, "file_name": "one.png", "height": 20, "width": 30}, {"id": 2, "file_name": "two.png", "height": 20, "width": 30}],
        "annotations": annotations}
    (tmp_path / "c/annotations.json").write_text(json.dumps(content))
    return coco.load(tmp_path, "c", "annotations.json")


def test_coco_polygons_run_lengths_and_crowds(tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[4:9, 20:26] = 1
    flat = mask.T.ravel()
    runs = np.diff(np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1], [True]]))).tolist()
    crowd = np.zeros((20, 30), np.uint8)
    crowd[12:, 22:] = 1
    flat = crowd.T.ravel()
    crowd_runs = np.diff(np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1], [True]]))).tolist()
    found = coco_file(tmp_path, [
        {"id": 1, "image_id": 1, "category_id": 7, "segmentation": [[2, 3, 11, 3, 11, 12, 2, 12]]},
        {"id": 2, "image_id": 1, "category_id": 7, "segmentation": {"size": [20, 30], "counts": rle_string(runs)}},
        {"id": 3, "image_id": 1, "category_id": 7, "iscrowd": 1, "segmentation": {"size": [20, 30], "counts": crowd_runs}},
        {"id": 4, "image_id": 1, "category_id": 8, "segmentation": [[14, 14, 18, 14, 18, 18]]}])
    _, alpha, confidence = item.load(found[0], 512)
    assert (alpha[4:12, 3:11] == 255).all() and (alpha[mask > 0] == 255).all()
    assert not alpha[13:, 12:22].any(), "a dog is no person"
    assert (confidence[crowd > 0] == 0).all() and (confidence[crowd == 0] == 255).all()
    assert not item.load(found[1], 512)[1].any(), "a picture without annotations has no person"


def test_compressed_run_lengths_round_trip():
    rng = np.random.default_rng(3)
    for _ in range(20):
        counts = rng.integers(1, 5000, rng.integers(1, 30)).tolist()
        assert coco.counts_of(rle_string(counts)) == counts
    with pytest.raises(ValueError, match="middle of a number"):
        coco.counts_of("o")


def test_damaged_coco_is_an_error_with_the_annotation(tmp_path):
    found = coco_file(tmp_path, [{"id": 5, "image_id": 1, "category_id": 7, "segmentation": {"size": [20, 30], "counts": [3]}}])
    with pytest.raises(UserError, match="annotation 5.*sum to 3"):
        item.load(found[0], 512)
    (tmp_path / "c/annotations.json").write_text("{}")
    with pytest.raises(UserError, match="not COCO JSON"):
        coco.load(tmp_path, "c", "annotations.json")


def test_validation_pictures_are_never_training_pictures():
    plain, held = SourceConfig(), SourceConfig(validation=True)
    assert splits.split("scenario/x", "anything", held) == "val"
    assert splits.split("scenario/x", "anything", plain) == "train"
    assert splits.split("general/openimages", "0a1b", plain) == "val" and splits.split("general/openimages", "1a0b", plain) == "train"
    held_out = {f"ccp{i:04d}" for i in range(1, 60) if splits.split("stills/ccp", f"ccp{i:04d}", plain) == "val"}
    assert held_out == {"ccp0006", "ccp0024", "ccp0059", "ccp0007", "ccp0033"}
    # The project's own list holds out the folders that were set aside for it.
    held_out = {name for name, source in sources(DataConfig()).items() if source.validation}
    assert held_out == {"scenario/webcam_utez", "scenario/webcam_gestcount", "scenario/congress_lo", "scenario/webcam_calls_ccbysa"}


def test_pretraining_pictures_are_those_that_training_may_see(tmp_path):
    known = sources(DataConfig())
    names = [f"{first}{i:03d}" for first in ("0a", "1a", "ccp", "c") for i in range(40)]
    wanted, all_of_them = set(), 0
    for folder, source in known.items():
        inner = "images/" if source.loader in ("masks", "coco") else ""
        for name in names:
            path = tmp_path / folder / f"{inner}{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            all_of_them += 1
            if splits.split(folder, name, source) == "train":
                wanted.add(path)
    assert set(training_pictures(tmp_path)) == wanted and 0.6 < len(wanted) / all_of_them < 0.95
    assert any("scenario" in p.parts for p in wanted) and any(p.stem.startswith("1a") and "general" in p.parts for p in wanted)


def test_pretraining_reads_neither_masks_nor_clips_nor_other_files(tmp_path):
    for name in ("a/images/x.PNG", "a/masks/x.png", "a/hard_masks/x.png", "b.webp", "c.txt", "clips/y.png", "d/clips/y.png",
                 "e/x.jpeg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(p.relative_to(tmp_path)) for p in training_pictures(tmp_path)] == ["a/images/x.PNG", "b.webp", "e/x.jpeg"]
    with pytest.raises(UserError, match="no pictures under"):
        training_pictures(tmp_path / "a/masks")
    # Where the data lies says nothing about its pictures.
    (tmp_path / "clips/general").mkdir()
    (tmp_path / "clips/general/1.png").touch()
    assert len(training_pictures(tmp_path / "clips")) == 2 and held_out(pathlib.Path("clips/y.png"))


def test_cache_gives_back_the_pictures_and_renews_itself(tiny):
    built = {s.folder: s for s in cache.shelves(tiny)}
    shelf = built["stills/street"]
    i = list(shelf.names).index("ccp0003")
    source = sources(tiny)["stills/street"]
    image, alpha, confidence = item.load(cache.find(tiny, "stills/street", source)[list(shelf.names).index("ccp0003")], tiny.cache_side)
    rgba, trust = shelf.picture(i)
    assert np.array_equal(rgba[..., :3], image) and np.array_equal(rgba[..., 3], alpha) and np.array_equal(trust, confidence)
    x0, y0, x1, y1 = shelf.box[i]
    assert (alpha[y0:y1, x0:x1] >= 128).sum() == (alpha >= 128).sum() and shelf.touches[i] == 0
    stamp = (cache._place(tiny, "stills/street") / "index.npz").stat().st_mtime_ns
    cache.shelves(tiny)
    assert (cache._place(tiny, "stills/street") / "index.npz").stat().st_mtime_ns == stamp, "unchanged folders are kept"
    os.utime(f"{tiny.data}/stills/street/masks/ccp0003.png", ns=(1, 1))
    cache.shelves(tiny)
    assert (cache._place(tiny, "stills/street") / "index.npz").stat().st_mtime_ns > stamp


def test_unknown_loader_is_an_error(tiny):
    tiny.sources["rooms"].loader = "video"
    with pytest.raises(UserError, match="'video'"):
        sources(tiny)


def test_every_folder_of_pictures_is_credited():
    models = pathlib.Path(__file__).parents[2]
    pages = (models / "MODEL_CARD.md").read_text() + (models / "ATTRIBUTION.md").read_text()
    assert not [folder for folder in sources(DataConfig()) if f"| `{folder}` |" not in pages]
