# SPDX-License-Identifier: MPL-2.0
"""The loss, short runs that learn, resuming, pre-training."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time

import cv2
import numpy as np
import pytest
import torch
import yaml

from mattenet import cli, profile
from mattenet.config import Config, to_dict
from mattenet.data import dataset
from mattenet.data.config import AugmentConfig
from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.train import loop, pretrain, state
from mattenet.train.loop import Trainer
from mattenet.train.loss import LossConfig, edge_weight, matte_loss
from mattenet.train.pool import Pool

NET = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 0], decoder_depths=[1, 1])


def small_run(tiny, steps: int) -> Config:
    cfg = Config(net=NET, data=tiny)
    cfg.train.steps, cfg.train.warmup, cfg.train.sizes = steps, 5, [[64, 48], [48, 64]]
    cfg.train.threads = 1
    return cfg


def square(side: int = 32) -> torch.Tensor:
    alpha = torch.zeros(2, 1, 64, 64)
    alpha[:, :, :side, :side] = 1
    return alpha


def test_right_answers_cost_less():
    alpha, trust = square(), torch.ones(2, 1, 64, 64)
    good, bad = (matte_loss(s * (alpha * 16 - 8), alpha, trust, LossConfig())[0] for s in (1, -1))
    assert good < 0.1 < 1 < bad


def test_distrusted_pixels_cost_nothing():
    alpha, trust = square(), torch.ones(2, 1, 64, 64)
    trust[:, :, :, 40:] = 0
    logits = alpha * 16 - 8
    wrong = logits.clone()
    wrong[:, :, :, 40:] = 8
    values = [matte_loss(x, alpha, trust, LossConfig())[0].item() for x in (logits, wrong)]
    assert values[0] == pytest.approx(values[1], abs=1e-6)


def test_edges_weigh_most():
    weight = edge_weight(square())
    assert weight[0, 0, 10, 31] > 0.5 and weight[0, 0, 10, 5] < 0.01 and weight[0, 0, 60, 60] < 0.01


def test_hard_pixels_dominate():
    alpha, trust = square(), torch.ones(2, 1, 64, 64)
    logits = (alpha * 16 - 8).requires_grad_()
    flipped = logits.detach().clone()
    flipped[0, 0, 50, 50] = 8
    only_ce = LossConfig(l2=0, dice=0, boundary=0, hard_ratio=0.01)
    flipped.requires_grad_()
    matte_loss(flipped, alpha, trust, only_ce)[0].backward()
    # All but one percent of the pixels are left alone.
    assert (flipped.grad != 0).float().mean() <= 0.0101 and flipped.grad[0, 0, 50, 50] != 0


def test_fifty_steps_lower_the_loss(tiny, tmp_path):
    # Undisturbed pictures: what is asked is whether the loop learns, not how fast it copes with cameras.
    tiny.augment = AugmentConfig(**{f.name: 0.0 for f in dataclasses.fields(AugmentConfig)})
    tiny.batch = 8
    cfg = small_run(tiny, 50)
    cfg.train.lr = 1e-2
    trainer = Trainer(cfg, tmp_path)
    seen = []
    step = trainer.train_step
    trainer.train_step = lambda batch: seen.append(step(batch)) or seen[-1]
    trainer.fit()
    assert np.mean(seen[-10:]) < 0.7 * np.mean(seen[:5])


@pytest.mark.parametrize("workers", [0, 1])
def test_resumed_run_ends_with_the_same_weights(tiny, tmp_path, monkeypatch, workers):
    tiny.epoch = 16  # four steps; mining falls into both halves
    tiny.workers = workers
    straight = Trainer(small_run(tiny, 20), tmp_path / "a")
    (tmp_path / "a").mkdir()
    straight.fit()
    assert straight.loader.minings == 2
    (tmp_path / "b").mkdir()
    first = Trainer(small_run(tiny, 20), tmp_path / "b")
    with monkeypatch.context() as patch:
        # A clock that counts steps, so that `--until` comes after eleven.
        patch.setattr(loop.time, "time", lambda: first.step)
        first.fit(deadline=10.5)
    second = Trainer(small_run(tiny, 20), tmp_path / "b")
    assert second.step == 11
    second.fit()
    for name, value in straight.ema.net.state_dict().items():
        assert torch.equal(value, second.ema.net.state_dict()[name]), name


@pytest.mark.parametrize("device", ["nonsense", "meta:x", *([] if torch.cuda.is_available() else ["cuda"])])
def test_a_device_that_is_not_there_is_named(tiny, tmp_path, device):
    cfg = small_run(tiny, 1)
    cfg.train.device = device
    with pytest.raises(UserError, match=f"train.device '{device}' cannot be used: .*; use cpu"):
        Trainer(cfg, tmp_path)


def test_a_pool_teaches_too_and_ends_its_processes(tiny, tmp_path):
    tiny.augment = AugmentConfig(**{f.name: 0.0 for f in dataclasses.fields(AugmentConfig)})
    tiny.batch, tiny.workers = 8, 2
    cfg = small_run(tiny, 60)
    cfg.train.lr, cfg.train.pool, cfg.train.small_steps = 1e-2, 64, 20
    trainer = Trainer(cfg, tmp_path)
    seen = []
    learn = trainer.learn

    def watched(image, *rest, **named):
        loss, per_picture = learn(image, *rest, **named)
        seen.append((loss.item(), tuple(image.shape[2:]), trainer.net.backbone.stem[1].training))
        return loss, per_picture

    trainer.learn = watched
    last = trainer.fit()
    losses, shapes, moving = zip(*seen)
    assert len(seen) == trainer.step == 60 and np.isfinite(last)
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])
    # Three quarters of the sizes first, both of them; batch norm is fixed in the last tenth.
    assert set(shapes[:20]) == {(32, 48), (48, 32)} and set(shapes[20:]) == {(48, 64), (64, 48)}
    assert all(moving[:54]) and not any(moving[54:])
    assert not multiprocessing.active_children()
    # Another run goes on where this one ended, without a pool and with it.
    for pool in (0, 64):
        cfg.train.steps, cfg.train.pool = cfg.train.steps + 4, pool
        again = Trainer(cfg, tmp_path)
        assert again.step == cfg.train.steps - 4
        again.fit()
        assert again.step == cfg.train.steps


def test_a_pool_holds_whole_pictures(tiny):
    frames = dataset.build(tiny, "train", (64, 48)).frames
    pool = Pool(frames, [(64, 48), (48, 64)], [0.5, 0.5], 40, torch.device("cpu"), 2, 1)
    try:
        pool.wait(20)
        assert all(total >= 20 for total in pool.totals) and pool.filled[0].item() == 20
        for kind, (width, height) in enumerate(pool.sizes):
            image, alpha, trust, numbers = pool.draw(kind, 6)
            assert numbers.shape == (6,) and 0 <= numbers.min() and numbers.max() < len(frames)
            assert image.shape == (6, 3, height, width) and alpha.shape == trust.shape == (6, 1, height, width)
            assert image.is_contiguous(memory_format=torch.channels_last)
            for x in (image, alpha, trust):
                assert 0 <= x.min() and x.max() <= 1
            # What lies in the slot is what `sample` gives: people where alpha is 1 are trusted by these loaders.
            assert alpha.max() > 0.5 and trust.max() == 1
        pool.processes[0].kill()
        pool.processes[0].join()
        with pytest.raises(UserError, match="prepares pictures"):
            pool.renew()
    finally:
        pool.close()


def test_pictures_that_stay_hard_come_more_often(tiny, tmp_path):
    tiny.epoch, tiny.mining = 16, 50.0
    trainer = Trainer(small_run(tiny, 200), tmp_path)
    assert len(trainer.loader.frames) > 3
    learn, drawn = trainer.learn, []

    def all_but_one_are_easy(*rest, **named):
        loss, per_picture = learn(*rest, **named)
        return loss, (drawn[-1] == 2).float()

    step = trainer.train_step
    trainer.learn, trainer.train_step = all_but_one_are_easy, lambda batch: drawn.append(batch["index"]) or step(batch)
    trainer.fit()
    share = lambda batches: (torch.cat(batches) == 2).float().mean()
    assert share(drawn[100:]) > 2 * share(drawn[:8]) + 0.05


def test_a_pool_hears_which_pictures_are_hard(tiny, tmp_path):
    tiny.epoch, tiny.mining, tiny.workers = 16, 50.0, 1
    cfg = small_run(tiny, 40)
    cfg.train.pool = 64
    trainer = Trainer(cfg, tmp_path)
    trainer.fit()
    seen, errors = trainer.seen()
    assert len(seen) > 3 and (errors > 0).all(), "each step tells which pictures it was hard on"
    frames = trainer.loader.frames
    pool = Pool(frames, [(64, 48)], [1.0], 512, torch.device("cpu"), 1, 1)
    try:
        pool.mine(np.arange(len(frames)), (np.arange(len(frames)) == 2).astype(float))
        pool.wait(512)  # what was prepared before has been replaced or is few
        share = (pool.draw(0, 512)[3] == 2).float().mean()
        pool.mine(np.arange(len(frames)), (np.arange(len(frames)) == 3).astype(float))
        for _ in range(100):
            if pool.totals[0] > 2000:
                break
            pool.wait(1)
            time.sleep(0.1)
            pool.renew()
        assert (pool.draw(0, 512)[3] == 2).float().mean() < 0.5 * share
    finally:
        pool.close()


def test_a_sample_finds_the_hard_pixels():
    generator = torch.Generator().manual_seed(1)
    alpha = (torch.rand(4, 1, 96, 96, generator=generator) < 0.5).float()
    logits, trust = 3 * torch.randn(alpha.shape, generator=generator), torch.ones_like(alpha)
    exact, near = (matte_loss(logits, alpha, trust, LossConfig(), whole)[0].item() for whole in (True, False))
    assert near == pytest.approx(exact, rel=0.03)


def test_second_stage_keeps_batch_norm(tiny, tmp_path):
    trainer = Trainer(small_run(tiny, 6), tmp_path)
    trainer.cfg.train.fixed_bn = 1.0
    before = {k: v.clone() for k, v in trainer.net.state_dict().items() if "running" in k}
    trainer.fit()
    after = trainer.net.state_dict()
    assert all(torch.equal(v, after[k]) for k, v in before.items())


def test_starts_from_a_pretrained_backbone(tiny, tmp_path):
    source = Trainer(small_run(tiny, 1), tmp_path)
    weights = {k: v + 1 for k, v in source.net.state_dict().items() if k.startswith("backbone.")}
    torch.save(weights, tmp_path / "backbone.pt")
    cfg = small_run(tiny, 1)
    cfg.train.init = str(tmp_path / "backbone.pt")
    net = Trainer(cfg, tmp_path / "new").net.state_dict()
    assert all(torch.equal(net[k], v) for k, v in weights.items())


class Made:
    """Teacher features that are simple sums of the picture, so that they can be learnt."""

    ready = 64

    def __init__(self):
        rng = np.random.default_rng(0)
        self.pictures = torch.from_numpy(rng.integers(0, 255, (64, 3, 4, 4), np.uint8)).repeat_interleave(16, 2).repeat_interleave(16, 3)

    def refresh(self) -> None:
        pass

    def batch(self, rows):
        image = self.pictures[torch.as_tensor(rows)]
        small = image.float() / 128 - 1
        pool = torch.nn.functional.adaptive_avg_pool2d
        return image, pool(small, 4), pool(small, 1)


def test_features_are_learnt(tmp_path):
    cfg = Config(net=NET)
    cfg.pretrain.steps, cfg.pretrain.batch, cfg.pretrain.warmup = 40, 16, 5
    torch.manual_seed(0)
    model, source = pretrain.FeatureStudent(NET, 3, 3), Made()
    model.measure(source)
    with torch.no_grad():
        image, *maps = source.batch(np.arange(64))
        start = model.loss(image / 255, *maps).item()
    assert pretrain.learn(model, source, cfg, tmp_path) < start
    assert all(k.startswith("backbone.") for k in state.load(tmp_path / "backbone.pt"))


def test_classes_are_learnt_from_folders(tmp_path):
    for name, colour in (("dark", 20), ("light", 230)):
        for i in range(6):
            (tmp_path / name).mkdir(exist_ok=True)
            noise = np.random.default_rng(i).integers(0, 20, (40, 40, 3), np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{i}.png"), noise + np.uint8(colour))
    source = pretrain.ClassFolder(tmp_path)
    assert source.names == ["dark", "light"] and source.ready == 12
    cfg = Config(net=NET)
    cfg.pretrain.steps, cfg.pretrain.batch, cfg.pretrain.warmup, cfg.pretrain.lr = 25, 8, 3, 1e-2
    (tmp_path / "run").mkdir()
    model = pretrain.Classifier(NET, 2)
    pretrain.learn(model, source, cfg, tmp_path / "run")
    image, label = source.batch(np.arange(12))
    # In training mode: a few steps are not enough for the running statistics of batch norm.
    with torch.no_grad():
        guess = model.linear(model.backbone(image.float() / 255)[64].mean((2, 3))).argmax(1)
    assert (guess == label).float().mean() > 0.8


def test_commands_from_training_to_int8(tiny, tmp_path):
    cfg = small_run(tiny, 4)
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(to_dict(cfg)))
    run, config = str(tmp_path / "run"), ["--config", str(tmp_path / "run.yaml")]
    assert cli.main(["train", "--run", run, *config]) == 0
    assert cli.main(["export", f"{run}/last.pt", str(tmp_path / "m.onnx"), "--version", "7"]) == 0
    assert cli.main(["quantize", str(tmp_path / "m.onnx"), str(tmp_path / "m-int8.onnx"), "--pictures", "3", *config]) == 0
    words = (tmp_path / "m-int8.toml").read_text()
    assert 'name = "m-int8"' in words and 'version = "7"' in words
    assert profile.session(str(tmp_path / "m-int8.onnx")).run(None, {"image": np.zeros((1, 3, 48, 64), np.float32)})
