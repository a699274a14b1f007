# SPDX-License-Identifier: MPL-2.0
"""Boxes: reading, targets, suppression, average precision, learning and the exported file."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mattenet import profile
from mattenet.config import Config
from mattenet.data.config import DataConfig
from mattenet.errors import UserError
from mattenet.net import detect as net_detect
from mattenet.net.config import NetConfig
from mattenet.train import boxes, detect

NET = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2])


def test_files_are_read_and_checked(tmp_path):
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2 0.4\n")
    assert boxes.read_boxes(tmp_path / "a.txt") == pytest.approx(np.array([[0.4, 0.3, 0.6, 0.7]]))
    (tmp_path / "a.txt").write_text("person 1 2\n")
    with pytest.raises(UserError, match="a.txt:1"):
        boxes.read_boxes(tmp_path / "a.txt")


def masked(tmp_path, name, mask):
    for kind in ("images", "masks"):
        (tmp_path / f"data/stills/m/{kind}").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / f"data/stills/m/{kind}/{name}.png"), mask)


def of_masks(tmp_path, split):
    found = boxes.find(DataConfig(data=str(tmp_path / "data"), work=str(tmp_path)), [], ["stills/m"], split)
    return {b.picture.stem: b.boxes for b in found}


def test_masks_give_the_box_of_their_person(tmp_path):
    mask = np.zeros((60, 80), np.uint8)
    mask[30, 8:40] = mask[12:48, 20] = 200  # a cross: arms and a body
    mask[5, :] = 127  # less than half a person
    masked(tmp_path, "cross", mask)
    masked(tmp_path, "full", np.full((60, 80), 255, np.uint8))
    masked(tmp_path, "nobody", np.full((60, 80), 100, np.uint8))
    found = of_masks(tmp_path, "train")
    assert found["cross"] == pytest.approx(np.array([[0.1, 0.2, 0.5, 0.8]])) and found["full"].tolist() == [[0, 0, 1, 1]]
    assert found["nobody"].shape == (0, 4) and all(b.dtype == np.float32 for b in found.values())
    (tmp_path / "data/stills/m/masks/full.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match="full.png: not a picture"):
        of_masks(tmp_path, "train")


def test_masks_are_split_as_for_the_matte(tmp_path):
    for i in range(1, 12):
        masked(tmp_path, f"ccp{i:04d}", np.full((8, 8), 255, np.uint8))
    train, val = of_masks(tmp_path, "train"), of_masks(tmp_path, "val")
    assert set(val) == {"ccp0006", "ccp0007"} and len(train) == 9 and not set(train) & set(val)
    cfg = DataConfig(data=str(tmp_path / "data"), work=str(tmp_path))
    with pytest.raises(UserError, match="no pictures with boxes in split 'val'"):
        boxes.find(cfg, ["stills/m"], [], "val")


def test_boxes_follow_the_picture_into_random_views(tmp_path):
    mask = np.zeros((360, 640), np.uint8)
    mask[80:280, 120:240] = 255
    masked(tmp_path, "one", mask)
    one = boxes.find(DataConfig(data=str(tmp_path / "data"), work=str(tmp_path)), [], ["stills/m"], "train")[0]
    whole, box = boxes.view(one, (256, 144), None)
    assert whole.shape == (144, 256, 3) and box == pytest.approx(np.array([[48, 32, 96, 112]]), abs=1e-3)
    sides, widths, gone = [], [], 0
    for seed in range(120):
        image, box = boxes.view(one, (256, 144), np.random.default_rng(seed))
        seen = image[..., 0] > 180
        if not len(box):
            gone += 1
            assert seen.sum() < 0.32 * 48 * 80 * 1.6**2
            continue
        rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        assert [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] == pytest.approx(box[0], abs=2)
        sides.append((columns[0] + columns[-1]) / 2 < 128)
        widths.append(columns[-1] + 1 - columns[0])
    assert 0.25 < np.mean(sides) < 0.75, "mirrored half of the time"
    assert max(widths) > 1.5 * 48 > 0.9 * 48 > min(widths) and gone < 20


def test_people_mostly_outside_of_a_view_are_left_out(monkeypatch):
    monkeypatch.setattr(boxes.unlabelled, "read", lambda _: np.zeros((90, 160, 3), np.uint8))
    one = boxes.Boxed("made up", np.float32([[0, 0.3, 0.1, 0.7], [0.5, 0.5, 0.51, 0.51]]))  # the second is too small to be found
    found = [boxes.view(one, (256, 144), np.random.default_rng(seed))[1] for seed in range(200)]
    areas = [(b[2:] - b[:2]).prod() / (0.1 * 0.4 * 256 * 144) for rows in found for b in rows]
    assert {len(rows) for rows in found} == {0, 1} and min(areas) > 0.3 * 0.7**2 and max(areas) > 1.5


def test_targets_lie_on_the_level_of_their_size():
    shapes = [(18, 32), (9, 16), (3, 4)]
    truth = torch.tensor([[100.0, 60, 130, 100], [0, 0, 256, 144]])
    hit, aim = net_detect.targets(truth, shapes, torch.zeros(1))
    small, middle, large = hit.split([18 * 32, 9 * 16, 3 * 4])
    assert small.sum() > 0 and middle.sum() == 0 and large.sum() > 0
    assert (aim[:18 * 32][small > 0] == truth[0]).all()
    assert net_detect.targets(truth[:0], shapes, torch.zeros(1))[0].sum() == 0


def test_the_better_of_two_overlapping_boxes_stays():
    rows = torch.tensor([[0.5, 0, 0, 1, 1], [0.9, 0, 0, 1, 0.9], [0.6, 0.8, 0.8, 1, 1], [0.1, 0, 0, 0.1, 0.1]])
    assert net_detect.suppress(rows)[:, 0].tolist() == pytest.approx([0.9, 0.6])
    assert len(net_detect.suppress(rows[3:])) == 0


def test_average_precision():
    truth = [np.float32([[0, 0, 1, 1]]), np.float32([[0, 0, 0.5, 0.5]])]
    right = [np.float32([[0.9, 0, 0, 1, 1]]), np.float32([[0.8, 0, 0, 0.5, 0.5]])]
    assert detect.average_precision(right, truth) == pytest.approx(1.0)
    wrong_first = [np.float32([[0.9, 0, 0, 1, 1]]), np.float32([[0.95, 0.6, 0.6, 1, 1]])]
    assert detect.average_precision(wrong_first, truth) == pytest.approx(0.25)
    assert detect.average_precision([np.zeros((0, 5), np.float32)] * 2, truth) == 0


def test_average_precision_of_tall_people_ignores_small_ones():
    truth = [np.float32([[0, 0, 0.5, 1], [0.6, 0.5, 0.7, 0.6]])]
    tall = np.float32([[0.7, 0, 0, 0.5, 1]])
    small = np.float32([[0.9, 0.6, 0.5, 0.7, 0.6], [0.8, 0.8, 0.8, 0.85, 0.9]])  # one there, one made up
    assert detect.average_precision([tall], truth) == pytest.approx(0.5)
    assert detect.average_precision([np.vstack([tall, small])], truth, least_height=0.25) == pytest.approx(1.0)
    made_up = np.float32([[0.9, 0.5, 0.1, 0.9, 0.9]])
    assert detect.average_precision([np.vstack([tall, made_up])], truth, least_height=0.25) == pytest.approx(0.5)


def test_learns_exports_and_agrees(tmp_path):
    folder = tmp_path / "data/general/cam"
    (folder / "images").mkdir(parents=True)
    (folder / "boxes").mkdir()
    rng = np.random.default_rng(0)
    for i in range(8):
        image = rng.integers(0, 90, (96, 128, 3), np.uint8)
        x, y = int(rng.integers(10, 60)), int(rng.integers(5, 30))
        image[y:y + 50, x:x + 40] = 240
        cv2.imwrite(str(folder / f"images/{'f0'[i == 7]}{i}.png"), image)
        (folder / f"boxes/{'f0'[i == 7]}{i}.txt").write_text(f"0 {(x + 20) / 128} {(y + 25) / 96} {40 / 128} {50 / 96}\n")
    cfg = Config(net=NET, data=DataConfig(data=str(tmp_path / "data"), work=str(tmp_path)))
    d = cfg.detect
    d.box_folders, d.mask_folders, d.steps, d.batch, d.lr, d.size = ["general/cam"], [], 40, 8, 1e-2, [128, 96]
    assert [len(boxes.find(cfg.data, d.box_folders, [], s)) for s in ("train", "val")] == [7, 1]
    torch.manual_seed(0)
    images, truth = boxes.batch(boxes.find(cfg.data, d.box_folders, [], "train"), (128, 96), rng, 8)
    net = net_detect.DetectNet(NET)
    start = net_detect.detect_loss(net(images.float() / 255), truth).item()
    assert detect.learn(cfg, tmp_path) < start
    net.load_state_dict(torch.load(tmp_path / "last.pt", weights_only=True)["ema"])
    x = images[:1].float() / 255
    with torch.no_grad():
        expected = net_detect.DeployedDetector(net.eval())(x).numpy()
    found = profile.session(detect.to_onnx(net, (128, 96), {})).run(None, {"image": x.numpy()})[0]
    assert np.abs(found - expected).max() < 1e-4
