# SPDX-License-Identifier: MPL-2.0
"""Training of a matting network: two stages, averaged weights, checkpoints, checks on the way.

In the first stage large batches settle the batch-norm statistics; in the second their statistics are
fixed, so that the weights settle on exactly what will be exported. A run lives in one folder:

    config.yaml     what it was started with
    last.pt         everything needed to go on
    best.pt         averaged weights of the best check so far
    history.jsonl   loss, learning rate, rate, validation
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import nn
from tqdm import tqdm

from mattenet import config as config_module
from mattenet.config import Config
from mattenet.data import dataset
from mattenet.errors import UserError
from mattenet.net import blocks, lite
from mattenet.net.matte import MatteNet
from mattenet.train import check, pooled
from mattenet.train import state as run_state
from mattenet.train.distil import Distiller
from mattenet.train.loss import matte_loss, steady_loss

IMAGENET = "imagenet"  # as train.init: the weights of the public EfficientNet-Lite0


def add_parser(sub) -> None:
    parser = sub.add_parser("train", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("--run", required=True, metavar="DIR", help="folder of this run; resumes where one is")
    parser.add_argument("--until", metavar="HH:MM", help="save and stop at this local time")


def run(args) -> None:
    """The command."""
    out = Path(args.run)
    if (out / "config.yaml").exists() and not args.config:
        args.config = str(out / "config.yaml")
    cfg = config_module.from_args(args)
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.yaml").write_text(yaml.safe_dump(config_module.to_dict(cfg), sort_keys=False))
    deadline = None
    if args.until:
        try:
            clock = time.strptime(args.until, "%H:%M")
        except ValueError as error:
            raise UserError(f"--until {args.until}: expected HH:MM") from error
        now = time.localtime()
        deadline = time.time() + ((clock.tm_hour - now.tm_hour) * 60 + clock.tm_min - now.tm_min) % 1440 * 60
    torch.set_num_threads(cfg.train.threads)
    Trainer(cfg, out).fit(deadline)


class Trainer:
    """One run. `fit` trains to cfg.train.steps; every step depends on seed and step number alone."""

    def __init__(self, cfg: Config, out: Path):
        self.cfg, self.out = cfg, out
        self.device = run_state.device(cfg.train.device)
        torch.manual_seed(cfg.train.seed)
        self.net = MatteNet(cfg.net)
        self.commit, self.init = run_state.commit(), ""
        if cfg.train.init:
            self._start_from(cfg.train.init)
        self.net = self.net.to(self.device, memory_format=torch.channels_last).train()
        self._freeze(cfg.train.frozen)
        self.optimizer = run_state.optimizer(self.net, cfg.train.lr, cfg.train.decay, self.device, cfg.train.encoder_lr)
        self.distiller: Distiller | None = None
        if cfg.train.teacher:
            self.distiller = Distiller(cfg.train.teacher, self.net).to(self.device, memory_format=torch.channels_last).train()
            self.optimizer.add_param_group({**self.optimizer.param_groups[-1], "params": list(self.distiller.to16.parameters())})
        self._check_losses()
        self.ema = run_state.Ema(self.net, cfg.train.ema)
        self.step, self.best, self.fixed = 0, -1.0, False
        self.validation: list[check.Picture] | None = None
        self.loader = dataset.build(cfg.data, "train", tuple(cfg.train.sizes[0]), cfg.train.seed)
        # The loss of each picture when it was last seen, for the mining of hard ones.
        self.errors = torch.full((len(self.loader.frames),), torch.nan, device=self.device)
        if (out / "last.pt").exists():
            self._resume()

    def _start_from(self, path: str) -> None:
        if path == IMAGENET:
            if self.cfg.net.encoder != "lite0":
                raise UserError(f"train.init is {IMAGENET}, net.encoder {self.cfg.net.encoder}; expected lite0")
            weights, path = lite.imagenet()
        else:
            saved = run_state.load(path)
            weights = saved.get("ema", saved)
        missing, left = run_state.load_matching(self.net, weights)
        if len(missing) == len(self.net.state_dict()):
            raise UserError(f"{path} has no weight of this network; check the net section of the config")
        # A part of which the file has nothing is learnt from the start, one that it has is only enlarged.
        for name, part in self.net.named_children():
            if any(key.startswith(f"{name}.") for key in set(weights) - set(left)):
                blocks.silence(part, {key.removeprefix(f"{name}.") for key in missing})
        self.init = run_state.digest(path)
        print(f"starts from {path}: {len(missing)} tensors are new, {len(left)} of the file are not used")

    def _check_losses(self) -> None:
        """Refuses losses that would be left out without a word."""
        loss, data, t = self.cfg.loss, self.cfg.data, self.cfg.train
        if (loss.soft or loss.features) and not t.teacher:
            raise UserError("loss.soft and loss.features need train.teacher, a checkpoint to learn from")
        if t.teacher and not (loss.soft or loss.features):
            raise UserError("train.teacher teaches nothing; set loss.soft or loss.features above 0")
        if loss.steady and not data.pair_count():
            raise UserError(f"loss.steady needs pairs: data.pairs is {data.pairs} of {data.batch} frames, less than one pair")
        if loss.steady and t.pool:
            raise UserError("loss.steady needs pairs, which a pool tears apart; set train.pool to 0")
        if data.calm and (t.pool or not data.pair_count()):
            raise UserError(f"data.calm is about pairs: data.pairs is {data.pairs} of {data.batch} frames, train.pool {t.pool}")

    def _freeze(self, units: int) -> None:
        """The encoder's first layer and its first `units` units learn no more (see TrainConfig.frozen)."""
        if not units:
            return
        most = len(self.net.backbone.units) if isinstance(self.net.backbone, lite.LiteEncoder) else 0
        if not 0 < units <= most:
            raise UserError(f"train.frozen is {units}; expected 0 to {most} with net.encoder {self.cfg.net.encoder}")
        for part in (self.net.backbone.stem, *self.net.backbone.units[:units]):
            part.eval().requires_grad_(False)

    def _resume(self) -> None:
        saved = run_state.load(self.out / "last.pt")
        self.net.load_state_dict(saved["model"])
        run_state.restore(self.optimizer, saved["optimizer"], self.device)
        self.ema.net.load_state_dict(saved["ema"])
        if self.distiller:
            self.distiller.to16.load_state_dict(saved["to16"])
        self.loader.load_state_dict(saved["loader"])
        # Labelling may have added pictures since; their numbers then mean others.
        if len(saved["errors"]) == len(self.errors):
            self.errors.copy_(saved["errors"])
        self.step, self.best, self.init = saved["step"], saved["best"], saved.get("init", "")

    def save(self) -> None:
        """Writes last.pt."""
        run_state.save(self.out / "last.pt", {
            "model": self.net.state_dict(), "optimizer": self.optimizer.state_dict(),
            "ema": self.ema.net.state_dict(), "best": self.best, "errors": self.errors.cpu(),
            **({"to16": self.distiller.to16.state_dict()} if self.distiller else {}),
            # Not the loader's own position: it may have prepared a batch that was not learnt.
            "loader": {**self.loader.state_dict(), "step": self.step}, **self._origin()})

    def _origin(self) -> dict:
        """Where weights come from, for `export`."""
        return {"step": self.step, "config": config_module.to_dict(self.cfg), "commit": self.commit, "init": self.init}

    def sizes(self, step: int) -> list[tuple[int, int]]:
        """Width and height of the pictures around a step, the main one first."""
        t = self.cfg.train
        if step < t.small_steps:
            return [(width * 3 // 64 * 16, height * 3 // 64 * 16) for width, height in t.sizes]
        return [(width, height) for width, height in t.sizes]

    def shares(self) -> list[float]:
        """How often each of `sizes` comes, sum 1."""
        others = len(self.cfg.train.sizes) - 1
        other = self.cfg.train.other_sizes if others else 0.0
        return [1 - other] + [other / others] * others

    def size(self, step: int) -> tuple[int, int]:
        """Width and height of a step's pictures: mostly the first of cfg.train.sizes, some of the others."""
        t, sizes = self.cfg.train, self.sizes(step)
        rng = np.random.default_rng([t.seed, step, 3])
        other = len(sizes) > 1 and rng.random() < t.other_sizes
        return sizes[1 + int(rng.integers(len(sizes) - 1)) if other else 0]

    def fix_bn(self) -> None:
        """Begins the second stage: batch norm keeps its statistics from here on."""
        for module in self.net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        self.fixed = True

    def rate(self, lr: float | None = None) -> None:
        """Sets the learning rate: that of the schedule for the present step, or `lr`."""
        t = self.cfg.train
        lr = t.lr * run_state.cosine(self.step, t.steps, t.warmup) if lr is None else lr
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(lr * group["scale"])
            else:
                group["lr"] = lr * group["scale"]

    def learn(self, image: torch.Tensor, alpha: torch.Tensor, confidence: torch.Tensor,
              whole: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """One optimiser step on pictures of the run's device; returns the loss and each picture's (see matte_loss).

        Without `whole` nothing in it depends on the step's number or waits for the device: a CUDA graph may hold it.
        """
        cfg = self.cfg.loss
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda", cache_enabled=whole):
            maps = self.net.backbone(image)
            logits = self.net.head(maps)
            calm = self.cfg.data.pair_count() if self.cfg.data.calm else 0
            taught = self.distiller.loss(image, maps[16], logits, cfg, alpha, calm) if self.distiller else None
        loss, per_picture = matte_loss(logits.float(), alpha, confidence, cfg, whole)
        if taught is not None:
            loss = loss + taught
        if cfg.steady:
            sharp = cfg.sharpness * logits.float()
            loss = loss + cfg.steady * steady_loss(sharp, alpha, confidence, self.cfg.data.pair_count(), cfg.boundary)
        run_state.descend(self.net, self.optimizer, loss)
        self.ema.update(self.net, self.step if whole else None)
        return loss.detach(), per_picture

    def train_step(self, batch: dict) -> torch.Tensor:
        """One optimiser step on a batch of the loaders; returns its loss, a scalar on the run's device."""
        self.rate()
        batch = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        loss, per_picture = self.learn(*dataset.floats(batch))
        self.step += 1
        self.errors[batch["index"]] = per_picture
        if self.mines():
            self.loader.mined(*self.seen())
        return loss

    def mines(self) -> bool:
        """Whether hard pictures are to be found anew after the present step."""
        every = self.cfg.train.mine_every * self.loader.steps_per_epoch
        return every > 0 and self.step % every == 0

    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and last errors of the pictures that were learnt from."""
        errors = self.errors.cpu().numpy()
        seen = np.flatnonzero(~np.isnan(errors))
        return seen, errors[seen]

    def fit(self, deadline: float | None = None) -> float | None:
        """Trains until cfg.train.steps or `deadline` (seconds since the epoch); returns the running mean of the loss."""
        t = self.cfg.train
        if t.pool:
            return pooled.fit(self, Pace(self), deadline)
        mean, pace = None, Pace(self)
        bar = tqdm(total=t.steps, initial=self.step, desc=self.cfg.net.name, mininterval=10)
        for batch in self.loader.stream(self.size):
            if self.step >= t.steps or (deadline and time.time() > deadline):
                break
            if t.fixed_bn and not self.fixed and self.step >= t.steps * (1 - t.fixed_bn):
                self.fix_bn()
            value = self.train_step(batch)
            mean = value if mean is None else torch.lerp(value, mean, 0.98)
            bar.update(1)
            if self.step % 20 == 0:  # not each step: to read the loss is to wait for the device
                bar.set_postfix_str(f"loss {mean.item():.4f}, {pace.rate():.0f} pictures/s")
            pace.keep(mean.item)
        bar.close()
        self.save()
        return None if mean is None else mean.item()

    def check(self, loss: float, rate: float) -> None:
        """Measures the averaged weights on validation pictures, keeps them if they are the best, logs."""
        if self.validation is None:
            self.validation = check.pictures(self.cfg, self.cfg.train.check_pictures)
        result = check.measure(copy.deepcopy(self.ema.net).cpu(), self.validation)
        run_state.log(self.out, {"step": self.step, "loss": round(loss, 5), "rate": round(rate, 1),
                                 "time": time.strftime("%F %T"), **result})
        if result["iou"] > self.best:
            self.best = result["iou"]
            run_state.save(self.out / "best.pt", {"ema": self.ema.net.state_dict(), "result": result, **self._origin()})


class Pace:
    """How fast a `fit` goes, and when it is time to save and to measure."""

    def __init__(self, trainer: Trainer):
        self.trainer, self.first = trainer, trainer.step
        self.start = self.saved = self.checked = time.time()

    def rate(self) -> float:
        """Pictures a second since the start of this `fit`."""
        return (self.trainer.step - self.first) * self.trainer.cfg.data.batch / (time.time() - self.start)

    def keep(self, loss: Callable[[], float]) -> None:
        """After a step: saves and measures where it is due. `loss` is asked only then."""
        t = self.trainer.cfg.train
        if time.time() - self.saved > t.save_minutes * 60:
            self.trainer.save()
            self.saved = time.time()
        if time.time() - self.checked > t.check_minutes * 60:
            self.trainer.check(loss(), self.rate())
            self.checked = time.time()
