#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Says what is in a file, decoded to its end: one line for each stream, for its chapters and for the
tags that tests ask for. Ends with status 1 if something in it cannot be decoded.

    streams.py --times FILE     only the time of each frame, in milliseconds
    streams.py FILE
    coded video/x-h264
    video 320x240 I420 60 frames, 0.000 to 2.000 s, steps 0.033 to 0.033 s
    sound 2.113 s, 44100 Hz, 1 channels
    text 0.500 to 1.000 s: Hello & you
    chapters First 0.0, Second 1.0
    tag title=hello
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402  (the version must be named first)

# Looked up here, as GObject's bindings may fail to do so in several threads at once.
BUFFER, EVENT, OK = Gst.PadProbeType.BUFFER, Gst.PadProbeType.EVENT_DOWNSTREAM, Gst.PadProbeReturn.OK
CAPS, SEGMENT, TAG, TOC = Gst.EventType.CAPS, Gst.EventType.SEGMENT, Gst.EventType.TAG, Gst.EventType.TOC
TAGS = ("title", "image-orientation", "language-code")
PATIENCE = 60


def seconds(nanoseconds: int) -> float:
    return nanoseconds / Gst.SECOND


def run(uri: str, splitter: str, taken) -> Gst.Pipeline:
    """Plays a file to its end as fast as it goes; `taken` gets each stream's pad."""
    pipeline = Gst.Pipeline()
    source = Gst.ElementFactory.make("urisourcebin")
    source.set_property("uri", uri)
    pipeline.add(source)

    def split(_, pad):
        part = Gst.ElementFactory.make(splitter)
        pipeline.add(part)
        part.connect("pad-added", lambda _, pad: taken(pipeline, pad))
        part.sync_state_with_parent()
        pad.link(part.get_static_pad("sink"))

    source.connect("pad-added", split)
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
    message = pipeline.get_bus().timed_pop_filtered(PATIENCE * Gst.SECOND, kinds)
    pipeline.set_state(Gst.State.NULL)
    if message is None:
        sys.exit(f"{uri}: does not end")
    if message.type != Gst.MessageType.EOS:
        error = message.parse_error() if message.type == Gst.MessageType.ERROR else message.parse_warning()
        sys.exit(f"{uri}: {error.gerror.message} {error.debug}")
    return pipeline


def sink(pipeline: Gst.Pipeline, pad: Gst.Pad, probe) -> None:
    """A queue of its own, so that no stream waits for another one."""
    queue = Gst.ElementFactory.make("queue")
    for limit in ("buffers", "bytes", "time"):
        queue.set_property(f"max-size-{limit}", 0)
    end = Gst.ElementFactory.make("fakesink")
    end.set_property("sync", False)
    end.set_property("async", False)
    for element in (queue, end):
        pipeline.add(element)
    queue.link(end)
    end.get_static_pad("sink").add_probe(BUFFER | EVENT, probe)
    for element in (end, queue):
        element.sync_state_with_parent()
    pad.link(queue.get_static_pad("sink"))


def main() -> int:
    Gst.init(None)
    uri = Gst.filename_to_uri(sys.argv[-1])
    lines, toc_lines, tags = [], set(), set()

    def coded(pipeline, pad):
        def probe(pad, info):
            event = info.get_event() if info.type & EVENT else None
            if event and event.type == CAPS:
                caps = event.parse_caps().get_structure(0)
                version = caps.get_int("mpegversion")
                kind = caps.get_name() + (f",{version[1]}" if version[0] else "")
                names.setdefault(pad, kind)
            if event and event.type == TAG:
                found = event.parse_tag()
                for name in TAGS:
                    value = found.get_string(name)
                    if value[0]:
                        tags.add(f"tag {name}={value[1]}")
            if event and event.type == TOC:
                chapters = []

                def walk(entries):
                    for entry in entries:
                        start = entry.get_start_stop_times()
                        title = entry.get_tags()
                        title = title.get_string("title")[1] if title else "?"
                        if not entry.get_sub_entries():
                            chapters.append(f"{title} {seconds(start[1]):.1f}")
                        walk(entry.get_sub_entries())

                walk(event.parse_toc()[0].get_entries())
                toc_lines.add("chapters " + ", ".join(chapters))
            return OK

        sink(pipeline, pad, probe)

    names = {}
    run(uri, "parsebin", coded)
    lines += [f"coded {kind}" for kind in names.values()]
    streams = []

    def decoded(pipeline, pad):
        stream = {"times": [], "end": 0, "caps": None, "texts": [], "segment": None}
        streams.append(stream)

        def probe(_, info):
            if info.type & EVENT:
                event = info.get_event()
                if event.type == CAPS:
                    stream["caps"] = event.parse_caps().get_structure(0).copy()
                elif event.type == SEGMENT:
                    stream["segment"] = event.parse_segment().copy()
                return OK
            buffer = info.get_buffer()
            start = stream["segment"].to_running_time(Gst.Format.TIME, buffer.pts)
            length = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
            stream["times"].append(seconds(start))
            stream["end"] = seconds(start + length)
            if stream["caps"].get_name() == "text/x-raw":
                text = buffer.extract_dup(0, buffer.get_size()).decode().strip("\0\n")
                if text:
                    stream["texts"].append(f"text {seconds(start):.3f} to {stream['end']:.3f} s: {text}")
            return OK

        sink(pipeline, pad, probe)

    run(uri, "decodebin", decoded)
    if sys.argv[1] == "--times":
        video = next(stream for stream in streams if stream["caps"].get_name() == "video/x-raw")
        print("\n".join(f"{1000 * time:.0f}" for time in video["times"]))
        return 0
    for stream in streams:
        caps, times = stream["caps"], stream["times"]
        if caps is None or not times:
            continue
        if caps.get_name() == "video/x-raw":
            size = f"{caps.get_value('width')}x{caps.get_value('height')} {caps.get_value('format')}"
            steps = [after - before for before, after in zip(times, times[1:])] or [0]
            lines.append(
                f"video {size} {len(times)} frames, {times[0]:.3f} to {stream['end']:.3f} s, "
                f"steps {min(steps):.3f} to {max(steps):.3f} s"
            )
        elif caps.get_name() == "audio/x-raw":
            rate, channels = caps.get_value("rate"), caps.get_value("channels")
            lines.append(f"sound {stream['end']:.3f} s, {rate} Hz, {channels} channels")
        lines += stream["texts"]
    print("\n".join([*lines, *sorted(toc_lines), *sorted(tags)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
