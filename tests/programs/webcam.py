#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Publishes a camera of PipeWire, Webcam, of one colour all over, until it is stopped.

usage: webcam.py COLOUR      a pattern of videotestsrc

gst-launch-1.0 would end when the first reader leaves: the sink of PipeWire 1.4 calls that an error. It
would also wait for the sink's own clock, which does not begin before somebody reads.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (the version must be named first)

Gst.init(None)
pipeline = Gst.parse_launch(
    f"videotestsrc is-live=true pattern={sys.argv[1]} ! video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"
    " ! identity drop-allocation=true ! pipewiresink mode=provide"
    " stream-properties=props,media.class=Video/Source,node.name=webcam,node.description=Webcam"
)
pipeline.use_clock(Gst.SystemClock.obtain())
pipeline.set_state(Gst.State.PLAYING)
GLib.MainLoop().run()
