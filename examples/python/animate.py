#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The background goes out of focus within two seconds: animate.py IN OUT

Any property that gst-inspect-1.0 calls controllable can move like this.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstController", "1.0")
from gi.repository import Gst, GstController  # noqa: E402  (the versions must be named first)


# ANCHOR: move
def move(element: Gst.Element, name: str, points: list[tuple[float, float]]) -> None:
    """Moves a property between points in time: seconds of the stream, and the value there."""
    curve = GstController.InterpolationControlSource()
    curve.set_property("mode", GstController.InterpolationMode.CUBIC_MONOTONIC)
    for seconds, value in points:
        curve.set(int(seconds * Gst.SECOND), value)
    element.add_control_binding(GstController.DirectControlBinding.new_absolute(element, name, curve))
# ANCHOR_END: move


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    Gst.init(None)
    pipeline = Gst.parse_launch(
        "filesrc name=in ! decodebin ! queue ! mattebackground name=person ! videoconvert ! x264enc ! mp4mux ! filesink name=out"
    )
    pipeline.get_by_name("in").set_property("location", sys.argv[1])
    pipeline.get_by_name("out").set_property("location", sys.argv[2])
    # ANCHOR: points
    person = pipeline.get_by_name("person")
    move(person, "blur-strength", [(0, 0), (0.5, 0), (2, 80)])
    move(person, "feather", [(0, 0), (2, 4)])
    # ANCHOR_END: points
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR | Gst.MessageType.EOS
    )
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error().gerror.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
