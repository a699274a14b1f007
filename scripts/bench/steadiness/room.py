# SPDX-License-Identifier: MPL-2.0
"""Models of the room from the literature, in the place of the chain's memory of the scene.

Each says, pixel by pixel, whether the picture shows the room that it knows; where it does, the matte
is 0. They are told what the chain's memory is told: they do not learn where the network sees a
subject.
"""

import cv2
import numpy as np

LEARNING = 1 / 60  # as fast as the chain's memory
SURE = 0.25  # matte around a pixel up to which the room is learnt


def pictures(clip, mattes):
    """The frames at the mattes' size, YCrCb."""
    height, width = mattes[0].shape
    for rgb in clip.frames:
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        yield cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)


def is_room(matte):
    return cv2.dilate(matte, np.ones((3, 3))) < SURE


def subtractor(make):
    """A background subtractor of OpenCV. It cannot be told what not to learn, so a pixel where the
    network sees a subject is shown the room as it was last seen there, or noise if it never was: no
    colour comes often enough to be taken for the room's."""

    def run(clip, mattes):
        model, random, out = make(), np.random.default_rng(1), []
        shown, seen = None, np.zeros(mattes[0].shape, bool)
        for picture, matte in zip(pictures(clip, mattes), mattes):
            foreground = None if shown is None else model.apply(picture, learningRate=0)
            learns = is_room(matte)
            seen |= learns
            shown = picture.copy() if shown is None else shown
            shown[learns] = picture[learns]
            shown[~seen] = random.integers(0, 256, (int((~seen).sum()), 3), np.uint8)
            model.apply(shown, learningRate=LEARNING)
            out.append(matte if foreground is None else np.where(foreground == 0, 0, matte).astype(np.float32))
        return out

    return run


def mixture():
    """Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction", ICPR 2004."""
    return cv2.createBackgroundSubtractorMOG2(history=120, varThreshold=16, detectShadows=False)


def neighbours():
    """Zivkovic and van der Heijden, "Efficient adaptive density estimation per image pixel", 2006."""
    return cv2.createBackgroundSubtractorKNN(history=120, dist2Threshold=400, detectShadows=False)


class Codebook:
    """Kim, Chalidabhongse, Harwood and Davis, "Real-time foreground-background segmentation using
    codebook model", 2005: every pixel has words of colour and range of brightness. Here in RGB with
    their constants (alpha 0.7, beta 1.2, distortion 10) and at most four words."""

    WORDS, DISTORTION, DARKEST, BRIGHTEST = 4, 10.0, 0.7, 1.2

    def __init__(self, shape):
        self.colors = np.zeros((self.WORDS, *shape, 3), np.float32)
        self.low = np.zeros((self.WORDS, *shape), np.float32)
        self.high = np.zeros((self.WORDS, *shape), np.float32)
        self.seen = np.zeros((self.WORDS, *shape), np.float32)

    def match(self, picture):
        """Which words each pixel fits."""
        brightness = np.linalg.norm(picture, axis=2)
        along = (self.colors * picture).sum(3) ** 2 / np.maximum((self.colors**2).sum(3), 1e-3)
        distortion = np.sqrt(np.maximum(brightness**2 - along, 0))
        fits = (brightness >= self.DARKEST * self.high) & (brightness <= np.minimum(self.BRIGHTEST * self.high, self.low / self.DARKEST))
        return (self.seen > 0) & (distortion < self.DISTORTION) & fits

    def learn(self, picture, where):
        brightness = np.linalg.norm(picture, axis=2)
        matches = self.match(picture)
        first = np.where(matches.any(0), matches.argmax(0), self.seen.argmin(0))
        for word in range(self.WORDS):
            here = where & (first == word)
            known, new = here & matches[word], here & ~matches[word]
            seen = self.seen[word]
            self.colors[word][new], seen[new] = picture[new], 0
            self.low[word][new] = self.high[word][new] = brightness[new]
            weight = (1 / (seen + 1))[..., None]
            self.colors[word] += np.where(known[..., None], weight * (picture - self.colors[word]), 0)
            self.low[word] = np.where(known, np.minimum(self.low[word], brightness), self.low[word])
            self.high[word] = np.where(known, np.maximum(self.high[word], brightness), self.high[word])
            seen[here] += 1


def codebook(clip, mattes):
    model, out = Codebook(mattes[0].shape), []
    height, width = mattes[0].shape
    for rgb, matte in zip(clip.frames, mattes):
        picture = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        out.append(np.where(model.match(picture).any(0), 0, matte).astype(np.float32))
        model.learn(picture, is_room(matte))
    return out


def models():
    """Name and method of every model."""
    return [
        ("Gaussian mixture (MOG2)", subtractor(mixture)),
        ("nearest neighbours (KNN)", subtractor(neighbours)),
        ("codebook", codebook),
    ]
