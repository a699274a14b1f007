# SPDX-License-Identifier: MPL-2.0
"""Sheets of validation pictures."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest
import yaml
from conftest import disc, write
from test_label import bright

from mattenet import cli, compare, tiles


@pytest.fixture
def street(tmp_path, monkeypatch):
    """Three validation pictures of a set `made-up`, one of them dark, so that a model that calls bright what is misses it."""
    names = [f"ccp{i:04d}" for i in range(60) if zlib.crc32(f"ccp{i:04d}".encode()) % 10 == 0][:3]
    for i, name in enumerate(names):
        image, alpha = disc(60, 90, i)
        write(tmp_path / f"data/stills/street/images/{name}.png", image // 4 if i == 1 else image)
        write(tmp_path / f"data/stills/street/masks/{name}.png", alpha)
    bright(tmp_path / "good.onnx", 8, "height", "width")
    bright(tmp_path / "peers/other/model.onnx", 4)
    (tmp_path / "teachers.yaml").write_text("other: {height: 32, width: 32, licence: MPL-2.0}\n")
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"data": {
        "data": str(tmp_path / "data"), "work": str(tmp_path / "work"), "sources": {"stills/street": {"loader": "masks"}}}}))
    monkeypatch.setitem(compare.SETS, "made-up", ("stills/street",))
    return names


def sheets(tmp_path, *words) -> int:
    return cli.main(["sheets", "--config", str(tmp_path / "c.yaml"), "--onnx", str(tmp_path / "good.onnx"), "--of", "made-up",
                     "--models", "other", "--peers", str(tmp_path / "peers"), "--teachers", str(tmp_path / "teachers.yaml"),
                     "--out", str(tmp_path / "out"), "--cell", "90", *words])


def test_all_pictures_are_there_worst_first(tmp_path, street, capsys):
    assert sheets(tmp_path, "--rows", "2") == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [f.name for f in files] == ["made-up-01.png", "made-up-02.png"]
    assert capsys.readouterr().out.split() == [str(f) for f in files]
    first, second = (cv2.imread(str(f)) for f in files)
    tall = 90 + tiles.LINE
    # Picture, truth and two mattes beside each other; two pictures on the first sheet, one on the second.
    assert first.shape == (tiles.LINE + 2 * tall, 4 * 90, 3) and second.shape == (tiles.LINE + tall, 4 * 90, 3)
    dark = cv2.imread(str(tmp_path / f"data/stills/street/images/{street[1]}.png"))
    assert np.array_equal(first[tiles.LINE :][: dark.shape[0], :90], dark)
    # The truth shows the disc as it is, the model that misses it shows green there.
    place = np.argwhere(cv2.imread(str(tmp_path / f"data/stills/street/masks/{street[1]}.png"), 0) == 255).mean(0).astype(int)
    truth, missed = (first[tiles.LINE + place[0], column * 90 + place[1]].astype(int) for column in (1, 2))
    assert abs(truth - dark[place[0], place[1]]).max() <= 1 and missed[1] - missed[[0, 2]].max() > 50


def test_requests_that_make_no_sense_are_refused(tmp_path, street, capsys):
    assert sheets(tmp_path, "--rows", "0") == 1 and "at least 1 row" in capsys.readouterr().err
    assert sheets(tmp_path, "--of", "nothing") == 1 and "no set nothing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    words = ["sheets", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "out")]
    assert cli.main(words) == 1 and "--onnx" in capsys.readouterr().err
