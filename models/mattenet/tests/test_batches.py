# SPDX-License-Identifier: MPL-2.0
import dataclasses

import cv2
import numpy as np
import pytest
import torch
from conftest import write

from mattenet.data import compose, dataset, geometry
from mattenet.data.config import AugmentConfig, DataConfig, SourceConfig
from mattenet.data.sampler import Sampler
from mattenet.errors import UserError
from mattenet.review import decisions

SIZE = (64, 48)


def pictures(cfg, split):
    """(folder, name) of every picture of a split."""
    frames = dataset.build(cfg, split, SIZE).frames
    return {(shelf.folder, str(shelf.names[i])) for shelf, i in map(frames.source, range(len(frames)))}


def same(a, b):
    return all(torch.equal(a[k], b[k]) for k in a)


def test_batches_have_the_agreed_form(tiny):
    batch = next(iter(dataset.build(tiny, "train", SIZE)))
    assert {k: (v.dtype, tuple(v.shape)) for k, v in batch.items()} == {
        "image": (torch.uint8, (4, 3, 48, 64)), "alpha": (torch.uint8, (4, 1, 48, 64)), "confidence": (torch.uint8, (4, 1, 48, 64)),
        "kind": (torch.int64, (4,)), "index": (torch.int64, (4,))}


def test_batches_repeat_by_seed_and_step_whoever_prepares_them(tiny):
    first = dataset.build(tiny, "train", SIZE, seed=5)
    wanted = [first.batch(step) for step in range(4)]
    assert not same(wanted[0], wanted[1]) and not same(wanted[0], dataset.build(tiny, "train", SIZE, seed=6).batch(0))
    again = dataset.build(tiny, "train", SIZE, seed=5)
    again.seek(0, 2)
    stream = again.stream()
    assert same(next(stream), wanted[2]) and same(next(stream), wanted[3])
    tiny.workers = 1
    stream = dataset.build(tiny, "train", SIZE, seed=5).stream()
    assert all(same(next(stream), w) for w in wanted)
    del stream


def test_other_aspects_by_step(tiny):
    loader = dataset.build(tiny, "train", SIZE)
    assert loader.batch(3, (48, 64))["image"].shape == (4, 3, 64, 48)
    stream = loader.stream(lambda step: (32, 32) if step % 2 else SIZE)
    assert [next(stream)["image"].shape[2:] for _ in range(2)] == [(48, 64), (32, 32)]


def test_training_and_validation_share_no_picture_and_unreviewed_labels_do_not_validate(tiny):
    tiny.sources["scenario/cam"].validation = True
    train, val = pictures(tiny, "train"), pictures(tiny, "val")
    assert not train & val and not any(folder == "scenario/cam" for folder, _ in train | val)
    decisions.append(f"{tiny.work}/review.tsv", "scenario/cam", "c0", "keep", 0.2)
    assert ("scenario/cam", "c0") in pictures(tiny, "val")


def test_review_and_score_choose_the_labels(tiny):
    names = lambda: {name for folder, name in pictures(tiny, "train") if folder == "scenario/cam"}
    assert names() == {"c1", "c2", "c3", "c4", "c5"}, "c0 scores 0.2, below least_score"
    decisions.append(f"{tiny.work}/review.tsv", "scenario/cam", "c0", "keep", 0.2)
    decisions.append(f"{tiny.work}/review.tsv", "scenario/cam", "c5", "drop", 0.95)
    assert names() == {"c0", "c1", "c2", "c3", "c4"}


def test_unlabelled_pictures_only_for_pretraining(tiny):
    assert ("any", "u1") in pictures(tiny, "pretrain") and ("any", "u1") not in pictures(tiny, "train")
    with pytest.raises(UserError, match="train, val or pretrain"):
        dataset.build(tiny, "test", SIZE)


def test_validation_frames_are_the_whole_picture_once(tiny):
    loader = dataset.build(tiny, "val", SIZE)
    indices = torch.cat([b["index"] for b in loader])
    assert indices.tolist() == list(range(len(loader.frames)))


def test_sampler_draws_by_folder_and_by_difficulty():
    folder = np.array([0] * 90 + [1] * 10)
    sampler = Sampler(folder, np.array([1.0, 1.0]), mining=4.0, seed=1)
    share = lambda s: np.bincount(np.concatenate([s.draw(step, 100) for step in range(60)]), minlength=100) / 6000
    by_folder = share(sampler)
    assert abs(by_folder[:90].sum() - 0.5) < 0.03, "by folder, not by picture"
    errors = np.zeros(100)
    errors[7] = 1.0
    sampler.mined(np.arange(100), errors)
    assert sampler.difficulty[7] == 1.0
    mined = share(sampler)
    assert mined[7] > 1.8 * by_folder[:90].mean(), "the hardest picture comes more often"
    with pytest.raises(ValueError, match="weight"):
        Sampler(folder, np.zeros(2), 1.0, 1)


def test_mining_survives_a_checkpoint_and_is_dropped_for_other_pictures(tiny):
    loader = dataset.build(tiny, "train", SIZE)
    count = len(loader.frames)
    loader.mined(np.arange(count), np.linspace(0, 1, count))
    loader.seek(1, 2)
    again = dataset.build(tiny, "train", SIZE)
    again.load_state_dict(loader.state_dict())
    assert again.step == loader.steps_per_epoch + 2 and same(again.batch(9), loader.batch(9))
    tiny.least_score = 0.9
    fewer = dataset.build(tiny, "train", SIZE)
    fewer.load_state_dict(loader.state_dict())
    assert not fewer.frames.sampler.difficulty.any()


def test_a_pasted_person_leaves_its_old_room_behind():
    # A red person in a bright green room, half-covered rim; put before black it must show no green.
    alpha = np.zeros((60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.5)[..., None]
    rgb = alpha * [200, 0, 0] + (1 - alpha) * [0, 255, 0]
    front = np.dstack([rgb, alpha * 255]).astype(np.uint8)
    back = np.zeros_like(front)
    full = np.full((60, 60), 255, np.uint8)
    naive = (rgb * alpha)[..., 1].max()
    for seed in range(8):
        out, trust = compose.over((front, full), (back, full), np.random.default_rng(seed))
        assert out[..., 1].max() < 0.5 * naive and (trust == 255).all()


def test_people_of_the_room_stay_people():
    front, back = np.zeros((2, 20, 40, 4), np.uint8)
    front[5:15, 5:15, 3] = 255
    back[5:15, 25:35, 3] = 255
    trust_front, trust_back = np.full((20, 40), 200, np.uint8), np.full((20, 40), 100, np.uint8)
    out, trust = compose.over((front, trust_front), (back, trust_back), np.random.default_rng(1))
    assert out[10, 30, 3] == 255 and out[10, 10, 3] == 255 and out[10, 20, 3] == 0
    assert trust[10, 10] == 200 and trust[10, 30] == 100


def test_clothes_that_hang_are_nobody():
    rng = np.random.default_rng(3)
    person = np.zeros((100, 60, 4), np.uint8)
    person[10:90, 20:40] = 255
    box = np.array([20, 10, 40, 90])
    clothes, (top, bottom) = compose.headless(person, box, rng)
    assert person[..., 3].any() and not clothes[:top, :, 3].any() and not clothes[bottom:, :, 3].any()
    assert 20 < top < 35 and 40 < bottom < 75 and clothes[bottom - 1, 30, 3] == 255
    seen = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        m = geometry.matrix(geometry.hook(rng, box, (top, bottom), (64, 48)), (64, 48))
        hung = geometry.warp((clothes, np.full((100, 60), 255, np.uint8)), m, (64, 48), cv2.BORDER_CONSTANT)
        assert hung[0][..., 3].any() and not hung[0][0, :, 3].any(), "its top is in view"
        room = np.full((48, 64, 4), 90, np.uint8)
        room[..., 3] = 255  # somebody fills it
        rgba, trust = compose.hang(hung, (room, np.full((48, 64), 100, np.uint8)), rng)
        # Clothes may have moved by up to 5 px while the picture was taken.
        alpha, near = hung[0][..., 3], np.ones((13, 13), np.uint8)
        inside, outside = cv2.erode(alpha, near) == 255, cv2.dilate(alpha, near) == 0
        assert not rgba[inside, 3].any() and (trust[inside] == 255).all()
        assert (rgba[outside, 3] == 255).all() and (trust[outside] == 100).all(), "and stays around them"
        seen += inside.sum()
    assert seen > 500


ROOM, OTHERS, EMPTY = (0, 200, 0), (200, 0, 0), (0, 0, 200)
NONE = {f.name: 0.0 for f in dataclasses.fields(AugmentConfig)}


@pytest.fixture
def shots(tmp_path):
    """Frames of a folder's picture: white people in green (whole), black (dressed) and gray (cut below), a yellow one in red."""
    for folder, room, person, x, end in (("whole", ROOM, 255, 30, 80), ("others", OTHERS, (230, 230, 0), 70, 80),
                                         ("dressed", 0, 255, 45, 80), ("cut", 90, 255, 40, 90)):
        image, mask = np.zeros((90, 120, 3), np.uint8), np.zeros((90, 120), np.uint8)
        mask[20:end, x:x + 30] = 255
        image[:], image[mask > 0] = room, person
        write(tmp_path / f"data/{folder}/images/p.png", image)
        write(tmp_path / f"data/{folder}/masks/p.png", mask)
    write(tmp_path / "data/rooms/r.png", np.full((90, 120, 3), EMPTY, np.uint8))
    sources = {"others": SourceConfig("masks"), "whole": SourceConfig("masks", 0.0), "cut": SourceConfig("masks", 0.0),
               "dressed": SourceConfig("masks", 0.0, upper_body=True), "rooms": SourceConfig("empty", 0.0)}
    cfg = DataConfig(data=str(tmp_path / "data"), work=str(tmp_path / "work"), sources=sources)
    frames = dataset.build(cfg, "train", SIZE).frames

    def draw(folder, **chances):
        cfg.augment = AugmentConfig(**NONE | chances)
        index = next(i for i in range(len(frames)) if frames.source(i)[0].folder == folder)
        return [frames.sample(index, np.random.default_rng(seed))[0] for seed in range(80)]

    return draw


def room_is(frame, colour):
    """Most of what is no person has about this colour."""
    room = frame[frame[..., 3] == 0][:, :3].astype(int)
    return len(room) > 0 and (abs(room - colour).max(1) < 40).mean() > 0.75


def yellow(frame):
    return (frame[..., :2] > 180).all(2) & (frame[..., 2] < 60)


def share(values):
    return np.mean(list(values))


def test_people_stay_in_their_room_unless_composed(shots):
    assert all(room_is(f, ROOM) for f in shots("whole"))
    moved = shots("whole", compose=1)
    assert not any(room_is(f, ROOM) or room_is(f, OTHERS) for f in moved) and all(f[..., 3].max() > 200 for f in moved)
    assert 0.7 < share(room_is(f, EMPTY) for f in moved) < 0.97, "a few before plain walls"
    assert 0.3 < share(not room_is(f, ROOM) for f in shots("whole", compose=0.5)) < 0.7


def test_two_people_share_a_room(shots):
    alone, together = shots("whole", compose=1), shots("whole", compose=1, two_people=1)
    assert share(room_is(f, OTHERS) for f in together) > 0.95
    assert 0.2 < share(room_is(f, OTHERS) for f in shots("whole", compose=1, two_people=0.4)) < 0.6
    others = [f for f in together if yellow(f).any()]
    assert len(others) > 0.8 * len(together) and min((f[yellow(f), 3] > 180).mean() for f in others) > 0.8
    more = lambda a, b: (b[..., 3] >= a[..., 3]).all() and b[..., 3].sum() > 1.05 * a[..., 3].sum()
    assert share(map(more, alone, together)) > 0.4


def test_room_beside_people_shows_nobody(shots):
    alone, beside = shots("whole", compose=1), shots("whole", compose=1, beside=1)
    assert all(0.08 < share(room_is(f, c) for f in beside) < 0.4 for c in (ROOM, OTHERS, EMPTY)), "any picture's"
    assert not any(yellow(f).any() for f in beside)
    assert share(np.array_equal(a[..., 3], b[..., 3]) for a, b in zip(alone, beside)) > 0.6
    assert not any(room_is(f, c) for f in alone for c in (ROOM, OTHERS))


def test_coats_hang_in_the_room_and_are_nobody(shots):
    bare, hung = shots("whole", compose=1), shots("whole", compose=1, coats=1)
    other = lambda f: (abs(f[..., :3].astype(int) - EMPTY).max(2) > 40)[f[..., 3] == 0].mean()
    before = [i for i, f in enumerate(bare) if room_is(f, EMPTY)]
    assert share(other(bare[i]) < 0.01 for i in before) > 0.95 and share(other(hung[i]) > 0.03 for i in before) > 0.6
    assert share(np.array_equal(a[..., 3], b[..., 3]) for a, b in zip(bare, hung)) > 0.6


@pytest.mark.parametrize("compose", [0.0, 1.0])
def test_frames_are_mirrored_by_chance(shots, compose):
    alike = lambda a, b: abs(a[..., 3].astype(int) - b[..., 3]).max() <= 2
    plain, flipped, some = (shots("whole", compose=compose, stretch=1, flip=chance) for chance in (0.0, 1.0, 0.5))
    # Some of the composed are blurred by another motion.
    assert share(alike(a, b[:, ::-1]) for a, b in zip(plain, flipped)) > (0.6 if compose else 0.99)
    assert 0.3 < share(alike(a, b) for a, b in zip(plain, some)) < 0.7


def turn(frame):
    """Degrees by which the edges of the person in a frame are off upright and level."""
    alpha = frame[..., 3].astype(np.float32)
    edges = (cv2.Sobel(alpha, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(alpha, cv2.CV_32F, 0, 1))[1:-1, 1:-1]
    return np.rad2deg(np.angle((edges**4).sum())) / 4


def test_frames_are_turned_by_the_configured_angle(shots):
    angles = lambda folder, **chances: np.array([turn(f) for f in shots(folder, stretch=1, **chances) if f[..., 3].any()])
    assert (abs(angles("whole")) < 1).all() and (abs(angles("whole", compose=1)) < 3).mean() > 0.9
    turned = angles("whole", rotate=10)
    still = abs(turned) < 0.5
    assert 0.35 < still.mean() < 0.7, "half of the views"
    assert 7 < turned[~still].std() < 13 and abs(turned.mean()) < 4
    assert 5 < angles("whole", compose=1, rotate=16).std() < 11, "people before other rooms by half of it"
    assert (abs(angles("cut", compose=1, rotate=16)) < 3).mean() > 0.9, "unless they are cut"


def test_people_at_the_border_are_cut_by_it(shots):
    cut = lambda border: share((f[:, [0, -1], 3] > 127).any() for f in shots("whole", compose=1, border=border))
    assert cut(1.0) > 0.95 and cut(0.0) < 0.55
