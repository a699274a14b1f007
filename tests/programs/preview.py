#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Reads frames of matte-camera's D-Bus method OpenPreview.

usage: preview.py WIDTH HEIGHT X Y R G B     until a frame has, within 12, that colour at a place
       preview.py stall                      opens a preview and never reads it
"""
import os
import signal
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "io.github.gst_plugin_matte.Camera"
PATH = "/io/github/gst_plugin_matte/Camera"


def open_preview(width: int, height: int) -> tuple[int, str]:
    """The pipe, and the caps of its frames."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    size = GLib.Variant("(ii)", (width, height))
    answer, files = bus.call_with_unix_fd_list_sync(
        NAME, PATH, f"{NAME}1", "OpenPreview", size, GLib.VariantType("(hs)"),
        Gio.DBusCallFlags.NONE, 60_000, None)
    index, caps = answer.unpack()
    return files.get(index), caps


def main() -> int:
    if sys.argv[1] == "stall":
        open_preview(1280, 720)
        print("open", flush=True)
        signal.pause()
    width, height, x, y, *expected = map(int, sys.argv[1:])
    pipe, caps = open_preview(width, height)
    if caps != f"video/x-raw,format=BGRA,width={width},height={height},pixel-aspect-ratio=1/1":
        print(f"caps: {caps}")
        return 1
    with os.fdopen(pipe, "rb") as frames:
        while len(frame := frames.read(width * height * 4)) == width * height * 4:
            at = (y * width + x) * 4
            blue, green, red, alpha = frame[at:at + 4]
            print(f"{red} {green} {blue}, alpha {alpha}, expected {expected}")
            near = all(abs(one - other) <= 12 for one, other in zip((red, green, blue), expected))
            if near and alpha == 255:
                return 0
    print("the pipe was closed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
