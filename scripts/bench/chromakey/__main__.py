# SPDX-License-Identifier: MPL-2.0
"""Measures the green screen: mattes of network, key and both on made clips with exact alpha.

    python scripts/bench/chromakey --data DIR --model FILE.onnx --binary FILE [--half tune|judge]
        [--out DIR] [--only NAME] [KEY=VALUE ...]

The binary is the bench `steadiness`. Prints the tables of docs/greenscreen.md; writes contact sheets
of edges, four times as large, to out. Constants of the key are chosen on the half `tune`.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "steadiness"))
sys.path.insert(0, str(Path(__file__).parent))

import keys
import methods
import metrics
import raws
import screens
import spill

COLUMNS = (("iou", "IoU %", 2), ("f", "boundary F %", 1), ("band", "band error", 1), ("mad", "MAD", 2), ("dtssd", "dtSSD", 2), ("flicker", "flicker", 2))


def boundary_f(p, g, distance=2):
    """Harmonic mean of precision and recall of the outlines, matched within some pixels."""
    def outline(mask):
        mask = mask.astype(np.uint8)
        return (mask - cv2.erode(mask, np.ones((3, 3), np.uint8))) > 0

    a, b = outline(p > 0.5), outline(g > 0.5)
    near = np.ones((2 * distance + 1,) * 2, np.uint8)
    wide_a, wide_b = cv2.dilate(a.astype(np.uint8), near) > 0, cv2.dilate(b.astype(np.uint8), near) > 0
    precision, recall = (a & wide_b).sum() / max(a.sum(), 1), (b & wide_a).sum() / max(b.sum(), 1)
    return 2 * precision * recall / max(precision + recall, 1e-6)


def measure(clip, mattes):
    """All figures of a clip; the first frames, in which a chain settles, do not count."""
    settled = range(5, len(mattes))
    bands = [metrics.band(g) for g in clip.truth] if clip.kind != "still" else [metrics.band(clip.truth[0])] * len(mattes)
    out = {
        "iou": 100 * np.mean([metrics.iou(mattes[n], clip.truth[n]) for n in settled]),
        "f": 100 * np.mean([boundary_f(mattes[n], clip.truth[n]) for n in settled]),
        "band": 1e3 * np.mean([np.abs(mattes[n] - clip.truth[n])[bands[n]].mean() for n in settled]),
        "mad": 1e3 * np.mean([np.abs(mattes[n] - clip.truth[n]).mean() for n in settled]),
    }
    change = [(mattes[n] - mattes[n - 1]) - (clip.truth[n] - clip.truth[n - 1]) for n in settled]
    out["dtssd"] = 100 * np.mean([np.sqrt((d**2).mean()) for d in change])
    if clip.kind == "still":
        out["flicker"] = 1e3 * np.mean([np.abs(d)[bands[0]].mean() for d in change])
    return out


def line(name, figures):
    return f"| {name} | " + " | ".join(f"{figures[k]:.{digits}f}" if k in figures else "" for k, _, digits in COLUMNS) + " |"


def average(rows):
    return {k: float(np.mean([r[k] for r in rows if k in r])) for k, _, _ in COLUMNS if any(k in r for r in rows)}


def edges(clip, columns, path, n=20, size=88, scale=4):
    """Parts of a frame along the outline, over a bright background, four times as large."""
    rgb, truth = clip.frames[n], clip.truth[n]
    points = np.argwhere(np.abs(truth - 0.5) < 0.25)
    height, width = truth.shape
    tops = [points[len(points) * k // 100] for k in (4, 35, 75)]
    rows = []
    for y, x in tops:
        y, x = np.clip(y - size // 2, 0, height - size), np.clip(x - size // 2, 0, width - size)
        part = np.s_[y : y + size, x : x + size]
        tiles = [rgb[part]]
        for matte in columns:
            a = matte[n][part][:, :, None]
            tiles.append((a * rgb[part] + (1 - a) * np.float32([235, 225, 215])).astype(np.uint8))
            tiles.append(np.repeat((matte[n][part] * 255).astype(np.uint8)[:, :, None], 3, axis=2))
        rows.append(np.hstack([cv2.resize(t, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST) for t in tiles]))
    cv2.imwrite(str(path), np.vstack(rows)[:, :, ::-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--binary", type=Path, required=True, help="the bench `steadiness`, built")
    parser.add_argument("--half", choices=("tune", "judge"), default="judge")
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--only", help="clips whose names begin so")
    parser.add_argument("--ours", action="store_true", help="no opponents")
    parser.add_argument("properties", nargs="*", help="properties of the chain with the key")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.out.mkdir(exist_ok=True)
    made = [clip for clip in screens.make(options.data, options.half) if clip.name.startswith(options.only or "")]
    network = raws.Network(options.model)
    mattes = {clip.name: network(clip) for clip in made}
    extra = dict(pair.split("=", 1) for pair in options.properties)
    tried = [] if options.ours else keys.opponents()
    chain = lambda **properties: methods.Chain(options.binary, None, preset="balanced", **properties)
    tried += [("network alone", chain()), ("**network and key**", chain(key="auto", **extra))]
    shown, tables = {}, {}
    for name, method in tried:
        results = {clip.name: method(clip, mattes[clip.name]) for clip in made}
        shown[name] = results
        tables[name] = {clip.name: measure(clip, results[clip.name]) for clip in made}
    print("| method | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("| --- |" + " --: |" * len(COLUMNS))
    for name, rows in tables.items():
        print(line(name, average(list(rows.values()))))
    print()
    print("| clip | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("| --- |" + " --: |" * len(COLUMNS))
    for clip in made:
        for name in [n for n, _ in tried][-2:]:
            print(line(f"{clip.name}, {name.strip('*')}", tables[name][clip.name]))
    print()
    print("\n".join(spill.table(options.data)))
    for clip in made:
        pair = [shown[name][clip.name] for name, _ in tried[-2:]]
        edges(clip, [clip.truth, *pair], options.out / f"chromakey-{clip.name}.png")


if __name__ == "__main__":
    main()
