# SPDX-License-Identifier: MPL-2.0
"""Pairs whose first frame is clean, and a network that teaches itself what it sees there (data.calm, loss.sharpness)."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from test_distil import SMALL, config

from mattenet import config as config_module
from mattenet import export
from mattenet.data import augment, dataset
from mattenet.errors import UserError
from mattenet.net.matte import MatteNet
from mattenet.train import state as run_state
from mattenet.train.distil import Distiller
from mattenet.train.loop import Trainer
from mattenet.train.loss import LossConfig


@pytest.fixture
def teacher(tiny, tmp_path) -> str:
    """A checkpoint of the student's own kind, with random weights."""
    torch.manual_seed(3)
    path = tmp_path / "teacher.pt"
    run_state.save(path, {"ema": MatteNet(SMALL).state_dict(), "step": 1, "config": config_module.to_dict(config(tiny)), "commit": "none"})
    return str(path)


def test_only_the_first_frame_of_a_pair_is_calm(tiny, monkeypatch):
    monkeypatch.setattr(augment, "moments", lambda image, rng: np.full_like(image, 7))
    tiny.pairs = 1.0
    for calm in (False, True):
        tiny.calm = calm
        image = dataset.build(tiny, "train", (64, 48)).batch(0)["image"]
        disturbed = [bool((frame == 7).all()) for frame in image]
        assert disturbed == ([False, True] * 2 if calm else [True] * 4)


def test_both_frames_are_taught_what_the_first_shows(teacher):
    distiller = Distiller(teacher, MatteNet(SMALL))
    export.sharpen(distiller.teacher, 50)  # of random weights pictures would all look alike
    image = torch.rand(6, 3, 48, 64)
    alpha = torch.zeros(6, 1, 48, 64)
    cfg = LossConfig(soft=1.0, sharpness=3.0)
    with torch.no_grad():
        own = distiller.teacher(image)
        map16 = distiller.teacher.backbone(image)[16]
        wanted = own.clone()
        wanted[1], wanted[3] = own[0], own[2]  # two pairs; the others stay their own
        loss = lambda logits, **words: distiller.loss(image, map16, logits, cfg, **words).item()
        assert loss(own) == pytest.approx(0, abs=1e-5)
        assert loss(wanted, alpha=alpha, calm=2) == pytest.approx(0, abs=1e-5)
        assert loss(own, alpha=alpha, calm=2) > 1e-4
        # The logits are compared as the file has them: of 3 times the logits a network that has them tripled already is wrong.
        assert loss(3 * own) > 1e-4
        # With features second frames are looked at, too, and their mattes still are not.
        assert distiller.loss(image, map16, wanted, LossConfig(soft=1.0, features=1e-9, sharpness=3.0), alpha, 2).item() == pytest.approx(0, abs=1e-5)
        # Where the truth comes and goes, so does what is taught.
        alpha[1, :, :, :8], alpha[2, :, :, :8] = 1, 1
        moved = (torch.sigmoid(3 * wanted) + alpha - alpha[[0, 0, 2, 2, 4, 5]]).clamp(0, 1).logit(1e-7) / 3
        assert loss(moved, alpha=alpha, calm=2) == pytest.approx(0, abs=1e-4)


def test_the_steady_loss_sees_the_files_matte(tiny, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr("mattenet.train.loop.steady_loss", lambda logits, *_: seen.setdefault("logits", logits.detach()).mean() * 0)
    tiny.pairs = 1.0
    cfg = config(tiny)
    cfg.loss.steady, cfg.loss.sharpness = 1.0, 3.0
    trainer = Trainer(cfg, tmp_path / "run")
    image, alpha, confidence = dataset.floats(trainer.loader.batch(0, (64, 48)))
    with torch.no_grad():
        logits = copy.deepcopy(trainer.net)(image)
    trainer.learn(image, alpha, confidence)
    assert torch.allclose(seen["logits"], 3 * logits, atol=1e-4)


def test_calm_without_pairs_is_refused(tiny, tmp_path):
    tiny.calm = True
    with pytest.raises(UserError, match="data.calm is about pairs"):
        Trainer(config(tiny), tmp_path / "run")
    tiny.pairs = 1.0
    with pytest.raises(UserError, match="data.calm is about pairs"):
        Trainer(config(tiny, pool=8), tmp_path / "run")
