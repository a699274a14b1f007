#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): rawvideoparse copies every frame, also where each buffer that comes in is
# just one frame and nothing in it has to move. rawaudioparse and identity hand the same memory on. One
# would expect that the parser, which is there to say what bytes are, does the same.
#
# Seen, of four frames each: identity keeps the memory of 4, rawaudioparse of 4, rawvideoparse of 0 (NV12,
# I420, RGBA and GRAY8).
# It matters here where somebody counts how often a frame's memory is touched: behind rawvideoparse it is
# other memory (scripts/bench/instructions.py takes frames from files of their own instead).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q libgstreamer1.0-0=1.22.0-2+deb12u1 gstreamer1.0-plugins-base=1.22.0-3+deb12u7 \
    libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 gstreamer1.0-plugins-bad=1.22.0-4+deb12u8 \
    libgstreamer-plugins-bad1.0-0=1.22.0-4+deb12u8 gir1.2-gstreamer-1.0=1.22.0-2+deb12u1 \
    gir1.2-gst-plugins-base-1.0=1.22.0-3+deb12u7 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$work/$(dirname "$(find root -name 'libgstreamer-1.0.so.0' | head -n 1)")
mkdir plugins
for plugin in coreelements app rawparse; do cp "$lib/gstreamer-1.0/libgst$plugin.so" plugins/; done
export LD_LIBRARY_PATH=$lib GI_TYPELIB_PATH=$lib/girepository-1.0 GST_PLUGIN_SYSTEM_PATH_1_0=$work/plugins \
    GST_PLUGIN_PATH='' GST_REGISTRY=$work/registry.bin \
    GST_PLUGIN_SCANNER=$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner
# Python's own bindings (python3-gi) are those of the system.
/usr/bin/python3 - <<'PYTHON'
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: F401  GstApp makes appsink's signals known

Gst.init(None)
print(Gst.version_string())
WIDTH, HEIGHT, FRAMES = 64, 48, 4


def kept(elements: str, size: int) -> int:
    """How many frames come out in the memory that they came in."""
    pipeline = Gst.parse_launch(f"appsrc name=in format=time ! {elements} ! appsink name=out sync=false")
    source, sink = pipeline.get_by_name("in"), pipeline.get_by_name("out")
    sent, came = [], []
    for number in range(FRAMES):
        buffer = Gst.Buffer.new_allocate(None, size, None)
        buffer.pts = number * Gst.SECOND // 30
        sent.append(buffer.get_memory(0))
        source.emit("push-buffer", buffer)
    source.emit("end-of-stream")
    pipeline.set_state(Gst.State.PLAYING)
    while (sample := sink.emit("try-pull-sample", 5 * Gst.SECOND)) is not None:
        memory = sample.get_buffer().get_memory(0)
        came.append(memory.parent or memory)
    pipeline.set_state(Gst.State.NULL)
    if len(came) != FRAMES:
        sys.exit(f"{elements}: {len(came)} buffers came, expected {FRAMES}")
    return sum(any(hash(memory) == hash(other) for other in sent) for memory in came)


failed = False
expected = {"identity": (4, 1.5), "rawaudioparse": (4, 1.5)}
for layout, bytes_per_pixel in (("nv12", 1.5), ("i420", 1.5), ("rgba", 4), ("gray8", 1)):
    expected[f"rawvideoparse format={layout} width={WIDTH} height={HEIGHT} framerate=30/1"] = (0, bytes_per_pixel)
for elements, (count, bytes_per_pixel) in expected.items():
    found = kept(elements, int(WIDTH * HEIGHT * bytes_per_pixel))
    print(f"{elements}: {found} of {FRAMES} frames keep their memory")
    if found != count:
        failed = True
        print(f"not so any more: expected {count}")
sys.exit(failed)
PYTHON
