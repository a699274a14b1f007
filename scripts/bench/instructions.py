#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Counts what a frame costs on an emulated 64-bit Arm core, for boards that are not here.

usage: instructions.py ROOT PLUGIN RUNTIME MODEL CLIP [NAME=NETWORK ...]

One line each: `instructions`, name, core, size, millions per frame; and `touches`, name, then of luma
and of chroma the mean number of times that a byte of a 480p frame is read, the share that is never
read, and the same of writes. With NETWORKs (a file, or a built-in name), a line each for
`mattesegment` with MODEL ("float") and with them: `network`, name, core, millions; the last of them,
the cheapest, runs the small boards' profile as well.

ROOT: a system for arm64 (scripts/systems/roots.sh). PLUGIN: libgstmatte.so for it. RUNTIME:
libonnxruntime.so for it. MODEL: an .onnx file, or builtin. CLIP: a gst-launch fragment with a
person in it. Two runs of unlike length give the cost of a frame without that of the start. Emulated
is what a core of the named type may use: a Cortex-A53 or A72 has no dot product instructions, an
A76 has.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from emulator import Emulator

CORES = {"cortex-a72": "A53/A72", "cortex-a76": "A76"}
FEW, MANY = 2, 8
# Where the network runs by need, two seconds of the clip say how often.
LONG = 62
FAST = "mattebackground preset=fast background=color"
# What pipelines/embedded.sh runs.
PROFILE = "the same, interval=2"
CHAINS = {
    "nothing (reading the frame)": "identity",
    "mattesegment": "mattesegment",
    "mattesegment ! matterefine preset=fast": "mattesegment ! matterefine preset=fast",
    FAST: FAST,
    PROFILE: f"{FAST} interval=2",
    "the same, interval=0": f"{FAST} interval=0",
    "mattebackground (balanced, blur)": "mattebackground",
    "mattesegment engine=embedded": "mattesegment engine=embedded",
    f"{FAST} engine=embedded": f"{FAST} engine=embedded",
    "the same, embedded, interval=0": f"{FAST} engine=embedded interval=0",
    "the same, embedded, interval=0, lite": f"{FAST} engine=embedded interval=0 model=builtin-lite",
}
# Whose reads and writes of the frame are counted.
TOUCHING = {
    "mattesegment": "mattesegment",
    "mattesegment ! matterefine preset=fast": "mattesegment ! matterefine preset=fast",
    FAST: FAST,
    "the same, interval=2": f"{FAST} interval=2",
    "the same, interval=0": f"{FAST} interval=0",
    "mattesegment ! matterefine": "mattesegment ! matterefine",
    "mattebackground background=color": "mattebackground background=color",
    "mattebackground (balanced, blur)": "mattebackground",
}
SIZES = [(640, 480), (1280, 720)]


def frames(clip: str, width: int, height: int, work: pathlib.Path) -> pathlib.Path:
    """Raw NV12 frames of the clip."""
    path = work / f"{height}.nv12"
    subprocess.run(["gst-launch-1.0", "-q", *clip.split(), "!", "identity", f"eos-after={LONG}", "!",
                    "videoconvertscale", "!", f"video/x-raw,format=NV12,width={width},height={height}", "!",
                    "filesink", f"location={path}"], check=True)
    return path


def main() -> None:
    root, plugin, runtime, model, clip, *networks = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        emulator = Emulator(pathlib.Path(root), plugin, runtime, model, work)
        raw = {size: frames(clip, *size, work) for size in SIZES}

        def cost(elements: str, core: str, size: tuple[int, int]) -> float:
            width, height = size

            def run(count: int) -> int:
                line = (f"filesrc location={raw[size]} blocksize={width * height * 3 // 2} num-buffers={count} "
                        f"! rawvideoparse format=nv12 width={width} height={height} framerate=30/1 "
                        f"! {elements} ! fakesink")
                return int(re.search(r"(\d+) instructions", emulator.run(core, line))[1])

            many = LONG if "interval=0" in elements else MANY
            return (run(many) - run(FEW)) / (many - FEW) / 1e6

        def network(name: str, core: str, count: float) -> None:
            print(f"network\t{name}\t{CORES[core]}\t{count:.1f}", flush=True)

        def touches(name: str, elements: str) -> None:
            """The parser would copy frames, so each comes from a file of its own."""
            width, height = SIZES[0]
            luma, size = width * height, width * height * 3 // 2
            caps = f"video/x-raw,format=NV12,width={width},height={height},framerate=30/1"
            counter = f"touches,frame={size},luma={luma}"
            line = f"multifilesrc location={work}/%d.frame caps={caps} ! {elements} ! fakesink"
            counted = emulator.run("cortex-a72", line, counter).split()
            print("\t".join(["touches", name, *counted[2:]]), flush=True)

        everything = raw[SIZES[0]].read_bytes()
        size = SIZES[0][0] * SIZES[0][1] * 3 // 2
        for at in range(1 + MANY):
            (work / f"{at}.frame").write_bytes(everything[at * size:][:size])
        for name, elements in TOUCHING.items():
            touches(name, elements)
        for size in SIZES:
            for name, elements in CHAINS.items():
                # The type of core matters to ONNX Runtime's kernels alone.
                for core in CORES if name == "mattesegment" and size == SIZES[0] else ["cortex-a72"]:
                    count = cost(elements, core, size)
                    print(f"instructions\t{name}\t{CORES[core]}\t{size[1]}p\t{count:.1f}", flush=True)
                    if networks and name == "mattesegment" and size == SIZES[0]:
                        network("float", core, count)
        for entry in networks:
            name, emulator.environment["MATTE_MODEL"] = entry.split("=", 1)
            for core in CORES:
                network(name, core, cost("mattesegment", core, SIZES[0]))
        for size in SIZES if networks else []:
            print(f"instructions\t{PROFILE}, {name}\t{CORES['cortex-a72']}\t{size[1]}p\t"
                  f"{cost(CHAINS[PROFILE], 'cortex-a72', size):.1f}", flush=True)


if __name__ == "__main__":
    main()
