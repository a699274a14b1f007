# SPDX-License-Identifier: MPL-2.0
"""Every row of the ablation can be built and run, and the table tells noise from change."""

from __future__ import annotations

import pytest
import torch

from mattenet import ablate, config
from mattenet.net.config import NetConfig
from mattenet.net.matte import MatteNet


@pytest.mark.parametrize("row", ablate.ROWS)
def test_every_row_changes_one_thing_and_builds(row):
    base = config.Config()
    cfg = ablate.changed(base, ablate.ROWS[row], "weights.pt")
    assert (config.to_dict(cfg) == config.to_dict(base)) == (row == "base")
    with torch.no_grad():
        assert MatteNet(cfg.net).eval()(torch.rand(1, 3, 48, 64)).shape == (1, 1, 48, 64)


def test_the_row_with_weights_is_left_out_without_them():
    assert ablate.changed(config.Config(), ablate.ROWS["pre-trained on features"], "") is None


def test_one_run(tiny, tmp_path):
    cfg = config.Config(net=NetConfig(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 0]), data=tiny)
    cfg.train.steps, cfg.train.sizes = 2, [[64, 48]]
    from mattenet.review import tags
    from mattenet.train import check
    assert check.tagged(cfg) == []
    for name, seen in (("ccp0006", ["hand"]), ("ccp0007", ["headset", "hand"]), ("ccp0001", ["hat"])):
        tags.append(f"{tiny.work}/tags.tsv", "stills/street", name, seen)
    tagged = check.tagged(cfg)
    assert sorted(p[0] for p in tagged) == ["hand", "hand", "headset"], "ccp0001 is no validation"
    result = ablate.measure(cfg, tmp_path / "run", check.pictures(cfg, 8), tagged)
    assert 0 <= result["iou"] <= 1 and result["flops"] > 0 and not (tmp_path / "run/last.pt").exists()
    assert set(result["tags"]) == {"hand", "headset"}


def test_the_table_by_tag():
    results = {"base": [{"tags": {"hand": 0.5, "headset": 0.8}}, {"tags": {"hand": 0.7}}], "older": [{}]}
    head, _, base, older = ablate.by_tag(results).strip().splitlines()
    assert head == "| rule changed | headset | hand |"
    assert base == "| base | 0.8000 | 0.6000 |" and older == "| older |  |  |"
    assert ablate.by_tag({"base": [{}]}) == ""


def test_table_tells_noise():
    def run(iou):
        return {"iou": iou, "boundary_f": iou, "band": 0.1, "parameters": 1e5, "flops": 1e8}
    text = ablate.table({"base": [run(0.80), run(0.81)], "a": [run(0.803), run(0.812)], "b": [run(0.7), run(0.71)]},
                        {"base": 1.0, "a": 1.25})
    a, b = (next(line for line in text.splitlines() if line.startswith(f"| {r} ")) for r in "ab")
    assert "(noise)" in a and "(noise)" not in b and "-0.1000" in b
    assert a.endswith("| 1.25 |")


def test_times_are_ratios_and_equal_networks_share_one():
    small = dict(widths=[8, 8, 16, 16, 16], depths=[0, 1, 3, 2], decoder=[16, 8, 0])
    base, deeper = config.Config(net=NetConfig(**small)), config.Config(net=NetConfig(**small | {"depths": [0, 1, 24, 2]}))
    trained = config.Config(net=NetConfig(**small))
    trained.loss.l2 = 0.0
    found = ablate.times({"base": base, "no L2": trained, "deeper": deeper}, rounds=5)
    assert found["base"] == found["no L2"] == 1.0 and found["deeper"] not in (0.0, 1.0)
