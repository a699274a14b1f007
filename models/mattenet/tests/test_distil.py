# SPDX-License-Identifier: MPL-2.0
"""Learning from a trained network, learning to be steady, and leaving a part of the encoder alone."""

from __future__ import annotations

import copy
import dataclasses
import pathlib

import cv2
import numpy as np
import pytest
import torch

from mattenet import config as config_module
from mattenet import export
from mattenet.config import Config
from mattenet.data import augment, dataset, geometry
from mattenet.data.config import AugmentConfig
from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet
from mattenet.train import state as run_state
from mattenet.train.distil import Distiller
from mattenet.train.loop import Trainer
from mattenet.train.loss import LossConfig, steady_loss

SMALL = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 2, 0], decoder=[16, 8, 0], decoder_depths=[1, 1])
LITE = NetConfig(name="fine", encoder="lite0", decoder=[16, 16, 8, 8], decoder_depths=[1, 1, 1, 1])


def config(tiny, net=SMALL, **train) -> Config:
    cfg = Config(net=net, data=tiny)
    cfg.train.steps, cfg.train.warmup, cfg.train.sizes, cfg.train.threads = 40, 5, [[64, 48]], 1
    for key, value in train.items():
        setattr(cfg.train, key, value)
    return cfg


@pytest.fixture
def teacher(tiny, tmp_path) -> str:
    """A checkpoint of a lite0 network whose matte is the picture's left half, whatever is shown: no label says so."""
    torch.manual_seed(3)
    cfg = config(tiny, LITE)
    net = MatteNet(cfg.net).eval()
    path = tmp_path / "teacher.pt"
    run_state.save(path, {"ema": net.state_dict(), "step": 1, "config": config_module.to_dict(cfg), "commit": "none"})
    return str(path)


def left_half(self, maps):
    height, width = maps[2].shape[2] * 2, maps[2].shape[3] * 2
    half = torch.where(torch.arange(width) < width // 2, 4.0, -4.0)
    return half.expand(maps[2].shape[0], 1, height, width)


def distance(trainer, image) -> float:
    """Mean distance of the student's matte from the left half."""
    net = copy.deepcopy(trainer.net).eval()
    with torch.no_grad():
        return (torch.sigmoid(net(image)) - torch.sigmoid(left_half(None, {2: image[:, :, ::2, ::2]}))).abs().mean().item()


@pytest.mark.parametrize("soft", [1.0, 0.0])
def test_a_matte_that_no_label_holds_comes_from_the_teacher(tiny, tmp_path, teacher, monkeypatch, soft):
    from mattenet.net.lite import LiteHead

    cfg = config(tiny, teacher=teacher, lr=5e-3)
    cfg.loss.soft, cfg.loss.features = soft, 0.1
    trainer = Trainer(cfg, tmp_path / "run")
    monkeypatch.setattr(LiteHead, "forward", left_half)
    batch = trainer.loader.batch(0, (64, 48))
    image, alpha, confidence = dataset.floats(batch)
    before = distance(trainer, image)
    trainer.rate(5e-3)
    for _ in range(60):
        trainer.learn(image, alpha, torch.zeros_like(confidence))  # no label is trusted anywhere
    assert (distance(trainer, image) < before / 3) == (soft > 0)


def test_features_of_the_teacher_are_learnt(tiny, tmp_path, teacher):
    cfg = config(tiny, teacher=teacher, lr=5e-3)
    cfg.loss.features = 1.0
    trainer = Trainer(cfg, tmp_path / "run")
    taught = copy.deepcopy(trainer.distiller.teacher.state_dict())
    image, alpha, confidence = dataset.floats(trainer.loader.batch(0, (64, 48)))

    def left() -> float:
        with torch.no_grad():
            maps = trainer.net.backbone(image)
            return trainer.distiller.loss(image, maps[16], trainer.net.head(maps), LossConfig(features=1.0)).item()

    before = left()
    trainer.rate(5e-3)
    for _ in range(60):
        trainer.learn(image, alpha, confidence)
    assert left() < 0.75 * before
    # The teacher itself learns nothing, nor moves its batch norm's statistics.
    assert all(torch.equal(taught[key], value) for key, value in trainer.distiller.teacher.state_dict().items())


def test_a_student_that_agrees_loses_nothing(tiny, teacher):
    student, _, _ = export.load_net(teacher)
    distiller = Distiller(teacher, student)
    image = torch.rand(2, 3, 48, 64)
    with torch.no_grad():
        maps = student.backbone(image)
        logits = student.head(maps)
        soft = LossConfig(soft=1.0)
        assert distiller.loss(image, maps[16], logits, soft).item() == pytest.approx(0, abs=1e-5)
        assert distiller.loss(image, maps[16], logits + 1, soft).item() > 0.05


def test_a_run_with_a_teacher_resumes_and_exports_the_student_alone(tiny, tmp_path, teacher):
    cfg = config(tiny, teacher=teacher, steps=2)
    cfg.loss.soft = cfg.loss.features = 1.0
    first = Trainer(cfg, tmp_path)
    first.fit()
    again = Trainer(cfg, tmp_path)
    assert torch.equal(first.distiller.to16.weight, again.distiller.to16.weight) and again.step == 2
    net, _, _ = export.load_net(tmp_path / "last.pt")
    assert set(net.state_dict()) == set(MatteNet(SMALL).state_dict())


def test_losses_that_would_be_left_out_are_refused(tiny, tmp_path, teacher):
    for change, words in (
        (lambda c: setattr(c.loss, "soft", 1.0), "need train.teacher"),
        (lambda c: setattr(c.train, "teacher", teacher), "teaches nothing"),
        (lambda c: setattr(c.loss, "steady", 1.0), "less than one pair"),
        (lambda c: (setattr(c.loss, "steady", 1.0), setattr(c.data, "pairs", 0.5), setattr(c.train, "pool", 8)), "pool"),
    ):
        cfg = config(copy.deepcopy(tiny))
        change(cfg)
        with pytest.raises(UserError, match=words):
            Trainer(cfg, tmp_path / "run")


def test_the_config_takes_a_teacher_and_a_shipped_start(tiny, tmp_path, teacher):
    configs = pathlib.Path(__file__).parent.parent / "configs"
    found, shipped = (config_module.load(configs / name) for name in ("distilled.yaml", "matte.yaml"))
    assert found.net == shipped.net and found.data.weights == shipped.data.weights
    assert dataclasses.replace(found.data.augment, moving=0.0) == shipped.data.augment and found.data.augment.moving > 0
    assert found.loss.soft > 0 and found.loss.features > 0 and found.loss.steady > 0 and found.data.pair_count() > 0
    found.data, found.train.teacher = dataclasses.replace(tiny, pairs=0.5), teacher
    run_state.save(tmp_path / "start.pt", {"ema": MatteNet(found.net).state_dict()})
    found.train.init = str(tmp_path / "start.pt")
    trainer = Trainer(found, tmp_path)
    image, alpha, confidence = dataset.floats(trainer.loader.batch(0, (64, 48)))
    trainer.rate()
    assert torch.isfinite(trainer.learn(image, alpha, confidence)[0])


def test_a_pair_is_one_scene_a_moment_later(tiny):
    tiny.augment = AugmentConfig(noise=1.0, jpeg=1.0, low_light=1.0)
    tiny.pairs = 0.5
    loader = dataset.build(tiny, "train", (64, 48))
    assert tiny.pair_count() == 1
    apart = []
    for step in range(12):
        batch = loader.batch(step)
        assert batch["image"].shape[0] == tiny.batch and batch["index"][0] == batch["index"][1]
        image, alpha = batch["image"].float(), batch["alpha"].float()
        assert not torch.equal(image[0], image[1])
        # Within a pixel: what the second's truth adds or loses is at the outline.
        moved = (alpha[0] - alpha[1]).abs()
        inside = -torch.nn.functional.max_pool2d(-alpha[:1], 5, 1, 2)[0]
        outside = torch.nn.functional.max_pool2d(alpha[:1], 5, 1, 2)[0]
        assert moved[(inside == 255) | (outside == 0)].sum() == 0
        # The scene's light and colours are the same: what differs is small on average.
        assert (image[0].mean() - image[1].mean()).abs() < 30
        apart.append(not torch.equal(alpha[0], alpha[1]))
    assert any(apart)


def test_a_person_moves_before_a_room_that_stays(tiny, monkeypatch):
    monkeypatch.setattr(augment, "moments", lambda image, rng: image)  # what is left is what moved
    tiny.augment = AugmentConfig(moving=1.0, two_people=0.0, light=1.0, blur=1.0, colour=1.0)
    frames = dataset.build(tiny, "train", (96, 72)).frames
    moves = []
    for seed in range(40):
        index = int(np.flatnonzero(frames.pasteable)[seed % frames.pasteable.sum()])
        (first, sure), (second, _) = frames.pair(index, np.random.default_rng(seed))
        assert first.shape == second.shape == (72, 96, 4) and sure.shape == (72, 96)
        # Away from both places of the person the room is the same, whatever the camera made of it.
        near = cv2.dilate(np.maximum(first[..., 3], second[..., 3]), np.ones((31, 31), np.uint8)) > 0
        assert np.abs(first[~near].astype(int) - second[~near])[..., :3].max(initial=0) <= 3
        middles = [np.argwhere(f[..., 3] > 127).mean(0) for f in (first, second)]
        moves.append(middles[1] - middles[0])
    far = np.linalg.norm(moves, axis=1)
    # A few hundredths of the frame at most, and both ways.
    assert np.median(far) > 0.5 and far.max() < 0.08 * 96 and {np.sign(m[1]) for m in moves if abs(m[1]) > 0.5} == {-1, 1}


def test_a_person_whom_the_frame_cuts_never_leaves_that_side():
    rng = np.random.default_rng(4)
    alpha = np.zeros((72, 96), np.uint8)
    alpha[30:, 20:60] = 255
    cut = [geometry.step(rng, alpha)[:, 2] for _ in range(50)]
    assert min(y for _, y in cut) >= 0 and min(x for x, _ in cut) < 0 < max(x for x, _ in cut)
    alpha[50:] = 255  # from left to right
    assert all(x == 0 and y >= 0 for x, y in (geometry.step(rng, alpha)[:, 2] for _ in range(50)))
    assert all(geometry.step(rng, alpha[::-1])[1, 2] <= 0 for _ in range(50))


def test_without_pairs_batches_are_what_they_were(tiny):
    plain = dataset.build(tiny, "train", (64, 48)).batch(3)
    tiny.pairs = 0.2  # of four frames: less than a pair
    again = dataset.build(tiny, "train", (64, 48)).batch(3)
    assert all(torch.equal(plain[key], again[key]) for key in plain)


def test_only_changes_without_reason_cost():
    alpha = torch.zeros(4, 1, 32, 32)
    alpha[0, :, :, :16], alpha[1, :, :, :17] = 1, 1  # the first pair moves by a pixel
    alpha[2:, :, :, :16] = 1
    trust = torch.ones_like(alpha)
    follows = alpha * 40 - 20
    assert steady_loss(follows, alpha, trust, 2, 3.0).item() < 1e-6
    wrong = -follows  # wrong everywhere but as still as the truth, where that is still
    assert steady_loss(wrong[2:], alpha[2:], trust, 1, 3.0).item() < 1e-6
    flickers = follows.clone()
    flickers[2, :, :8, :8] = -20
    cost = steady_loss(flickers, alpha, trust, 2, 3.0).item()
    assert cost > 0.01
    trust[3, :, :8, :8] = 0  # not trusted in one of the two
    assert steady_loss(flickers, alpha, trust, 2, 3.0).item() < 1e-6
    alone = flickers.clone()
    alone[2] = follows[2]
    alone[3, :, 20:, 20:] = 20  # behind the first pair: not counted with one pair
    assert steady_loss(alone, alpha, trust, 1, 3.0).item() < 1e-6


def test_steadiness_is_learnt(tiny, tmp_path, monkeypatch):
    """From the same start, over the same pictures, the matte follows noise much less with the loss than without."""
    rough = lambda image, rng: np.clip(image + rng.normal(0, 60, image.shape), 0, 255).astype(np.uint8)
    monkeypatch.setattr(augment, "moments", rough)
    monkeypatch.setattr(geometry, "nudge", lambda rgba, trust, rng: (rgba, trust))  # what is left to change is noise
    tiny.pairs = 1.0
    left = {}
    for steady in (0.0, 10.0):
        cfg = config(copy.deepcopy(tiny), lr=5e-3, steps=60)
        cfg.loss.steady = steady
        run = tmp_path / f"run{steady}"
        run.mkdir()
        trainer = Trainer(cfg, run)
        trainer.fit()
        net = trainer.net.eval()
        changes = []
        for step in range(900, 920):
            image, alpha, confidence = dataset.floats(trainer.loader.batch(step, (64, 48)))
            with torch.no_grad():
                changes.append(steady_loss(net(image), alpha, confidence, 2, 3.0).item())
        left[steady] = np.mean(changes)
    assert left[10.0] < 0.5 * left[0.0]


def test_frozen_units_keep_what_they_know(tiny, tmp_path):
    cfg = config(tiny, LITE, frozen=5, steps=3)
    trainer = Trainer(cfg, tmp_path)
    before = copy.deepcopy(trainer.net.state_dict())
    trainer.fit()
    after = trainer.net.state_dict()
    kept = ("backbone.stem.", *(f"backbone.units.{i}." for i in range(5)))
    for key, value in before.items():
        if key.startswith(kept):
            assert torch.equal(value, after[key]), key  # batch norm's statistics as well
    for part in ("backbone.units.5.", "backbone.units.15.", "head."):
        assert any(not torch.equal(before[k], after[k]) for k in before if k.startswith(part) and k.endswith("weight")), part
        assert any(not torch.equal(before[k], after[k]) for k in before if k.startswith(part) and k.endswith("running_mean")), part


def test_what_cannot_be_frozen_is_refused(tiny, tmp_path):
    for net, units, words in ((LITE, 17, "0 to 16"), (LITE, -1, "0 to 16"), (SMALL, 1, "own")):
        with pytest.raises(UserError, match=words):
            Trainer(config(tiny, net, frozen=units), tmp_path / "run")
