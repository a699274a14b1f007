# SPDX-License-Identifier: MPL-2.0
"""Batches for training and validation, from the cache.

A batch is a dict: image uint8 [B,3,H,W] RGB, alpha uint8 [B,1,H,W] (255 = person), confidence uint8 [B,1,H,W]
(255 = trusted, 0 = ignore), kind int64 [B] (number of the folder in `Loader.folders`), index int64 [B] (number
of the picture, for mining). Batches depend on seed, step and difficulties only: a run resumes exactly.
"""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import torch

from mattenet.data import augment, cache, compose, geometry, splits, things
from mattenet.data.config import DataConfig, sources
from mattenet.data.sampler import Sampler
from mattenet.errors import UserError
from mattenet.review import decisions

PRETRAIN = "pretrain"  # split: every picture that is not validation, labelled or not


class Frames(torch.utils.data.Dataset):
    """The pictures of a split, and batches of them by step; what a worker process needs."""

    def __init__(self, cfg: DataConfig, split: str, size: tuple[int, int], seed: int):
        cv2.setNumThreads(1)
        self.cfg, self.split, self.size, self.seed = cfg, split, size, seed
        known = sources(cfg)
        decided = decisions.read(pathlib.Path(cfg.work) / "review.tsv")
        self.shelves = cache.shelves(cfg)
        shelf_of, place = [], []
        for number, shelf in enumerate(self.shelves):
            source = known[shelf.folder]
            for i, name in enumerate(shelf.names):
                in_split = splits.split(shelf.folder, str(name), source) == (splits.TRAIN if split == PRETRAIN else split)
                if in_split and (split == PRETRAIN or self._wanted(shelf, i, decided, source.loader)):
                    shelf_of.append(number)
                    place.append(i)
        if not place:
            raise UserError(f"no pictures in split '{split}' (labels missing, or all dropped in the review)")
        self.shelf_of, self.place = np.array(shelf_of), np.array(place)
        self.weights = np.array([known[s.folder].weight for s in self.shelves])
        self.upper_body = [known[s.folder].upper_body for s in self.shelves]
        column = lambda name: np.array([getattr(self.shelves[s], name)[i] for s, i in zip(shelf_of, place)])
        coverage = column("coverage")
        good = (column("trusted") > 0.9) & (column("score") > 0.7)
        self.pasteable = good & (coverage > 0.03) & (coverage < 0.8)
        self.rooms = np.flatnonzero([known[self.shelves[s].folder].loader == "empty" for s in shelf_of])
        self.dressed = np.flatnonzero(self.pasteable & np.array([self.upper_body[s] for s in shelf_of]))
        self.sampler = Sampler(self.shelf_of, self.weights, cfg.mining, seed)

    def _wanted(self, shelf: cache.Shelf, i: int, decided: dict, loader: str) -> bool:
        decision = decided.get((shelf.folder, str(shelf.names[i])))
        if loader == "unlabelled" or decision == decisions.DROP:
            return False
        if self.split == splits.VALIDATION and loader == "labels":
            return decision == decisions.KEEP  # a teacher's label counts when somebody has looked at it
        return decision == decisions.KEEP or shelf.score[i] >= self.cfg.least_score

    def __len__(self) -> int:
        return len(self.place)

    def source(self, index: int) -> tuple[cache.Shelf, int]:
        """Folder and number in it of picture `index`."""
        return self.shelves[self.shelf_of[index]], int(self.place[index])

    def _view(self, index: int, rng: np.random.Generator, room: bool = False) -> tuple[np.ndarray, np.ndarray]:
        shelf, i = self.source(index)
        aug = self.cfg.augment
        upper = self.upper_body[self.shelf_of[index]] and not room
        rect = geometry.view(rng, int(shelf.height[i]), int(shelf.width[i]), shelf.box[i], upper, self.size, aug)
        degrees = rng.normal(0, aug.rotate) if rng.random() < 0.5 else 0.0
        m = geometry.matrix(rect, self.size, degrees, rng.random() < aug.flip)
        return geometry.warp(shelf.picture(i), m, self.size)

    def _room(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        aug = self.cfg.augment
        if rng.random() < aug.two_people:
            return self._view(self.sampler.pick(rng), rng)
        if rng.random() < aug.beside:
            shelf, i = self.source(int(rng.integers(len(self))))
            rect = geometry.beside(rng, int(shelf.height[i]), int(shelf.width[i]), shelf.box[i], self.size)
            if rect is not None:
                return geometry.warp(shelf.picture(i), geometry.matrix(rect, self.size, flip=rng.random() < aug.flip), self.size)
        if len(self.rooms) and rng.random() < 0.85:
            return self._view(int(rng.choice(self.rooms)), rng, room=True)
        rgba = np.dstack([compose.plain(rng, self.size), np.zeros(self.size[::-1], np.uint8)])
        return rgba, np.full(self.size[::-1], 255, np.uint8)

    def _clothes(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        shelf, i = self.source(int(rng.choice(self.dressed)))
        rgba, trust = shelf.picture(i)
        clothes, rows = compose.headless(rgba, shelf.box[i], rng)
        m = geometry.matrix(geometry.hook(rng, shelf.box[i], rows, self.size), self.size, flip=rng.random() < self.cfg.augment.flip)
        clothes, trust = geometry.warp((clothes, trust), m, self.size, cv2.BORDER_CONSTANT)
        clothes[..., :3] = (clothes[..., :3] * rng.uniform(0.3, 1.0)).astype(np.uint8)  # coats are darker than summer
        return clothes, trust

    def _stand(self, index: int, rng: np.random.Generator) -> np.ndarray:
        """Map of picture `index` to the frame that puts its person somewhere before another room."""
        (shelf, i), aug = self.source(index), self.cfg.augment
        rect = geometry.place(rng, shelf.box[i], int(shelf.touches[i]), self.size, rng.random() < aug.border)
        degrees = rng.normal(0, aug.rotate / 2) if not shelf.touches[i] else 0.0
        return geometry.matrix(rect, self.size, degrees, rng.random() < aug.flip)

    def _furnished(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A room, perhaps with clothes that hang in it."""
        room = self._room(rng)
        if len(self.dressed) and rng.random() < self.cfg.augment.coats:
            room = compose.hang(self._clothes(rng), room, rng)
        return room

    def _scene(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """What the camera sees: picture `index`, or its person before another room; RGBA HxWx4 and confidence HxW."""
        aug = self.cfg.augment
        if self.pasteable[index] and rng.random() < aug.compose:
            shelf, i = self.source(index)
            person = geometry.warp(shelf.picture(i), self._stand(index, rng), self.size, cv2.BORDER_CONSTANT)
            rgba, trust = compose.over(person, self._furnished(rng), rng, aug.sharpness)
        else:
            rgba, trust = self._view(index, rng)
        rgba = np.ascontiguousarray(rgba)
        for chance, some in ((aug.behind, things.BEHIND), (aug.worn, things.WORN)):
            if chance and rng.random() < chance:  # without a chance no number is drawn: older runs repeat
                rgba, trust = things.add((rgba, trust), some, rng)
        return rgba, trust

    def sample(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """One augmented training frame of picture `index`: RGBA HxWx4 and confidence HxW."""
        rgba, trust = self._scene(index, rng)
        rgb = augment.camera(np.ascontiguousarray(rgba[..., :3]), rng, self.cfg.augment)
        return np.dstack([rgb, rgba[..., 3]]), trust

    def _walk(self, index: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
        """Two moments of the person of picture `index` before another room: the person moves, the room does not."""
        (shelf, i), m = self.source(index), self._stand(index, rng)
        here = geometry.warp(shelf.picture(i), m, self.size, cv2.BORDER_CONSTANT)
        moved = (geometry.step(rng, here[0][..., 3]) @ np.vstack([m, [0, 0, 1]])).astype(np.float64)
        room = self._furnished(rng)
        people = here, geometry.warp(shelf.picture(i), moved, self.size, cv2.BORDER_CONSTANT)
        scenes = _alike(rng, lambda person: compose.over(person, room, rng, self.cfg.augment.sharpness), people)
        return scenes[:: 1 if rng.random() < 0.5 else -1]  # towards the side that cuts the person, too, and away from it

    def pair(self, index: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
        """Two frames, as `sample` gives one, with noise, exposure and compression of their own.

        They show one still scene, the second moved by less than a pixel, or (augment.moving) a person who moves before a
        room that stays. With data.calm the first has no noise, exposure and compression.
        """
        aug = self.cfg.augment
        walks = bool(aug.moving) and self.pasteable[index] and rng.random() < aug.moving
        scenes = self._walk(index, rng) if walks else [self._scene(index, rng)]
        steady = dataclasses.replace(aug, noise=0.0, low_light=0.0, jpeg=0.0)
        seen = lambda scene: np.dstack([augment.camera(np.ascontiguousarray(scene[0][..., :3]), rng, steady), scene[0][..., 3]])
        frames = [(rgba, trust) for rgba, (_, trust) in zip(_alike(rng, seen, scenes), scenes)]
        if not walks:
            frames.append(geometry.nudge(*frames[0], rng))
        moment = lambda rgba: np.dstack([augment.moments(np.ascontiguousarray(rgba[..., :3]), rng), rgba[..., 3]])
        return [(rgba if self.cfg.calm and not n else moment(rgba), trust) for n, (rgba, trust) in enumerate(frames)]

    def whole(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Picture `index` stretched to the frame, unchanged: what validation and mining look at."""
        shelf, i = self.source(index)
        rgba, trust = shelf.picture(i)
        small = rgba.shape[0] < self.size[1] or rgba.shape[1] < self.size[0]
        way = cv2.INTER_LINEAR if small else cv2.INTER_AREA
        return cv2.resize(rgba, self.size, interpolation=way), cv2.resize(trust, self.size, interpolation=way)

    def pack(self, indices: np.ndarray, frames: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, torch.Tensor]:
        """Frames as a batch."""
        rgba = np.stack([f[0] for f in frames]).transpose(0, 3, 1, 2)
        trust = np.stack([f[1] for f in frames])[:, None]
        return {
            "image": torch.from_numpy(np.ascontiguousarray(rgba[:, :3])),
            "alpha": torch.from_numpy(np.ascontiguousarray(rgba[:, 3:])),
            "confidence": torch.from_numpy(np.ascontiguousarray(trust)),
            "kind": torch.from_numpy(self.shelf_of[indices].astype(np.int64)),
            "index": torch.from_numpy(np.asarray(indices, np.int64)),
        }

    def __getitem__(self, key: tuple[int, tuple[int, int]]) -> dict[str, torch.Tensor]:
        """Training batch by (step since the start, frame size)."""
        step, self.size = key
        pairs = self.cfg.pair_count()
        indices = self.sampler.draw(step, self.cfg.batch - pairs)
        rngs = [np.random.default_rng([self.seed, step, 2, slot]) for slot in range(len(indices))]
        frames = [frame for i, rng in zip(indices[:pairs], rngs) for frame in self.pair(int(i), rng)]
        frames += [self.sample(int(i), rng) for i, rng in zip(indices[pairs:], rngs[pairs:])]
        return self.pack(np.concatenate([np.repeat(indices[:pairs], 2), indices[pairs:]]), frames)


def _alike(rng: np.random.Generator, make: Callable, of: Sequence) -> list:
    """`make` of each of `of`, every time with the same random numbers."""
    state = rng.bit_generator.state
    made = []
    for one in of:
        rng.bit_generator.state = state
        made.append(make(one))
    return made


def floats(batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Image, alpha and confidence of a batch in 0..1, the image in the memory order that convolutions like."""
    image = batch["image"].float().div_(255).contiguous(memory_format=torch.channels_last)
    return image, batch["alpha"].float().div_(255), batch["confidence"].float().div_(255)


class Loader:
    """Batches in order. Training never ends and goes on where `seek` put it; validation is one pass."""

    def __init__(self, frames: Frames):
        self.frames = frames
        self.size = frames.size
        self.step = 0  # of the next batch, since the start of training
        self.folders = [s.folder for s in frames.shelves]
        self.minings = 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch (training), or in the pass (validation)."""
        cfg = self.frames.cfg
        total = len(self.frames) if self.frames.split == splits.VALIDATION else cfg.epoch
        return max(1, -(-total // cfg.batch))

    def seek(self, epoch: int, step: int) -> None:
        """The next batch is number `step` of `epoch`."""
        self.step = epoch * self.steps_per_epoch + step

    def state_dict(self) -> dict:
        """Position and difficulties, for a checkpoint; valid for the same pictures in the same order."""
        return {"step": self.step, "difficulty": torch.from_numpy(self.frames.sampler.difficulty.copy())}

    def load_state_dict(self, state: dict) -> None:
        """Goes on where `state_dict` was taken. Difficulties are dropped where the set of pictures has changed."""
        self.step = state["step"]
        if len(state["difficulty"]) == len(self.frames):
            self.frames.sampler.set_difficulty(state["difficulty"].numpy())
            self.minings += 1

    def mined(self, indices, errors) -> None:
        """Hands errors by picture to the sampler (see Sampler.mined); counts from the next batch on."""
        self.frames.sampler.mined(np.asarray(indices), np.asarray(errors))
        self.minings += 1

    def batch(self, step: int, size: tuple[int, int] | None = None) -> dict[str, torch.Tensor]:
        """Training batch number `step` since the start, in frames of `size` (width, height) px."""
        return self.frames[step, tuple(size or self.size)]

    def stream(self, sizes: Callable[[int], tuple[int, int]] | None = None) -> Iterator[dict[str, torch.Tensor]]:
        """Training batches from `self.step` on, prepared ahead by cfg.workers processes; equal to `batch` of each step.

        `sizes` gives the frame size of a step. Workers hold a copy of the difficulties, so they start anew
        after each mining.
        """
        sizes = sizes or (lambda step: self.size)
        workers = self.frames.cfg.workers
        while True:
            known = self.minings
            keys = ((step, tuple(sizes(step))) for step in itertools.count(self.step))
            batches = torch.utils.data.DataLoader(
                self.frames, batch_size=None, sampler=_Endless(keys), num_workers=workers,
                multiprocessing_context="fork" if workers else None,
                pin_memory=workers > 0 and torch.cuda.is_available())  # what is pinned is copied beside the steps
            for batch in batches:
                self.step += 1
                yield batch
                if self.minings != known:
                    break

    def passes(self) -> Iterator[dict[str, torch.Tensor]]:
        """Every picture of the split once, in order, whole and unchanged: for validation and for mining."""
        frames, size = self.frames, self.frames.cfg.batch
        frames.size = self.size
        for start in range(0, len(frames), size):
            indices = np.arange(start, min(start + size, len(frames)))
            yield frames.pack(indices, [frames.whole(int(i)) for i in indices])

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        return self.passes() if self.frames.split == splits.VALIDATION else self.stream()


class _Endless(torch.utils.data.Sampler):
    """Hands an iterator's keys to a DataLoader."""

    def __init__(self, keys: Iterator):
        self.keys = keys

    def __iter__(self) -> Iterator:
        return self.keys


def build(cfg: DataConfig, split: str, size: tuple[int, int] = (256, 144), seed: int = 1) -> Loader:
    """Batches of `split` ('train', 'val' or 'pretrain') as frames of `size` (width, height) px.

    Caches pictures that are not cached yet. UserError where the split has no pictures.
    """
    if split not in (splits.TRAIN, splits.VALIDATION, PRETRAIN):
        raise UserError(f"split {split!r}: expected train, val or pretrain")
    return Loader(Frames(cfg, split, tuple(size), seed))
