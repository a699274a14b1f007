#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/performance.md from what was measured.

usage: performance-page.py ELEMENTS CHAINS      what benches/elements.rs and scripts/bench/chains.py printed
"""
import collections
import os
import pathlib
import platform
import re
import subprocess
import sys


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> list[tuple[str, str]]:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    library = re.search(r"onnxruntime-([\d.]+)", os.environ.get("ORT_DYLIB_PATH", ""))
    model = os.environ.get("MATTE_MODEL", "builtin")
    return [
        ("processor", f"{cpu[1] if cpu else platform.machine()}, one core of {os.cpu_count()}"),
        ("system", system[1] if system else platform.system()),
        ("GStreamer", output_of("gst-launch-1.0", "--version").split("\n")[0].split()[-1]),
        ("ONNX Runtime", library[1] if library else "the system's"),
        ("model", pathlib.Path(model).stem),
        ("Rust", output_of("rustc", "--version").split()[1]),
        ("load average at the start", f"{os.getloadavg()[0]:.1f}"),
        ("commit", output_of("git", "rev-parse", "--short", "HEAD")),
    ]


def main() -> None:
    cells = collections.defaultdict(dict)
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        name, form, size, *times = line.split("\t")
        height = size.split("x")[1] + "p"
        cells[name][form, height] = [float(time) for time in times]
    print("# Performance\n")
    print("`scripts/bench.sh performance` writes this page. Times are milliseconds per frame on one core: the")
    print("median, with the 10th and the 90th percentile in brackets. Each element runs alone, on frames of a")
    print("real webcam clip that is scaled up. All cases of a size take turns, so that ratios hold even if")
    print("times drift.\n")
    print("| | |\n| --- | --- |")
    for key, value in machine():
        print(f"| {key} | {value} |")

    def cell(name: str, key: tuple[str, str]) -> str:
        if key not in cells[name]:
            return ""
        median, low, high = cells[name][key]
        return f"{median:.2f} ({low:.2f} to {high:.2f})"

    ours = [name for name in cells if name.startswith("matte")]
    columns = [("NV12", "720p"), ("I420", "720p"), ("NV12", "1080p"), ("I420", "1080p"), ("YUY2", "1080p"),
               ("BGRx", "1080p"), ("NV12", "2160p")]
    print("\n## Elements\n")
    print("| | " + " | ".join(f"{height} {form}" for form, height in columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for name in ours:
        print(f"| {name} | " + " | ".join(cell(name, key) for key in columns) + " |")

    print("\n## GStreamer's own elements\n")
    print("For comparison, in the same run.\n")
    print("| | format | 720p | 1080p | 2160p |\n| --- | --- | --- | --- | --- |")
    for name in cells:
        if name in ours:
            continue
        for form in sorted({form for form, _ in cells[name]}):
            row = [cell(name, (form, height)) for height in ("720p", "1080p", "2160p")]
            print(f"| {name} | {form} | " + " | ".join(row) + " |")

    def median(name: str, form: str = "NV12") -> float:
        return cells[name][form, "1080p"][0]

    print("\n## Ratios at 1080p\n")
    copy = median("plain copy of a frame")
    color, image, blur = (
        median(f"mattecompose background={kind}") for kind in ("color", "image", "blur")
    )
    print("| | times |\n| --- | --- |")
    for what, ratio in [
        ("background=color, against a plain copy of the frame", color / copy),
        ("background=color decontamination=0, against a plain copy of the frame",
         median("mattecompose background=color decontamination=0") / copy),
        ("compositor with alpha in the pixels (BGRA over NV12), against background=image (NV12)",
         median("compositor, alpha in the pixels", "BGRA") / image),
        ("gaussianblur sigma=5 (AYUV), against background=blur (NV12)",
         median("gaussianblur sigma=5", "AYUV") / blur),
        ("videoconvert to RGBA, against the whole of matterefine and background=image",
         median("videoconvert to RGBA")
         / (median("matterefine") + image)),
    ]:
        print(f"| {what} | {ratio:.1f} |")

    print("\n## Cost per byte\n")
    print("Time per byte of the frame, relative to NV12 at 1080p.\n")
    print("| | I420 | YUY2 | BGRx | NV12 2160p |\n| --- | --- | --- | --- | --- |")
    for kind in ("color", "image", "blur"):
        name = f"mattecompose background={kind}"
        row = [median(name, form) / median(name) * 1.5 / pixel
               for form, pixel in (("I420", 1.5), ("YUY2", 2), ("BGRx", 4))]
        row.append(cells[name]["NV12", "2160p"][0] / median(name) / 4)
        print(f"| {name} | " + " | ".join(f"{ratio:.2f}" for ratio in row) + " |")

    chains(pathlib.Path(sys.argv[2]))
    print((pathlib.Path(__file__).parent / "performance-tried.md").read_text(), end="")


def chains(path: pathlib.Path) -> None:
    """Whole programs: processor time per frame, and its share of a core at 30 frames per second."""
    rows = collections.defaultdict(dict)
    for line in path.read_text().splitlines():
        name, size, processor, wall = line.split("\t")
        rows[name][size] = (float(processor), float(wall))
    sizes = list(dict.fromkeys(size for times in rows.values() for size in times))
    print("\n## Whole chains\n")
    print("Processor time per frame without start-up, from NV12 in memory to NV12 (the Python program: to BGR).")
    print("Each chain is a process of its own on one core, in turns. In brackets: the share of a core at 30")
    print("frames per second, and the frames per second that were reached on this machine with its load.\n")
    print("- *Reading alone* is `filesrc`, `identity` and `fakesink` on the same frames; all others include it.")
    print("- *Still scene* is the clip's first frame repeated, with noise of two bits in every sample and")
    print("  `still-threshold=0.02`.")
    print("- *Python* follows MediaPipe's own example; *MediaPipe's network* is the example's (landscape).\n")
    print("| | " + " | ".join(sizes) + " |\n| --- |" + " --- |" * len(sizes))
    for name, times in rows.items():
        cells = [f"{p:.1f} ms ({p * 3:.0f} %, {1e3 / w:.0f} fps)" for p, w in (times[s] for s in sizes)]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
