# SPDX-License-Identifier: MPL-2.0
"""Trains, measures, exports and runs the person detector on the matting network's encoder."""

from __future__ import annotations

import io
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from tqdm import tqdm

from mattenet import config as config_module
from mattenet import export, profile
from mattenet.data import splits, unlabelled
from mattenet.errors import UserError
from mattenet.net.detect import DeployedDetector, DetectNet, detect_loss, iou, suppress
from mattenet.train import boxes as box_data
from mattenet.train import state as run_state
from mattenet.train.photometric import disturb


def add_parser(sub) -> None:
    parser = sub.add_parser("detect", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    train = actions.add_parser("train", help="train or resume a run")
    config_module.add_arguments(train)
    train.add_argument("--run", required=True, metavar="DIR")
    measure = actions.add_parser("measure", help="average precision on validation pictures")
    config_module.add_arguments(measure)
    measure.add_argument("model", help="an .onnx of `detect export`")
    write = actions.add_parser("export", help="write a trained detector as ONNX")
    write.add_argument("checkpoint")
    write.add_argument("output")
    show = actions.add_parser("show", help="draw the people found in a picture")
    show.add_argument("model")
    show.add_argument("picture")
    show.add_argument("output")


def run(args) -> None:
    """The command."""
    {"train": _train, "measure": _measure, "export": _export, "show": _show}[args.action](args)


def _train(args) -> None:
    cfg = config_module.from_args(args)
    out = Path(args.run)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(cfg.train.threads)
    learn(cfg, out)


def learn(cfg: config_module.Config, out: Path) -> float:
    """Trains for cfg.detect.steps steps, resuming from OUT/last.pt; returns the running mean of the loss."""
    d = cfg.detect
    torch.manual_seed(cfg.train.seed)
    items = box_data.find(cfg.data, d.box_folders, d.mask_folders, splits.TRAIN)
    net = DetectNet(cfg.net)
    if cfg.train.init:
        saved = run_state.load(cfg.train.init)
        run_state.load_matching(net, saved.get("ema", saved))
    net = net.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(run_state.split_decay(net, cfg.train.decay), lr=d.lr)
    ema, step, mean = run_state.Ema(net, 0.998), 0, None
    if (out / "last.pt").exists():
        saved = run_state.load(out / "last.pt")
        net.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        ema.net.load_state_dict(saved["ema"])
        step = saved["step"]

    def keep() -> None:
        run_state.save(out / "last.pt", {"model": net.state_dict(), "optimizer": optimizer.state_dict(),
                                         "ema": ema.net.state_dict(), "step": step, "commit": run_state.commit(),
                                         "config": config_module.to_dict(cfg)})

    bar = tqdm(total=d.steps, initial=step, desc="detect", mininterval=10)
    saved_at = time.time()
    while step < d.steps:
        rng = np.random.default_rng([cfg.train.seed, step])
        generator = torch.Generator().manual_seed(cfg.train.seed * 1_000_003 + step)
        images, truth = box_data.batch(items, tuple(d.size), rng, d.batch)
        for group in optimizer.param_groups:
            group["lr"] = d.lr * run_state.cosine(step, d.steps, 100)
        images = disturb(images.float() / 255, generator).contiguous(memory_format=torch.channels_last)
        loss = detect_loss(net(images), truth)
        run_state.descend(net, optimizer, loss)
        ema.update(net, step)
        step += 1
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        bar.update(1)
        bar.set_postfix_str(f"loss {mean:.3f}", refresh=False)
        if time.time() - saved_at > 300:
            keep()
            saved_at = time.time()
    bar.close()
    keep()
    return mean


def average_precision(found: list[np.ndarray], truth: list[np.ndarray], least_iou: float = 0.5,
                      least_height: float = 0.0) -> float:
    """Area under the precision-recall curve (all points) of rows score, x0, y0, x1, y1 against boxes, a picture each.

    People lower than `least_height` of the picture neither have to be found nor count as wrong where they are, as in
    COCO's areas.
    """
    scores, hits = [], []
    low = lambda rows: rows[..., 3] - rows[..., 1] < least_height
    total = sum(int((~low(boxes)).sum()) for boxes in truth)
    for rows, boxes in zip(found, truth):
        free = np.ones(len(boxes), bool)
        for row in rows[np.argsort(-rows[:, 0], kind="stable")]:
            overlap = iou(torch.from_numpy(row[1:]).expand(len(boxes), 4), torch.from_numpy(boxes))[0].numpy() * free
            hit = len(boxes) > 0 and overlap.max() >= least_iou
            if hit:
                free[overlap.argmax()] = False
            if low(boxes[overlap.argmax()]) if hit else low(row[1:]):
                continue
            scores.append(row[0])
            hits.append(hit)
    if not scores or not total:
        return 0.0
    hits = np.array(hits)[np.argsort(-np.array(scores), kind="stable")]
    recall = np.cumsum(hits) / total
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best_from_here).sum())


def find_people(session, picture: np.ndarray, least: float = 0.3) -> np.ndarray:
    """Rows score, x0, y0, x1, y1 in fractions, of an RGB u8 picture."""
    _, _, height, width = session.get_inputs()[0].shape
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    rows = session.run(None, {"image": small.transpose(2, 0, 1)[None].astype(np.float32) / 255})[0][0]
    return suppress(torch.from_numpy(rows), least).numpy()


def _measure(args) -> None:
    cfg = config_module.from_args(args)
    session = profile.session(args.model)
    items = box_data.find(cfg.data, cfg.detect.box_folders, [], splits.VALIDATION)
    found = [find_people(session, unlabelled.read(i.picture), 0.02) for i in tqdm(items, "measure")]
    boxes = [i.boxes for i in items]
    for height in (0.0, 0.25, 0.5):
        people = sum(int((b[:, 3] - b[:, 1] >= height).sum()) for b in boxes)
        values = ", ".join(f"AP at IoU {least} {average_precision(found, boxes, least, height):.3f}" for least in (0.5, 0.75))
        print(f"{values}: {people} people of at least {height:.0%} of the picture's height, {len(items)} pictures")


def to_onnx(net: DetectNet, size: tuple[int, int], metadata: dict[str, str]) -> bytes:
    """Input `image` 1x3xHxW in 0..1, output `people` 1xNx5: score, x0, y0, x1, y1 in fractions."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(export.fold_batch_norm(DeployedDetector(net).eval()), (torch.zeros(1, 3, size[1], size[0]),),
                          buffer, dynamo=False, opset_version=export.OPSET, input_names=["image"],
                          output_names=["people"])
    proto = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(proto, metadata)
    return proto.SerializeToString()


def _export(args) -> None:
    saved = run_state.load(args.checkpoint)
    cfg = config_module.from_dict(config_module.Config, saved["config"])
    net = DetectNet(cfg.net)
    net.load_state_dict(saved["ema"])
    model = to_onnx(net.eval(), tuple(cfg.detect.size), export.metadata_of(cfg, saved, "1"))
    Path(args.output).write_bytes(model)
    print(f"{args.output}: {len(model) / 1e6:.2f} MB")


def _show(args) -> None:
    if not Path(args.model).exists():
        raise UserError(f"no model at {args.model}")
    picture = unlabelled.read(args.picture)
    h, w = picture.shape[:2]
    for score, x0, y0, x1, y1 in find_people(profile.session(args.model), picture):
        cv2.rectangle(picture, (int(x0 * w), int(y0 * h)), (int(x1 * w), int(y1 * h)), (40, 255, 40), 2)
        cv2.putText(picture, f"{score:.2f}", (int(x0 * w) + 3, int(y0 * h) + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45,
                    (40, 255, 40), 1)
    cv2.imwrite(args.output, picture[..., ::-1])
