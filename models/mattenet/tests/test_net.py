# SPDX-License-Identifier: MPL-2.0
"""Shapes, budgets, switches and the exported file."""

from __future__ import annotations

import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from onnxruntime.quantization.shape_inference import quant_pre_process

from mattenet import config, equalise, export, profile, quantize
from mattenet.errors import UserError
from mattenet.net import blocks
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet
from mattenet.train import state

CONFIGS = pathlib.Path(__file__).parent.parent / "configs"
SMALL = dict(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 0], decoder_depths=[1, 1])


def trained(cfg: NetConfig) -> MatteNet:
    """A network whose batch-norm statistics are not those of the first day."""
    torch.manual_seed(0)
    net = MatteNet(cfg).train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(4, 3, 64, 96))
    return net.eval()


@pytest.mark.parametrize("name, parameters, gflop", [("matte", 0.6e6, 0.28), ("lite", 0.15e6, 0.12)])
def test_budgets(name, parameters, gflop):
    net = MatteNet(config.load(CONFIGS / f"{name}.yaml").net)
    assert profile.parameters(net) <= parameters
    assert profile.flops(net) <= gflop * 1e9


@pytest.mark.parametrize("width, height", [(256, 144), (144, 256), (192, 192), (192, 112), (64, 48)])
def test_output_has_the_size_of_the_input(width, height):
    net = MatteNet(config.load(CONFIGS / "matte.yaml").net).eval()
    with torch.no_grad():
        assert net(torch.rand(2, 3, height, width)).shape == (2, 1, height, width)


@pytest.mark.parametrize("switch", [
    {"unit": "half"}, {"unit": "inverted"}, {"dilations": [1]}, {"pyramid": "aspp"}, {"pyramid": "none"},
    {"attention": "cbam"}, {"attention": "none"}, {"base": "first"}, {"low_level": False}, {"stem_kernel": 3},
    {"upsampling": "deconv"}, {"output": "bilinear"}, {"dense_down": False}, {"depths": [1, 1, 3, 0]},
    {"decoder": [16, 8, 8]}, {"decoder8": 1}, {"decoder": [16, 8, 8], "decoder2": 1}])
def test_every_switch_exports_to_the_same_numbers(switch):
    cfg = NetConfig(**(SMALL | switch))
    net, copy = trained(cfg), MatteNet(cfg).eval()
    copy.load_state_dict(net.state_dict())
    model = export.to_onnx(copy, {})
    assert export.difference(net, model, 96, 64) < 1e-4
    # The same file at a portrait's size.
    assert export.difference(net, model, 64, 96) < 1e-4


@pytest.mark.parametrize("bits, size, change", [(16, 0.55, 2), (8, 0.35, 8)])
def test_small_storage_costs_little_alpha(bits, size, change):
    cfg = config.load(CONFIGS / "matte.yaml").net
    net, copy = trained(cfg), MatteNet(cfg).eval()
    copy.load_state_dict(net.state_dict())
    whole, small = export.to_onnx(trained(cfg), {}), export.to_onnx(copy, {}, bits=bits)
    assert len(small) < size * len(whole)
    assert export.difference(copy, small, 96, 64) < 1e-4
    assert export.difference(net, small, 96, 64) < change / 255


def test_sharpness_moves_alpha_away_from_a_half_and_nothing_across_it():
    net = trained(NetConfig(**SMALL))
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before = net(image)
        export.sharpen(net, 2.0)
        after = net(image)
    assert torch.allclose(after, 2 * before, rtol=1e-4, atol=1e-4)


def test_a_trained_network_may_be_given_more_units():
    small = NetConfig(**(SMALL | {"decoder": [16, 8, 8], "decoder_depths": [1, 1]}))
    large = NetConfig(**(SMALL | {"depths": [1, 2, 3, 2], "decoder": [16, 8, 8], "decoder_depths": [1, 3], "decoder2": 1}))
    net, grown = trained(small), MatteNet(large).eval()
    missing, left = state.load_matching(grown, net.state_dict())
    assert not left
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        blocks.silence(grown, set(missing))
        assert torch.equal(grown(image), net(image))


def test_unknown_switches_are_refused():
    with pytest.raises(ValueError, match="spp"):
        MatteNet(NetConfig(pyramid="ssp"))
    with pytest.raises(ValueError, match="separable"):
        MatteNet(NetConfig(unit="seperable"))


def test_exported_file_is_folded_and_says_where_it_comes_from():
    cfg = config.Config(net=NetConfig(**SMALL))
    cfg.data.data = "/somewhere"
    proto = onnx.load_from_string(export.to_onnx(trained(cfg.net), export.metadata_of(cfg, {"step": 7, "commit": "abc", "init": "f00"}, "3")))
    assert "BatchNormalization" not in {n.op_type for n in proto.graph.node}
    facts = {p.key: p.value for p in proto.metadata_props}
    assert facts["mattenet.step"] == "7" and facts["mattenet.seed"] == "1"
    # The commit that trained it, not the one that exports it.
    assert facts["mattenet.commit"] == "abc" and facts["mattenet.init"] == "f00" and facts["mattenet.exported"]
    assert "/somewhere" not in str(facts)
    # Both ways in which GStreamer's own elements learn the output's name say the same.
    assert facts["alpha"] in export.modelinfo() and "[alpha]" in export.modelinfo()
    assert {p.name for p in (*proto.graph.input, *proto.graph.output)} == {"image", "alpha"}


def test_int8_stays_close(tmp_path):
    net = trained(NetConfig(**SMALL))
    pictures = [np.random.default_rng(i).random((1, 3, 64, 96), dtype=np.float32) for i in range(8)]
    (tmp_path / "m.onnx").write_bytes(export.to_onnx(net, {"licence": "x"}))
    quantize.quantize(tmp_path / "m.onnx", tmp_path / "q.onnx", pictures)
    before, after = (profile.session(str(tmp_path / f"{n}.onnx")).run(None, {"image": pictures[0]})[0] for n in "mq")
    assert np.abs(before - after).mean() < 0.02
    proto = onnx.load(tmp_path / "q.onnx")
    assert "QuantizeLinear" in {n.op_type for n in proto.graph.node}
    assert {p.key for p in proto.metadata_props} == {"licence", "mattenet.int8"}


def test_int8_is_the_same_on_every_processor(tmp_path):
    """Two products of a uint8 and a weight, which processors without VNNI add in 16 bits, never saturate."""
    net = trained(NetConfig(**SMALL))
    pictures = [np.random.default_rng(i).random((1, 3, 64, 96), dtype=np.float32) for i in range(8)]
    (tmp_path / "m.onnx").write_bytes(export.to_onnx(net, {"licence": "x"}))
    weights, alphas = {}, {}
    for bits in (7, 8):
        quantize.quantize(tmp_path / "m.onnx", tmp_path / "q.onnx", pictures, weight_bits=bits)
        found = [numpy_helper.to_array(t) for t in onnx.load(tmp_path / "q.onnx").graph.initializer]
        weights[bits] = np.concatenate([a.ravel() for a in found if a.dtype == np.int8 and a.ndim == 4]).astype(int)
        for precise in ("0", "1"):  # "1": ONNX Runtime's slower kernels, which add in 32 bits everywhere
            options = onnxruntime.SessionOptions()
            options.add_session_config_entry("session.x64quantprecision", precise)
            session = onnxruntime.InferenceSession(str(tmp_path / "q.onnx"), options, providers=["CPUExecutionProvider"])
            alphas[bits, precise] = session.run(None, {"image": pictures[0]})[0]
    assert np.abs(weights[7]).max() == 64 and 2 * 255 * 64 <= np.iinfo(np.int16).max
    assert np.abs(weights[8]).max() == 127
    assert (alphas[7, "0"] == alphas[7, "1"]).all()
    with pytest.raises(UserError, match="weight bits"):
        quantize.quantize(tmp_path / "m.onnx", tmp_path / "q.onnx", pictures, weight_bits=4)


def test_a_channel_out_of_proportion_does_not_spoil_int8(tmp_path, monkeypatch):
    net = trained(NetConfig(**SMALL))
    with torch.no_grad():
        net.backbone.stem[1].bias[0] = 1  # alive, whatever training made of it
        # The stem's first channel a thousand times as large, its readers a thousand times as small.
        net.backbone.stem[1].weight[0] *= 1000
        net.backbone.stem[1].bias[0] *= 1000
        net.backbone.down4[0].weight[:, 0] /= 1000
    pictures = [np.random.default_rng(i).random((1, 3, 64, 96), dtype=np.float32) for i in range(8)]
    (tmp_path / "m.onnx").write_bytes(export.to_onnx(net, {}))
    quant_pre_process(str(tmp_path / "m.onnx"), str(tmp_path / "p.onnx"), skip_symbolic_shape=True)
    proto = onnx.load(tmp_path / "p.onnx")
    found = equalise.pairs(proto.graph)
    assert len(found) > 10 and all(n.op_type == "Conv" for _, _, readers in found for n in readers)
    even = equalise.equalise(proto, pictures)
    run = lambda model: profile.session(model.SerializeToString()).run(None, {"image": pictures[0]})[0]
    assert np.abs(run(proto) - run(even)).max() < 1e-4

    def lost() -> float:
        quantize.quantize(tmp_path / "m.onnx", tmp_path / "q.onnx", pictures)
        return np.abs(run(onnx.load(tmp_path / "q.onnx")) - run(proto)).mean()

    with_it = lost()
    monkeypatch.setattr(quantize, "equalise", lambda model, _: model)
    assert with_it < 0.5 * lost()


def test_config_refuses_what_it_does_not_know(tmp_path):
    (tmp_path / "c.yaml").write_text("net: {wdths: [1]}")
    with pytest.raises(UserError, match="wdths"):
        config.load(tmp_path / "c.yaml")
    with pytest.raises(UserError, match="train.steps"):
        config.load(None, ["train.steps=many"])
    assert config.load(None, ["train.steps=7", "net.widths=[1,2,3,4,5]"]).train.steps == 7
