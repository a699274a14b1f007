# SPDX-License-Identifier: MPL-2.0
"""Measures how steady and how exact the chain's mattes are, beside what others publish.

    python scripts/bench/steadiness --data DIR --models DIR --webcam FILE --binary FILE --bench FILE
        [--model FILE.onnx ...] [--docs DIR] [--out DIR] [--cache DIR]

DIR of the data holds clips/, stills/ and backgrounds/ (or set MATTE_DATA); the models' one holds
mp_selfie_landscape.onnx and mp_selfie_general.onnx; any further network comes by --model, ours
first: it makes the raw mattes of the filmed clips, one of which is --webcam. The
binaries are the benches `steadiness` and `filter`. Writes steadiness.md and its plots into docs,
side-by-side clips into out. Making clips and raw mattes takes most of the time: --cache keeps them
(pickled; read only what you wrote yourself) for the next run, as long as clips and networks stay.
"""

import argparse
import os
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import calls
import causes
import clips
import edges
import methods
import raws
import real
import report
import room
import table

NETWORKS = ("mp_selfie_landscape", "mp_selfie_general")
QUICK = ("intel_asl", "still-1", "step-1", "motion-30fps", "cut")


def measured(cases, method_of):
    """Figures of a method on every case."""
    rows = []
    for case in cases:
        mattes, ms = methods.timed(method_of(case), case.clip, case.raws)
        row = case.measure(mattes)
        row["ms"] = ms
        rows.append(row)
    return rows


def side_by_side(case, columns, path):
    """Frames with the subject over green, one column a method, as a clip and a contact sheet."""
    height, width = case.clip.frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path.with_suffix(".mp4")), cv2.VideoWriter_fourcc(*"mp4v"), case.clip.fps, (width * len(columns), height))
    sheet = []
    for n, rgb in enumerate(case.clip.frames):
        row = []
        for mattes in columns:
            a = cv2.resize(mattes[n], (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
            row.append((a * rgb + (1 - a) * np.float32([60, 200, 90])).astype(np.uint8))
        strip = np.hstack(row)
        writer.write(np.ascontiguousarray(strip[:, :, ::-1]))
        if n % max(len(case.clip.frames) // 5, 1) == 0:
            sheet.append(strip)
    writer.release()
    cv2.imwrite(str(path.with_suffix(".png")), np.vstack(sheet)[:, :, ::-1])


def prepared(half, options):
    """All pairs of clip and raw matte of a half."""
    kept = options.cache / f"{half}.pkl" if options.cache else None
    if kept and kept.exists():
        cases = pickle.loads(kept.read_bytes())
    else:
        networks = {name: raws.Network(options.models / f"{name}.onnx") for name in NETWORKS}
        cases = []
        for clip in clips.make(Path(options.data), half):
            print(f"raw mattes: {half} {clip.name}", file=sys.stderr)
            cases += [table.Case(clip, name.removeprefix("mp_"), network(clip)) for name, network in networks.items()]
            noisy = raws.noisy_truth(clip)
            if noisy is not None:
                cases.append(table.Case(clip, "truth and noise", noisy))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps(cases, 4))
    for path in options.model:
        network, seen = raws.Network(path), {case.clip.name: case.clip for case in cases}
        cases += [table.Case(clip, path.stem, network(clip)) for clip in seen.values()]
    if options.quick:
        cases = [c for c in cases if c.clip.name.startswith(QUICK)]
    return cases


def filmed_clips(options):
    """The section on filmed people and calls: published formulas and the presets."""
    network = raws.Network(options.model[0] if options.model else options.models / f"{NETWORKS[0]}.onnx")
    made = [*real.clips(Path(options.data), options.webcam), *calls.clips(Path(options.data))]
    scenes = [real.Scene(clip, network(clip)) for clip in made]
    tried = [("raw", methods.raw)]
    tried += [(f"{f} {s}", m) for f, s, m, published in methods.opponents() if published]
    tried += [(f"**matte {p}**", methods.Chain(options.binary, None, preset=p)) for p in ("fast", "balanced", "quality")]
    tried += [(f"matte {name}", methods.Chain(Path(binary), None, preset="balanced")) for name, binary in options.other]
    tried.append(("without scene memory", methods.Chain(options.binary, None, preset="balanced", scene_memory="false")))
    print("filmed clips", file=sys.stderr)
    why = causes.lines(scenes, methods.Chain(options.binary, None, preset="balanced"), options.docs / "steadiness-causes.png")
    return real.lines(scenes, real.compare(scenes, tried)) + why


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MATTE_DATA"), help="clips/, stills/, backgrounds/")
    parser.add_argument("--models", type=Path, required=True, help="folder of the networks' ONNX files")
    parser.add_argument("--webcam", type=Path, required=True, help="movie-hello.mp4 of Debian's forensics-samples-files")
    parser.add_argument("--binary", type=Path, required=True, help="the bench `steadiness`, built")
    parser.add_argument("--bench", type=Path, required=True, help="the bench `filter`, built")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--model", type=Path, action="append", default=[], help="one more network (.onnx); may be repeated")
    parser.add_argument(
        "--other", type=lambda pair: pair.split("=", 1), action="append", default=[], metavar="NAME=FILE",
        help="the bench `steadiness` of another build, for a row beside; may be repeated",
    )
    parser.add_argument("--cache", type=Path, help="keeps clips and raw mattes for the next run")
    parser.add_argument("--quick", action="store_true", help="a few clips only, to try things")
    options = parser.parse_args()
    if options.data is None:
        parser.error("where are the clips? --data DIR or MATTE_DATA")
    cv2.setNumThreads(1)
    options.docs.mkdir(exist_ok=True)
    options.out.mkdir(exist_ok=True)

    filmed = filmed_clips(options)
    cases = prepared("judge", options)

    def chain(**properties):
        return lambda case: methods.Chain(options.binary, case.size, **properties)

    results, by_case = [], {}
    tried = [("raw", "", lambda case: methods.raw, True)]
    tried += [(f, s, lambda case, m=m: m, p) for f, s, m, p in methods.opponents()]
    tried.append(("matte", "balanced", chain(preset="balanced", edge_mode="none"), True))
    for strength in (0.3, 0.6, 0.95):
        tried.append(("matte", f"strength {strength}", chain(preset="balanced", edge_mode="none", temporal_strength=strength), False))
    for family, setting, method_of, published in tried:
        print(f"steadying: {family} {setting}", file=sys.stderr)
        rows = measured(cases, method_of)
        by_case[(family, setting)] = rows
        results.append((family, setting, table.average(rows), published))

    room_rows = []
    tried = [("the network alone", lambda case: methods.raw)]
    tried += [(name, lambda case, m=method: m) for name, method in room.models()]
    tried.append(("**matte, memory alone**", chain(preset="off", scene_memory="true")))
    for name, method_of in tried:
        print(f"room: {name}", file=sys.stderr)
        room_rows.append((name, table.average(measured(cases, method_of))))

    full = [table.Case(c.clip, c.source, c.raws, columns=640) for c in cases if c.source != "truth and noise"]
    chain_rows = []
    for name in ("raw", "fast", "balanced", "quality"):
        print(f"chain: {name}", file=sys.stderr)
        method = methods.raw if name == "raw" else methods.Chain(options.binary, None, preset=name)
        chain_rows.append((name, table.average(measured(full, lambda case, m=method: m))))

    print("edges", file=sys.stderr)
    edge_rows, edge_frames = edges.compare(cases, options.binary)
    speed, presets = edges.speed(options.bench), edges.presets(options.bench)

    families = [r for r in results if r[0] not in ("raw", "matte") and r[2]["lag"] <= 1]
    rival = min(families, key=lambda r: r[2]["toggle"])
    rival_method = next(m for f, s, m, _ in methods.opponents() if (f, s) == rival[:2])
    for name in ("still-1", "motion-30fps", "intel_asl_no"):
        case = next((c for c in cases if c.clip.name == name), None)
        if case:
            ours = methods.Chain(options.binary, None, preset="balanced")(case.clip, case.raws)
            columns = [case.raws, rival_method(case.clip, case.raws), ours]
            side_by_side(case, columns, options.out / f"steadiness-{name}")

    report.frontier(results, options.docs / "steadiness-frontier.png")
    report.bars(edge_rows, options.docs / "steadiness-edges.png")
    raw_rows, our_rows = by_case[("raw", "")], by_case[("matte", "balanced")]
    # The other half comes last: nothing but the chain's own figures is of interest there.
    names = [(c.clip.name, c.source) for c in cases]
    worst = min((o["iou"] - r["iou"], n) for n, (r, o) in enumerate(zip(raw_rows, our_rows)))[1]
    mean_lost = cases[worst].measure(methods.mean_so_far(cases[worst].clip, cases[worst].raws))["iou"] - raw_rows[worst]["iou"]
    del cases, full
    tuned = prepared("tune", options)
    tune = [measured(tuned, lambda case: methods.raw), measured(tuned, chain(preset="balanced", edge_mode="none"))]
    tune_names = [(c.clip.name, c.source) for c in tuned]
    text = report.page(
        filmed, room_rows, results, chain_rows, (edge_rows, edge_frames), (speed, presets), (names, raw_rows, our_rows), (tune_names, *tune), mean_lost
    )
    (options.docs / "steadiness.md").write_text(text)


if __name__ == "__main__":
    main()
