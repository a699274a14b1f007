# SPDX-License-Identifier: MPL-2.0
"""The int8 .tflite against the network that it is made of."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from conftest import disc
from mattenet import cli, equalise, export, profile, tflite
from mattenet.errors import UserError
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet

NET = NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 8], decoder_depths=[1, 1])
SHIPPED = sorted(Path(__file__).parents[2].glob("*.tflite"))


def picture(seed: int) -> np.ndarray:
    return disc(tflite.HEIGHT, tflite.WIDTH, seed)[0].transpose(2, 0, 1)[None].astype(np.float32) / 255


def kernels(model: onnx.ModelProto) -> list[np.ndarray]:
    return [onnx.numpy_helper.to_array(t) for t in model.graph.initializer if len(t.dims) == 4]


def unevenness(model: onnx.ModelProto) -> float:
    """How many times as large as the middle channel a kernel's largest one is, the mean over the kernels."""
    rows = [np.abs(kernel).max((1, 2, 3)) for kernel in kernels(model)]
    return float(np.mean([row.max() / np.median(row) for row in rows]))


@pytest.fixture
def network(tmp_path) -> Path:
    """A network with random weights, whose channels differ as those of a trained one do, and mattes of all shares."""
    torch.manual_seed(3)
    net = MatteNet(NET).eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.copy_(torch.exp(torch.randn_like(module.weight)))
        logits = net(torch.from_numpy(picture(0)))
        net.head.logits.weight.div_(logits.std())
        net.head.logits.bias.sub_(logits.mean()).div_(logits.std())
    path = tmp_path / "m.onnx"
    path.write_bytes(export.to_onnx(net, {"mattenet.version": "3", "licence": "MPL-2.0"}, bits=8))
    return path


def test_levelled_channels_are_the_same_network_in_even_kernels(network):
    plain = tflite.prepare(network)
    pictures = [picture(seed) for seed in range(3)]
    levelled = equalise.level(plain, pictures)
    sessions = [profile.session(model.SerializeToString()) for model in (plain, levelled)]
    first, second = (session.run(None, {"image": picture(9)})[0] for session in sessions)
    assert first.std() > 0.05
    assert np.abs(first - second).max() < 1e-4
    assert unevenness(levelled) < 0.7 * unevenness(plain)


def test_sums_share_their_factors(network):
    found = equalise.streams(tflite.prepare(network).graph)
    assert max(len(makers) for makers, _, _ in found) >= 3, "the units of a stage add to one stream"
    made = [node.output[0] for makers, _, _ in found for node in makers]
    assert len(made) == len(set(made)), "a convolution's channels have one factor"


@pytest.mark.parametrize("per_channel", [False, True])
def test_bytes_give_nearly_the_float_network_s_matte(network, tmp_path, per_channel):
    pytest.importorskip("ai_edge_litert")
    file = tmp_path / "m.tflite"
    file.write_bytes(tflite.convert(network, [picture(seed) for seed in range(4)], per_channel))
    session, exact = tflite.Session(file), profile.session(network.read_bytes())
    for seed in (10, 11):
        expected, found = exact.run(None, {"image": picture(seed)})[0], session.run(None, {"image": picture(seed)})[0]
        assert found.shape == expected.shape == (1, 1, tflite.HEIGHT, tflite.WIDTH)
        # Random weights are hard on 8 bits. A padding that is off by one costs more than half of the deviation.
        assert np.abs(found - expected).mean() < 0.3 * expected.std()
    scales = [len(d["quantization_parameters"]["scales"]) for d in session.interpreter.get_tensor_details()]
    assert (max(scales) > 1) == per_channel


def test_the_command_writes_both_files(network, tiny, tmp_path):
    pytest.importorskip("ai_edge_litert")
    import yaml

    from mattenet.config import Config, to_dict
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(to_dict(Config(net=NET, data=tiny))))
    output = tmp_path / "out.tflite"
    assert cli.main(["tflite", str(network), str(output), "--pictures", "4", "--config", str(tmp_path / "run.yaml")]) == 0
    assert output.read_bytes()[4:8] == b"TFL3"
    assert Path(f"{output}.modelinfo").is_file()
    assert cli.main(["tflite", str(tmp_path / "none.onnx"), str(output)]) == 1


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_what_their_descriptions_say(file):
    pytest.importorskip("ai_edge_litert")
    session = tflite.Session(file)
    about = configparser.ConfigParser()
    about.read(f"{file}.modelinfo")
    for section, detail in (("image", session.input), ("alpha", session.output)):
        assert about[section]["type"] == np.dtype(detail["dtype"]).name
        assert [int(side) for side in about[section]["dims"].split(",")] == detail["shape"].tolist()
    for detail in session.interpreter.get_tensor_details():
        assert len(detail["quantization_parameters"]["scales"]) <= 1, "one scale a tensor"
        assert detail["dtype"] != np.float32, "nothing is left in floating point"
    # Nobody is in front of a plain wall.
    assert session.run(None, {"image": np.full((1, 3, tflite.HEIGHT, tflite.WIDTH), 0.6, np.float32)})[0].mean() < 0.05


def test_both_networks_ship():
    assert [file.stem for file in SHIPPED] == ["matte-256x144", "matte-lite-256x144"]


def test_what_cannot_be_written_is_refused(network, tmp_path):
    pytest.importorskip("ai_edge_litert")
    model = onnx.load(network)
    last = model.graph.node[-1]
    assert last.op_type == "Sigmoid"
    last.op_type = "Softplus"
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(UserError, match="Softplus"):
        tflite.convert(tmp_path / "odd.onnx", [picture(0)])


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(UserError, match=r"mattenet\[tflite\]"):
        tflite.litert("interpreter")
