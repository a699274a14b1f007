# SPDX-License-Identifier: MPL-2.0
"""An exported network as a checkpoint again."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
import yaml

from mattenet import cli, export, profile, thaw
from mattenet.config import Config, to_dict
from mattenet.data import dataset
from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.train.loop import Trainer

NET = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 8], decoder_depths=[1, 1])


@pytest.fixture(params=["16", "8"])
def exported(tiny, tmp_path, request):
    """A short run, exported in 16 and 8 bits with sharpened logits: the .onnx and its configuration as a file."""
    cfg = Config(net=NET, data=tiny)
    cfg.train.steps, cfg.train.warmup, cfg.train.sizes, cfg.train.threads = 8, 2, [[64, 48]], 1
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(to_dict(cfg)))
    Trainer(cfg, tmp_path).fit()
    model = str(tmp_path / "m.onnx")
    assert cli.main(["export", str(tmp_path / "last.pt"), model, "--version", "7", "--bits", request.param,
                     "--sharpness", "2"]) == 0
    return model, str(tmp_path / "run.yaml")


def alpha(model: str, image: np.ndarray) -> np.ndarray:
    return profile.session(model).run(None, {"image": image})[0]


def test_a_thawed_network_is_the_exported_one(exported, tmp_path):
    model, config = exported
    checkpoint, again = str(tmp_path / "thawed.pt"), str(tmp_path / "again.onnx")
    assert cli.main(["thaw", model, checkpoint, "--batches", "4", "--config", config]) == 0
    assert cli.main(["export", checkpoint, again, "--sharpness", "2"]) == 0
    image = np.random.default_rng(0).random((1, 3, 48, 64), np.float32)
    assert np.abs(alpha(model, image) - alpha(again, image)).max() < 1e-4


def test_training_sees_the_same_network(exported, tmp_path):
    model, config = exported
    checkpoint = str(tmp_path / "thawed.pt")
    assert cli.main(["thaw", model, checkpoint, "--batches", "4", "--config", config]) == 0
    net, cfg, saved = export.load_net(checkpoint)
    assert saved["step"] == 8
    images = [dataset.floats(dataset.build(cfg.data, "train", (64, 48), 1).batch(step))[0] for step in range(4)]
    batch = torch.cat(images)
    with torch.no_grad():
        still, moving = torch.sigmoid(net(batch)), torch.sigmoid(net.train()(batch))
    # Statistics of the batch itself in place of those of the same pictures: the same but for rounding.
    assert (still - moving).abs().mean() < 1e-3
    kernels = [m.weight.detach() for _, m, _ in thaw.pairs(net)]
    sizes = [float(k.square().mean().sqrt()) * (3 * k[0].numel()) ** 0.5 for k in kernels]
    assert max(abs(s - 1) for s in sizes) < 1e-3, "kernels have the size of fresh ones"


def test_other_files_are_refused(exported, tmp_path):
    model, _ = exported
    with pytest.raises(UserError, match="cannot be read"):
        thaw.read(tmp_path / "missing.onnx")
    proto = onnx.load(model)
    del proto.metadata_props[:]
    onnx.save(proto, str(tmp_path / "strange.onnx"))
    with pytest.raises(UserError, match="mattenet.config"):
        thaw.read(tmp_path / "strange.onnx")
    cfg, weights, _ = thaw.read(model)
    del weights["backbone.down4.0.weight"]
    with pytest.raises(UserError, match="down4"):
        thaw.unfold(cfg, weights)


def test_names_take_no_room(exported):
    graph = onnx.load(exported[0]).graph
    kept = {tensor.name for tensor in graph.initializer} | {"image", "alpha"}
    assert all(name in kept or len(name) <= 5 for node in graph.node for name in (*node.input, *node.output, node.name))
    assert len({node.name for node in graph.node}) == len(graph.node)
