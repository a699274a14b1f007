# SPDX-License-Identifier: MPL-2.0
"""The mean of two networks' weights."""

from __future__ import annotations

import pytest
import torch

from mattenet import cli
from mattenet.config import Config, to_dict
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet
from mattenet.train import state as run_state

SMALL = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 8], decoder_depths=[1, 1])
LARGE = NetConfig(widths=[8, 8, 16, 24, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 8], decoder_depths=[1, 1])


def checkpoint(path, net: NetConfig, seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    weights = MatteNet(net).state_dict()
    run_state.save(path, {"ema": weights, "step": 7, "config": to_dict(Config(net=net))})
    return weights


@pytest.fixture
def two(tmp_path):
    return checkpoint(tmp_path / "a.pt", SMALL, 1), checkpoint(tmp_path / "b.pt", SMALL, 2)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_every_weight_lies_between(two, tmp_path, share):
    files = [str(tmp_path / name) for name in ("a.pt", "b.pt", "m.pt")]
    assert cli.main(["mean", *files, "--share", str(share)]) == 0
    found = run_state.load(files[2])
    assert found["step"] == 7 and found["note"] == f"mean of a.pt and b.pt, {share:g} of the second"
    for name, value in found["ema"].items():
        first, second = (weights[name] for weights in two)
        if value.is_floating_point():
            torch.testing.assert_close(value, (1 - share) * first + share * second)
    # It is a checkpoint like any other.
    assert cli.main(["export", files[2], str(tmp_path / "m.onnx"), "--version", "1"]) == 0


def test_unlike_networks_are_refused(two, tmp_path, capsys):
    checkpoint(tmp_path / "c.pt", LARGE, 3)
    out = tmp_path / "m.pt"
    assert cli.main(["mean", str(tmp_path / "a.pt"), str(tmp_path / "c.pt"), str(out)]) == 1
    assert "the networks differ in" in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize("share", ["-0.1", "1.5", "nan"])
def test_a_share_out_of_range_is_refused(two, tmp_path, capsys, share):
    out = tmp_path / "m.pt"
    assert cli.main(["mean", str(tmp_path / "a.pt"), str(tmp_path / "b.pt"), str(out), f"--share={share}"]) == 1
    assert "0 (the first alone) to 1" in capsys.readouterr().err and not out.exists()


def test_what_is_no_checkpoint_is_refused(two, tmp_path, capsys):
    torch.save({"weights": {}}, tmp_path / "c.pt")
    assert cli.main(["mean", str(tmp_path / "a.pt"), str(tmp_path / "c.pt"), str(tmp_path / "m.pt")]) == 1
    assert "no averaged weights" in capsys.readouterr().err
