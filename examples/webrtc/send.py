#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Sends the camera with another background to a browser by WebRTC.

usage: send.py [--port N] [--picture FILE] [--source FRAGMENT]

Open http://localhost:8080/. The page offers, this program answers (POST /offer), and all candidates are in
the two descriptions: no other signalling is needed. Every page gets a pipeline of its own, so the
camera serves one page at a time.
"""
import argparse
import http.server
import json
import pathlib
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402  (the versions must be named first)

PAGE = pathlib.Path(__file__).with_name("index.html")
PATIENCE = 10  # seconds for an answer


class Sender:
    """One pipeline for one page."""

    def __init__(self, source: str, picture: str | None):
        # ANCHOR: pipeline
        self.pipeline = Gst.parse_launch(
            f"{source} ! queue ! mattebackground name=matte ! videoconvert ! queue"
            " ! vp8enc deadline=1 keyframe-max-dist=60 target-bitrate=1500000 ! rtpvp8pay pt=96 name=pay"
            " ! application/x-rtp,media=video,encoding-name=VP8,payload=96"
            " ! webrtcbin name=webrtc bundle-policy=max-bundle"
        )
        # ANCHOR_END: pipeline
        if picture:
            self.pipeline.get_by_name("matte").set_property("image", picture)
        self.webrtc = self.pipeline.get_by_name("webrtc")
        self.gathered = threading.Event()
        self.webrtc.connect("notify::ice-gathering-state", self.on_gathering)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.on_error)

    def on_gathering(self, webrtc, _):
        if webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.gathered.set()

    def on_error(self, _, message):
        print(message.parse_error().gerror.message, file=sys.stderr)

    def ask(self, action: str, argument) -> Gst.Structure | None:
        """An action of webrtcbin, and its reply."""
        promise = Gst.Promise.new()
        self.webrtc.emit(action, argument, promise)
        if promise.wait() != Gst.PromiseResult.REPLIED:
            raise RuntimeError(f"webrtcbin does not reply to {action}")
        reply = promise.get_reply()
        if reply is not None and reply.has_field("error"):
            raise RuntimeError(f"{action}: {reply.get_value('error').message}")
        return reply

    # ANCHOR: answer
    def answer(self, offer: str) -> str:
        """The description that goes back for a page's offer, with every candidate in it."""
        _, sdp = GstSdp.SDPMessage.new_from_text(offer)
        remote = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, sdp)
        self.pipeline.set_state(Gst.State.PAUSED)
        self.ask("set-remote-description", remote)
        # What is in the reply lives as long as the reply.
        created = self.ask("create-answer", None)
        self.ask("set-local-description", created.get_value("answer"))
        self.pipeline.set_state(Gst.State.PLAYING)
        if not self.gathered.wait(PATIENCE):
            raise RuntimeError(f"no candidates after {PATIENCE} s")
        return self.webrtc.get_property("local-description").sdp.as_text()
    # ANCHOR_END: answer

    def stop(self):
        self.pipeline.get_bus().remove_signal_watch()
        self.pipeline.set_state(Gst.State.NULL)


def handler(options) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        sender: Sender | None = None

        def reply(self, status: int, kind: str, body: bytes):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if self.path == "/":
                self.reply(200, "text/html; charset=utf-8", PAGE.read_bytes())
            else:
                self.reply(404, "text/plain", b"nothing here\n")

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            if self.path != "/offer" or not 0 < length < 1 << 20:
                self.reply(400, "text/plain", b"an offer to /offer is expected\n")
                return
            if Handler.sender:
                Handler.sender.stop()
            Handler.sender = Sender(options.source, options.picture)
            try:
                offer = json.loads(self.rfile.read(length))
                answer = {"type": "answer", "sdp": Handler.sender.answer(offer["sdp"])}
                self.reply(200, "application/json", json.dumps(answer).encode())
            except (KeyError, ValueError, RuntimeError) as error:
                self.reply(500, "text/plain", f"{error}\n".encode())

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--picture", help="background; without it the room is blurred")
    parser.add_argument("--source", default="v4l2src ! decodebin", help="gst-launch fragment")
    options = parser.parse_args()
    Gst.init(None)
    for element, package in {"mattebackground": "GST_PLUGIN_PATH: see scripts/env.sh",
                             "webrtcbin": "gstreamer1.0-plugins-bad", "nicesrc": "gstreamer1.0-nice"}.items():
        if Gst.ElementFactory.find(element) is None:
            sys.exit(f"the element {element} is missing ({package})")
    server = http.server.HTTPServer(("127.0.0.1", options.port), handler(options))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        GLib.MainLoop().run()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
