# SPDX-License-Identifier: MPL-2.0
import numpy as np
import pytest
import torch
import yaml

from mattenet import cli
from mattenet.config import Config, to_dict
from mattenet.data import dataset
from mattenet.errors import UserError
from mattenet.label import teachers
from mattenet.net.large import LargeNet, TeachConfig
from mattenet.teach import School, export

pytest.importorskip("efficientnet_lite_pytorch")


@pytest.fixture
def small(tiny):
    """A short run on the made-up pictures, without pre-trained weights."""
    tiny.batch = 4
    teach = TeachConfig(encoder="lite0", pretrained=False, width=16, rates=[1, 2], size=[64, 64], steps=4, lr=3e-3, encoder_lr=1.0, ema=0.8)
    return Config(data=tiny, teach=teach)


def test_trains_resumes_alike_and_becomes_a_teacher(small, tmp_path):
    torch.set_num_threads(1)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = School(small, tmp_path / "whole")
    whole.fit()
    School(small, tmp_path / "parts").fit(until=2)
    resumed = School(small, tmp_path / "parts")
    assert resumed.step == 2
    resumed.fit()
    mine, theirs = whole.net.state_dict(), resumed.net.state_dict()
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)

    file = export(whole.ema.net, small, tmp_path / "whole")
    words = yaml.safe_load((tmp_path / "whole/teacher.yaml").read_text())["own"]
    assert words["height"] == 64 and words["licence"] == "MPL-2.0"
    teacher = teachers.Teacher(teachers.find(["own"], tmp_path / "whole/teacher.yaml")[0], "")
    x = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    with torch.no_grad():
        expected = torch.sigmoid(whole.ema.net.eval()(torch.from_numpy(x))).numpy()
    assert np.abs(teacher.raw(x) - expected).max() < 1e-4 and file.is_file()


def test_learns_a_batch_by_heart(small, tmp_path):
    school = School(small, tmp_path)
    school.net.train()
    batch = dataset.build(small.data, "train", (64, 64)).batch(0)
    losses = [school.train_step(batch) for _ in range(6)]
    assert losses[-1] < 0.9 * losses[0]


def test_the_command_trains_measures_and_exports(small, tmp_path, capsys):
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(to_dict(small)))
    cli.main(["teach", "--config", str(file), "--run", str(tmp_path / "run")])
    assert "validation: iou" in capsys.readouterr().out
    assert (tmp_path / "run/teacher.onnx").is_file()


def test_unknown_encoder_names_the_package():
    with pytest.raises(UserError, match="efficientnet-lite9-pytorch-model"):
        LargeNet(TeachConfig(encoder="lite9"))
