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
import threading

from sender import Sender, check_elements
from gi.repository import GLib, Gst  # the versions are named by the sender

PAGE = pathlib.Path(__file__).with_name("index.html")


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
    check_elements()
    server = http.server.HTTPServer(("127.0.0.1", options.port), handler(options))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        GLib.MainLoop().run()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
