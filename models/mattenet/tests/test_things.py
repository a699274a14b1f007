# SPDX-License-Identifier: MPL-2.0
import cv2
import numpy as np
import pytest

from mattenet.data import things


def bust(height=144, width=256, x=128, radius=24):
    """RGBA and confidence of a head over shoulders before a noisy room."""
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (x, 62), (radius, round(1.25 * radius)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.rectangle(alpha, (x - radius // 2, 62), (x + radius // 2, 110), 255, -1)
    cv2.ellipse(alpha, (x, 150), (3 * radius, 50), 0, 0, 360, 255, -1, cv2.LINE_AA)
    rgb = np.random.default_rng(3).integers(60, 120, (height, width, 3)).astype(np.uint8)
    rgb[alpha > 127] = (200, 160, 140)
    return np.dstack([rgb, alpha]), np.full((height, width), 200, np.uint8)


def test_the_head_is_found_where_it_is():
    for x in (60, 128, 190):
        head = things.find_head(bust(x=x)[0][..., 3])
        assert abs(head.x - x) <= 1 and abs(head.width - 48) <= 3 and abs(head.top - 32) <= 1 and 50 < head.y < 70


def test_no_head_where_there_is_none():
    rgba = bust()[0]
    assert things.find_head(np.zeros_like(rgba[..., 3])) is None
    assert things.find_head(np.full_like(rgba[..., 3], 255)) is None
    assert things.find_head(rgba[40:, :, 3]) is None  # cut by the frame
    finger = np.zeros((144, 256), np.uint8)
    cv2.line(finger, (100, 20), (100, 143), 255, 4)
    assert things.find_head(finger) is None
    ears = np.zeros_like(finger)
    ears[20:30, [30, 60]] = 255
    assert things.find_head(ears) is None  # two tips, nobody between them


@pytest.mark.parametrize("name", things.WORN)
def test_what_is_worn_is_subject(name):
    grown = 0
    for seed in range(12):
        rgba, trust = bust()
        out, sure = things.add((rgba, trust), {name: things.WORN[name]}, np.random.default_rng(seed))
        assert (out[..., 3] >= rgba[..., 3]).all() and out.dtype == sure.dtype == np.uint8
        changed = (out[..., :3] != rgba[..., :3]).any(-1)
        assert changed.any()
        # A pixel changes no more than the thing covers it, and what it covers is subject and trusted.
        change = np.abs(out[..., :3].astype(int) - rgba[..., :3]).max(-1)
        assert (change <= out[..., 3].astype(int) + 1).all() and (sure[out[..., 3].astype(int) - rgba[..., 3] > 200] == 255).all()
        grown += int((out[..., 3] > 127).sum()) - int((rgba[..., 3] > 127).sum())
    assert grown > 0 or name == "glasses" and grown == 0, "only glasses lie within the face"


@pytest.mark.parametrize("name", things.BEHIND)
def test_what_is_behind_is_not(name):
    changed = 0
    for seed in range(12):
        rgba, trust = bust()
        out, sure = things.add((rgba, trust), {name: things.BEHIND[name]}, np.random.default_rng(seed))
        assert (out[..., 3] == rgba[..., 3]).all() and (sure == trust).all()
        assert (out[rgba[..., 3] == 255] == rgba[rgba[..., 3] == 255]).all()  # the person hides it
        changed += (out[..., :3] != rgba[..., :3]).any(-1).sum()
    assert changed > 1000


def test_every_thing_has_its_chance():
    assert set(things.CHANCES) == {*things.WORN, *things.BEHIND}
    for some in (things.WORN, things.BEHIND):
        assert sum(things.CHANCES[name] for name in some) == pytest.approx(1)


def test_a_frame_without_a_head_stays_as_it_is():
    rgba, trust = bust()
    rgba[..., 3] = 0
    out, sure = things.add((rgba, trust), things.WORN, np.random.default_rng(1))
    assert out is rgba and sure is trust


def test_things_are_as_dark_and_as_blurred_as_the_picture():
    rgba, trust = bust()
    dark = rgba.copy()
    dark[..., :3] //= 4
    soft = rgba.copy()
    soft[..., :3] = cv2.GaussianBlur(rgba[..., :3], (0, 0), 2)
    only = {"headset": things.WORN["headset"]}
    thing = lambda frame: things.add((frame, trust), only, np.random.default_rng(5))[0]
    # In the room beside the head, where the cup is.
    where = (rgba[..., 3] < 8) & (thing(rgba)[..., 3] > 250)
    assert where.sum() > 20
    assert thing(dark)[where][:, :3].mean() < 0.6 * thing(rgba)[where][:, :3].mean() + 5
    edge = lambda frame: np.abs(np.diff(thing(frame)[..., 3].astype(int) * (rgba[..., 3] < 8), axis=1)).max()
    assert edge(soft) < edge(rgba)
