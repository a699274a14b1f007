#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""`mattedecode` behind GStreamer's own inference elements, and behind tensors made by hand.

Run by scripts/systems/test-in.sh in systems with GStreamer 1.26 and newer, for builds with v1_26;
skips what a system lacks. MATTE_SOURCE is a gst-launch fragment with a person in the picture.
MATTE_TFLITE names a .tflite of this project's network; its .modelinfo lies beside it.
"""
import os
import pathlib
import shutil
import struct
import sys
import tempfile
import unittest

from upstream import MODELINFO, PICTURE, SIZE, GstAnalytics, content, gray, have, matte_of, needs, pull, with_metadata

from gi.repository import GLib, Gst

ROOT = pathlib.Path(__file__).parents[2]
TINY = (16, 12)
MATTE_ID = "matting-generic-out"
GREEN = "background=color color=0xff00ff00 on-missing-matte=hide"
FLOAT = GstAnalytics.TensorDataType.FLOAT32
ROWS = GstAnalytics.TensorDimOrder.ROW_MAJOR


def largest(a: bytes, b: bytes) -> int:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)


@needs("onnxinference")
class OnnxInference(Folder):
    """The same network in two elements gives the same matte."""

    def agree(self, source: pathlib.Path, input_dims: str, output_dims: str, names: tuple[str, str],
              described: str = "", identity: str = MATTE_ID):
        model = self.folder / source.name
        # What 1.26 knows an output by, where 1.28 has .modelinfo.
        model.write_bytes(with_metadata(source.read_bytes(), names[1], identity))
        text = MODELINFO.format(input=names[0], output=names[1], dims=input_dims, output_dims=output_dims)
        pathlib.Path(f"{model}.modelinfo").write_text(text.replace(MATTE_ID, identity))
        if described:
            model.with_suffix(".toml").write_text(described)
        settings = f"model-file={model}"
        if Gst.ElementFactory.make("onnxinference").find_property("input-image-format"):
            settings += " input-image-format=chw input-tensor-scale=255"
        frames = f"{PICTURE} ! videoconvert ! video/x-raw,format=RGB"
        width, height, ours = matte_of(pull(f"{frames} ! mattesegment model={model}"))
        decoded = pull(f"{frames} ! onnxinference {settings} ! mattedecode model={model}")
        self.assertEqual(matte_of(decoded)[:2], (width, height))
        self.assertGreater(max(ours), 100, "somebody is in the picture")
        worst = largest(matte_of(decoded)[2], ours)
        print(f"{source.name} behind onnxinference: largest difference {worst} of 255", file=sys.stderr)
        self.assertLessEqual(worst, 1)
        return f"{frames} ! onnxinference {settings} ! mattedecode model={model}"

    def test_our_network(self):
        chain = self.agree(ROOT / "models" / "matte.onnx", "1,3,-1,-1", "-1,1,-1,-1", ("image", "alpha"))
        # It drives the whole chain.
        sample = pull(f"{chain} ! matterefine ! mattecompose background=color color=0xff00ff00 "
                      "on-missing-matte=fail ! videoconvert ! video/x-raw,format=RGB")
        data = content(sample.get_buffer())
        green = sum(r < 40 and g > 215 and b < 40 for r, g, b in zip(data[::3], data[1::3], data[2::3]))
        self.assertTrue(0.1 < green / (SIZE[0] * SIZE[1]) < 0.95, "the room is green, the person is not")

    def test_frames_that_others_hold_too(self):
        """They are copied before they are changed, and GStreamer 1.26 copies no tensors."""
        chain = self.agree(ROOT / "models" / "matte-lite.onnx", "1,3,-1,-1", "-1,1,-1,-1", ("image", "alpha"))
        held = chain.replace(" ! mattedecode", " ! tee name=tee tee. ! queue ! fakesink sync=false async=false "
                                               "tee. ! queue ! mattedecode")
        self.assertEqual(matte_of(pull(held)), matte_of(pull(chain)))

    def test_an_id_that_says_nothing(self):
        """The file's own graph says what its values mean."""
        self.agree(ROOT / "models" / "matte-lite.onnx", "1,3,-1,-1", "-1,1,-1,-1", ("image", "alpha"),
                   identity="anything")

    @unittest.skipUnless("MATTE_MODEL" in os.environ, "MATTE_MODEL names no public network")
    def test_a_public_network(self):
        sides = f"{SIZE[1]},{SIZE[0]}"
        self.agree(pathlib.Path(os.environ["MATTE_MODEL"]), f"1,3,{sides}", f"1,1,{sides}", ("input", "output"))


@needs("tfliteinference")
class TfliteInference(Folder):
    """Quantised files: what their whole numbers stand for is in the file alone."""

    def model(self, name: str, output: str, kind: str, classes: int = 1, identity: str = MATTE_ID) -> pathlib.Path:
        model = self.folder / f"{name}.tflite"
        shutil.copy(ROOT / "tests" / "models" / model.name, model)
        sides = f"1,{TINY[1]},{TINY[0]}"
        text = MODELINFO.format(input="picture", output=output, dims=f"{sides},3", output_dims=f"{sides},{classes}")
        head, _, tail = text.rpartition("type=float32")
        text = f"{head}type={kind}{tail}".replace(MATTE_ID, identity)
        pathlib.Path(f"{model}.modelinfo").write_text(text)
        return model

    def matte(self, model: pathlib.Path, settings: str = "") -> tuple[bytes, bytes]:
        """Green of each pixel, and the matte."""
        sample = pull("videotestsrc num-buffers=3 pattern=gradient ! videoconvertscale ! "
                      f"video/x-raw,format=RGB,width={TINY[0]},height={TINY[1]} ! tfliteinference "
                      f"model-file={model} ! mattedecode model={model} {settings}")
        width, height, matte = matte_of(sample)
        self.assertEqual((width, height), TINY)
        stride = (TINY[0] * 3 + 3) // 4 * 4
        data = content(sample.get_buffer())
        rows = [data[y * stride : y * stride + TINY[0] * 3] for y in range(TINY[1])]
        return b"".join(row[1::3] for row in rows), matte

    def check(self, found: tuple[bytes, bytes], about: str):
        green, matte = found
        expected = bytes(round(255 / (1 + 2.718281828 ** -(8 * value / 255 - 4))) for value in green)
        self.assertGreater(max(expected) - min(expected), 150)
        worst = largest(matte, expected)
        print(f"{about} behind tfliteinference: largest difference {worst} of 255", file=sys.stderr)
        # Scores of 0.05 a step, shares of a 256th.
        self.assertLessEqual(worst, 4)

    def test_a_sigmoid_of_bytes(self):
        self.check(self.matte(self.model("sigmoid_i8", "alpha", "int8")), "sigmoid_i8")

    def test_scores_of_bytes(self):
        self.check(self.matte(self.model("logits_i8", "scores", "int8", identity="scores")), "logits_i8")

    def test_classes_of_bytes(self):
        model = self.model("softmax_i8", "shares", "int8", classes=2, identity="shares")
        self.check(self.matte(model), "softmax_i8")
        green, matte = self.matte(model, "subject=0")
        self.check((green, bytes(255 - value for value in matte)), "softmax_i8, the other class")

    def test_without_the_file_nothing_is_believed(self):
        """The file is not named: what its bytes mean is asked for."""
        model = self.model("logits_i8", "scores", "int8", identity="scores")
        line = ("videotestsrc num-buffers=3 pattern=gradient ! videoconvertscale ! "
                f"video/x-raw,format=RGB,width={TINY[0]},height={TINY[1]} ! tfliteinference "
                f"model-file={model} ! mattedecode")
        self.assertIsNone(pull(line).get_buffer().get_custom_meta("MatteMeta"))

    @unittest.skipUnless("MATTE_TFLITE" in os.environ, "MATTE_TFLITE names no .tflite of our network")
    def test_our_network(self):
        model = pathlib.Path(os.environ["MATTE_TFLITE"])
        frames = f"{PICTURE} ! videoconvert ! video/x-raw,format=RGB"
        decoded = matte_of(pull(f"{frames} ! tfliteinference model-file={model} ! mattedecode model={model}"))
        ours = matte_of(pull(f"{frames} ! mattesegment model=builtin-lite"))
        self.assertEqual(decoded[:2], ours[:2])
        mean = sum(abs(a - b) for a, b in zip(decoded[2], ours[2])) / len(ours[2])
        cut = [[value >= 128 for value in matte[2]] for matte in (decoded, ours)]
        share = sum(a and b for a, b in zip(*cut)) / sum(a or b for a, b in zip(*cut))
        print(f"{model.name} behind tfliteinference: mean difference {mean:.2f} of 255, IoU {share:.3f}",
              file=sys.stderr)
        self.assertGreater(share, 0.9)


def tensor(identity: str, sides: list[int], data: bytes, kind=FLOAT, order=ROWS):
    quark = GLib.quark_from_string(identity)
    return GstAnalytics.Tensor.new_simple(quark, kind, Gst.Buffer.new_wrapped(data), order, sides)


def floats(*values: float) -> bytes:
    return struct.pack(f"={len(values)}f", *values)


RAMP = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.5, 0.1]


class ByHand(unittest.TestCase):
    """Frames of 4x2 pixels, all red, with tensors of any kind."""

    def run_frames(self, frames: list[list], settings: str = "", behind: str = ""):
        """What comes out for frames with these tensors, and what the bus heard."""
        # A live source waits until PLAYING. By then Python holds no frame any more: one that two hold
        # is copied where it is changed, and GStreamer 1.26 copies no tensors.
        pipeline = Gst.parse_launch(
            "appsrc name=in format=time is-live=true caps=video/x-raw,format=RGBA,width=4,height=2,framerate=30/1 "
            f"! mattedecode name=decode {settings} {behind} ! appsink name=out sync=false")
        source, sink = pipeline.get_by_name("in"), pipeline.get_by_name("out")
        pipeline.set_state(Gst.State.PAUSED)
        try:
            for number, tensors in enumerate(frames):
                buffer = Gst.Buffer.new_wrapped(bytes([255, 0, 0, 255]) * 8)
                buffer.pts = number * Gst.SECOND // 30
                if tensors:
                    GstAnalytics.buffer_add_tensor_meta(buffer).set(tensors)
                source.emit("push-buffer", buffer)
                del buffer
            pipeline.set_state(Gst.State.PLAYING)
            samples = [sink.emit("try-pull-sample", 10 * Gst.SECOND) for _ in frames]
            self.assertNotIn(None, samples)
            bus, said = pipeline.get_bus(), []
            while message := bus.pop_filtered(Gst.MessageType.WARNING | Gst.MessageType.ERROR):
                parse = message.parse_error if message.type == Gst.MessageType.ERROR else message.parse_warning
                said.append(parse()[0].message)
            stats = pipeline.get_by_name("decode").get_property("stats")
            return samples, said, {name: stats.get_uint64(name)[1] for name in ("frames", "decoded", "failed")}
        finally:
            pipeline.set_state(Gst.State.NULL)

    def hidden(self, tensors: list, words: str, settings: str = ""):
        """Such a frame has no matte, says why, and nothing of it is shown."""
        good = [tensor(MATTE_ID, [2, 4], floats(*RAMP))]
        samples, said, _ = self.run_frames([tensors, good if not settings else tensors], settings,
                                           f"! mattecompose {GREEN}")
        mine = [text for text in said if "No matte" in text]
        self.assertEqual(len(mine), 1, said)
        self.assertIn(words, mine[0])
        self.assertEqual(content(samples[0].get_buffer()), bytes([0, 255, 0, 255]) * 8)

    def test_the_id_of_a_matte(self):
        for sides in ([2, 4], [1, 1, 2, 4], [1, 2, 4, 1]):
            samples, said, stats = self.run_frames([[tensor(MATTE_ID, sides, floats(*RAMP))]] * 3)
            self.assertEqual(said, [])
            self.assertEqual(stats, {"frames": 3, "decoded": 3, "failed": 0})
            for sample in samples:
                self.assertEqual(list(matte_of(sample)[2]), [round(255 * value) for value in RAMP])
                fields = sample.get_buffer().get_custom_meta("MatteMeta").get_structure()
                self.assertEqual(fields.get_string("stage"), "raw")
                self.assertEqual(fields.get_uint64("frame-pts")[1], sample.get_buffer().pts)
                relations = GstAnalytics.buffer_get_analytics_relation_meta(sample.get_buffer())
                self.assertEqual(GstAnalytics.relation_get_length(relations), 2)

    def test_no_mask_where_it_is_turned_off(self):
        samples, _, _ = self.run_frames([[tensor(MATTE_ID, [2, 4], floats(*RAMP))]], "analytics-meta=false")
        self.assertIsNone(GstAnalytics.buffer_get_analytics_relation_meta(samples[0].get_buffer()))

    def test_frames_without_tensors_are_hidden(self):
        self.hidden([], "put mattedecode right behind an inference element")

    def test_values_that_contradict_are_hidden(self):
        self.hidden([tensor(MATTE_ID, [2, 4], floats(*(255 * value for value in RAMP)))], "output.range = [0, 255]")
        self.hidden([tensor(MATTE_ID, [2, 4], floats(*[float("nan")] * 8))], "not finite")

    def test_wrong_shapes_are_hidden(self):
        self.hidden([tensor(MATTE_ID, [4, 2], floats(*RAMP))], "none of its outputs can be a matte")
        self.hidden([tensor(MATTE_ID, [1, 1], floats(0.5))], "none of its outputs can be a matte")
        self.hidden([tensor(MATTE_ID, [2, 4], floats(*RAMP), order=GstAnalytics.TensorDimOrder.COL_MAJOR)],
                    "stored column by column")

    def test_an_unknown_id_is_hidden(self):
        self.hidden([tensor("other", [2, 4], floats(*RAMP))], "only `other`", "tensor-id=matte")

    def test_a_tensor_whose_kind_nobody_knows_is_hidden(self):
        self.hidden([tensor("other", [2, 4], floats(*[0.2] * 8))], "what do the values of output `other`")

    def test_it_recovers_and_warns_once(self):
        good, bad = [tensor(MATTE_ID, [2, 4], floats(*RAMP))], [tensor(MATTE_ID, [2, 4], floats(*[7.0] * 8))]
        samples, said, stats = self.run_frames([bad, bad, good, bad, good])
        self.assertEqual(len(said), 1, said)
        self.assertEqual(stats, {"frames": 5, "decoded": 2, "failed": 3})
        found = [sample.get_buffer().get_custom_meta("MatteMeta") is not None for sample in samples]
        self.assertEqual(found, [False, False, True, False, True])

    def test_an_older_matte_does_not_stay(self):
        """A frame that got a matte before and whose tensor fails has none."""
        sample = pull("videotestsrc num-buffers=3 ! video/x-raw,format=RGBA,width=64,height=48 ! mattesegment "
                      "! mattedecode")
        self.assertIsNone(sample.get_buffer().get_custom_meta("MatteMeta"))
        self.assertIsNone(GstAnalytics.buffer_get_analytics_relation_meta(sample.get_buffer()))

    def test_yolo_by_its_registered_ids(self):
        ids = ["yolo-v8-segmentation-out-detections", "yolo-v8-segmentation-out-protos"]
        numbers = [[0.0] * 9 for _ in range(13)]
        for row, value in enumerate([2.0, 1.0, 4.0, 2.0, 0.9, 40.0]):
            numbers[row][3] = value
        columns = GstAnalytics.TensorDimOrder.COL_MAJOR
        masks = [1.0 if x % 4 < 2 else -1.0 for x in range(8)] + [0.0] * 56
        both = [tensor(ids[0], [1, 13, 9], floats(*sum(numbers, [])), order=columns),
                tensor(ids[1], [1, 8, 2, 4], floats(*masks), order=columns)]
        samples, said, _ = self.run_frames([both, both])
        self.assertEqual(said, [])
        self.assertEqual(list(matte_of(samples[1])[2]), [255, 255, 0, 0] * 2)

    def test_bad_files_end_the_start(self):
        for name, words in (("no_such.tflite", "the file that the inference element runs"),
                            ("no_such.toml", "name a description that can be read")):
            pipeline = Gst.parse_launch(f"videotestsrc ! mattedecode model=/nowhere/{name} ! fakesink")
            self.assertEqual(pipeline.set_state(Gst.State.PAUSED), Gst.StateChangeReturn.FAILURE)
            message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
            self.assertIn(words, message.parse_error()[0].message)
            pipeline.set_state(Gst.State.NULL)


@needs("originalbuffersave", "originalbufferrestore", "onnxinference")
class LargeFrames(unittest.TestCase):
    def test_the_matte_comes_back_to_the_frame_as_it_was(self):
        model = ROOT / "models" / "matte.onnx"
        sample = pull(f"{PICTURE} ! videoconvertscale ! video/x-raw,format=I420,width=1024,height=576 "
                      "! originalbuffersave ! videoconvertscale ! "
                      f"video/x-raw,format=RGB,width={SIZE[0]},height={SIZE[1]} ! onnxinference model-file={model} "
                      f"! mattedecode model={model} ! originalbufferrestore ! matterefine")
        fields = sample.get_buffer().get_custom_meta("MatteMeta").get_structure()
        self.assertEqual(fields.get_string("stage"), "refined")
        self.assertEqual(sample.get_caps().get_structure(0).get_int("width")[1], 1024)


if __name__ == "__main__":
    if not have("mattedecode"):
        sys.exit("no element mattedecode: this build lacks v1_26")
    unittest.main(verbosity=2)
