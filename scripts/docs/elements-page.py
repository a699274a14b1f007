#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/elements.md: the table of every property, from the built plugin itself, and what else a
program must know about the elements.

usage: elements-page.py [--check]     (after `. scripts/env.sh`, with the system's Python)

--check writes nothing and fails where the page is not what would be written.
"""
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402  (the version must be named first)

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "elements.md"
ELEMENTS = ["mattebackground", "mattesegment", "matterefine", "mattecompose", "mattemix"]
PARENTS = {"GstObject", "GstBin", "GstBaseTransform", "GstAggregator", "GstVideoAggregator"}
BASE = {"name", "parent", "qos", "async-handling", "message-forward"}
# What introspection does not tell.
REST = """\
## Messages on the bus

Element messages; `mattebackground` hands those of its children on. `pts` is that of the frame
concerned, in ns. Nothing is told twice, and that something is wrong once a second at most.

| message | from | fields | when |
| --- | --- | --- | --- |
| `matte-model-loaded` | mattesegment | `model`, `provider` | a network was loaded: at the start, and when another one takes over |
| `matte-network-stalled` | mattesegment | `pts` | a run takes far longer than it should (2 s at least, ten times the first run); no mattes until it is back |
| `matte-network-recovered` | mattesegment | `pts` | the network works again after a stall or a failure |
| `matte-subject-entered`, `matte-subject-left` | mattesegment | `pts` | a subject came into the picture, or none is left |
| `matte-missing` | mattecompose, mattemix | `reason`, `pts` | a frame has no usable matte; what is seen is up to `on-missing-matte` |
| `matte-recovered` | mattecompose, mattemix | `pts` | there is a matte again |

Warnings tell of a network that fails, a model or setting that is refused while playing (the old one
goes on, the property shows its value again), a provider that is not there, a device that is lost (the
network is loaded on the CPU; with `strict-provider` the stream ends with an error), mattes that are
missing for 2 s. Latency messages tell that `mode=sync` takes more or far less time than told before.

## Environment variables

| variable | meaning |
| --- | --- |
| `MATTE_MODEL` | the model where the property `model` is unset |
| `ORT_DYLIB_PATH` | ONNX Runtime's library where the property `onnxruntime-library` is unset |
| `MATTE_CONCURRENT_RUNS` | how many networks of the process may run at once; unset: the number of cores |

## Logging

The categories of `GST_DEBUG` are named after the elements. Level 2 (warning): a network that stalls, what
ONNX Runtime warns of. 4 (info): which model and provider, what was guessed about the model, how long the
first run took. 5 (debug): caps, sizes, changes of properties, scene cuts, why a run failed. 6 (log): each
frame, where its matte comes from. `GST_TRACERS=latency` sees the network's time in the element's own.
"""
# GStreamer's own flags on properties (gstparamspecs.h).
CONTROLLABLE, MUTABLE_READY, MUTABLE_PLAYING = 1 << 9, 1 << 10, 1 << 12


def show(value) -> str:
    """A default as gst-launch takes it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, GObject.GEnum):
        return f"`{value.value_nick}`"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def values(spec) -> str:
    """What a property may be."""
    if GObject.type_is_a(spec.value_type, GObject.TYPE_ENUM):
        members = spec.enum_class.__enum_values__.values()
        return ", ".join(f"`{member.value_nick}`" for member in members)
    low, high = getattr(spec, "minimum", None), getattr(spec, "maximum", None)
    if spec.value_type == GObject.TYPE_BOOLEAN:
        return "true, false"
    if low is None or high is None:
        return {"gchararray": "text"}.get(spec.value_type.name, spec.value_type.name)
    if spec.name == "color":
        return "0xAARRGGBB"
    most = "" if high in (2**32 - 1, 2**31 - 1, GLib.MAXUINT64) else show(high)
    return f"{show(low)} to {most}" if most else f"from {show(low)}"


def when(spec) -> str:
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return "read only"
    if int(spec.flags) & CONTROLLABLE:
        return "over time"
    if int(spec.flags) & MUTABLE_PLAYING:
        return "while playing"
    return "before start" if int(spec.flags) & MUTABLE_READY else "any time"


def default(spec) -> str:
    if spec.name == "color":
        return f"0x{spec.default_value:08x}"
    return show(getattr(spec, "default_value", None))


def section(name: str) -> list[str]:
    factory = Gst.ElementFactory.find(name)
    if factory is None:
        sys.exit(f"no element {name}: build the plugin, then `. scripts/env.sh`")
    element = factory.create(None)
    lines = [f"## {name}", "", factory.get_metadata("description") + ".", ""]
    lines += ["| property | values | default | set | meaning |", "| --- | --- | --- | --- | --- |"]
    for spec in sorted(element.list_properties(), key=lambda spec: spec.name):
        if spec.name in BASE or spec.owner_type.name in PARENTS:
            continue
        cells = [f"`{spec.name}`", values(spec), default(spec), when(spec), spec.blurb]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def main() -> int:
    Gst.init(None)
    lines = [
        "# Elements and properties",
        "",
        "Written by `scripts/docs/elements-page.py` from the built plugin; `gst-inspect-1.0 ELEMENT` says",
        "the same. Properties that are set *over time* may be set while playing, and take control bindings",
        "(GstController): see [Move it over time](application.md#move-it-over-time).",
        "",
    ]
    for name in ELEMENTS:
        lines += section(name)
    text = "\n".join(lines) + REST
    if sys.argv[1:] == ["--check"]:
        if PAGE.exists() and PAGE.read_text() == text:
            print(f"ok {PAGE.name} is what the plugin says")
            return 0
        print(f"not ok {PAGE.name} is out of date: run scripts/docs/elements-page.py")
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
