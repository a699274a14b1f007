# SPDX-License-Identifier: MPL-2.0
"""Prepared pictures on the training device, for devices that learn faster than processors prepare.

Processes write augmented pictures into a lane of shared memory each, round and round. `renew` copies what is new to the
device, where the oldest of its size gives way, and `draw` takes random ones, mirrored by chance and with small gains, so
that a picture that comes again is not quite the same. The order depends on time: such a run does not repeat exactly.
`mine` tells the processes which pictures are hard.
"""

from __future__ import annotations

import multiprocessing
import time

import numpy as np
import torch

from mattenet.data.dataset import Frames
from mattenet.errors import UserError

LANE = 512  # pictures of a process in shared memory
SAFE = 64  # of these, what the process may be writing while the others are copied


def _prepare(frames: Frames, sizes: list[tuple[int, int]], shares: list[float], seed: list[int],
             lane: torch.Tensor, kinds: torch.Tensor, numbers: torch.Tensor, written: torch.Tensor, ladder: torch.Tensor) -> None:
    """Fills one lane for ever; `written` counts its pictures since the start."""
    rng = np.random.default_rng(seed)
    lane, kinds, numbers, written = lane.numpy(), kinds.numpy(), numbers.numpy(), written.numpy()
    # Half a new ladder and half an old one still lead to a picture, so nobody has to wait.
    frames.sampler.ladder = ladder.numpy()
    number = 0
    while True:
        kind = int(rng.choice(len(sizes), p=shares))
        frames.size = sizes[kind]
        picture = frames.sampler.pick(rng)
        rgba, trust = frames.sample(picture, rng)
        slot, place = lane[number % LANE], rgba.size
        slot[:place] = rgba.reshape(-1)
        slot[place : place + trust.size] = trust.reshape(-1)
        kinds[number % LANE], numbers[number % LANE] = kind, picture
        number += 1
        written[0] = number  # last: what is counted is whole


class Pool:
    """Holds up to `capacity` pictures in frames of `sizes` (width, height), each size with its share (sum 1)."""

    def __init__(self, frames: Frames, sizes: list[tuple[int, int]], shares: list[float], capacity: int,
                 device: torch.device, workers: int, seed: int):
        self.sizes, self.shares, self.device = sizes, shares, device
        slot = max(w * h for w, h in sizes) * 5
        workers = max(workers, 1)
        self.lanes = torch.zeros(workers, LANE, slot, dtype=torch.uint8).share_memory_()
        self.kinds = torch.zeros(workers, LANE, dtype=torch.uint8).share_memory_()
        self.numbers = torch.zeros(workers, LANE, dtype=torch.int64).share_memory_()
        self.written = torch.zeros(workers, 1, dtype=torch.int64).share_memory_()
        self.sampler = frames.sampler
        self.ladder = torch.from_numpy(frames.sampler.ladder.copy()).share_memory_()
        self.read = np.zeros(workers, np.int64)
        self.rings = [torch.zeros(max(1, int(capacity * share)), slot, dtype=torch.uint8, device=device) for share in shares]
        self.pictures = [torch.zeros(len(ring), dtype=torch.int64, device=device) for ring in self.rings]
        self.filled = [torch.zeros((), device=device) for _ in sizes]
        self.totals = [0] * len(sizes)
        context = multiprocessing.get_context("fork")
        # Another start, another order: a resumed run is not to see the same pictures again.
        self.processes = [context.Process(target=_prepare, daemon=True, args=(
            frames, sizes, shares, [seed, time.time_ns() % 2**32, n], self.lanes[n], self.kinds[n], self.numbers[n],
            self.written[n], self.ladder))
            for n in range(workers)]
        for process in self.processes:
            process.start()
        if device.type == "cuda":  # pinned, so that copies run beside the steps
            torch.cuda.cudart().cudaHostRegister(self.lanes.data_ptr(), self.lanes.nbytes, 0)

    def renew(self) -> int:
        """Moves what was prepared since the last call to the device; returns how many pictures that were."""
        if not all(p.is_alive() for p in self.processes):
            raise UserError("a process that prepares pictures has ended; its error is printed above")
        now, found, kinds, numbers = self.written[:, 0].numpy().copy(), [], [], []
        for n, end in enumerate(now):
            start, self.read[n] = max(self.read[n], end - (LANE - SAFE)), end
            while start < end:
                first, count = start % LANE, min(end - start, LANE - start % LANE)
                found.append(self.lanes[n, first : first + count].to(self.device, non_blocking=True))
                kinds.append(self.kinds[n, first : first + count].numpy().copy())
                numbers.append(self.numbers[n, first : first + count].clone())
                start += count
        if not found:
            return 0
        fresh, kind, number = torch.cat(found), np.concatenate(kinds), torch.cat(numbers).to(self.device)
        for k, ring in enumerate(self.rings):
            rows = np.flatnonzero(kind == k)[: len(ring)]
            if len(rows):
                places = torch.from_numpy((self.totals[k] + np.arange(len(rows))) % len(ring)).to(self.device)
                those = torch.from_numpy(rows).to(self.device)
                ring.index_copy_(0, places, fresh[those])
                self.pictures[k].index_copy_(0, places, number[those])
                self.totals[k] += len(rows)
                self.filled[k].fill_(min(self.totals[k], len(ring)))
        return len(kind)

    def wait(self, pictures: int) -> None:
        """Returns when each size has `pictures`, or is full."""
        while any(total < min(pictures, len(ring)) for total, ring in zip(self.totals, self.rings)):
            time.sleep(0.02)
            self.renew()

    def mine(self, indices: np.ndarray, errors: np.ndarray) -> None:
        """New errors by picture (see Sampler.mined); they count for what is prepared from now on."""
        self.sampler.mined(indices, errors)
        self.ladder.copy_(torch.from_numpy(self.sampler.ladder))

    def draw(self, kind: int, batch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """`batch` random pictures of size number `kind`: image [B, 3, H, W], alpha and confidence [B, 1, H, W], f32 0..1, and
        the numbers of the pictures that they were made from [B].

        Nothing but work on the device: a CUDA graph may hold it.
        """
        (width, height), ring, device = self.sizes[kind], self.rings[kind], self.device
        pixels = width * height
        rows = (torch.rand(batch, device=device) * self.filled[kind]).long().clamp_(max=len(ring) - 1)
        raw = ring.index_select(0, rows)
        rgba = raw[:, : 4 * pixels].view(batch, height, width, 4).permute(0, 3, 1, 2).float() / 255
        trust = raw[:, 4 * pixels : 5 * pixels].view(batch, 1, height, width).float() / 255
        mirror = torch.rand(batch, 1, 1, 1, device=device) < 0.5
        rgba, trust = (torch.where(mirror, x.flip(-1), x) for x in (rgba, trust))
        gain = (1 + 0.08 * torch.randn(batch, 1, 1, 1, device=device)) * (1 + 0.03 * torch.randn(batch, 3, 1, 1, device=device))
        image = (rgba[:, :3] * gain).clamp(0, 1).contiguous(memory_format=torch.channels_last)
        return image, rgba[:, 3:].contiguous(), trust, self.pictures[kind].index_select(0, rows)

    def close(self) -> None:
        """Ends the processes."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
            torch.cuda.cudart().cudaHostUnregister(self.lanes.data_ptr())
