# SPDX-License-Identifier: MPL-2.0
"""gst-launch-1.0 of a 64-bit Arm system under QEMU, with counters (the .c files beside this one)."""
import os
import pathlib
import shutil
import subprocess
import sys

# ONNX Runtime for Arm stumbles over the processors that /sys of an x86 machine describes.
HIDE_SYS = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh"]


class Emulator:
    """gst-launch of another system, with a plugin of QEMU that counts."""

    def __init__(self, root: pathlib.Path, plugin: str, runtime: str, model: str, work: pathlib.Path):
        self.root, self.work = root, work
        self.plugins = work / "plugins"
        self.plugins.mkdir()
        shutil.copy(plugin, self.plugins / "libgstmatte.so")
        for name in ("coreelements", "multifile", "rawparse"):
            shutil.copy(root / f"usr/lib/aarch64-linux-gnu/gstreamer-1.0/libgst{name}.so", self.plugins)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(work), "GST_REGISTRY": str(work / "registry.bin"),
            "GST_REGISTRY_FORK": "no", "GST_PLUGIN_SYSTEM_PATH": "", "GST_PLUGIN_PATH": str(self.plugins),
            "ORT_DYLIB_PATH": runtime, "MATTE_MODEL": model,
        }
        for counter in ("instructions", "touches"):
            source = pathlib.Path(__file__).with_name(f"{counter}.c")
            subprocess.run(["gcc", "-O2", "-shared", "-fPIC", source, "-o", work / f"lib{counter}.so"], check=True)
        self.run("cortex-a72", "fakesrc num-buffers=1 ! fakesink")  # the first run makes the registry

    def run(self, core: str, line: str, counter: str = "instructions") -> str:
        """What a counter, with its arguments, tells of one run."""
        log = self.work / "counted"
        name, comma, arguments = counter.partition(",")
        command = [*HIDE_SYS, "qemu-aarch64", "-L", self.root, "-cpu", core, "-plugin",
                   f"{self.work}/lib{name}.so{comma}{arguments}", "-d", "plugin", "-D", log,
                   self.root / "usr/bin/gst-launch-1.0", "-q", *line.split()]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode or "ERROR" in done.stderr:
            sys.exit(f"failed under emulation: {line}\n{done.stdout}{done.stderr}")
        return log.read_text()
