#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): after a GstVideoDecoder (jpegdec here) has negotiated, a CAPS query on
# its source pad still answers with every format of the template and any size, not with the caps of
# the pad. One would expect that a running pad offers what it sends; elements without that base class
# (videotestsrc, capsfilter) do so.
#
# Seen, while frames of 64x48 in I420 flow: eight formats, width from 1 to 2147483647.
# It matters here because an element that says why it refuses video must not conclude from such a
# query that upstream could give something else. src/video/refused.rs also reads the caps of the pads
# upstream.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q gstreamer1.0-tools=1.22.0-2+deb12u1 libgstreamer1.0-0=1.22.0-2+deb12u1 \
    gstreamer1.0-plugins-base=1.22.0-3+deb12u7 libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 \
    gstreamer1.0-plugins-good=1.22.0-5+deb12u4 gir1.2-gstreamer-1.0=1.22.0-2+deb12u1 python3-gi=3.42.2-3+b1 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$(dirname "$(find root -name 'libgstreamer-1.0.so.0' | head -n 1)")
export LD_LIBRARY_PATH=$work/$lib GST_PLUGIN_SYSTEM_PATH_1_0=$work/$lib/gstreamer-1.0 GST_PLUGIN_PATH='' \
    GST_REGISTRY=$work/registry.bin GST_PLUGIN_SCANNER=$work/$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner \
    GI_TYPELIB_PATH=$work/$lib/girepository-1.0 PYTHONPATH=$work/root/usr/lib/python3/dist-packages
/usr/bin/python3 - <<'PYTHON'
import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
print(Gst.version_string())
assert Gst.version_string().startswith("GStreamer 1.22.0")
line = "videotestsrc ! video/x-raw,format=I420,width=64,height=48 ! jpegenc ! jpegdec name=decoder ! fakesink"
pipeline = Gst.parse_launch(line)
pipeline.set_state(Gst.State.PLAYING)
pipeline.get_state(Gst.CLOCK_TIME_NONE)
pad = pipeline.get_by_name("decoder").get_static_pad("src")
sent, asked = pad.get_current_caps().get_structure(0), pad.query_caps(None)
pipeline.set_state(Gst.State.NULL)
print("sent: %s %dx%d" % tuple(sent.get_value(key) for key in ("format", "width", "height")))
print("asked:", asked.to_string())
assert sent.get_value("format") == "I420" and not asked.is_fixed()
assert asked.can_intersect(Gst.Caps.from_string("video/x-raw,format=RGB,width=9000,height=9000"))
PYTHON
