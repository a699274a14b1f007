# SPDX-License-Identifier: MPL-2.0
import argparse
import csv
import dataclasses
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import yaml
from conftest import write
from onnx import TensorProto, helper

from mattenet import compare, metrics
from mattenet.data import clips, folders, item
from mattenet.errors import UserError
from mattenet.label import fuse, label, opinions, teachers


def matte(height=80, width=100, box=(20, 30, 60, 70)):
    m = np.zeros((height, width), np.uint8)
    m[box[0] : box[2], box[1] : box[3]] = 255
    return m


def bright(path, gain=6.0, height=32, width=32):
    """A teacher that calls bright what is: sigmoid of (mean over channels - 0.6) * gain * 4."""
    kernel = helper.make_tensor("k", TensorProto.FLOAT, [1, 3, 1, 1], [gain * 4 / 3] * 3)
    bias = helper.make_tensor("b", TensorProto.FLOAT, [1], [-0.6 * gain * 4])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "k", "b"], ["y"]), helper.make_node("Sigmoid", ["y"], ["a"])], "bright",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 1, height, width])], [kernel, bias])
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def peers(tmp_path):
    """Three made-up teachers and their description."""
    for i, name in enumerate(("one", "two", "three")):
        bright(tmp_path / f"peers/{name}/model.onnx", 4 + i)
    words = tmp_path / "teachers.yaml"
    words.write_text("".join(f"{n}: {{height: 32, width: 32, licence: MPL-2.0}}\n" for n in ("one", "two", "three")))
    return tmp_path / "peers", words


def test_free_sides_follow_the_picture():
    fixed = teachers.Descriptor("fixed", 144, 256)
    free = dataclasses.replace(fixed, multiple=16)
    # The same as the plugin's own test asks for (src/model/input/size.rs).
    for (width, height), expected in {(1920, 1080): (256, 144), (1080, 1920): (144, 256), (640, 480): (208, 160)}.items():
        assert teachers.sides(width / height, free) == expected
        assert teachers.sides(width / height, fixed) == (256, 144)
    assert teachers.prepare(np.zeros((480, 640, 3), np.uint8), free).shape == (1, 3, 160, 208)


def test_descriptors_are_checked(tmp_path):
    assert teachers.find(["modnet"])[0].licence == "Apache-2.0"
    with pytest.raises(UserError, match="'nobody' is not described"):
        teachers.find(["nobody"])
    (tmp_path / "t.yaml").write_text("mine: {hight: 3}\n")
    with pytest.raises(UserError, match="mine: unknown key hight"):
        teachers.descriptors(tmp_path / "t.yaml")
    (tmp_path / "t.yaml").write_text("mine: {height: 3, width: 3, range: rgb}\n")
    with pytest.raises(UserError, match="range 'rgb'"):
        teachers.descriptors(tmp_path / "t.yaml")
    with pytest.raises(UserError, match="no file"):
        teachers.Teacher(teachers.find(["modnet"])[0], tmp_path)


@pytest.mark.parametrize("output, value, expected", [("alpha", 0.25, 64), ("logit", 0.0, 128), ("softmax", 0.0, 128)])
def test_outputs_are_decoded(tmp_path, output, value, expected):
    channels = 2 if output == "softmax" else 1
    # x * 0 cut to the channels, plus the wanted value.
    constants = [helper.make_tensor("v", TensorProto.FLOAT, [1, channels, 8, 8], [value] * channels * 64),
                 helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]), helper.make_tensor("start", TensorProto.INT64, [1], [0]),
                 helper.make_tensor("end", TensorProto.INT64, [1], [channels]), helper.make_tensor("axis", TensorProto.INT64, [1], [1])]
    nodes = [helper.make_node("Mul", ["x", "zero"], ["n"]), helper.make_node("Slice", ["n", "start", "end", "axis"], ["c"]),
             helper.make_node("Add", ["c", "v"], ["y"])]
    graph = helper.make_graph(nodes, "constant", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, 8, 8])], constants)
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    d = teachers.Descriptor("m", 8, 8, output=output, channel=channels - 1, file=str(path))
    found = teachers.Teacher(d, "")(np.full((20, 12, 3), 77, np.uint8))
    assert found.shape == (20, 12) and abs(int(found[5, 5]) - expected) <= 1


def test_agreeing_teachers_are_trusted_and_a_lone_dissenter_outvoted():
    image = cv2.cvtColor(matte(), cv2.COLOR_GRAY2RGB)
    same = fuse.fuse(image, {"a": matte(), "b": matte(), "c": matte()})
    assert same.score == 1 and (same.confidence == 255).all()
    assert metrics.iou(same.alpha / 255, matte() / 255) > 0.99
    split = fuse.fuse(image, {"a": matte(), "b": matte(), "c": matte(box=(0, 0, 80, 100))})
    assert metrics.iou(split.alpha / 255, matte() / 255) > 0.99
    assert split.confidence[5, 5] < 160 and split.confidence[40, 50] == 255 and split.score < same.score


def test_a_slightly_shifted_edge_is_no_disagreement():
    shifted = matte(box=(21, 31, 61, 71))
    assert fuse.disagreement(np.stack([matte(), shifted]), matte(), 2).max() == 0
    assert fuse.disagreement(np.stack([matte(), matte(box=(20, 30, 60, 95))]), matte(), 2).max() == pytest.approx(0.5)


def test_referees_decide_on_whole_components_only():
    image = np.zeros((80, 100, 3), np.uint8)
    person, chair = matte(box=(10, 5, 70, 35)), matte(box=(30, 60, 70, 90))
    both = np.maximum(person, chair)
    ops = {"people": person, "stands_out": both, "stands_out_too": both}
    assert fuse.fuse(image, ops).alpha[50, 75] == 255, "without referees the majority wins"
    judged = fuse.fuse(image, ops, ("people",))
    assert judged.alpha[50, 75] == 0 and judged.alpha[40, 20] == 255
    assert judged.confidence[50, 75] <= round(0.65 * 255) + 1


def test_small_pieces_go_with_their_rim():
    m = matte(200, 200, (50, 50, 150, 150))
    m[10:14, 10:14], m[8:16, 8:10] = 255, 90
    m[100, 100] = 0
    found = fuse.fuse(np.zeros((200, 200, 3), np.uint8), {"a": m})
    assert not found.alpha[:30, :30].any() and not found.confidence[11, 11] and found.alpha[100, 100] > 200


def test_boxes_and_mattes_must_support_each_other():
    found = fuse.fuse(np.zeros((80, 100, 3), np.uint8), {"a": matte()})
    right = fuse.check_boxes(found, np.array([[0.5, 0.5, 0.4, 0.5]]))
    assert (right.confidence == 255).all() and right.score == found.score
    nothing = fuse.check_boxes(found, np.array([[0.1, 0.1, 0.1, 0.1]]))
    assert not nothing.confidence[40, 50] and not nothing.confidence[8, 10] and nothing.score == 0
    assert nothing.confidence[70, 90] == 255


def test_masks_that_forget_people_are_not_trusted_there():
    confidence = fuse.check_mask(matte(), [np.maximum(matte(), matte(box=(10, 80, 70, 98)))])
    assert confidence[40, 50] == 255 and confidence[40, 90] == 0 and confidence[75, 5] == 255


def test_label_command_writes_resumes_and_labels_again(tiny, peers):
    folder, words = peers
    names = {p.stem for p in Path(tiny.data, "any").iterdir()}
    parser = argparse.ArgumentParser()
    label.add_parser(parser.add_subparsers())
    args = lambda *more: parser.parse_args([
        "label", "any", "--data", tiny.data, "--work", tiny.work, "--peers", str(folder), "--teachers", str(words),
        "--first", "one", "two", "--second", "three", "one~flip", "--referees", "--doubt", "2", "--jobs", "1", *more])
    label.run(args())
    out = Path(tiny.work, "labels/any")
    with open(out / "scores.tsv") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert {r["name"] for r in rows} == names and {r["opinions"] for r in rows} == {"4"}
    truth = cv2.imread(f"{tiny.data}/stills/street/masks/ccp0002.png", 0)
    found = cv2.imread(str(out / "u2.png"), 0)
    assert metrics.iou(found / 255, truth / 255) > 0.8 and (out / "u2.conf.png").is_file()
    # Stopped in between: a picture without its line in the table is done again, the others are not.
    stamp = (out / "u5.png").stat().st_mtime_ns
    (out / "scores.tsv").write_text("".join(line for line in (out / "scores.tsv").read_text().splitlines(True) if not line.startswith("u2\t")))
    label.run(args())
    assert "u2" in folders.scores(out.parent, "any") and (out / "u5.png").stat().st_mtime_ns == stamp
    label.run(args("--again"))
    assert (out / "u5.png").stat().st_mtime_ns > stamp and len(folders.scores(out.parent, "any")) == len(names)
    with pytest.raises(UserError, match="referee"):
        label.run(args("--referees", "nobody"))


def test_cut_off_opinions_are_asked_again(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 cut off")
    assert opinions.load(tmp_path / "a.npz") == {} == opinions.load(tmp_path / "none.npz")


def test_metrics_by_hand():
    truth = matte(100, 100, (20, 20, 80, 80)) / 255
    half = truth.copy()
    half[:, 50:] = 0
    assert metrics.iou(half, truth) == pytest.approx(0.5) and metrics.iou(truth * 0, truth * 0) == 1
    assert metrics.boundary_f(truth, truth) == 1 and metrics.boundary_f(truth * 0, truth) == 0
    assert metrics.boundary_f(np.roll(truth, 1, 1), truth) == 1 and metrics.boundary_f(np.roll(truth, 12, 1), truth) < 0.8
    assert metrics.band_error(truth, truth) == 0 and 0.4 < metrics.band_error(1 - truth, truth) <= 1
    assert np.isnan(metrics.band_error(truth, truth * 0))
    ignored = np.zeros((100, 100), bool)
    ignored[:, :50] = True
    assert metrics.iou(half, truth, ignored) == 1
    mean, low, high = metrics.bootstrap(np.array([0.0, 1.0] * 50 + [np.nan]))
    assert mean == 0.5 and 0.38 < low < 0.45 and 0.55 < high < 0.62


def test_compare_prints_a_table_and_remembers(tiny, peers, tmp_path, capsys):
    folder, words = peers
    bright(tmp_path / "ours.onnx", 8, "height", "width")
    parser = argparse.ArgumentParser()
    compare.add_parser(parser.add_subparsers())
    compare.SETS["made-up"] = ("stills/street",)
    try:
        args = parser.parse_args([
            "compare", "--onnx", str(tmp_path / "ours.onnx"), "--stretched", str(tmp_path / "ours.onnx"), "--models", "one", "--peers", str(folder), "--teachers", str(words),
            "--sets", "made-up", "--worst", str(tmp_path / "w.png"), "--out", str(tmp_path / "t.md"),
            "--against", "one", "--config", str(tmp_path / "c.yaml")])
        (tmp_path / "c.yaml").write_text(yaml.safe_dump({"data": dataclasses.asdict(tiny)}))
        compare.run(args)
        text = (tmp_path / "t.md").read_text()
        assert "| ours |" in text and "| ours stretched |" in text and "| one |" in text and "mean IoU" in text and "Milliseconds a run: ours " in text
        assert "| made-up | ours | one |" in text and "| made-up | ours stretched | one |" in text
        assert cv2.imread(str(tmp_path / "w.png")).shape[1] == 2400
        kept = sorted(p.stat().st_mtime_ns for p in Path(tiny.work, "compare").iterdir())
        compare.run(args)
        assert kept == sorted(p.stat().st_mtime_ns for p in Path(tiny.work, "compare").iterdir())
    finally:
        del compare.SETS["made-up"]


def test_differences_are_taken_picture_by_picture():
    row = lambda iou, band: {"iou": iou, "boundary": 0.5, "band": band}
    hard = np.linspace(0.2, 0.9, 30)  # how hard pictures are hides a small difference from their means, not from pairs
    ours = {"webcam": [row(x + 0.02, 0.1) for x in hard], "negative": []}
    theirs = {"webcam": [row(x, 0.3 if i % 2 else -0.1) for i, x in enumerate(hard)], "negative": []}
    text = compare.differences({"a": ours, "b": theirs}, ["a"], ["b"])
    assert "| webcam | a | b | +0.020 (+0.020 to +0.020) ours | +0.000 (+0.000 to +0.000) chance | " in text
    assert text.count("\n") == 3 and text.rstrip().endswith("chance |")
    assert "theirs |" in compare.differences({"a": theirs, "b": ours}, ["a"], ["b"])


def test_clip_frames_are_matched_to_their_masks_by_number(tiny):
    root = Path(tiny.data)
    (root / "clips").mkdir()
    video = cv2.VideoWriter(str(root / "clips/walk.mkv"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for n in range(6):
        video.write(np.full((48, 64, 3), 40 * n, np.uint8))
    video.release()
    for n in (1, 4):
        write(root / f"clips/walk_masks/{n:04d}.png", matte(48, 64, (10, 10, 30, 30)))
    found = clips.masked_frames(root, Path(tiny.work))
    assert [i.name for i in found] == ["1", "4"]
    assert [round(float(item.load(i, 512)[0].mean()) / 40) for i in found] == [1, 4]
    write(root / "clips/walk_masks/0099.png", matte(48, 64))
    with pytest.raises(UserError, match="ends before frame 99"):
        clips.masked_frames(root, Path(tiny.work))
