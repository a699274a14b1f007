#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.26.2 and 1.28.8 (Debian 13 and testing): a client that connects to unixfdsink before that
# has caps gets a CAPS event all the same. unixfdsrc sends caps whose media type is called NULL, and the
# real ones when they are there. One would expect no event until there are caps.
#
# Seen: "NULL", then "video/x-raw, format=(string)RGBA, ...".
# It matters here because an element that says why it refuses caps must not end the stream for these
# (src/video/refused.rs): the network of the sending process may still be loading.
#
# Needs GStreamer 1.24 or newer and its Python bindings:
#   scripts/systems/roots.sh run forky findings/unixfd-sends-null-caps.sh
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 - "$work/socket" <<'PYTHON'
import os
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
print(Gst.version_string())
if not Gst.ElementFactory.find("unixfdsrc"):
    sys.exit("no unixfdsrc: this needs GStreamer 1.24 or newer")
socket, seen = sys.argv[1], []
sender = Gst.parse_launch(f"appsrc name=in is-live=true format=time ! unixfdsink socket-path={socket} "
                          "async=false sync=false")
receiver = Gst.parse_launch(f"unixfdsrc name=out socket-path={socket} ! fakesink sync=false async=false")


def probe(pad, info):
    if info.get_event().type == Gst.EventType.CAPS:
        seen.append(info.get_event().parse_caps().to_string())
        print("caps:", seen[-1])
    return Gst.PadProbeReturn.OK


def wait(ready):
    for _ in range(200):
        if ready():
            return
        time.sleep(0.05)
    sys.exit(f"seen in 10 s: {seen}")


receiver.get_by_name("out").get_static_pad("src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, probe)
sender.set_state(Gst.State.PLAYING)
wait(lambda: os.path.exists(socket))
receiver.set_state(Gst.State.PLAYING)
wait(lambda: seen)
source = sender.get_by_name("in")
source.set_property("caps", Gst.Caps.from_string("video/x-raw,format=RGBA,width=4,height=2,framerate=30/1"))
frame = Gst.Buffer.new_wrapped(bytes(32))
frame.pts = 0
source.emit("push-buffer", frame)
wait(lambda: len(seen) == 2)
receiver.set_state(Gst.State.NULL)
sender.set_state(Gst.State.NULL)
assert seen[0] == "NULL" and seen[1].startswith("video/x-raw"), seen
PYTHON
echo "unixfdsrc sent caps named NULL first"
