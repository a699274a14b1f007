#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Looks at the alpha of every frame that a pipeline decodes: around a pixel of the wall all is
transparent and black, so that nobody who drops the alpha sees the room; around one of the face all is
whole. Ends with status 1 at the first frame that is not so.

    alpha.py FRAGMENT FRAMES TOLERANCE WALL FACE    WALL and FACE are pixels, as x,y
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401  (the versions must be named first)

PATIENCE = 60 * Gst.SECOND
# Around a pixel, to each side; how bright black may be.
REACH, BLACK = 8, 12


def frames(fragment: str):
    """Bytes of a row, bytes (RGBA) and time of each frame. Frames without alpha are refused: the
    converter would make them whole."""
    formats = "{BGRA,RGBA,ARGB,ABGR,A420,A444_10LE,AYUV}"
    pipeline = Gst.parse_launch(
        f"{fragment} ! video/x-raw,format={formats} ! videoconvert ! video/x-raw,format=RGBA "
        "! appsink name=end sync=false"
    )
    end = pipeline.get_by_name("end")
    pipeline.set_state(Gst.State.PLAYING)
    while sample := end.try_pull_sample(PATIENCE):
        caps = sample.get_caps().get_structure(0)
        buffer = sample.get_buffer()
        pixels = buffer.extract_dup(0, buffer.get_size())
        yield len(pixels) // caps.get_value("height"), pixels, buffer.pts
    error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if error is not None:
        sys.exit(f"{fragment}: {error.parse_error().gerror.message}")


def main() -> int:
    Gst.init(None)
    fragment, expected, tolerance = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wall, face = ([int(part) for part in pixel.split(",")] for pixel in sys.argv[4:6])
    count = 0
    for stride, pixels, pts in frames(fragment):
        count += 1

        def around(x, y):
            for row in range(y - REACH, y + REACH + 1):
                at = row * stride + 4 * (x - REACH)
                part = pixels[at : at + 4 * (2 * REACH + 1)]
                yield from zip(part[0::4], part[1::4], part[2::4], part[3::4])

        room = [pixel for pixel in around(*wall) if pixel[3] > tolerance or max(pixel[:3]) > BLACK]
        holes = [pixel for pixel in around(*face) if pixel[3] < 255 - tolerance]
        if room or holes:
            sys.exit(f"frame {count} ({pts / Gst.SECOND:.3f} s): at the wall {room[:3]}, in the face {holes[:3]}")
    print(f"{count} frames")
    return 0 if count == expected else 1


if __name__ == "__main__":
    sys.exit(main())
