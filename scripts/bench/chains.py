#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Runs whole chains on the same clip, each a process of its own on one core: ours, and usual Python.

Prints `case, size, ms of processor time per frame, ms of wall time per frame` for each, separated
by tabs: medians of several rounds in which the cases take turns. Start-up is subtracted: gst-launch
runs once over few frames and once over many, and the difference counts.

usage: chains.py WORK-FOLDER CORE PICTURE NETWORK [PEER-PYTHON]

MATTE_CLIP names the clip, as a gst-launch fragment that ends in raw video; NETWORK is the .onnx
file of the network that the Python program runs.
"""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

SIZES = [(1280, 720), (1920, 1080)]
FEW, MANY, ROUNDS = 10, 60, 5


def run(core: str, command: list[str]) -> tuple[float, float, str]:
    """Processor and wall time in ms, and what was printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(["taskset", "-c", core, *command], capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1e3, wall * 1e3, done.stdout


def ours(core: str, raw: pathlib.Path, size: tuple[int, int], elements: str) -> tuple[float, float]:
    width, height = size
    caps = f"video/x-raw,format=NV12,width={width},height={height},framerate=30/1"

    # identity gives the frames their times, and copies nothing.
    def frames(count: int) -> tuple[float, float]:
        line = (f"filesrc location={raw} blocksize={width * height * 3 // 2} num-buffers={count} ! {caps} "
                f"! identity datarate={width * height * 45} ! {elements} ! fakesink")
        return run(core, ["gst-launch-1.0", "-q", *line.split()])[:2]

    few, many = frames(FEW), frames(MANY)
    return tuple((b - a) / (MANY - FEW) for a, b in zip(few, many))


def peer(core: str, python: str, raw: pathlib.Path, size: tuple[int, int], *picture: str) -> tuple[float, float]:
    script = pathlib.Path(__file__).parent / "python_pipeline.py"
    command = [python, str(script), str(raw), str(size[0]), str(size[1]), str(MANY), *picture]
    return tuple(map(float, run(core, command)[2].split()))


def make_still(raw: pathlib.Path, still: pathlib.Path, size: tuple[int, int]) -> None:
    """The first frame again and again, as a sensor sees it: the last two bits of each sample are noise."""
    count = size[0] * size[1] * 3 // 2
    with raw.open("rb") as clip:
        frame = int.from_bytes(clip.read(count), "little") & int.from_bytes(b"\xfc" * count, "little")
    low = int.from_bytes(b"\x03" * count, "little")
    with still.open("wb") as out:
        for _ in range(MANY):
            noise = int.from_bytes(os.urandom(count), "little") & low
            out.write((frame | noise).to_bytes(count, "little"))


def main() -> None:
    work, core, picture, network, python = pathlib.Path(sys.argv[1]), *[*sys.argv[2:], ""][:4]
    clip = os.environ["MATTE_CLIP"]
    for width, height in SIZES:
        raw = work / f"clip-{height}.nv12"
        if not raw.exists():
            line = (f"{clip} ! videoconvert ! videoscale method=lanczos ! video/x-raw,format=NV12,width={width},"
                    f"height={height},pixel-aspect-ratio=1/1 ! identity eos-after={MANY + 1} ! filesink location={raw}")
            subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
        still = work / f"still-{height}.nv12"
        if not still.exists():
            make_still(raw, still, (width, height))

        def bin_of(options: str, clip: pathlib.Path = raw) -> tuple[float, float]:
            return ours(core, clip, (width, height), f"mattebackground {options}")

        rest = "still-threshold=0.02"
        cases = {
            "reading alone": lambda: ours(core, raw, (width, height), "identity"),
            "mattebackground, blur": lambda: bin_of("background=blur"),
            "mattebackground, picture": lambda: bin_of(f"image={picture}"),
            "mattebackground preset=fast, blur": lambda: bin_of("preset=fast"),
            "mattebackground, MediaPipe's network, blur": lambda: bin_of(f"background=blur model={network}"),
            "mattebackground, MediaPipe's network, picture": lambda: bin_of(f"image={picture} model={network}"),
            "mattebackground, blur, still scene": lambda: bin_of(f"background=blur {rest}", still),
            "mattebackground, picture, still scene": lambda: bin_of(f"image={picture} {rest}", still),
            "Python: MediaPipe and OpenCV, blur": lambda: peer(core, python, raw, (width, height)),
            "Python: MediaPipe and OpenCV, picture": lambda: peer(core, python, raw, (width, height), picture),
        }
        if not python:
            cases = {name: case for name, case in cases.items() if not name.startswith("Python")}
        times = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, case in cases.items():
                times[name].append(case())
        for name, rounds in times.items():
            processor, wall = (statistics.median(column) for column in zip(*rounds))
            print(f"{name}\t{width}x{height}\t{processor:.2f}\t{wall:.2f}", flush=True)


if __name__ == "__main__":
    main()
