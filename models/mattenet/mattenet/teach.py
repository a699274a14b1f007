# SPDX-License-Identifier: MPL-2.0
"""`mattenet teach`: trains a large, accurate network of our own, to be one of the teachers of `mattenet label`.

A run's folder holds last.pt (resumed where it exists), history.jsonl, and at the end teacher.onnx with
teacher.yaml, its description for `label --teachers` and `compare --teachers`.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
import yaml
from torch import nn
from tqdm import tqdm

from mattenet import config as config_module
from mattenet.config import Config
from mattenet.data import dataset
from mattenet.data.config import sources
from mattenet.errors import UserError
from mattenet.net.large import LargeNet
from mattenet.train import check
from mattenet.train import state as run_state
from mattenet.train.loss import matte_loss


def add_parser(sub) -> None:
    """Adds `teach` to the command line."""
    p = sub.add_parser("teach", help="train the large teacher network", description=__doc__)
    config_module.add_arguments(p)
    p.add_argument("--run", required=True, metavar="DIR", help="folder of this run; resumes where one is")
    p.add_argument("--export-only", action="store_true", help="write the ONNX file of the run as it is now")


def run(args) -> None:
    """Trains to the configured step, measures, exports."""
    cfg = config_module.from_args(args)
    if any(n % 32 for n in cfg.teach.size) or len(cfg.teach.size) != 2:
        raise UserError(f"teach.size {cfg.teach.size}: expected width and height, multiples of 32")
    torch.set_num_threads(cfg.teach.threads)
    out = Path(args.run)
    out.mkdir(parents=True, exist_ok=True)
    school = School(cfg, out)
    if not args.export_only:
        school.fit()
        pictures = check.pictures(cfg, cfg.train.check_pictures)
        print(run_state_line(check.measure(school.ema.net, pictures, tuple(cfg.teach.size))))
    print(f"wrote {export(school.ema.net, cfg, out)}")


def run_state_line(result: dict) -> str:
    """One line of a check's result."""
    return "validation: " + ", ".join(f"{key} {value:.3f}" for key, value in result.items() if isinstance(value, float))


class School:
    """One run: network, optimiser, averaged weights, position."""

    def __init__(self, cfg: Config, out: Path):
        t = cfg.teach
        self.cfg, self.out, self.step = cfg, out, 0
        torch.manual_seed(t.seed)
        # Both sets of weights come from the checkpoint where there is one.
        self.net = LargeNet(t).to(memory_format=torch.channels_last)
        known = run_state.split_decay(self.net.encoder, t.decay)
        head = nn.ModuleList(m for name, m in self.net.named_children() if name != "encoder")
        groups = [{**g, "scale": t.encoder_lr} for g in known] + [{**g, "scale": 1.0} for g in run_state.split_decay(head, t.decay)]
        self.optimizer = torch.optim.AdamW(groups, lr=t.lr)
        self.ema = run_state.Ema(self.net, t.ema)
        if (out / "last.pt").exists():
            saved = run_state.load(out / "last.pt")
            self.net.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.ema.net.load_state_dict(saved["ema"])
            self.step = saved["step"]

    def save(self) -> None:
        """Writes last.pt."""
        run_state.save(self.out / "last.pt", {
            "model": self.net.state_dict(), "optimizer": self.optimizer.state_dict(), "ema": self.ema.net.state_dict(),
            "step": self.step, "config": config_module.to_dict(self.cfg)})

    def train_step(self, batch: dict) -> float:
        """One optimiser step; returns the loss."""
        t = self.cfg.teach
        for group in self.optimizer.param_groups:
            group["lr"] = t.lr * group["scale"] * run_state.cosine(self.step, t.steps, min(300, t.steps // 10))
        torch.manual_seed(t.seed * 1_000_003 + self.step)  # dropout repeats on resume
        image, alpha, confidence = dataset.floats(batch)
        loss, _ = matte_loss(self.net(image), alpha, confidence, self.cfg.loss)
        run_state.descend(self.net, self.optimizer, loss)
        self.ema.update(self.net, self.step)
        self.step += 1
        return loss.item()

    def fit(self, until: int | None = None) -> float:
        """Trains up to step `until` (cfg.teach.steps where None) of the schedule; returns the running mean of the loss."""
        t, data = self.cfg.teach, self.cfg.data
        until = t.steps if until is None else until
        if t.masks_only:
            unsure = {name: 0.0 for name, source in sources(data).items() if source.loader == "labels"}
            data.weights = {**data.weights, **unsure}
        loader = dataset.build(data, "train", tuple(t.size), t.seed)
        self.net.train()
        mean, start, saved, first = None, time.time(), time.time(), self.step
        with tqdm(total=until, initial=self.step, desc="teach", mininterval=10) as bar:
            while self.step < until:
                value = self.train_step(loader.batch(self.step))
                mean = value if mean is None else 0.98 * mean + 0.02 * value
                bar.update(1)
                bar.set_postfix_str(f"loss {mean:.4f}, {(self.step - first) * data.batch / (time.time() - start):.1f} pictures/s", refresh=False)
                if time.time() - saved > 60 * t.save_minutes:
                    self.save()
                    run_state.log(self.out, {"step": self.step, "loss": round(mean, 5)})
                    saved = time.time()
        self.save()
        return mean


class Alpha(nn.Module):
    """The network with its sigmoid, as it is exported."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Alpha [B,1,H,W] in 0..1."""
        return torch.sigmoid(self.net(image))


def export(net: nn.Module, cfg: Config, out: Path) -> Path:
    """Writes teacher.onnx (input cfg.teach.size, RGB 0..1; output alpha) and teacher.yaml that describes it."""
    width, height = cfg.teach.size
    file = out / "teacher.onnx"
    torch.onnx.export(Alpha(net).eval(), (torch.zeros(1, 3, height, width),), str(file), dynamo=False,
                      input_names=["image"], output_names=["alpha"], opset_version=17)
    words = {"file": str(file.resolve()), "height": height, "width": width, "range": "unit", "output": "alpha", "licence": "MPL-2.0"}
    (out / "teacher.yaml").write_text(yaml.safe_dump({"own": words}, sort_keys=False))
    return file
