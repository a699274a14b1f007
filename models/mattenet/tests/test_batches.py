# SPDX-License-Identifier: MPL-2.0
import cv2
import numpy as np
import pytest
import torch

from mattenet.data import augment, compose, dataset, geometry
from mattenet.data.cache import BOTTOM, LEFT, RIGHT, TOP
from mattenet.data.config import AugmentConfig
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


@pytest.mark.parametrize("seed", range(40))
def test_views_stay_near_the_picture_and_show_the_person(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(60, 400, 2))
    box = np.array([width // 4, height // 4, width // 2, height - 5])
    x, y, w, h = geometry.view(rng, height, width, box, bool(seed % 2), (256, 144), AugmentConfig())
    assert w > 1 and h > 1 and w <= 1.6 * width and h <= 1.6 * height
    m = geometry.matrix((x, y, w, h), (256, 144))
    assert np.allclose(m @ [x, y, 1], [0, 0]) and np.allclose(m @ [x + w, y + h, 1], [256, 144])
    flipped = geometry.matrix((x, y, w, h), (256, 144), flip=True)
    assert np.allclose(flipped @ [x, y, 1], [256, 0])


@pytest.mark.parametrize("touches", range(16))
def test_cut_sides_of_pasted_people_stay_outside_the_frame(touches):
    for seed in range(20):
        rng = np.random.default_rng([touches, seed])
        box = np.array([0 if touches & LEFT else 20, 0 if touches & TOP else 10, 100 if touches & RIGHT else 70, 80 if touches & BOTTOM else 60])
        m = geometry.matrix(geometry.place(rng, box, touches, (256, 144), seed % 2 == 0), (256, 144))
        (left, top), (right, bottom) = m @ [box[0], box[1], 1], m @ [box[2], box[3], 1]
        assert not touches & LEFT or left <= 1e-6
        assert not touches & RIGHT or right >= 256 - 1e-6
        assert not touches & TOP or top <= 1e-6
        assert not touches & BOTTOM or bottom >= 144 - 1e-6
        assert right > 0 and left < 256 and bottom > 0 and top < 144, "some of the person is in the frame"


def test_the_room_beside_people_has_none_of_them():
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        height, width = (int(n) for n in rng.integers(60, 400, 2))
        x0, y0 = rng.integers(0, [width - 20, height - 20])
        x1, y1 = rng.integers([x0 + 10, y0 + 10], [width, height])
        rect = geometry.beside(rng, height, width, np.array([x0, y0, x1, y1]), (256, 144))
        if rect is not None:
            x, y, w, h = rect
            found += 1
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
            assert x + w <= x0 or x >= x1 or y + h <= y0
    assert found > 50
    assert geometry.beside(np.random.default_rng(1), 144, 256, np.array([10, 10, 250, 140]), (256, 144)) is None
    assert geometry.beside(np.random.default_rng(1), 144, 256, np.zeros(4), (256, 144)) is not None, "nobody in it"


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


def test_clothes_of_any_width_hang_in_view():
    for seed in range(300):
        rng = np.random.default_rng(seed)
        left, right = int(rng.integers(0, 100)), int(rng.integers(110, 400))
        x, _, w, _ = geometry.hook(rng, np.array([left, 10, right, 90]), (20, 30 + seed % 60), (64, 48))
        assert x < right and x + w > left


@pytest.mark.parametrize("seed", range(30))
def test_camera_changes_colours_only(seed):
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    always = AugmentConfig(colour=1, light=1, low_light=0.5, blur=1, noise=1, jpeg=1, gray=0.2)
    out = augment.camera(image.copy(), np.random.default_rng(seed), always)
    assert out.shape == image.shape and out.dtype == np.uint8 and not np.array_equal(out, image)
    never = AugmentConfig(colour=0, light=0, low_light=0, blur=0, noise=0, jpeg=0, gray=0)
    assert np.array_equal(augment.camera(image.copy(), np.random.default_rng(seed), never), image)
