# SPDX-License-Identifier: MPL-2.0
"""Tiny made-up pictures for the tests of the loaders: discs as people before noisy rooms."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest
import torch

from mattenet.data.config import DataConfig, SourceConfig

# The networks of the tests are so small that a second thread costs more than it brings.
torch.set_num_threads(1)


def disc(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """RGB picture of a bright disc and its matte."""
    rng = np.random.default_rng(seed)
    image = rng.integers(20, 110, (height, width, 3), np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(width // 3, 2 * width // 3)), int(rng.integers(height // 3, 2 * height // 3)))
    cv2.circle(alpha, centre, min(height, width) // 4, 255, -1, cv2.LINE_AA)
    image[alpha > 127] = rng.integers(180, 255, 3)
    return image, alpha


def write(path, image: np.ndarray) -> None:
    """Writes RGB or gray; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)


@pytest.fixture
def tiny(tmp_path) -> DataConfig:
    """A masked folder, a folder without people, a labelled one and an unlabelled one, with a work folder.

    ccp0006 and ccp0007 are validation by their checksums.
    """
    data, work = tmp_path / "data", tmp_path / "work"
    for i in range(12):
        image, alpha = disc(60 + i, 90, i)
        write(data / f"stills/street/images/ccp{i:04d}.png", image)
        write(data / f"stills/street/masks/ccp{i:04d}.png", alpha)
        write(data / f"rooms/r{i}.png", np.random.default_rng(i).integers(0, 120, (50, 70, 3), np.uint8))
        write(data / f"any/u{i}.png", image)
    rows = ["name\tscore\tcoverage\topinions"]
    for i in range(6):
        image, alpha = disc(64, 64, 100 + i)
        write(data / f"scenario/cam/c{i}.png", image)
        write(work / f"labels/scenario/cam/c{i}.png", alpha)
        write(work / f"labels/scenario/cam/c{i}.conf.png", np.full((64, 64), 255, np.uint8))
        rows.append(f"c{i}\t{0.2 + 0.15 * i:.2f}\t0.2\t5")
    (work / "labels/scenario/cam/scores.tsv").write_text("\n".join(rows) + "\n")
    return DataConfig(
        data=str(data), work=str(work), batch=4, epoch=16, cache_side=80, least_score=0.3,
        sources={
            "stills/street": SourceConfig("masks", upper_body=True),
            "rooms": SourceConfig("empty", 0.5, kind="negative"),
            "scenario/cam": SourceConfig("labels"),
            "any": SourceConfig("unlabelled"),
        })


def pytest_sessionfinish(session):
    """With MATTENET_NO_SKIPS a test that was skipped counts as failed: what it needs is missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("MATTENET_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
