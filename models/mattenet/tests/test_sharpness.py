# SPDX-License-Identifier: MPL-2.0
import cv2
import numpy as np
import pytest

from mattenet.data import compose, sharpness

EVERYWHERE = np.ones((144, 256), bool)


def blocks(seed: int, sigma: float, noise: float = 0.0, size=(144, 256)) -> np.ndarray:
    """A picture of rectangles whose edges a Gaussian has blurred; RGB."""
    rng = np.random.default_rng(seed)
    big = np.full((*size, 3), 120, np.uint8)
    for _ in range(40):
        x, y, w, h = rng.integers(0, (size[1], size[0], 70, 50))
        cv2.rectangle(big, (int(x), int(y)), (int(x + w), int(y + h)), tuple(int(c) for c in rng.integers(0, 255, 3)), -1)
    soft = cv2.GaussianBlur(big.astype(np.float32), (0, 0), sigma) if sigma else big.astype(np.float32)
    return np.clip(soft + rng.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sigma", [0.8, 1.2, 1.8, 2.4])
def test_the_blur_of_edges_is_found(seed, sigma):
    assert sharpness.blur_of(blocks(seed, sigma, noise=2), EVERYWHERE) == pytest.approx(sigma, rel=0.2)


def test_softer_pictures_are_called_softer():
    found = [sharpness.blur_of(blocks(7, sigma, noise=3), EVERYWHERE) for sigma in (0, 0.7, 1.2, 2.0)]
    assert found == sorted(found) and found[0] < 0.7


def test_nothing_is_said_about_a_wall_or_too_small_a_place():
    assert sharpness.blur_of(np.full((144, 256, 3), 90, np.uint8), EVERYWHERE) is None
    few = np.zeros((144, 256), bool)
    few[:5, :5] = True
    assert sharpness.blur_of(blocks(1, 0), few) is None
    assert sharpness.missing(None, 2.0) == sharpness.missing(1.0, None) == sharpness.missing(2.0, 1.0) == 0.0
    assert sharpness.missing(3.0, 5.0) == pytest.approx(4.0)


@pytest.mark.parametrize("person, room", [(0.6, 2.0), (2.0, 0.6), (1.2, 1.2)])
def test_a_person_and_its_room_become_equally_sharp(person, room):
    alpha = np.zeros((144, 256), np.uint8)
    alpha[20:, 60:200] = 255
    colour, behind = blocks(3, person).astype(np.float32), blocks(4, room)
    out, cover, back = compose.match_sharpness(colour.copy(), alpha.copy(), behind.copy())
    inside = cv2.erode(alpha, np.ones((15, 15), np.uint8)) > 0
    found = [sharpness.blur_of(np.clip(x, 0, 255).astype(np.uint8), m) for x, m in ((out, inside), (back, EVERYWHERE))]
    assert found[0] == pytest.approx(found[1], rel=0.2)
    assert max(person, room) * 0.8 < found[0] < max(person, room) * 1.25, "the sharper one follows the softer"
    # Only the one that was too sharp is touched, and the mask's edge softens with the person.
    assert np.array_equal(out, colour) == (person >= room) and np.array_equal(back, behind) == (room >= person)
    assert bool(((cover > 20) & (cover < 235)).any()) == (person < room)


def test_softening_brings_no_old_room_in():
    # Green where alpha is 0: whatever the blur, none of it may reach the person's colour.
    alpha = np.zeros((60, 60), np.uint8)
    alpha[15:45, 15:45] = 255
    colour = np.where(alpha[..., None] > 0, np.float32([200, 0, 0]), np.float32([0, 255, 0]))
    soft, cover = compose._soften(colour, alpha, lambda x: cv2.GaussianBlur(x, (0, 0), 3.0))
    assert soft[cover > 8][:, 1].max() < 1 and 0 < cover[15, 30] < 255
