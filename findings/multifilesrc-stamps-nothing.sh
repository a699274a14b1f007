#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): multifilesrc is given caps with a frame rate, and yet its buffers have
# neither a time nor a duration, and its segment counts bytes. The known example (numbered PNG files with
# such caps) works because the decoder makes the times. One would expect that raw frames from files work
# in the same way: videorate refuses them.
#
# Seen, of three files at 10/1: raw I420 and undecoded PNG: segment in bytes, no time; PNG behind pngdec,
# and imagesequencesrc: segment in time, 0, 100 and 200 ms.
# It matters where tests feed raw frames from files: an element that measures the time from frame to
# frame has to count them instead.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q libgstreamer1.0-0=1.22.0-2+deb12u1 libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 \
    gstreamer1.0-plugins-base=1.22.0-3+deb12u7 gstreamer1.0-plugins-good=1.22.0-5+deb12u4 \
    gir1.2-gstreamer-1.0=1.22.0-2+deb12u1 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$work/$(dirname "$(find root -name 'libgstreamer-1.0.so.0' | head -n 1)")
mkdir plugins
for plugin in coreelements multifile png typefindfunctions videorate videotestsrc; do
    cp "$lib/gstreamer-1.0/libgst$plugin.so" plugins/
done
export LD_LIBRARY_PATH=$lib GI_TYPELIB_PATH=$lib/girepository-1.0 GST_PLUGIN_SYSTEM_PATH_1_0=$work/plugins \
    GST_PLUGIN_PATH='' GST_REGISTRY=$work/registry.bin \
    GST_PLUGIN_SCANNER=$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner
# Python's own bindings (python3-gi) are those of the system.
/usr/bin/python3 - <<'PYTHON'
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
print(Gst.version_string())
RAW = "video/x-raw,format=I420,width=64,height=48,framerate=10/1"
PNG = "image/png,framerate=10/1"


def run(line: str) -> tuple[str, list[str]]:
    """How a pipeline ends, and what reaches its sink: the segment's format and each buffer's ms."""
    pipeline = Gst.parse_launch(f"{line} ! fakesink name=sink sync=false")
    seen = []

    def look(_, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        if info.type & Gst.PadProbeType.BUFFER:
            pts = info.get_buffer().pts
            seen.append("none" if pts == Gst.CLOCK_TIME_NONE else str(pts // Gst.MSECOND))
        elif info.get_event().type == Gst.EventType.SEGMENT:
            seen.append(info.get_event().parse_segment().format.value_nick)
        return Gst.PadProbeReturn.OK

    kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
    pipeline.get_by_name("sink").get_static_pad("sink").add_probe(kinds, look)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return ("error" if message is None or message.type == Gst.MessageType.ERROR else "end"), seen


for make in (f"videotestsrc num-buffers=3 ! {RAW} ! multifilesink location=%d.raw",
             "videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width=64,height=48 ! pngenc "
             "! multifilesink location=%d.png"):
    parts = Gst.parse_launch(make)
    parts.set_state(Gst.State.PLAYING)
    parts.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    parts.set_state(Gst.State.NULL)

none, times = ["bytes", "none", "none", "none"], ["time", "0", "100", "200"]
failed = False
for line, expected in (
    (f'multifilesrc location=%d.raw caps="{RAW}"', ("end", none)),
    (f'multifilesrc location=%d.png caps="{PNG}"', ("end", none)),
    (f'multifilesrc location=%d.png caps="{PNG}" ! pngdec', ("end", times)),
    ("imagesequencesrc location=%d.png framerate=10/1", ("end", times)),
    (f'multifilesrc location=%d.raw caps="{RAW}" ! videorate ! video/x-raw,framerate=20/1', ("error", [])),
):
    found = run(line)
    print(f"{line}: {found[0]}, {' '.join(found[1])}")
    if found != expected:
        failed = True
        print(f"not so any more: expected {expected}")
sys.exit(failed)
PYTHON
