#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Processor time per frame of 1080p, with and without a second, small stream on the pad `small`.

Prints `small, elements, ms without it, ms with it`, separated by tabs: medians of several rounds in which
the cases take turns. Start-up is subtracted: gst-launch runs once over few frames and once over many, and
the difference counts. The small stream is read from a file, as the frames are: no hardware scales it here.

usage: small.py WORK-FOLDER CORE

MATTE_CLIP names the clip, as a gst-launch fragment that ends in raw video.
"""
import os
import pathlib
import statistics
import subprocess
import sys

from chains import FEW, MANY, ROUNDS, run

LARGE, SMALL = (1920, 1080), (320, 180)
CASES = {
    "mattesegment": "mattesegment name=m",
    "mattesegment interval=0": "mattesegment name=m interval=0",
    "mattesegment mode=async interval=2": "mattesegment name=m mode=async interval=2",
    "mattebackground preset=fast background=color": "mattebackground name=m preset=fast background=color",
    "the same, interval=0": "mattebackground name=m preset=fast background=color interval=0",
}


def clip_of(work: pathlib.Path, size: tuple[int, int]) -> pathlib.Path:
    raw = work / f"small-{size[1]}.nv12"
    if not raw.exists():
        line = (f"{os.environ['MATTE_CLIP']} ! videoconvert ! videoscale method=lanczos ! video/x-raw,format=NV12,"
                f"width={size[0]},height={size[1]},pixel-aspect-ratio=1/1 ! identity eos-after={MANY + 1} "
                f"! filesink location={raw}")
        subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
    return raw


def reading(raw: pathlib.Path, size: tuple[int, int], count: int) -> str:
    """Frames with their times, which the pad `small` needs. The parser copies them, in all cases alike."""
    width, height = size
    return (f"filesrc location={raw} blocksize={width * height * 3 // 2} num-buffers={count} "
            f"! rawvideoparse format=nv12 width={width} height={height} framerate=30/1 ! queue max-size-buffers=2")


def main() -> None:
    work, core = pathlib.Path(sys.argv[1]), sys.argv[2]
    clips = {size: clip_of(work, size) for size in (LARGE, SMALL)}

    def case(elements: str, small: bool) -> float:
        def frames(count: int) -> float:
            line = f"{reading(clips[LARGE], LARGE, count)} ! {elements} ! fakesink"
            if small:
                line += f" {reading(clips[SMALL], SMALL, count)} ! m.small"
            return run(core, ["gst-launch-1.0", "-q", *line.split()])[0]

        return (frames(MANY) - frames(FEW)) / (MANY - FEW)

    times = {(name, small): [] for name in CASES for small in (False, True)}
    for _ in range(ROUNDS):
        for (name, small), rounds in times.items():
            rounds.append(case(CASES[name], small))
    for name in CASES:
        without, with_it = (statistics.median(times[name, small]) for small in (False, True))
        print(f"small\t{name}\t{without:.2f}\t{with_it:.2f}", flush=True)


if __name__ == "__main__":
    main()
