# SPDX-License-Identifier: MPL-2.0
"""Where frames look in pictures, and where people are put in frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mattenet.data import geometry
from mattenet.data.cache import BOTTOM, LEFT, RIGHT, TOP
from mattenet.data.config import AugmentConfig

FRAME = (256, 144)
SEEDS = 600


def views(height, width, box, upper, stretch=0.0):
    """x, y, width and height of the view of each seed."""
    aug, rngs = AugmentConfig(stretch=stretch), map(np.random.default_rng, range(SEEDS))
    return np.array([geometry.view(rng, height, width, np.array(box), upper, FRAME, aug) for rng in rngs]).T


def places(box, touches, border):
    """Left, top, right and bottom of a person of `box` in the frame of each seed, px."""
    corners = np.array([[box[0], box[2]], [box[1], box[3]], [1, 1]], float)
    found = []
    for seed in range(SEEDS):
        rect = geometry.place(np.random.default_rng(seed), np.array(box), touches, FRAME, border)
        found.append((geometry.matrix(rect, FRAME) @ corners).T.ravel())
    return np.array(found).T


@pytest.mark.parametrize("seed", range(40))
def test_views_stay_near_the_picture_and_fill_the_frame(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(60, 400, 2))
    box = np.array([width // 4, height // 4, width // 2, height - 5])
    x, y, w, h = geometry.view(rng, height, width, box, bool(seed % 2), FRAME, AugmentConfig())
    assert w > 1 and h > 1 and w <= 1.6 * width and h <= 1.6 * height
    for start, length, limit in ((x, w, width), (y, h, height)):
        assert min(0, limit - length) - 1e-6 <= start <= max(0, limit - length) + 1e-6
    m = geometry.matrix((x, y, w, h), FRAME)
    assert np.allclose(m @ [x, y, 1], [0, 0]) and np.allclose(m @ [x + w, y + h, 1], FRAME)
    flipped = geometry.matrix((x, y, w, h), FRAME, flip=True)
    assert np.allclose(flipped @ [x, y, 1], [256, 0]) and np.allclose(flipped @ [x + w, y + h, 1], [0, 144])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("stretch", [0.0, 0.4])
@pytest.mark.parametrize("height, width, box", [
    (360, 360, (320, 310, 345, 350)), (360, 200, (80, 40, 120, 330)), (144, 400, (5, 60, 60, 140))])
def test_views_show_the_person(height, width, box, upper, stretch):
    x, y, w, h = views(height, width, box, upper, stretch)
    x0, y0, x1, y1 = box
    upper_half = (x <= x1) & (x + w >= x0) & (y <= (y0 + y1) / 2) & (y + h >= y0)
    assert upper_half.mean() > 0.77


def test_views_keep_a_person_that_chance_would_miss():
    # A small one in the corner: a view without regard to it would show it about half as often.
    looked = views(400, 400, (370, 20, 390, 35), False)
    alone = views(400, 400, (0, 0, 0, 0), False)
    seen = lambda v: ((v[0] + v[2] >= 370) & (v[1] <= 27.5)).mean()
    assert seen(looked) > 0.8 > 0.5 > seen(alone)


@pytest.mark.parametrize("upper, expected", [(True, 0.8), (False, 0.3)])
def test_heads_and_shoulders_are_most_views_of_an_upper_body_only(upper, expected):
    x0, y0, x1, y1 = 180, 100, 220, 220
    x, y, w, h = views(225, 400, (x0, y0, x1, y1), upper)
    near = h <= 0.75 * (y1 - y0) + 1e-6  # other views are at least 0.6 of the picture, higher than the person
    assert near.mean() == pytest.approx(expected, abs=0.06)
    x, y, w, h = (v[near] for v in (x, y, w, h))
    assert (y <= y0 + 0.051 * h).all(), "the head's top is in the frame, or just above"
    assert (y < y0).mean() > 0.7 and (y0 - y <= 0.36 * h).all()
    assert (y + h < y1 - 0.2 * (y1 - y0)).all(), "the legs are not"
    assert ((x < 200) & (x + w > 200)).mean() > 0.98, "nor is the person beside it"
    assert h.min() < 0.3 * (y1 - y0) and h.max() > 0.65 * (y1 - y0), "from a face to the hips"


def test_wide_boxes_have_no_upper_body():
    assert (views(225, 700, (100, 100, 300, 220), True)[3] >= 0.6 * 225 - 1e-6).all()


def test_stretched_views_take_the_pictures_shape():
    w, h = views(300, 300, (100, 100, 200, 290), False, stretch=1.0)[2:]
    assert (0.7 < w / h).all() and (w / h < 1.4).all() and (h > 0.5 * 300).all() and (np.maximum(w, h) <= 300).all()
    w, h = views(300, 300, (100, 100, 200, 290), False, stretch=0.0)[2:]
    assert np.median(w / h) == pytest.approx(16 / 9, rel=0.03) and (w / h > 1.2).all()
    w, h = views(300, 300, (100, 100, 200, 290), False, stretch=0.4)[2:]
    assert (w / h < 1.2).mean() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [-30.0, 0.0, 7.0, 90.0])
def test_a_turn_is_by_that_angle_about_the_middle(degrees, flip):
    m = geometry.matrix((40, 30, 128, 72), FRAME, degrees, flip)
    assert np.allclose(m @ [104, 66, 1], [128, 72])
    for along in np.array([[10.0, 0], [0, 10], [6, -8]]):
        mapped = m[:, :2] @ along * ([-1, 1] if flip else [1, 1])
        turned = np.rad2deg(np.angle(complex(*mapped) / complex(*along)))
        assert np.hypot(*mapped) == pytest.approx(20) and turned == pytest.approx(degrees)
    squeezed = geometry.matrix((0, 0, 256, 72), FRAME, degrees)
    assert np.allclose(squeezed, np.diag([1, 2]) @ geometry.matrix((0, 0, 256, 72), (256, 72), degrees))


@pytest.mark.parametrize("touches", range(16))
def test_cut_sides_of_pasted_people_stay_outside_the_frame(touches):
    box = (0 if touches & LEFT else 20, 0 if touches & TOP else 10, 100 if touches & RIGHT else 70, 80 if touches & BOTTOM else 60)
    for border in (False, True):
        left, top, right, bottom = places(box, touches, border)
        assert not touches & LEFT or (left <= 1e-6).all()
        assert not touches & RIGHT or (right >= 256 - 1e-6).all()
        assert not touches & TOP or (top <= 1e-6).all()
        assert not touches & BOTTOM or (bottom >= 144 - 1e-6).all()
        assert ((right > 0) & (left < 256) & (bottom > 0) & (top < 144)).all(), "some of the person is in the frame"


def test_people_at_the_border_are_partly_outside_and_partly_inside():
    box = (20, 10, 70, 60)
    left, top, right, bottom = places(box, 0, True)
    outside = np.maximum(-left, right - 256) / (right - left)
    assert (outside > 0.199).all() and outside.max() > 0.6
    inside = np.minimum(right, 256) - np.maximum(left, 0)
    assert (inside >= np.minimum(0.299 * (right - left), 255.9)).all()
    assert 0.4 < (left < 0).mean() and 0.4 < (right > 256).mean(), "past either side"
    left, top, right, bottom = places(box, 0, False)
    assert ((0.149 * 256 <= (left + right) / 2) & ((left + right) / 2 <= 0.851 * 256)).all(), "their middle is in it else"


def test_people_of_all_sizes_stand_low_in_the_frame():
    left, top, right, bottom = places((20, 10, 70, 60), 0, False)
    tall = bottom - top
    assert (tall >= 0.18 * 144 - 1e-6).all() and (tall <= 1.5 * 144 + 1e-6).all() and 0.22 < (tall < 0.7 * 144).mean() < 0.45
    low = bottom[tall < 143]
    assert (low >= 0.75 * 144 - 1e-6).all() and (low <= 144 + 1e-6).all()
    high = top[tall > 145]
    assert (high >= -0.05 * 144 - 1e-6).all() and (high <= 0.25 * 144 + 1e-6).all()


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("touches", [LEFT, RIGHT, BOTTOM])
def test_no_gap_is_seen_between_a_cut_side_and_the_frame(touches, flip):
    height, width = 216, 384
    box = [0 if touches & LEFT else 120, 20, width if touches & RIGHT else 264, height if touches & BOTTOM else 190]
    person = np.zeros((height, width, 4), np.uint8)
    person[box[1]:box[3], box[0]:box[2]] = 255
    trust = np.full((height, width), 255, np.uint8)
    for seed in range(300):
        rect = geometry.place(np.random.default_rng(seed), np.array(box), touches, FRAME, False)
        alpha = geometry.warp((person, trust), geometry.matrix(rect, FRAME, 0.0, flip), FRAME, cv2.BORDER_CONSTANT)[0][..., 3]
        near = {LEFT: alpha[:, ::-1] if flip else alpha, RIGHT: alpha if flip else alpha[:, ::-1], BOTTOM: alpha[::-1].T}[touches]
        solid = near[:, 4] == 255
        assert solid.any() and (near[solid, 0] > 127).all()


def test_frames_are_what_lies_in_their_rectangle():
    columns = np.arange(64, dtype=np.uint8)[None, :, None].repeat(48, 0).repeat(4, 2)
    plain = np.full((48, 64), 255, np.uint8)
    whole = geometry.warp((columns, plain), geometry.matrix((0, 0, 64, 48), (64, 48), flip=True), (64, 48))[0]
    assert np.array_equal(whole, columns[:, ::-1])
    part = geometry.warp((columns, plain), geometry.matrix((10, 8, 20, 10), (20, 10)), (20, 10))[0]
    assert np.array_equal(part, columns[8:18, 10:30])


@pytest.mark.parametrize("scale", [0.5, 0.3, 0.2, 0.1])
def test_small_people_are_averaged_and_not_picked_from_single_pixels(scale):
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 255, (384, 384, 4), np.uint8)
    size = (int(384 * scale), int(384 * scale))
    fine[..., 3] = np.add.outer(np.arange(384), np.arange(384)) / 3.1
    shrunk = geometry.warp((fine, fine[..., 0]), geometry.matrix((0, 0, size[0] / scale, size[1] / scale), size), size)[0]
    area = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    assert shrunk[..., :3].std() < 1.7 * area[..., :3].std()
    assert abs(shrunk[..., 3].astype(int) - area[..., 3])[1:-1, 1:-1].max() <= 4, "and are where they were"


def test_the_room_beside_people_has_none_of_them():
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        height, width = (int(n) for n in rng.integers(60, 400, 2))
        x0, y0 = rng.integers(0, [width - 20, height - 20])
        x1, y1 = rng.integers([x0 + 10, y0 + 10], [width, height])
        rect = geometry.beside(rng, height, width, np.array([x0, y0, x1, y1]), FRAME)
        if rect is not None:
            x, y, w, h = rect
            found += 1
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
            assert x + w <= x0 or x >= x1 or y + h <= y0
    assert found > 50
    assert geometry.beside(np.random.default_rng(1), 144, 256, np.array([10, 10, 250, 140]), FRAME) is None
    assert geometry.beside(np.random.default_rng(1), 144, 256, np.zeros(4), FRAME) is not None, "nobody in it"


def test_clothes_of_any_width_hang_in_view():
    for seed in range(300):
        rng = np.random.default_rng(seed)
        left, right = int(rng.integers(0, 100)), int(rng.integers(110, 400))
        x, _, w, _ = geometry.hook(rng, np.array([left, 10, right, 90]), (20, 30 + seed % 60), (64, 48))
        assert x < right and x + w > left
