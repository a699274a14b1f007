# SPDX-License-Identifier: MPL-2.0
"""What cameras do to a picture: exposure, white balance, uneven and low light, blur, noise, JPEG.

All on one uint8 HxWx3 RGB frame with OpenCV and lookup tables, each well under a millisecond at 256x144:
two processor cores prepare data and train at the same time.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

from mattenet.data.config import AugmentConfig

LEVELS = np.arange(256, dtype=np.float32) / 255


def tone(image: np.ndarray, rng: np.random.Generator, dark: bool) -> np.ndarray:
    """Exposure, gamma, contrast and white balance through one lookup table a channel, then saturation and hue."""
    gain = np.exp(rng.normal(0, 0.22)) * (rng.uniform(0.15, 0.55) if dark else 1)
    gamma = np.exp(rng.normal(0, 0.22))
    contrast, pivot = np.exp(rng.normal(0, 0.15)), rng.uniform(0.35, 0.6)
    # Illuminants move along blue-amber more than along green-magenta.
    warmth, tint = rng.normal(0, 0.09), rng.normal(0, 0.035)
    balance = np.exp(np.array([warmth + tint, -tint, -warmth + tint], np.float32))
    curve = (np.clip(LEVELS, 1e-6, 1) ** gamma - pivot) * contrast + pivot
    table = np.clip(curve[:, None] * gain * balance, 0, 1)
    image = cv2.LUT(image, (table * 255 + 0.5).astype(np.uint8).reshape(256, 1, 3))
    if rng.random() < 0.5:
        luma = np.array([0.299, 0.587, 0.114], np.float32)
        saturation = rng.uniform(0.3, 1.4)
        mix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * luma[None]
        mix += rng.normal(0, 0.02, (3, 3)).astype(np.float32)  # sensors' colour matrices differ
        image = cv2.transform(image, mix)
    return image


def uneven_light(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A smooth gain map: a window on one side, a lamp, vignetting."""
    coarse = np.exp(rng.normal(0, 0.4, (rng.integers(2, 4), rng.integers(2, 4), 1))).astype(np.float32)
    coarse = coarse * np.exp(rng.normal(0, 0.06, (1, 1, 3))).astype(np.float32)
    gain = cv2.resize(coarse, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.multiply(image, np.clip(gain, 0.2, 3), dtype=cv2.CV_8U)


def motion_kernel(length: int, degrees: float) -> np.ndarray:
    """A line of `length` px as a blur kernel, float32, sum 1; of odd sides, so that it moves nothing."""
    middle = length // 2
    side = 2 * middle + 1
    kernel = np.zeros((side, side), np.float32)
    kernel[middle] = 1
    if length < side:
        kernel[middle, [0, -1]] = 0.5
    turned = cv2.warpAffine(kernel, cv2.getRotationMatrix2D((middle, middle), degrees, 1), (side, side))
    return turned / max(float(turned.sum()), 1e-6)


def blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Defocus, hand shake, a small sensor's upscaling, or a camera's oversharpening."""
    kind = rng.integers(0, 4)
    if kind == 0:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if kind == 1:
        return cv2.filter2D(image, -1, motion_kernel(int(rng.integers(3, 9)), rng.uniform(0, 180)))
    if kind == 2:
        part = rng.uniform(0.35, 0.8)
        small = cv2.resize(image, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(image, (0, 0), 1.0)
    amount = rng.uniform(0.4, 1.5)
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


@functools.lru_cache(maxsize=1)
def _noise_bank() -> np.ndarray:
    """Normal noise, int8, standard deviation 32: drawing fresh normals a frame costs ten times the cut-out."""
    return np.clip(np.random.default_rng(7).normal(0, 32, (768, 1024, 3)), -127, 127).astype(np.int8)


def noise(image: np.ndarray, rng: np.random.Generator, dark: bool) -> np.ndarray:
    """Sensor noise: fine or after the camera's smoothing, in colour or mostly in luma."""
    bank = _noise_bank()
    height, width = image.shape[:2]
    y, x = rng.integers(0, bank.shape[0] - height + 1), rng.integers(0, bank.shape[1] - width + 1)
    field = bank[y : y + height, x : x + width]
    if rng.random() < 0.5:
        field = cv2.cvtColor(np.ascontiguousarray(field[..., 0]).view(np.uint8), cv2.COLOR_GRAY2RGB).view(np.int8)
    strength = rng.gamma(2.0, 2.2) * (1.8 if dark else 1)
    field = field.astype(np.float32)
    if rng.random() < 0.4:
        field = cv2.GaussianBlur(field, (0, 0), 0.8) * 2
    return cv2.addWeighted(image, 1.0, field, strength / 32, 0, dtype=cv2.CV_8U)


def jpeg(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """MJPEG cameras and call codecs: quality 15 to 80."""
    quality = int(rng.uniform(15, 80))
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def camera(image: np.ndarray, rng: np.random.Generator, aug: AugmentConfig) -> np.ndarray:
    """The whole chain on RGB uint8 HxWx3, in the order light takes through a camera."""
    dark = rng.random() < aug.low_light
    if rng.random() < aug.light:
        image = uneven_light(image, rng)
    if rng.random() < aug.blur:
        image = blur(image, rng)
    if dark or rng.random() < aug.colour:
        image = tone(image, rng, dark)
    if dark or rng.random() < aug.noise:
        image = noise(image, rng, dark)
    if dark and rng.random() < 0.6:
        # Automatic gain brings a dark picture up again, its noise with it.
        image = cv2.convertScaleAbs(image, alpha=rng.uniform(1.2, 3.0))
    if rng.random() < aug.gray:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < aug.jpeg:
        image = jpeg(image, rng)
    return image


def moments(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What differs from one frame of a still scene to the next: noise, a little exposure, the codec."""
    image = cv2.convertScaleAbs(image, alpha=np.exp(rng.normal(0, 0.04)))
    image = noise(image, rng, False)
    return jpeg(image, rng) if rng.random() < 0.3 else image
