#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Peak memory of whole pipelines, one line each: `memory`, name, MiB of the process at its peak (resident, with
all libraries), MiB that no other process shares.

usage: memory.py     (after `. scripts/env.sh`)
"""
import os
import pathlib
import subprocess
import sys
import time

SIZE = "video/x-raw,format=NV12,width={},height={},framerate=30/1"
CHAINS = {
    "GStreamer alone, 720p": "identity",
    "mattebackground, blur, 720p": "mattebackground",
    "mattebackground, color, fast preset, 720p": "mattebackground background=color preset=fast",
    "mattebackground, color, fast preset, 480p": "mattebackground background=color preset=fast",
    "mattebackground, blur, 1080p": "mattebackground",
    "mattebackground engine=embedded, blur, 720p": "mattebackground engine=embedded",
    "mattebackground engine=embedded, color, fast preset, 480p":
        "mattebackground engine=embedded background=color preset=fast",
}
SIDES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}


def measure(name: str, elements: str) -> tuple[float, float]:
    size = SIZE.format(*SIDES[name.split()[-1]])
    line = f"videotestsrc pattern=ball num-buffers=90 ! {size} ! {elements} ! fakesink"
    child = subprocess.Popen(["gst-launch-1.0", "-q", *line.split()])
    peak = own = 0.0
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status") as status:
                for entry in status:
                    if entry.startswith("VmHWM:"):
                        peak = int(entry.split()[1]) / 1024
            with open(f"/proc/{child.pid}/smaps_rollup") as maps:
                own = max(own, sum(int(entry.split()[1]) for entry in maps
                                   if entry.startswith(("Private_Dirty:", "Private_Clean:"))) / 1024)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
        time.sleep(0.02)
    if child.returncode:
        sys.exit(f"{name}: gst-launch-1.0 failed ({child.returncode}): {line}")
    return peak, own


def main() -> None:
    # A registry that is there already: building one loads every plugin of the system.
    subprocess.run(["gst-inspect-1.0", "matte"], check=True, stdout=subprocess.DEVNULL)
    if "MATTE_MODEL" in os.environ:
        print(f"model\t{pathlib.Path(os.environ['MATTE_MODEL']).stem}")
    for name, elements in CHAINS.items():
        peak, own = measure(name, elements)
        print(f"memory\t{name}\t{peak:.0f}\t{own:.0f}", flush=True)


if __name__ == "__main__":
    main()
