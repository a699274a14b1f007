# SPDX-License-Identifier: MPL-2.0
"""Each design rule on and off at equal budget: one table from one command.

Every row changes the base configuration in one place, trains for the same number of pictures
with each seed, and is measured on the validation pictures. Parameters, FLOPs and time stand in the
table, since not every rule can be changed at equal cost. Finished runs are kept in the run's folder
and not repeated.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import torch

from mattenet import config as config_module
from mattenet import export, profile
from mattenet.config import Config
from mattenet.errors import UserError
from mattenet.net.matte import MatteNet
from mattenet.review import tags
from mattenet.train import check
from mattenet.train.loop import IMAGENET, Trainer

LITE0 = {"net.encoder": "lite0", "net.decoder": [96, 48, 32, 16], "net.decoder_depths": [1, 2, 2, 1]}

# Row: what is changed. `{init}` stands for the weights given with --init; the base starts at random,
# because a changed backbone could not use them all.
ROWS: dict[str, dict[str, object]] = {
    "base": {},
    "small kernels first (3 for 5)": {"net.stem_kernel": 3},
    "slower downsampling": {"net.depths": [1, 4, 5, 6]},
    "no stage at 1/64 (3 more at 1/16)": {"net.depths": [0, 2, 12, 0]},
    "no dilation": {"net.dilations": [1]},
    "unequal channels (inverted units)": {"net.unit": "inverted", "net.widths": [16, 32, 48, 80, 112]},
    "half of the channels, shuffle": {"net.unit": "half", "net.widths": [16, 32, 96, 208, 272]},
    "pre-trained on features": {"train.init": "{init}"},
    "ASPP for SPP": {"net.pyramid": "aspp"},
    "no pyramid": {"net.pyramid": "none"},
    "first map at 1/16 as base": {"net.base": "first"},
    "no low-level features": {"net.low_level": False},
    "deconvolution in the decoder": {"net.upsampling": "deconv"},
    "bilinear output": {"net.output": "bilinear"},
    "decoder also at 1/2": {"net.decoder": [64, 32, 16]},
    "decoder also at 1/8": {"net.decoder8": 3},
    "decoder also at 1/2, a dense unit there": {"net.decoder": [64, 32, 16], "net.decoder2": 1},
    "no squeeze-and-excitation": {"net.attention": "none"},
    "CBAM": {"net.attention": "cbam"},
    "one stage (batch norm never fixed)": {"train.fixed_bn": 0.0},
    "no cross-entropy": {"loss.ce": 0.0},
    "no L2": {"loss.l2": 0.0},
    "no dice": {"loss.dice": 0.0},
    "no boundary weight": {"loss.boundary": 0.0},
    "no hard pixels": {"loss.hard_ratio": 1.0},
    "no hard pictures": {"train.mine_every": 0},
    "no compositing": {"data.augment.compose": 0.0},
    "sharpness of person and room matched, too": {"data.augment.sharpness": 1.0},
    "nobody in the room": {"data.augment.two_people": 0.0},
    "nobody cut by the border": {"data.augment.border": 0.0},
    "no flips": {"data.augment.flip": 0.0},
    "no rotation": {"data.augment.rotate": 0.0},
    "rooms beside people, too": {"data.augment.beside": 0.7},
    "hanging clothes, too": {"data.augment.coats": 0.3},
    "things that are worn, too": {"data.augment.worn": 0.3},
    "things behind heads, too": {"data.augment.behind": 0.3},
    "no video calls": {"data.weights": {f"scenario/webcam_{name}": 0.0 for name in ("openscapes", "calls_mit", "calls_ccby", "cisco")}},
    "pairs of still scenes, steady": {"data.pairs": 0.25, "loss.steady": 10.0},
    "pairs, half of them with people who move, steady": {"data.pairs": 0.25, "loss.steady": 10.0, "data.augment.moving": 0.5},
    "encoder of EfficientNet-Lite0, from random weights": LITE0,
    "encoder of EfficientNet-Lite0 that has seen ImageNet": LITE0 | {"train.init": IMAGENET},
    "no camera effects": {f"data.augment.{k}": 0.0
                          for k in ("colour", "light", "low_light", "blur", "noise", "jpeg", "gray")},
}


def changed(base: Config, changes: dict[str, object], init: str) -> Config | None:
    """The base with one row's changes; None where the row needs weights and none are given."""
    cfg = copy.deepcopy(base)
    cfg.train.init = ""
    for key, value in changes.items():
        if value == "{init}":
            if not init:
                return None
            value = init
        *sections, last = key.split(".")
        node = cfg
        for section in sections:
            node = getattr(node, section)
        if not hasattr(node, last):
            raise UserError(f"ablation of an unknown key {key}")
        setattr(node, last, copy.copy(value))
    return cfg


def measure(cfg: Config, out: Path, pictures: list, tagged: list) -> dict:
    """Trains one run and measures its averaged weights, also on pictures by tag (see check.tagged)."""
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(cfg, out)
    loss = trainer.fit()
    result = check.measure(trainer.ema.net, pictures)
    result["tags"] = check.measure(trainer.ema.net, tagged)["folders"] if tagged else {}
    (out / "last.pt").unlink()
    net = MatteNet(cfg.net)
    return {"loss": loss, "parameters": profile.parameters(net), "flops": profile.flops(net), **result}


def times(configs: dict[str, Config], rounds: int = 60) -> dict[str, float]:
    """Time of each row's network at 256x144 on one thread as a ratio to the base's; runs are interleaved."""
    nets = {row: json.dumps(config_module.to_dict(cfg)["net"], sort_keys=True) for row, cfg in configs.items()}
    sessions = {}
    for row, cfg in configs.items():
        if nets[row] not in sessions:  # many rows change training only
            torch.manual_seed(0)
            sessions[nets[row]] = profile.session(export.to_onnx(MatteNet(cfg.net).eval(), {}))
    taken = profile.latencies(sessions, rounds)
    return {row: taken[net] / taken[nets["base"]] for row, net in nets.items()}


def table(results: dict[str, list[dict]], ratios: dict[str, float]) -> str:
    """Markdown: a row each with the difference to the base, and what is noise; `ratios` are those of `times`.

    Noise is twice the pooled standard deviation between seeds of the difference of two means.
    """
    lines = ["| rule changed | IoU | change | boundary F | change | band error | M params | GFLOP | time |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    keys = ("iou", "boundary_f", "band")
    means = {row: {k: float(np.mean([r[k] for r in runs])) for k in keys} for row, runs in results.items()}
    spread = {k: [np.var([r[k] for r in runs], ddof=1) for runs in results.values() if len(runs) > 1] for k in keys}
    count = max(len(runs) for runs in results.values())
    noise = {k: 2 * float(np.sqrt(2 * np.mean(v) / count)) if v else float("nan") for k, v in spread.items()}
    base = means.get("base")
    for row, runs in results.items():
        m = means[row]
        change = {k: m[k] - base[k] if base and row != "base" else None for k in keys}
        words = {k: "" if change[k] is None else f"{change[k]:+.4f}" + (" (noise)" if abs(change[k]) < noise[k] else "")
                 for k in keys}
        lines.append(f"| {row} | {m['iou']:.4f} | {words['iou']} | {m['boundary_f']:.4f} | {words['boundary_f']} | "
                     f"{m['band']:.4f} | {runs[0]['parameters'] / 1e6:.3f} | {runs[0]['flops'] / 1e9:.3f} | "
                     f"{ratios.get(row, float('nan')):.2f} |")
    lines.append("")
    lines.append(f"{count} seed(s) a row; differences below {noise['iou']:.4f} IoU and {noise['boundary_f']:.4f} "
                 "boundary F are noise.")
    return "\n".join(lines)


def by_tag(results: dict[str, list[dict]]) -> str:
    """Markdown: a row each with the IoU on the pictures of each tag; empty where no run was measured by tag."""
    found = {row: [run["tags"] for run in runs if run.get("tags")] for row, runs in results.items()}
    names = [tag for tag in tags.TAGS if any(tag in run for runs in found.values() for run in runs)]
    if not names:
        return ""
    lines = [f"| rule changed | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for row, runs in found.items():
        values = [[run[tag] for run in runs if tag in run] for tag in names]
        lines.append(f"| {row} | {' | '.join(f'{np.mean(v):.4f}' if v else '' for v in values)} |")
    return "\n\n" + "\n".join(lines)


def add_parser(sub) -> None:
    parser = sub.add_parser("ablate", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("--run", required=True, metavar="DIR", help="folder of results; goes on where it was stopped")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--init", default="", metavar="FILE", help="pre-trained backbone, for the row that uses one")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="rows whose name has one of these words; base always")


def run(args) -> None:
    """Trains what is missing and prints the table (also written to RUN/table.md)."""
    base = config_module.from_args(args)
    torch.set_num_threads(base.train.threads)
    base.train.check_minutes = base.train.save_minutes = 1e9
    out = Path(args.run)
    out.mkdir(parents=True, exist_ok=True)
    pictures, tagged = check.pictures(base, base.train.check_pictures), check.tagged(base)
    results: dict[str, list[dict]] = {}
    rows = {row: changed(base, changes, args.init) for row, changes in ROWS.items()
            if row == "base" or not args.only or any(word in row for word in args.only)}
    rows = {row: cfg for row, cfg in rows.items() if cfg}
    # Seed by seed, so that a run cut short still has whole rows.
    for seed in args.seeds:
        for row, cfg in rows.items():
            cfg.train.seed = seed
            name = "".join(c if c.isalnum() else "-" for c in row).strip("-")
            file = out / f"{name}.{seed}.json"
            if not file.exists():
                print(f"{row}, seed {seed}")
                file.write_text(json.dumps(measure(cfg, out / "running", pictures, tagged)))
            results.setdefault(row, []).append(json.loads(file.read_text()))
            (out / "table.md").write_text(table(results, {}) + by_tag(results) + "\n")
    text = table(results, times(rows)) + by_tag(results)
    (out / "table.md").write_text(text + "\n")
    print(text)
