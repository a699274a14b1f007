#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Sends the camera with another background to a media server by WHIP (RFC 9725).

usage: whip.py [--picture FILE] [--source FRAGMENT] URL

The server's token is read from the environment variable WHIP_TOKEN, so that no list of processes
shows it. Ctrl-C ends the session at the server, too.
"""
import argparse
import os
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

from sender import Sender, check_elements
from gi.repository import GLib, Gst  # the versions are named by the sender

PATIENCE = 20  # seconds for the server


def request(method: str, url: str, body: str | None = None):
    """The server's reply: status, headers and text."""
    headers = {"Content-Type": "application/sdp"} if body else {}
    if token := os.environ.get("WHIP_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    data = body.encode() if body else None
    wanted = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(wanted, timeout=PATIENCE) as reply:
        return reply.status, reply.headers, reply.read().decode()


# ANCHOR: publish
def publish(sender: Sender, url: str) -> str:
    """Offers the stream to a server; returns the address of the session."""
    status, headers, answer = request("POST", url, sender.offer())
    if status != 201 or not headers.get("Location"):
        raise RuntimeError(f"{url} replies {status}; a WHIP server replies 201 and a Location")
    sender.take(answer)
    return urllib.parse.urljoin(url, headers["Location"])
# ANCHOR_END: publish


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="the server's WHIP endpoint")
    parser.add_argument("--picture", help="background; without it the room is blurred")
    parser.add_argument("--source", default="v4l2src ! decodebin", help="gst-launch fragment")
    options = parser.parse_args()
    Gst.init(None)
    check_elements()
    main_loop = GLib.MainLoop()
    # The bus is heard while the server is asked.
    thread = threading.Thread(target=main_loop.run, daemon=True)
    thread.start()
    # A service is ended by SIGTERM, and its session shall end, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sender, session = Sender(options.source, options.picture), None
    try:
        session = publish(sender, options.url)
        print(f"live: {session}", flush=True)
        while thread.is_alive():
            thread.join(1)
    except (OSError, RuntimeError) as error:
        sys.exit(f"{options.url}: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        sender.stop()
        main_loop.quit()
        if session:
            request("DELETE", session)


if __name__ == "__main__":
    main()
