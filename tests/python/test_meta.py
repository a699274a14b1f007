# SPDX-License-Identifier: MPL-2.0
"""The matte as a Python program sees it: built from the plugin that env.sh names, with GStreamer's
own Python bindings and nothing of this project's."""
import unittest

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402  (the version must be named first)

Gst.init(None)
CAPS = "video/x-raw,width=640,height=360,framerate=30/1"


def pull(description: str, count: int) -> list:
    """The first samples that come out of a pipeline."""
    pipeline = Gst.parse_launch(f"{description} ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    try:
        samples = []
        for _ in range(count):
            sample = pipeline.get_by_name("out").emit("try-pull-sample", 20 * Gst.SECOND)
            if sample is None:
                message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
                raise AssertionError(message.parse_error() if message else "no sample in 20 s")
            samples.append(sample)
        return samples
    finally:
        pipeline.set_state(Gst.State.NULL)


class Meta(unittest.TestCase):
    def test_fields(self):
        for sample in pull(f"videotestsrc num-buffers=5 ! {CAPS} ! mattesegment", 5):
            buffer = sample.get_buffer()
            meta = buffer.get_custom_meta("MatteMeta")
            self.assertIsNotNone(meta)
            fields = meta.get_structure()
            self.assertEqual(fields.get_string("stage"), "raw")
            self.assertEqual(fields.get_uint64("frame-pts"), (True, buffer.pts))
            self.assertEqual(fields.get_boolean("inferred"), (True, True))
            self.assertEqual(fields.get_fraction("frame-aspect"), (True, 16, 9))
            known, time = fields.get_uint64("inference-time")
            self.assertTrue(known and 0 < time < 20 * Gst.SECOND)

    def test_matte_is_a_gray_picture(self):
        (sample,) = pull(f"videotestsrc num-buffers=1 ! {CAPS} ! mattesegment ! matterefine", 1)
        fields = sample.get_buffer().get_custom_meta("MatteMeta").get_structure()
        self.assertEqual(fields.get_string("stage"), "refined")
        matte = fields.get_value("matte")
        caps = matte.get_caps().get_structure(0)
        self.assertEqual(caps.get_string("format"), "GRAY8")
        _, width = caps.get_int("width")
        _, height = caps.get_int("height")
        self.assertGreater(width * height, 0)
        self.assertGreaterEqual(matte.get_buffer().get_size(), width * height)

    def test_survives_scaling_and_conversion_only(self):
        head = f"videotestsrc num-buffers=1 ! {CAPS},format=I420 ! mattesegment"
        for elements, kept in {
            "queue": True,
            "videoscale ! video/x-raw,width=320,height=180": True,
            "videoconvert ! video/x-raw,format=BGRx": True,
            "videocrop left=100": False,
            "videoflip video-direction=horiz": False,
        }.items():
            with self.subTest(elements):
                (sample,) = pull(f"{head} ! {elements}", 1)
                meta = sample.get_buffer().get_custom_meta("MatteMeta")
                self.assertEqual(meta is not None, kept)

    def test_statistics(self):
        pipeline = Gst.parse_launch(
            f"videotestsrc num-buffers=10 ! {CAPS} ! mattesegment name=segment ! fakesink"
        )
        pipeline.set_state(Gst.State.PLAYING)
        wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = pipeline.get_bus().timed_pop_filtered(20 * Gst.SECOND, wanted)
        self.assertEqual(message.type, Gst.MessageType.EOS)
        stats = pipeline.get_by_name("segment").get_property("stats")
        self.assertEqual(stats.get_uint64("frames"), (True, 10))
        self.assertEqual(stats.get_uint64("inferred"), (True, 10))
        self.assertGreater(stats.get_double("inference-p50")[1], 0)
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    unittest.main()
