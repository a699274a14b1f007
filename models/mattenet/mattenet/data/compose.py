# SPDX-License-Identifier: MPL-2.0
"""People put before other rooms: colour without the old background, light and sharpness matched to the new one."""

from __future__ import annotations

import cv2
import numpy as np

from mattenet.data import augment, sharpness

SOFTER = 0.3  # px of sigma; less is not seen


def foreground(rgb: np.ndarray, alpha: np.ndarray, radius: int = 4) -> np.ndarray:
    """The person's own colour at half-covered pixels: blur(I a) / blur(a), one level of Forte's estimate (2021).

    Without it every pasted person carries a rim of the old room, and a network learns rims instead of people.
    """
    solid = np.clip((alpha.astype(np.float32) - 200) / 55, 0, 1)[..., None]
    kernel = (2 * radius + 1, 2 * radius + 1)
    weight = cv2.blur(solid, kernel)[..., None]
    spread = cv2.blur(rgb * solid, kernel) / np.maximum(weight, 1e-3)
    # Far from any solid pixel there is nothing to spread: keep what is there.
    mixed = np.where(weight > 0.02, rgb * solid + spread * (1 - solid), rgb)
    return np.clip(mixed, 0, 255).astype(np.float32)


def plain(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A wall, a paper roll or a green screen: two to four colours blended over the frame; RGB uint8."""
    base = rng.uniform(20, 235, 3)
    if rng.random() < 0.35:
        base = np.array([rng.uniform(10, 90), rng.uniform(120, 230), rng.uniform(20, 110)])  # green screen
    corners = base + rng.normal(0, rng.uniform(2, 30), (2, 2, 3))
    field = cv2.resize(corners.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.clip(field, 0, 255).astype(np.uint8)


def _soften(colour: np.ndarray, alpha: np.ndarray, blur) -> tuple[np.ndarray, np.ndarray]:
    """Colour HxWx3 f32 and alpha HxW uint8 after `blur`, a linear filter; no colour comes from where alpha is 0."""
    cover = alpha.astype(np.float32)
    colour, cover = blur(colour * cover[..., None]), blur(cover)
    return colour / np.maximum(cover, 1)[..., None], np.clip(cover + 0.5, 0, 255).astype(np.uint8)


def match_sharpness(colour: np.ndarray, alpha: np.ndarray, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A person's colour and alpha and the room RGB or RGBA, the sharper of the two blurred to the other's sharpness.

    One camera took both, so a person cut from a sharp picture must not stand out of a soft room by sharpness alone.
    """
    # The person without the edge between old room and person, which says more about the mask.
    inside = cv2.erode((alpha > 250).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    mine = sharpness.blur_of(np.clip(colour, 0, 255).astype(np.uint8), inside)
    theirs = sharpness.blur_of(behind[..., :3], np.ones(alpha.shape, bool))
    if (sigma := sharpness.missing(mine, theirs)) > SOFTER:
        colour, alpha = _soften(colour, alpha, lambda x: cv2.GaussianBlur(x, (0, 0), sigma))
    elif (sigma := sharpness.missing(theirs, mine)) > SOFTER:
        behind = cv2.GaussianBlur(behind, (0, 0), sigma)
    return colour, alpha, behind


def over(person: tuple[np.ndarray, np.ndarray], room: tuple[np.ndarray, np.ndarray], rng: np.random.Generator,
         matched: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """`person` over `room` (each RGBA HxWx4 and confidence HxW, uint8); the room's own people stay people.

    `matched` is the chance that both get the same sharpness (see match_sharpness).
    """
    (front, front_trust), (back, back_trust) = person, room
    alpha = front[..., 3]
    colour = foreground(front[..., :3], alpha)
    behind = back  # with its alpha: who is in the room blurs with it
    if rng.random() < matched:
        colour, alpha, behind = match_sharpness(colour, alpha, behind)
    if rng.random() < 0.3:
        behind = cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.5, 3.0))  # rooms are further off than the focus
    solid = alpha >= 128
    if rng.random() < 0.7 and solid.any():
        # Part of the way to the room's colour and brightness.
        mine, theirs = colour[solid].mean(0) + 8, behind[..., :3].reshape(-1, 3).mean(0) + 8
        colour = np.minimum(colour * np.clip((theirs / mine) ** rng.uniform(0, 0.6), 0.5, 1.8).astype(np.float32), 255)
    if rng.random() < 0.15:
        # The person moves, the room does not.
        kernel = augment.motion_kernel(int(rng.integers(3, 11)), rng.uniform(-40, 40))
        colour, alpha = _soften(colour, alpha, lambda x: cv2.filter2D(x, -1, kernel))
    a = (alpha.astype(np.float32) / 255)[..., None]
    rgb = colour * a + behind[..., :3] * (1 - a)
    total = alpha + (255 - alpha.astype(np.uint16)) * behind[..., 3] // 255
    trust = np.where(alpha > 8, front_trust, back_trust)
    out = np.empty_like(front)
    out[..., :3] = np.clip(rgb + 0.5, 0, 255)
    out[..., 3] = total
    return out, trust


def headless(rgba: np.ndarray, box: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, tuple[int, int]]:
    """The clothes of somebody who stands in `box` (x0, y0, x1, y1 px), as if they hung on a hook.

    Returns the picture with alpha on what lies between neck and thighs only, and the first and last row of that. The
    shoulders fall off to both sides.
    """
    x0, y0, x1, y1 = (float(v) for v in box)
    top, bottom = (int(y0 + rng.uniform(low, high) * (y1 - y0)) for low, high in ((0.17, 0.23), (0.45, 0.75)))
    columns = np.abs(np.arange(rgba.shape[1]) - (x0 + x1) / 2)
    first = top + columns * rng.uniform(0, 0.4)
    rows = np.arange(rgba.shape[0])[:, None]
    clothes = rgba.copy()
    clothes[..., 3] *= (rows >= first) & (rows < bottom)
    return clothes, (top, bottom)


def hang(clothes: tuple[np.ndarray, np.ndarray], room: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`room` with `clothes` in it, which are nobody: alpha is taken away where they hang."""
    (back, back_trust), bare = room, room[0].copy()
    bare[..., 3] = 0
    out, trust = over(clothes, (bare, back_trust), rng)
    covered = out[..., 3]  # moved and blurred as the clothes are
    trust[covered > 8] = 255
    out[..., 3] = (255 - covered.astype(np.uint16)) * back[..., 3] // 255
    return out, trust
