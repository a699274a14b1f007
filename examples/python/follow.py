#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Where the person is, frame by frame, in Python: follow.py FILE

Reads the matte on the frames. It only needs PyGObject and GStreamer's own bindings.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstVideo  # noqa: E402  (the versions must be named first)


# ANCHOR: meta
def box(buffer: Gst.Buffer):
    """The person's box as left, top, right, bottom in shares of the frame; None if there is none."""
    meta = buffer.get_custom_meta("MatteMeta")
    if meta is None:
        return None
    matte = meta.get_structure().get_value("matte")  # GstSample, GRAY8: 0 background, 255 person
    info = GstVideo.VideoInfo.new_from_caps(matte.get_caps())
    mapped, memory = matte.get_buffer().map(Gst.MapFlags.READ)
    if not mapped:
        return None
    pixels, stride = bytes(memory.data), info.stride[0]
    matte.get_buffer().unmap(memory)
    left, right, rows = info.width, 0, []
    for y in range(info.height):
        row = pixels[y * stride : y * stride + info.width]
        inside = [x for x, value in enumerate(row) if value > 127]
        if inside:
            left, right = min(left, inside[0]), max(right, inside[-1] + 1)
            rows.append(y)
    if not rows:
        return None
    return left / info.width, rows[0] / info.height, right / info.width, (rows[-1] + 1) / info.height
# ANCHOR_END: meta


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    Gst.init(None)
    # A small matte is enough for a box: the frame's size does not matter.
    pipeline = Gst.parse_launch(
        "filesrc name=in ! decodebin ! queue ! mattesegment ! matterefine output-scale=0.25 ! appsink name=out sync=false"
    )
    pipeline.get_by_name("in").set_property("location", sys.argv[1])
    pipeline.set_state(Gst.State.PLAYING)
    out = pipeline.get_by_name("out")
    while True:
        sample = out.emit("try-pull-sample", Gst.SECOND)
        if sample is not None:
            buffer = sample.get_buffer()
            found = box(buffer)
            place = " ".join(f"{side:.3f}" for side in found) if found else "nobody"
            print(f"{buffer.pts / Gst.SECOND:.3f} {place}")
            continue
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.EOS)
        if message is None:
            continue
        pipeline.set_state(Gst.State.NULL)
        if message.type == Gst.MessageType.ERROR:
            print(message.parse_error().gerror.message, file=sys.stderr)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
