#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""This plugin among GStreamer's own analytics elements: the system's ONNX Runtime, `onnxinference`
on the same network, the overlays in the same pipeline, mattes read back as analytics metas.

Run by scripts/systems/test-in.sh in systems with GStreamer 1.26 and newer; skips what a system
lacks. MATTE_SOURCE is a gst-launch fragment with a person in the picture.
"""
import array
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402  (the version must be named first)

try:
    gi.require_version("GstAnalytics", "1.0")
    from gi.repository import GstAnalytics
except (ValueError, ImportError):
    GstAnalytics = None

Gst.init(None)
SIZE = (256, 144)
SOURCE = os.environ.get("MATTE_SOURCE", "videotestsrc num-buffers=3")
# A size that public networks take as it is, so that nobody scales.
PICTURE = f"{SOURCE} ! videoconvertscale ! video/x-raw,width={SIZE[0]},height={SIZE[1]},pixel-aspect-ratio=1/1"
MODELINFO = """[modelinfo]
version=1.0
group-id=matte

[{input}]
id={input}
type=float32
dims={dims}
dir=input
ranges=0.0,1.0;0.0,1.0;0.0,1.0

[{output}]
id=matting-generic-out
type=float32
dims={output_dims}
dir=output
"""


def have(*elements: str) -> bool:
    return all(Gst.ElementFactory.find(element) for element in elements)


def with_metadata(model: bytes, key: str, value: str) -> bytes:
    """An ONNX file with one more metadata entry (field 14 of ModelProto: protobuf messages are
    merged by appending one to the other)."""
    def field(number: int, data: bytes) -> bytes:
        assert len(data) < 128
        return bytes([number << 3 | 2, len(data)]) + data

    return model + field(14, field(1, key.encode()) + field(2, value.encode()))


def needs(*elements: str):
    return unittest.skipUnless(have(*elements), f"GStreamer here has no {' or no '.join(elements)}")


def pull(description: str) -> Gst.Sample:
    """The third sample that comes out of a pipeline: steady by then."""
    pipeline = Gst.parse_launch(f"{description} ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    try:
        for _ in range(3):
            sample = pipeline.get_by_name("out").emit("try-pull-sample", 60 * Gst.SECOND)
            if sample is None:
                message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
                raise AssertionError(message.parse_error() if message else f"no sample: {description}")
        return sample
    finally:
        pipeline.set_state(Gst.State.NULL)


def content(buffer: Gst.Buffer) -> bytes:
    known, mapped = buffer.map(Gst.MapFlags.READ)
    assert known
    try:
        return bytes(mapped.data)
    finally:
        buffer.unmap(mapped)


def gray(sample: Gst.Sample) -> tuple[int, int, bytes]:
    """Width, height and pixels without padding of a GRAY8 sample."""
    caps = sample.get_caps().get_structure(0)
    width, height = caps.get_int("width")[1], caps.get_int("height")[1]
    data = content(sample.get_buffer())
    stride = (width + 3) // 4 * 4
    return width, height, b"".join(data[y * stride : y * stride + width] for y in range(height))


def matte_of(sample: Gst.Sample) -> tuple[int, int, bytes]:
    meta = sample.get_buffer().get_custom_meta("MatteMeta")
    assert meta is not None, "the frame carries no matte"
    return gray(meta.get_structure().get_value("matte"))


class SystemRuntime(unittest.TestCase):
    @unittest.skipIf("ORT_DYLIB_PATH" in os.environ, "ORT_DYLIB_PATH names a library")
    def test_the_systems_library_runs(self):
        _, _, matte = matte_of(pull(f"{PICTURE} ! mattesegment"))
        maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
        loaded = {line.split()[-1] for line in maps if "libonnxruntime.so" in line}
        print("ONNX Runtime:", *loaded, file=sys.stderr)
        self.assertTrue(any(name.startswith("/usr/lib/") for name in loaded), loaded)
        if "MATTE_SOURCE" in os.environ:
            share = sum(value >= 128 for value in matte) / len(matte)
            self.assertTrue(0.05 < share < 0.9, f"{share:.2f} of the picture is a person")


@needs("onnxinference")
class OnnxInference(unittest.TestCase):
    """The same network in GStreamer's own element: told the same by .modelinfo, it says the same."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def model(self, source: pathlib.Path) -> pathlib.Path:
        """A model and a .modelinfo beside it, which is all that both elements are told."""
        copy = self.folder / source.name
        described = pathlib.Path(f"{source}.modelinfo")
        if described.exists():
            shutil.copy(source, copy)
            shutil.copy(described, self.folder)
            return copy
        names = {"mp_selfie_landscape.onnx": ("input", "output")}
        name, output = names.get(source.name, ("image", "alpha"))
        open_sides = source.name not in names
        # What 1.26 knows an output by, where 1.28 has .modelinfo.
        copy.write_bytes(with_metadata(source.read_bytes(), output, "matting-generic-out"))
        sides = "-1,-1" if open_sides else f"{SIZE[1]},{SIZE[0]}"
        text = MODELINFO.format(input=name, output=output, dims=f"1,3,{sides}",
                                output_dims=f"{-1 if open_sides else 1},1,{sides}")
        pathlib.Path(f"{copy}.modelinfo").write_text(text)
        return copy

    def test_upstream_and_ours_agree(self):
        """On this project's network with the .modelinfo it comes with, and on the one that MATTE_MODEL names."""
        sources = [pathlib.Path(__file__).parents[2] / "models" / "matte.onnx"]
        sources += [pathlib.Path(os.environ["MATTE_MODEL"])] if "MATTE_MODEL" in os.environ else []
        for source in sources:
            with self.subTest(source.name):
                self.agree(self.model(source))

    def agree(self, model: pathlib.Path):
        settings = f"model-file={model}"
        if Gst.ElementFactory.make("onnxinference").find_property("input-image-format"):
            # 1.26 knows no .modelinfo: chw planes, divided by 255.
            settings += " input-image-format=chw input-tensor-scale=255"
        sample = pull(f"{PICTURE} ! videoconvert ! video/x-raw,format=RGB ! onnxinference {settings} "
                      f"! mattesegment model={model}")
        width, height, ours = matte_of(sample)
        self.assertEqual((width, height), SIZE)
        self.assertGreater(max(ours), 100, "somebody is in the picture")
        tensors = GstAnalytics.buffer_get_tensor_meta(sample.get_buffer())
        tensor = tensors.get(0)
        upstream = array.array("f", content(tensor.data))
        self.assertEqual(len(upstream), width * height)
        worst = max(abs(a * 255 - b) for a, b in zip(upstream, ours))
        print(f"{model.name}: largest difference of the mattes {worst:.2f} of 255", file=sys.stderr)
        self.assertLessEqual(worst, 3)


class SideBySide(unittest.TestCase):
    def overlay(self, element: str):
        plain = pull(f"{PICTURE} ! videoconvert ! video/x-raw,format=RGBA ! mattesegment ! matterefine")
        drawn = pull(f"{PICTURE} ! videoconvert ! video/x-raw,format=RGBA ! mattesegment ! matterefine "
                     f"! {element} ! identity")
        self.assertEqual(matte_of(plain)[:2], matte_of(drawn)[:2])
        self.assertIsNotNone(pull(f"{PICTURE} ! mattesegment ! matterefine ! videoconvert ! {element} "
                                  "! videoconvert ! mattecompose background=color"))
        return content(plain.get_buffer()), content(drawn.get_buffer())

    @needs("objectdetectionoverlay")
    def test_objectdetectionoverlay(self):
        plain, drawn = self.overlay("objectdetectionoverlay")
        self.assertEqual(plain, drawn, "nothing was detected, nothing is drawn")

    @needs("segmentationoverlay")
    def test_segmentationoverlay(self):
        plain, drawn = self.overlay("segmentationoverlay")
        if Gst.ElementFactory.make("mattesegment").find_property("analytics-meta"):
            self.assertNotEqual(plain, drawn, "the overlay draws the mask")
        else:
            self.assertEqual(plain, drawn, "no mask, nothing is drawn")


@needs("unixfdsink", "unixfdsrc")
class AcrossProcesses(unittest.TestCase):
    """Frames and their mattes go to another process by a socket; the frames are not copied."""

    FRAMES = "videotestsrc num-buffers=1000 pattern=ball is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=30/1"

    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.socket = folder / "frames"
        line = f"{self.FRAMES} ! mattesegment ! matterefine ! unixfdsink socket-path={self.socket}"
        self.sender = subprocess.Popen(["gst-launch-1.0", "-q", *line.split()], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.sender.wait)
        self.addCleanup(self.sender.terminate)
        # The network is loaded first; an end of the sender ends the wait.
        while not self.socket.exists() and self.sender.poll() is None:
            time.sleep(0.05)
        # The meta is known to a process once it has loaded the plugin.
        self.assertIsNotNone(Gst.ElementFactory.make("mattecompose"))

    def test_the_matte_arrives_whole(self):
        sample = pull(f"unixfdsrc socket-path={self.socket}")
        fields = sample.get_buffer().get_custom_meta("MatteMeta").get_structure()
        self.assertEqual(fields.get_string("stage"), "refined")
        self.assertTrue(fields.get_fraction("frame-aspect")[0])
        rectangle = [fields.get_uint(f"frame-{name}") for name in ("x", "y", "width", "height")]
        self.assertEqual(rectangle, [(True, 0), (True, 0), (True, 320), (True, 240)])
        width, height, matte = matte_of(sample)
        self.assertEqual(len(matte), width * height)

    def test_a_sink_without_caps_is_waited_for(self):
        """The other process has a socket before it has caps: what it sends then is no video."""
        path = self.socket.with_name("late")
        sender = Gst.parse_launch(f"appsrc name=in is-live=true format=time ! unixfdsink socket-path={path} "
                                  "async=false sync=false")
        receiver = Gst.parse_launch(f"unixfdsrc socket-path={path} ! mattecompose name=compose "
                                    "on-missing-matte=hide ! appsink name=out sync=false")
        caps = []

        def arrived(pad, info):
            if info.get_event().type == Gst.EventType.CAPS:
                caps.append(info.get_event().parse_caps().to_string())
            return Gst.PadProbeReturn.OK

        sink = receiver.get_by_name("compose").get_static_pad("sink")
        sink.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, arrived)
        try:
            sender.set_state(Gst.State.PLAYING)
            while not path.exists():
                time.sleep(0.05)
            receiver.set_state(Gst.State.PLAYING)
            while not caps:
                time.sleep(0.05)
            source = sender.get_by_name("in")
            source.set_property("caps", Gst.Caps.from_string("video/x-raw,format=RGBA,width=4,height=2,framerate=30/1"))
            frame = Gst.Buffer.new_wrapped(bytes(32))
            frame.pts = 0
            source.emit("push-buffer", frame)
            sample = receiver.get_by_name("out").emit("try-pull-sample", 60 * Gst.SECOND)
            message = receiver.get_bus().pop_filtered(Gst.MessageType.ERROR)
            self.assertIsNone(message, message and message.parse_error())
            self.assertIsNotNone(sample)
        finally:
            receiver.set_state(Gst.State.NULL)
            sender.set_state(Gst.State.NULL)

    def test_the_other_process_composes_with_it(self):
        """Nobody is in the picture: all of it is the background, and no matte is missing."""
        sample = pull(f"unixfdsrc socket-path={self.socket} ! mattecompose background=color color=0xff00ff00 "
                      "on-missing-matte=fail ! videoconvert ! video/x-raw,format=RGB")
        data = content(sample.get_buffer())
        pixels = set(zip(data[::3], data[1::3], data[2::3]))
        self.assertTrue(all(r < 40 and g > 215 and b < 40 for r, g, b in pixels), list(pixels)[:9])


@unittest.skipIf(GstAnalytics is None, "no GstAnalytics here")
@unittest.skipUnless(
    have("mattesegment") and Gst.ElementFactory.make("mattesegment").find_property("analytics-meta"),
    "the plugin was built without v1_26")
class Masks(unittest.TestCase):
    def mask(self, chain: str):
        sample = pull(f"{PICTURE} ! {chain}")
        relations = GstAnalytics.buffer_get_analytics_relation_meta(sample.get_buffer())
        if relations is None:
            return sample, None, None
        self.assertEqual(GstAnalytics.relation_get_length(relations), 2)
        known, mask = relations.get_segmentation_mtd(0)
        self.assertTrue(known)
        known, classes = relations.get_cls_mtd(1)
        self.assertTrue(known)
        return sample, mask, classes

    def test_mask_is_the_matte_cut_at_one_half(self):
        for chain in ("mattesegment", "mattesegment ! matterefine"):
            with self.subTest(chain):
                sample, mask, classes = self.mask(chain)
                buffer, x, y, width, height = mask.get_mask()
                self.assertEqual((x, y, width, height), (0, 0, *SIZE))
                self.assertEqual(mask.get_region_count(), 2)
                names = []
                for region in range(2):
                    self.assertEqual(mask.get_region_id(region), region)
                    quark = classes.get_quark(region)
                    names.append(quark if isinstance(quark, str) else GstAnalytics_quark(quark))
                self.assertEqual(names, ["background", "subject"])
                columns, rows, matte = matte_of(sample)
                stride = (columns + 3) // 4 * 4
                data = content(buffer)
                found = b"".join(data[r * stride : r * stride + columns] for r in range(rows))
                self.assertEqual(found, bytes(value >= 128 for value in matte))
                self.assertIn(1, found)

    def test_none_where_it_is_turned_off_and_none_on_composed_pictures(self):
        for chain in ("mattesegment analytics-meta=false ! matterefine", "mattebackground"):
            with self.subTest(chain):
                self.assertIsNone(self.mask(chain)[1])


def GstAnalytics_quark(quark: int) -> str:
    from gi.repository import GLib

    return GLib.quark_to_string(quark)


try:
    gi.require_version("GstAllocators", "1.0")
    gi.require_version("GstVideo", "1.0")
    from gi.repository import GstAllocators, GstVideo
except (ValueError, ImportError):
    GstAllocators = GstVideo = None


def named(plain: Gst.Caps) -> Gst.Caps | None:
    """GStreamer's own caps for the same video in linear DMABuf memory; none if it has none."""
    info = GstVideo.VideoInfo.new_from_caps(plain)
    fourcc = GstVideo.video_dma_drm_fourcc_from_format(info.finfo.format)
    if not fourcc:
        return None
    caps = plain.copy()
    caps.set_features(0, Gst.CapsFeatures.from_string("memory:DMABuf"))
    caps.set_value("format", "DMA_DRM")
    caps.set_value("drm-format", GstVideo.video_dma_drm_fourcc_to_string(fourcc, 0))
    return caps


@unittest.skipUnless(GstVideo and hasattr(GstVideo, "video_dma_drm_fourcc_from_format"), "GStreamer here has no DMA_DRM")
class DmaDrm(unittest.TestCase):
    """Linear DMABuf memory under the caps that GStreamer has for it since 1.24."""

    def plain(self, name: str) -> Gst.Caps:
        width, height = SIZE
        return Gst.Caps.from_string(f"video/x-raw,format={name},width={width},height={height},framerate=30/1")

    def formats(self) -> list[str]:
        element = Gst.ElementFactory.make("mattecompose")
        structure = element.get_static_pad("sink").get_pad_template_caps().get_structure(0)
        text = structure.to_string().partition("format=(string){")[2].partition("}")[0]
        return [name.strip() for name in text.split(",")]

    def test_every_name_is_the_one_that_gstreamer_gives(self):
        taken = Gst.ElementFactory.make("mattecompose").get_static_pad("sink").get_pad_template_caps()
        theirs = [caps for caps in map(named, map(self.plain, self.formats())) if caps]
        self.assertGreater(len(theirs), 25)
        for caps in theirs:
            self.assertTrue(caps.is_subset(taken), caps.to_string())
            drm = GstVideo.VideoInfoDmaDrm.new_from_caps(caps)
            self.assertEqual(drm.drm_modifier, 0)

    def test_the_picture_is_that_of_plain_memory(self):
        for name in ("NV12", "I420", "BGRA", "YUY2"):
            with self.subTest(name):
                plain = self.plain(name)
                size = GstVideo.VideoInfo.new_from_caps(plain).size
                content = bytes(i * 37 % 251 for i in range(size))
                self.assertEqual(self.composed(named(plain), self.memory(content)), self.composed(plain, content))

    def memory(self, content: bytes) -> Gst.Memory:
        # A file in memory stands in for a device's; the kernel refuses only to be told of accesses.
        file = os.memfd_create("frame")
        os.write(file, content)
        return GstAllocators.DmaBufAllocator.alloc(GstAllocators.DmaBufAllocator.new(), file, len(content))

    def composed(self, caps: Gst.Caps, content: bytes | Gst.Memory) -> bytes:
        line = "appsrc name=in format=time ! mattecompose background=color ! appsink name=out sync=false"
        pipeline = Gst.parse_launch(line)
        source = pipeline.get_by_name("in")
        source.set_property("caps", caps)
        pipeline.set_state(Gst.State.PLAYING)
        try:
            if isinstance(content, bytes):
                buffer = Gst.Buffer.new_wrapped(content)
            else:
                buffer = Gst.Buffer.new()
                buffer.append_memory(content)
            buffer.pts = 0
            source.emit("push-buffer", buffer)
            sample = pipeline.get_by_name("out").emit("try-pull-sample", 60 * Gst.SECOND)
            self.assertIsNotNone(sample, pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR))
            self.assertNotIn("DMABuf", sample.get_caps().to_string())
            buffer = sample.get_buffer()
            return buffer.extract_dup(0, buffer.get_size())
        finally:
            pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    unittest.main(verbosity=2)
