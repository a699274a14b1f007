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
