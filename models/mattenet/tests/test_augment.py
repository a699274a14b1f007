# SPDX-License-Identifier: MPL-2.0
"""Each effect of the camera alone: what it does to a picture, and what it leaves as it was."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from mattenet.data import augment
from mattenet.data.config import AugmentConfig

EFFECTS = ("colour", "light", "low_light", "blur", "noise", "jpeg", "gray")
NONE = AugmentConfig(**dict.fromkeys(EFFECTS, 0.0))
SEEDS = range(80)
FLAT = np.full((96, 128, 3), 110, np.uint8)
SPECKLED = np.repeat(np.random.default_rng(0).integers(60, 200, (96, 128, 1), np.uint8), 3, 2)
COLOURED = cv2.resize(np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8), (128, 96), interpolation=cv2.INTER_CUBIC)
COLOURED = cv2.addWeighted(COLOURED, 0.7, SPECKLED, 0.3, 0)


def shots(image, **chances):
    """`image` through the camera with these effects only, once a seed."""
    aug = dataclasses.replace(NONE, **chances)
    return [augment.camera(image.copy(), np.random.default_rng(seed), aug) for seed in SEEDS]


def share(values):
    return np.mean(list(values))


def steps(image):
    """Mean squared difference of neighbours along x and along y."""
    gray = image.astype(np.float32).mean(2)
    return np.square(np.diff(gray, axis=1)).mean(), np.square(np.diff(gray, axis=0)).mean()


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_changes_colours_only_and_comes_by_its_chance(effect):
    always = shots(COLOURED, **{effect: 1.0})
    assert all(out.shape == COLOURED.shape and out.dtype == np.uint8 for out in always)
    assert all((out != COLOURED).any() for out in always)
    assert 0.3 < share((out != COLOURED).any() for out in shots(COLOURED, **{effect: 0.5})) < 0.7
    luma = lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    moved = [np.hypot(*cv2.phaseCorrelate(luma(COLOURED), luma(out))[0]) for out in always]
    assert np.median(moved) < 0.2 and np.percentile(moved, 90) < 0.4, "nothing moves"


def test_all_effects_together_keep_the_form_and_none_changes_nothing():
    everything = dict.fromkeys(EFFECTS, 1.0) | {"gray": 0.2, "low_light": 0.5}
    for out in shots(COLOURED, **everything):
        assert out.shape == COLOURED.shape and out.dtype == np.uint8 and (out != COLOURED).any()
    assert all(np.array_equal(out, COLOURED) for out in shots(COLOURED))


def test_colour_moves_exposure_and_white_balance_of_the_whole_picture():
    tones = shots(FLAT, colour=1)
    assert all((out == out[0, 0]).all() for out in tones), "flat stays flat"
    r, g, b = np.array([out[0, 0] for out in tones], float).T
    brightness = (r + g + b) / 3
    assert brightness.std() > 25 and 0.2 < share(brightness > 110) < 0.8, "brighter and darker"
    assert share(abs(r - b) > 5) > 0.5, "a cast"
    assert (r - b).std() > 1.5 * (g - (r + b) / 2).std(), "of warm and cold light more than of green"


def test_colour_changes_contrast():
    ramp = np.repeat(np.arange(40, 200, dtype=np.uint8)[None, :, None].repeat(8, 0), 3, 2)
    dark, middle, light = np.array([out[0, [20, 80, 140]].mean(1) for out in shots(ramp, colour=1)]).T
    assert (dark < middle).all() and (middle < light).all(), "order stays"
    bend = (light - middle) / (middle - dark)
    assert bend.std() > 0.1, "gamma"
    assert 0.25 < share(out.min() > 2 for out in shots(0 * FLAT, colour=1)) < 0.75, "less contrast lifts black, more does not"


def test_colour_mixes_channels_half_of_the_time():
    # Green of both halves is the same; only saturation and hue let red into it.
    halves = np.full((4, 8, 3), 90, np.uint8)
    halves[:, 4:, 0] = 180
    assert 0.3 < share(out[0, 0, 1] != out[0, 7, 1] for out in shots(halves, colour=1)) < 0.7


def test_light_is_uneven_and_smooth():
    lit = shots(FLAT, light=1)
    gray = [out.astype(np.float32).mean(2) for out in lit]
    assert share(g.max() - g.min() > 25 for g in gray) > 0.9
    assert all(abs(g - cv2.GaussianBlur(g, (0, 0), 1.5)).max() < 3 for g in gray)
    brightest = np.array([np.unravel_index(g.argmax(), g.shape) for g in gray])
    assert (brightest.std(0) > 20).all(), "from any side"
    assert share(abs(out.reshape(-1, 3).astype(float).mean(0) @ [1, 0, -1]) > 2 for out in lit) > 0.5, "and of a colour"


def test_low_light_is_darker_and_noisier():
    dark, day = shots(FLAT, low_light=1), shots(FLAT, colour=1, noise=1)
    assert share(out.mean() < 100 for out in dark) > 0.75
    assert np.median([out.mean() for out in dark]) < 0.7 * np.median([out.mean() for out in day])
    grain = lambda outs: np.median([out.mean(2).std() / max(out.mean(), 1) for out in outs])
    assert grain(dark) > 2 * grain(day)
    alone = [[augment.noise(FLAT, np.random.default_rng(seed), low).std() for seed in SEEDS] for low in (False, True)]
    assert np.median(np.divide(*alone[::-1])) > 1.5


def test_automatic_gain_brings_some_dark_pictures_up_again(monkeypatch):
    monkeypatch.setattr(augment, "tone", lambda image, rng, dark: image)
    monkeypatch.setattr(augment, "noise", lambda image, rng, dark: image)
    gain = np.array([out.mean() for out in shots(np.full((4, 4, 3), 80, np.uint8), low_light=1)]) / 80
    assert ((gain == 1) | ((gain > 1.19) & (gain < 3.01))).all() and 0.4 < share(gain > 1) < 0.8


def test_blur_softens_three_times_of_four_and_sharpens_else():
    assert all(np.array_equal(out, FLAT) for out in shots(FLAT, blur=1))
    energy = np.array([steps(out) for out in shots(SPECKLED, blur=1)]) / steps(SPECKLED)
    softer, sharper = (energy < 0.98).all(1), (energy > 1.05).all(1)
    assert (softer | sharper).all() and 0.6 < share(softer) < 0.9 and share(sharper) > 0.1


def test_blur_by_motion_is_along_a_line():
    def slopes(out):
        gray = out.astype(np.float32).mean(2)
        least, most = np.linalg.eigvalsh(np.cov(*(cv2.Sobel(gray, -1, *way).ravel() for way in ((1, 0), (0, 1)))))
        return least / most  # smallest over largest energy of any direction

    assert 0.1 < share(slopes(out) < 0.6 for out in shots(SPECKLED, blur=1)) < 0.4


@pytest.mark.parametrize("length", range(3, 11))
def test_motion_kernels_are_lines_that_move_nothing(length):
    for degrees in range(0, 180, 15):
        kernel = augment.motion_kernel(length, degrees)
        rows, columns = np.indices(kernel.shape) - kernel.shape[0] // 2
        assert kernel.dtype == np.float32 and (kernel >= 0).all() and kernel.sum() == pytest.approx(1)
        assert abs((kernel * rows).sum()) < 0.05 and abs((kernel * columns).sum()) < 0.05, "its middle is the pixel itself"
        # Rows count downwards: along (cos, -sin) it is `length` px long, across it is thin.
        turn = np.deg2rad(degrees)
        along, across = columns * np.cos(turn) - rows * np.sin(turn), columns * np.sin(turn) + rows * np.cos(turn)
        assert np.sqrt(12 * (kernel * along**2).sum() + 1) == pytest.approx(length, abs=1.0)
        assert (kernel * across**2).sum() < 0.3


def test_noise_is_around_the_picture_and_of_every_kind():
    noise = [out.astype(np.float32) - 110 for out in shots(FLAT, noise=1)]
    strength = np.array([n.std() for n in noise])
    assert (strength > 0.2).all() and strength.max() > 3 * np.median(strength) > 6, "little as a rule, sometimes much"
    assert all(abs(n.mean()) < 0.1 + 0.05 * n.std() for n in noise), "no brighter, no darker"
    assert all(n[:48].std() == pytest.approx(n[48:].std(), rel=0.15) for n in noise), "everywhere"
    assert 0.3 < share((n == n[..., :1]).all() for n in noise) < 0.7, "in luma and in colour"
    alike = [np.corrcoef(n[:, 1:].ravel(), n[:, :-1].ravel())[0, 1] for n in noise]
    assert 0.2 < share(a > 0.2 for a in alike) < 0.6, "fine and smoothed"
    assert not np.array_equal(noise[0] / strength[0], noise[1] / strength[1])


def test_jpeg_is_that_of_qualities_15_to_80():
    def coded(quality):
        data = cv2.imencode(".jpg", COLOURED[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]

    known = {coded(quality).tobytes(): quality for quality in range(1, 101)}
    qualities = [known.get(out.tobytes()) for out in shots(COLOURED, jpeg=1)]
    assert None not in qualities and 15 <= min(qualities) < 30 and 65 < max(qualities) <= 80


def test_jpeg_keeps_flat_areas_and_shows_blocks():
    assert all(abs(out.astype(int) - FLAT).max() <= 2 for out in shots(FLAT, jpeg=1))
    soft = np.repeat(cv2.GaussianBlur(SPECKLED[..., 0], (0, 0), 3)[..., None], 3, 2)
    edge = np.arange(127) % 8 == 7
    for out in shots(soft, jpeg=1):
        jumps = abs(np.diff(out[..., 0].astype(float), axis=1) - np.diff(soft[..., 0].astype(float), axis=1)).mean(0)
        assert jumps[edge].mean() > 1.15 * jumps[~edge].mean()


def test_gray_has_one_channel_three_times():
    for out in shots(COLOURED, gray=1):
        assert (out == out[..., :1]).all()
        assert abs(out[..., 0] - COLOURED @ [0.299, 0.587, 0.114]).max() <= 1
