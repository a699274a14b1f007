#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Serves the camera with another background by RTSP, as network cameras do.

usage: serve.py [--port N] [--address ADDRESS] [--picture FILE] [--source FRAGMENT]

Players open rtsp://ADDRESS:8554/camera. The camera is open while somebody plays; all players share
one pipeline.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  (the versions must be named first)

PATH = "/camera"
NEEDED = {"mattebackground": "GST_PLUGIN_PATH: see scripts/env.sh", "x264enc": "gstreamer1.0-plugins-ugly"}


# ANCHOR: factory
def factory(source: str, picture: str | None) -> GstRtspServer.RTSPMediaFactory:
    """Makes the pipeline when the first player comes, and ends it with the last."""
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(
        f"( {source} ! queue ! mattebackground name=matte ! videoconvert ! video/x-raw,format=I420 ! queue"
        " ! x264enc tune=zerolatency speed-preset=veryfast key-int-max=60 bitrate=2000 ! rtph264pay name=pay0 pt=96 )"
    )
    made.set_shared(True)

    def configure(_, media):
        if picture:
            media.get_element().get_by_name("matte").set_property("image", picture)

    made.connect("media-configure", configure)
    return made
# ANCHOR_END: factory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", default="8554", help="0 takes a free one")
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 serves the whole network, without a password")
    parser.add_argument("--picture", help="background; without it the room is blurred")
    parser.add_argument("--source", default="v4l2src ! decodebin", help="gst-launch fragment")
    options = parser.parse_args()
    Gst.init(None)
    for element, package in NEEDED.items():
        if Gst.ElementFactory.find(element) is None:
            sys.exit(f"the element {element} is missing ({package})")
    server = GstRtspServer.RTSPServer()
    server.set_address(options.address)
    server.set_service(options.port)
    server.get_mount_points().add_factory(PATH, factory(options.source, options.picture))
    if not server.attach(None):
        sys.exit(f"port {options.port} of {options.address} cannot be opened: is it in use?")
    print(f"rtsp://{options.address}:{server.get_bound_port()}{PATH}", flush=True)
    try:
        GLib.MainLoop().run()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
