#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Many streams in one process: what each one costs in processor time and in memory.

usage: streams.py PAGE [FRAMES]      (after `. scripts/env.sh`; started by scripts/bench.sh streams)

1, 2, 4, 8 and 16 cameras (videotestsrc, 1280x720 NV12) run in one process, FRAMES frames per camera, as fast
as they can: unlike rates, the processor time per frame does not depend on what else the machine does. The test
source's own time is measured in the same way and subtracted. Memory is the process's peak of resident memory.
The numbers are printed, and written to the page PAGE.
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
ENGINES = ("onnxruntime", "embedded")
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


def memory():
    """MiB that a further stream of each part of the chain adds with each engine, without the source's buffers."""
    def added(chain):
        return median([(run(chain, 5, 12)[1] - run(chain, 1, 12)[1]) / 4 for _ in range(3)])

    source = added("")
    parts = ["mattesegment", "mattesegment ! matterefine", "mattesegment ! matterefine ! mattecompose"]
    return [(chain, *(added("! " + chain.replace("mattesegment", f"mattesegment engine={engine}")) - source
                      for engine in ENGINES)) for chain in parts]


def median(values):
    return sorted(values)[len(values) // 2]


def cost(name, streams, frames, variables=(), repeat=3):
    """Milliseconds of processor time per frame, without start and end; the peak in MiB; wall seconds."""
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


def text(rows, notes, limits, memories):
    """The page."""
    first, last = rows[0], rows[-1]
    more = last[0] - first[0]
    cpu = "CPU, ms per frame | cores at 30 fps | peak, MiB | above the source, MiB"
    lines = [
        "# Many streams",
        "",
        "Elements in one process that have the same model, provider and settings share one loaded session and",
        "its weights; if they start together, one loads it and the others wait for it. Each has its own input",
        "and output and its recurrent states. On the CPU they run the session at the same time. The embedded",
        "engine's tensors and the scratch memory of `matterefine` are shared by the streams, too: at most one",
        "per core is in use, and further streams wait for their turn.",
        "",
        "`scripts/bench.sh streams` writes this page.",
        "",
        "| | |",
        "| --- | --- |",
        "| pipeline | `mattebackground` (blur) on every stream, 1280x720 NV12 |",
    ]
    lines += [f"| {name} | {value} |" for name, value in notes.items()]
    for number, mode in enumerate(("sync", "async")):
        lines += ["", f"## `mode={mode}`", "", f"| streams | {cpu} |", "| --- | --- | --- | --- | --- |"]
        for streams, *costs in rows:
            time_a_frame, peak, above = costs[3 * number :][:3]
            cores = time_a_frame * streams * 0.03
            lines.append(f"| {streams} | {time_a_frame:.2f} | {cores:.2f} | {peak:.0f} | {above:.0f} |")
    lines += [
        "",
        "The source's time is subtracted. Processor time hardly depends on the load of the machine, wall time",
        "does. With `mode=async` this source is faster than the network, so that most frames reuse a matte.",
        f"Each stream after the first adds {(last[3] - first[3]) / more:.1f} MiB with `mode=sync` and"
        f" {(last[6] - first[6]) / more:.1f} MiB with `mode=async`, which",
        "includes ONNX Runtime's scratch memory for runs at the same time.",
        "",
        "## How many networks run at once",
        "",
        "At most one per core. The environment variable `MATTE_CONCURRENT_RUNS` sets another number (from 1).",
        "Streams get their run slots in the order of asking, so that none starves. 8 streams, `mode=sync`:",
        "",
        "| limit | CPU, ms per frame, with the source | wall seconds |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {limit} | {time_a_frame:.2f} | {wall:.1f} |" for limit, time_a_frame, wall in limits]
    lines += ["", "## Where the memory goes", "", "MiB that a further stream adds, with each engine:", ""]
    lines += [f"| chain | {' | '.join(f'`{engine}`' for engine in ENGINES)} |", "| --- | --- | --- |"]
    lines += [f"| `{chain}` | {' | '.join(f'{mib:.1f}' for mib in added)} |" for chain, *added in memories]
    lines += [
        "",
        "At first, a further stream took 15.4 MiB (19.7 with the embedded engine). These changes brought it",
        "down: streams that start together load one session; scratch memory is shared, and no more of it is",
        "kept than one per core, with all in it that is not needed from one frame to the next; the colours of",
        "the scene take 16 bits, not 32; and the last refined matte, which keeps still edges still, is the",
        "frame's own, not a copy. What is left is the past of a stream: 0.9 MB for colours of the scene,",
        "1.5 MB of planes at the network's size, two refined mattes of 0.9 MB (the last one and the new one),",
        "0.6 MB for the network's picture and matte, and about 1 MB for the compositor's blur and edges. The",
        "aim of 6 MiB would need the planes in 16 bits as well, which every filter over time would have to",
        "read and write.",
    ]
    return "\n".join(lines) + "\n"


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
        "frames": f"{frames} per stream, medians of three runs",
        "load average at the start": f"{busy:.1f}",
        "commit": commit(),
    }
    limits = []
    for limit in ("1", "2", "16"):
        time_a_frame, _, wall = cost("blur", 8, frames, [("MATTE_CONCURRENT_RUNS", limit)])
        limits.append((limit, time_a_frame, wall))
    pathlib.Path(page).write_text(text(rows, notes, limits, memory()))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
