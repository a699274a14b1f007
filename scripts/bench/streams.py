#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Many streams in one process: what each one costs in processor time and in memory.

usage: streams.py PAGE [FRAMES]      (after `. scripts/env.sh`; started by scripts/bench.sh streams)

1, 2, 4, 8 and 16 cameras (videotestsrc, 1280x720 NV12) run through one process each, FRAMES frames a
camera, as fast as they can: processor time a frame does not depend on what else the machine does, as
rates would. What the test source takes is measured in the same way and taken off. Memory is the
process's peak of resident memory. Prints what it measured, for scripts/robustness/reliability-page.py, and
writes the page PAGE.
"""
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
STREAMS = (1, 2, 4, 8, 16)
SOURCE = "videotestsrc pattern=ball num-buffers={frames} ! video/x-raw,format=NV12,width=1280,height=720,framerate=30/1"
CHAINS = {
    "source": "",
    "blur": "! mattebackground",
    "async": "! mattebackground mode=async",
}


def run(chain, streams, frames, variables=()):
    """Processor seconds, peak of resident memory in MiB and wall seconds of one process."""
    line = f"{SOURCE.format(frames=frames)} {chain} ! fakesink sync=false "
    command = ["gst-launch-1.0", "-q", *(line * streams).split()]
    start = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **dict(variables)})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - start


def memory_section():
    """Lines about what a further stream of each part of the chain takes, buffers of the source off."""
    lines = ["## Where the memory goes", "", "| chain | MiB that a further stream adds |", "| --- | --- |"]
    parts = ["", "! mattesegment", "! mattesegment ! matterefine", "! mattesegment ! matterefine ! mattecompose"]
    peaks = []
    for chain in parts:
        few, many = (run(chain, streams, 12)[1] for streams in (1, 5))
        peaks.append((many - few) / 4)
    lines += [f"| {chain[2:]} | {peak - peaks[0]:.1f} |" for chain, peak in zip(parts[1:], peaks[1:])]
    return lines


def median(values):
    return sorted(values)[len(values) // 2]


def cost(name, streams, frames, variables=(), repeat=3):
    """Milliseconds of processor time a frame, start and end taken off, and the peak in MiB."""
    found = []
    for _ in range(repeat):
        # The difference of a long and a short run leaves loading out.
        short, _, _ = run(CHAINS[name], streams, 10, variables)
        long, peak, wall = run(CHAINS[name], streams, frames + 10, variables)
        found.append(((long - short) / (streams * frames) * 1e3, peak, wall))
    return tuple(median([f[i] for f in found]) for i in range(3))


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    name = re.search(r"model name\s*: (.*)", text)
    return f"{name[1] if name else platform.processor()}, {os.cpu_count()} cores"


def network():
    """The network that runs, with its version."""
    file = os.environ.get("MATTE_MODEL") or "builtin"
    if file != "builtin":
        return pathlib.Path(file).stem
    version = re.search(r'^version = "(.*)"', (ROOT / "models" / "matte.toml").read_text(), re.M)
    return f"matte {version[1]}"


def commit():
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main(page, frames=60):
    frames, rows = int(frames), []
    busy = os.getloadavg()[1]
    for streams in STREAMS:
        base, base_peak, _ = cost("source", streams, frames)
        row = [streams]
        for name in ("blur", "async"):
            time_a_frame, peak, _ = cost(name, streams, frames)
            row += [time_a_frame - base, peak, peak - base_peak]
        rows.append(row)
        print("\t".join([str(streams), *(f"{value:.2f}" for value in row[1:])]), flush=True)
    notes = {
        "machine": processor(),
        "network": network(),
        "frames": f"{frames} a stream, medians of three runs",
        "load average at the start": f"{busy:.1f}",
        "commit": commit(),
    }
    for name, value in notes.items():
        print(f"# {name}\t{value}", flush=True)
    limits = []
    for limit in ("1", "2", "16"):
        name, variables = "blur", [("MATTE_CONCURRENT_RUNS", limit)]
        time_a_frame, _, wall = cost(name, 8, frames, variables)
        limits.append((limit, time_a_frame, wall))
    first, last = rows[0], rows[-1]
    more = STREAMS[-1] - STREAMS[0]
    lines = [
        "# Many streams", "",
        f"Written by `scripts/bench.sh streams` at {notes['commit']}, with the network {notes['network']}."
        f" {notes['machine']}; {len(STREAMS)} numbers of cameras, 1280x720 NV12, {frames} frames each, medians"
        f" of three runs; load average {busy:.0f} at the start (processor time hardly depends on it, wall time"
        " does).", "",
        "Elements in one process that have the same model, provider and settings share one loaded",
        "session and its weights; each has its own tensors, recurrent states and scratch memory. On the",
        "CPU they run the session at the same time.", "",
        "| streams | sync: ms of CPU a frame | peak MiB | over the source alone | async: ms of CPU a frame | peak MiB | over the source alone |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row[0]} | {row[1]:.2f} | {row[2]:.0f} | {row[3]:.0f} | {row[4]:.2f} | {row[5]:.0f} | {row[6]:.0f} |"
        for row in rows
    ]
    lines += [
        "",
        f"`mattebackground` (blur) on every stream. Each stream after the first adds"
        f" {(last[3] - first[3]) / more:.1f} MiB with `mode=sync` and {(last[6] - first[6]) / more:.1f} MiB with"
        " `mode=async`, ONNX Runtime's scratch memory for runs at the same time included. The time is without"
        " the source's; with `mode=async` and a source that is faster than the network most frames carry"
        " a matte over.", "",
        "## How many networks run at once", "",
        "At most one a core; the environment variable `MATTE_CONCURRENT_RUNS` sets another number (from 1).",
        "Streams wait for their turn in the order of asking, so none starves. 8 streams, `mode=sync`:", "",
        "| limit | ms of CPU a frame, the source's included | wall seconds |", "| --- | --- | --- |",
    ]
    lines += [f"| {limit} | {time_a_frame:.2f} | {wall:.1f} |" for limit, time_a_frame, wall in limits]
    lines += ["", *memory_section()]
    pathlib.Path(page).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
