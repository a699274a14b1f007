#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Reads gst-launch lines from standard input and builds each pipeline, without starting it. Elements of
boards that this machine lacks are replaced by ones that take and give the same, their properties
checked against what their drivers document; anything else unknown is an error."""
import re
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (the version must be named first)

# Stand-in, and the properties that the real element has.
BOARD = {
    "libcamerasrc": ("videotestsrc", {"camera-name", "name", "src::stream-role", "src_0::stream-role"}),
    "v4l2h264enc": ("x264enc", {"extra-controls", "output-io-mode", "capture-io-mode"}),
    "mpph264enc": ("x264enc", {"bps", "gop", "rc-mode"}),
    "nvv4l2h264enc": ("x264enc", {"bitrate", "insert-sps-pps"}),
    "vah264enc": ("x264enc", {"bitrate", "rate-control"}),
    "openh264enc": ("x264enc", {"bitrate", "complexity"}),
}


def replaced(line: str) -> str:
    links, streams = [], []
    for link in line.split(" ! "):
        name, *properties = re.findall(r'[^\s"]+(?:"[^"]*")?', link)
        if name in BOARD and Gst.ElementFactory.find(name) is None:
            stand_in, known = BOARD[name]
            for given in filter(lambda word: "=" in word, properties):
                if given.split("=")[0] not in known:
                    raise ValueError(f"{name} has no property {given}")
            link = stand_in
            # With a name it has several streams, which a tee gives, too: NAME.src, NAME.src_0 and so on.
            for named in (given[5:] for given in properties if given.startswith("name=")):
                link = f"{stand_in} ! tee name={named} {named}.src"
                streams.append(named)
        links.append(link)
    line = " ! ".join(links)
    for named in streams:
        line = re.sub(rf"\b{named}\.src(_\d+)?\b", f"{named}.", line)
    return line


def main() -> int:
    Gst.init(None)
    bad = 0
    for line in filter(None, map(str.strip, sys.stdin)):
        try:
            Gst.parse_launch(replaced(line))
            print("built:", line)
        except (GLib.Error, ValueError) as error:
            bad += 1
            print(f"not built: {line}\n  {error}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
