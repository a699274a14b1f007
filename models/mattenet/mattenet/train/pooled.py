# SPDX-License-Identifier: MPL-2.0
"""Training from a pool of prepared pictures, each step caught in a CUDA graph where there is one.

A step of a small network is some thousand short kernels: to start them one by one takes Python longer than the GPU
takes to run them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch
from tqdm import tqdm

from mattenet.train.pool import Pool

WARM_UP = 3  # steps before a capture, in which libraries choose and build their kernels
FIRST = 1024  # pictures of each size before the first step
AHEAD = 8  # steps that may wait on the device


def capture(step: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """`step` as one call: a CUDA graph of it, or itself on other devices. On CUDA it runs a few times first."""
    if device.type != "cuda":
        return step
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def fit(trainer, pace, deadline: float | None = None) -> float | None:
    """Trainer.fit at its `pace` with cfg.train.pool pictures on the device; hard ones come more often as there."""
    t, device = trainer.cfg.train, trainer.device
    loss = torch.zeros((), device=device)
    rng = np.random.default_rng([t.seed, trainer.step, 4])
    bar = tqdm(total=t.steps, initial=trainer.step, desc=trainer.cfg.net.name, mininterval=10)
    first, pool = trainer.step, None
    mean = lambda: loss.item() / (1 - 0.98 ** (trainer.step - first))
    late = lambda: deadline and time.time() > deadline
    second_stage = math.ceil(t.steps * (1 - t.fixed_bn)) if t.fixed_bn else t.steps
    try:
        while trainer.step < t.steps and not late():
            # The steps up to the next change of sizes or of batch norm are alike.
            end = min(x for x in (t.small_steps, second_stage, t.steps) if x > trainer.step)
            sizes = trainer.sizes(trainer.step)
            if pool is None or pool.sizes != sizes:
                if pool:
                    pool.close()
                pool = Pool(trainer.loader.frames, sizes, trainer.shares(), t.pool, device, trainer.cfg.data.workers, t.seed)
                pool.wait(FIRST)
            if trainer.step >= second_stage and not trainer.fixed:
                trainer.fix_bn()

            def step(kind: int) -> None:
                *pictures, numbers = pool.draw(kind, trainer.cfg.data.batch)
                value, per_picture = trainer.learn(*pictures, whole=False)
                loss.lerp_(value, 0.02)
                trainer.errors.index_copy_(0, numbers, per_picture)

            trainer.rate(0.0)  # the steps before a capture must not teach
            steps = [capture(lambda kind=kind: step(kind), device) for kind in range(len(sizes))]
            while trainer.step < end and not late():
                trainer.rate()
                steps[int(rng.choice(len(sizes), p=pool.shares))]()
                trainer.step += 1
                bar.update(1)
                if trainer.step % AHEAD == 0:
                    pool.renew()
                    bar.set_postfix_str(f"loss {mean():.4f}, {pace.rate():.0f} pictures/s")
                if trainer.mines():
                    pool.mine(*trainer.seen())
                pace.keep(mean)
    finally:
        if pool:
            pool.close()
    bar.close()
    trainer.save()
    return mean() if trainer.step > first else None
