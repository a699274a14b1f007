#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Counts instructions per frame on an emulated 64-bit Arm core, for boards that are not here.

usage: instructions.py ROOT PLUGIN RUNTIME MODEL CLIP [NAME=NETWORK ...]

One line each: `instructions`, name, core, size, millions per frame. With NETWORKs (a file, or a
built-in name), a line each for `mattesegment` with MODEL ("float") and with them: `network`, name,
core, millions; the last of them, the cheapest, runs the small boards' profile as well.

ROOT: a system for arm64 (scripts/systems/roots.sh). PLUGIN: libgstmatte.so for it. RUNTIME:
libonnxruntime.so for it. MODEL: an .onnx file, or builtin. CLIP: a gst-launch fragment with a
person in it. Two runs of unlike length give the cost of a frame without that of the start. Emulated
is what a core of the named type may use: a Cortex-A53 or A72 has no dot product instructions, an
A76 has.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CORES = {"cortex-a72": "A53/A72", "cortex-a76": "A76"}
FEW, MANY = 2, 8
# ONNX Runtime for Arm stumbles over the processors that /sys of an x86 machine describes.
HIDE_SYS = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh"]
# What pipelines/embedded.sh runs.
PROFILE = "the same, interval=2"
CHAINS = {
    "nothing (reading the frame)": "identity",
    "mattesegment": "mattesegment",
    "mattesegment ! matterefine preset=fast": "mattesegment ! matterefine preset=fast",
    "mattebackground preset=fast background=color": "mattebackground preset=fast background=color",
    PROFILE: "mattebackground preset=fast background=color interval=2",
    "mattebackground (balanced, blur)": "mattebackground",
}
SIZES = [(640, 480), (1280, 720)]


class Emulator:
    """gst-launch of another system, with a plugin of QEMU that counts."""

    def __init__(self, root: pathlib.Path, plugin: str, runtime: str, model: str, work: pathlib.Path):
        self.root, self.work = root, work
        plugins = work / "plugins"
        plugins.mkdir()
        shutil.copy(plugin, plugins / "libgstmatte.so")
        for name in ("coreelements", "rawparse"):
            shutil.copy(root / f"usr/lib/aarch64-linux-gnu/gstreamer-1.0/libgst{name}.so", plugins)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(work), "GST_REGISTRY": str(work / "registry.bin"),
            "GST_REGISTRY_FORK": "no", "GST_PLUGIN_SYSTEM_PATH": "", "GST_PLUGIN_PATH": str(plugins),
            "ORT_DYLIB_PATH": runtime, "MATTE_MODEL": model,
        }
        source = pathlib.Path(__file__).with_name("count.c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", source, "-o", work / "libcount.so"], check=True)
        self.run("cortex-a72", "fakesrc num-buffers=1 ! fakesink")  # the first run makes the registry

    def run(self, core: str, line: str) -> int:
        """Instructions of one run."""
        log = self.work / "counted"
        command = [*HIDE_SYS, "qemu-aarch64", "-L", self.root, "-cpu", core, "-plugin", self.work / "libcount.so", "-d",
                   "plugin", "-D", log, self.root / "usr/bin/gst-launch-1.0", "-q", *line.split()]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode or "ERROR" in done.stderr:
            sys.exit(f"failed under emulation: {line}\n{done.stdout}{done.stderr}")
        return int(re.search(r"(\d+) instructions", log.read_text())[1])


def frames(clip: str, width: int, height: int, work: pathlib.Path) -> pathlib.Path:
    """Raw NV12 frames of the clip."""
    path = work / f"{height}.nv12"
    subprocess.run(["gst-launch-1.0", "-q", *clip.split(), "!", "identity", f"eos-after={MANY}", "!",
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
                return emulator.run(core, f"filesrc location={raw[size]} blocksize={width * height * 3 // 2} "
                                          f"num-buffers={count} ! rawvideoparse format=nv12 width={width} "
                                          f"height={height} framerate=30/1 ! {elements} ! fakesink")

            return (run(MANY) - run(FEW)) / (MANY - FEW) / 1e6

        def network(name: str, core: str, count: float) -> None:
            print(f"network\t{name}\t{CORES[core]}\t{count:.1f}", flush=True)

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
