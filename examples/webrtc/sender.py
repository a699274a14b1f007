# SPDX-License-Identifier: MPL-2.0
"""The camera with another background as a WebRTC stream, whoever begins: send.py answers a page's
offer, whip.py offers itself to a server. Every candidate is in the descriptions, so that no other
signalling is needed.
"""
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402  (the versions must be named first)

PATIENCE = 10  # seconds for the candidates
NEEDED = {"mattebackground": "GST_PLUGIN_PATH: see scripts/env.sh",
          "webrtcbin": "gstreamer1.0-plugins-bad", "nicesrc": "gstreamer1.0-nice"}


def check_elements():
    """Ends the program if an element is missing, with the package that has it."""
    for element, package in NEEDED.items():
        if Gst.ElementFactory.find(element) is None:
            sys.exit(f"the element {element} is missing ({package})")


class Sender:
    """One pipeline for one receiver."""

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
        """The description that goes back for another's offer, with every candidate in it."""
        self.pipeline.set_state(Gst.State.PAUSED)
        self.take(offer, GstWebRTC.WebRTCSDPType.OFFER)
        # What is in the reply lives as long as the reply.
        created = self.ask("create-answer", None)
        self.ask("set-local-description", created.get_value("answer"))
        self.pipeline.set_state(Gst.State.PLAYING)
        return self.description()
    # ANCHOR_END: answer

    # ANCHOR: offer
    def offer(self) -> str:
        """A description of our own, with every candidate in it; `take` gets what comes back."""
        needed = threading.Event()
        self.webrtc.connect("on-negotiation-needed", lambda _: needed.set())
        self.pipeline.set_state(Gst.State.PLAYING)
        if not needed.wait(PATIENCE):
            raise RuntimeError(f"the source gives no video after {PATIENCE} s")
        created = self.ask("create-offer", None)
        self.ask("set-local-description", created.get_value("offer"))
        return self.description()
    # ANCHOR_END: offer

    def take(self, text: str, kind=GstWebRTC.WebRTCSDPType.ANSWER):
        """The other's description."""
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        self.ask("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(kind, sdp))

    def description(self) -> str:
        if not self.gathered.wait(PATIENCE):
            raise RuntimeError(f"no candidates after {PATIENCE} s")
        return self.webrtc.get_property("local-description").sdp.as_text()

    def stop(self):
        self.pipeline.get_bus().remove_signal_watch()
        self.pipeline.set_state(Gst.State.NULL)
