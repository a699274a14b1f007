# SPDX-License-Identifier: MPL-2.0
"""Pre-training of the backbone, either on a classifier's features or on labelled classes.

Feature distillation (Romero et al. 2015) needs no labels: the backbone's maps at strides 16
and 64, through one linear layer each, learn the standardised maps of a pre-trained classifier.
With `--classes FOLDER` (one sub-folder a class) it learns plain classification instead.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from mattenet import config as config_module
from mattenet.errors import UserError
from mattenet.net.backbone import Backbone
from mattenet.train import state as run_state
from mattenet.train.photometric import disturb
from mattenet.train.pictures import training_pictures
from mattenet.train.teacher_features import HEIGHT, WIDTH, Features, build


def add_parser(sub) -> None:
    parser = sub.add_parser("pretrain", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("--run", required=True, metavar="DIR", help="folder of this run; resumes where one is")
    parser.add_argument("--features", metavar="DIR", help="cache of the teacher's features (default: WORK/features)")
    parser.add_argument("--features-only", action="store_true", help="fill the cache and stop")
    parser.add_argument("--classes", metavar="DIR", help="learn classification of DIR/CLASS/*.jpg instead")


class FeatureStudent(nn.Module):
    """Backbone and linear layers onto the teacher's maps."""

    def __init__(self, cfg, channels16: int, channels64: int):
        super().__init__()
        self.backbone = Backbone(cfg)
        self.to16 = nn.Conv2d(cfg.widths[3], channels16, 1)
        self.to64 = nn.Conv2d(cfg.widths[4], channels64, 1) if cfg.depths[3] else None
        for name, c in (("16", channels16), ("64", channels64)):
            self.register_buffer(f"mean{name}", torch.zeros(1, c, 1, 1))
            self.register_buffer(f"std{name}", torch.ones(1, c, 1, 1))

    def measure(self, features: Features) -> None:
        """Sets the standardisation from up to 512 rows."""
        _, s16, s64 = features.batch(np.linspace(0, features.ready - 1, min(512, features.ready)).astype(int))
        for name, t in (("16", s16), ("64", s64)):
            getattr(self, f"mean{name}").copy_(t.mean((0, 2, 3), keepdim=True))
            getattr(self, f"std{name}").copy_(t.std((0, 2, 3), keepdim=True).clamp(min=1e-3))

    def loss(self, image: torch.Tensor, s16: torch.Tensor, s64: torch.Tensor) -> torch.Tensor:
        """Mean squared error of both standardised maps; 1 is what predicting the mean gives."""
        maps = self.backbone(image)
        loss = F.mse_loss(self.to16(maps[16]), (s16 - self.mean16) / self.std16)
        if self.to64 is not None:
            loss = (loss + F.mse_loss(self.to64(maps[64]), (s64 - self.mean64) / self.std64)) / 2
        return loss


class Classifier(nn.Module):
    """Backbone, global mean, linear layer."""

    def __init__(self, cfg, classes: int):
        super().__init__()
        self.backbone = Backbone(cfg)
        self.key = 64 if cfg.depths[3] else 16
        self.linear = nn.Linear(cfg.widths[4] if cfg.depths[3] else cfg.widths[3], classes)

    def loss(self, image: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Cross-entropy with label smoothing."""
        return F.cross_entropy(self.linear(self.backbone(image)[self.key].mean((2, 3))), label, label_smoothing=0.1)


class ClassFolder:
    """Pictures in one folder a class (torchvision's ImageFolder layout), decoded on demand."""

    def __init__(self, root: str | Path):
        root = Path(root)
        self.names = sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        self.items = [(p, i) for i, name in enumerate(self.names) for p in sorted((root / name).iterdir())
                      if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
        if len(self.names) < 2 or not self.items:
            raise UserError(f"{root}: expected at least two sub-folders of pictures, one a class")
        self.ready = len(self.items)

    def refresh(self) -> None:
        """Nothing to look for: a folder does not grow."""

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Images u8 [B, 3, H, W] and class numbers."""
        images = [cv2.resize(cv2.imread(str(self.items[r][0])), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
                  for r in rows]
        labels = torch.tensor([self.items[r][1] for r in rows])
        return torch.from_numpy(np.stack(images)[..., ::-1].copy()).permute(0, 3, 1, 2), labels


def run(args) -> None:
    """The command."""
    cfg = config_module.from_args(args)
    torch.set_num_threads(cfg.train.threads)
    out = Path(args.run)
    out.mkdir(parents=True, exist_ok=True)
    if args.classes:
        source = ClassFolder(args.classes)
        model = Classifier(cfg.net, len(source.names))
    else:
        cache = Path(args.features or Path(cfg.data.work) / "features")
        if args.features_only or not (cache / "done.json").exists():
            build(training_pictures(cfg.data.data), cache, cfg.pretrain.teacher, cfg.pretrain.crops,
                  cfg.train.seed, cfg.train.threads)
        if args.features_only:
            return
        source = Features(cache)
        torch.manual_seed(cfg.train.seed)
        model = FeatureStudent(cfg.net, source.arrays[1].shape[1], source.arrays[2].shape[1])
        model.measure(source)
    learn(model, source, cfg, out)


def learn(model: nn.Module, source, cfg, out: Path) -> float:
    """Trains `model` on `source` for cfg.pretrain.steps steps, resuming from OUT/last.pt; returns the last mean loss."""
    torch.manual_seed(cfg.train.seed)
    p = cfg.pretrain
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(run_state.split_decay(model, cfg.train.decay), lr=p.lr)
    ema = run_state.Ema(model, 0.999)
    step, mean = 0, None
    if (out / "last.pt").exists():
        saved = run_state.load(out / "last.pt")
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        ema.net.load_state_dict(saved["ema"])
        step = saved["step"]

    def keep() -> None:
        run_state.save(out / "last.pt", {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                                         "ema": ema.net.state_dict(), "step": step,
                                         "config": config_module.to_dict(cfg)})
        # What a later run starts from: the averaged backbone under the whole network's names.
        run_state.save(out / "backbone.pt", {k: v for k, v in ema.net.state_dict().items() if k.startswith("backbone.")})

    bar = tqdm(total=p.steps, initial=step, desc="pretrain", mininterval=10)
    start, seen = time.time(), 0
    while step < p.steps:
        # Random numbers depend on the step alone, so that a resumed run goes on as if it had never stopped.
        rng = np.random.default_rng([cfg.train.seed, step])
        generator = torch.Generator().manual_seed(cfg.train.seed * 1_000_003 + step)
        if step % 50 == 0:
            source.refresh()
        image, *targets = source.batch(rng.integers(0, source.ready, p.batch))
        image = disturb(image.float() / 255, generator)
        if rng.random() < 0.5:
            image, *targets = (t.flip(3) if t.ndim == 4 else t for t in (image, *targets))
        for group in optimizer.param_groups:
            group["lr"] = p.lr * run_state.cosine(step, p.steps, p.warmup)
        loss = model.loss(image.contiguous(memory_format=torch.channels_last), *targets)
        run_state.descend(model, optimizer, loss)
        ema.update(model, step)
        step, seen = step + 1, seen + p.batch
        value = loss.item()
        mean = value if mean is None else 0.98 * mean + 0.02 * value
        bar.update(1)
        if step % 50 == 0:
            bar.set_postfix_str(f"loss {mean:.4f}, {seen / (time.time() - start):.0f} pictures/s")
        if step % p.save_every == 0 or step == p.steps:
            keep()
            run_state.log(out, {"step": step, "loss": round(mean, 5), "ready": source.ready,
                                "rate": round(seen / (time.time() - start), 1)})
    bar.close()
    return mean
