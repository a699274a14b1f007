#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/elements.md: the table of every property, from the built plugin itself, and what else
a program must know about the elements.

usage: elements-page.py [--check] [ELEMENT]   (after `. scripts/env.sh`, with the system's Python)

An element that this build does not have (mattedecode needs the feature v1_26) stays as it is on the
page; ELEMENT writes only this one, in a build that has it.

--check writes nothing and fails if the page is out of date.
"""
import pathlib
import re
import sys
import textwrap

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402  (the version must be named first)

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "elements.md"
ELEMENTS = ["mattebackground", "mattesegment", "mattedecode", "matterefine", "mattecompose", "mattemix"]
# Elements that only builds with a cargo feature have, with what the page says of that.
CONDITIONAL = {"mattedecode": "It needs GStreamer 1.26 and the cargo feature `v1_26`."}
# What properties do. Those of one group stand together, in the order of these lines.
GROUPS = {
    "the background": "background color color-name image image-fit blur-strength blur-bokeh keep-transparent-colors "
                      "background-fit background-eos background-timeout",
    "on and off": "enabled transition-ms on-missing-matte",
    "the subject's edge before the new background": "decontamination light-wrap tone-match",
    "the network": "model engine execution-provider provider-options strict-provider onnxruntime-library "
                   "threads input-pixels subject tensor-id",
    "when the network runs": "mode interval still-threshold motion-compensation small-latency",
    "steadiness": "preset scene-memory temporal temporal-strength temporal-flow hysteresis-low hysteresis-high",
    "which people are shown": "subject-select subject-point subject-point-x subject-point-y",
    "the part of the frame that is seen": "framing framing-zoom framing-margin framing-speed",
    "the subject's shape": "subject-region keep min-area max-hole open close grow",
    "green screen": "key key-tolerance key-softness",
    "the matte's edge": "edge-mode guided-radius guided-epsilon guided-subsample feather black-point "
                        "white-point gamma output-scale",
    "frames": "video-direction analytics-meta",
    "what is measured": "active-engine active-execution-provider stats segment-stats refine-stats",
}
PARENTS = {"GstObject", "GstBin", "GstBaseTransform", "GstAggregator", "GstVideoAggregator"}
BASE = {"name", "parent", "qos", "async-handling", "message-forward"}
# What introspection does not tell.
REST = """\
## Formats

Every element takes these formats without a converter in front, with sides of up to 32768 pixels and
rows that lie any number of bytes apart:

{FORMATS}.

Linear DMABuf memory is taken as `video/x-raw`, and as `memory:DMABuf` with `format=DMA_DRM` for
every format that has a DRM name. The output has the input's format. With `background=transparent`
it has alpha, in a format of the same family: A420 or AV12 for 4:2:0, AYUV for other YUV formats,
RGBA and its orders or GBRA for RGB. 10 bits stay 10 bits in A420_10LE, A422_10LE, A444_10LE and
GBRA_10LE if the next element takes one of these; RGB10A2_LE and BGR10A2_LE become GBRA_10LE, since
their two bits of alpha would make every edge a staircase. With `background=matte` the output is
GRAY8. [Troubleshooting](troubleshooting.md#which-formats-work) says what to put in front of other
video.

## The matte on a frame

The matte travels on its frame as a `GstCustomMeta` named `MatteMeta`, which programs in every
language read without this plugin's headers ([Read the matte](application.md#read-the-matte)).

| field | type | meaning |
| --- | --- | --- |
| `matte` | GstSample | a GRAY8 picture of the whole frame, of any size: 0 is background, 255 is subject |
| `stage` | string | `raw` or `refined` |
| `frame-pts` | uint64 | timestamp of the frame that the matte was made for |
| `inferred` | boolean | false if the matte was reused from an earlier frame |
| `still` | boolean | true while `still-threshold` lets the network rest |
| `inference-time` | uint64 | time of the network's run, in ns |
| `frame-aspect` | fraction | aspect ratio of that frame; it shows whether borders were added since |
| `frame-x`, `frame-y`, `frame-width`, `frame-height` | guint | the part of the buffer's picture that the matte covers, in pixels, as its `GstVideoCropMeta` said. A matte of another part than the frame is not used. Scaling removes these fields: the matte then covers the whole picture |
| `screen-u`, `screen-v` | gint | the mean colour of the green screen that `key` sees: differences from neutral in bytes of full range. Without these fields there is no screen |

The meta survives everything that keeps the frame's area: scaling, conversion, copies. Everything
that crops or flips drops it.

## Messages on the bus

These are element messages; `mattebackground` forwards those of its children. `pts` is the timestamp
of the frame, in ns. An event is posted once; a state that lasts is posted at most once per second.

| message | from | fields | when |
| --- | --- | --- | --- |
| `matte-model-loaded` | mattesegment | `model`, `provider` | a network was loaded: at the start, and when a new one takes over |
| `matte-network-stalled` | mattesegment | `pts` | a run takes far too long (more than 2 s and ten times the first run); there are no mattes until it is over |
| `matte-network-recovered` | mattesegment | `pts` | the network works again after a stall or a failure |
| `matte-subject-entered`, `matte-subject-left` | mattesegment, mattedecode | `pts` | a subject came into the picture, or none is left |
| `matte-missing` | mattecompose, mattemix | `reason`, `pts` | a frame has no valid matte; `on-missing-matte` decides what is shown |
| `matte-recovered` | mattecompose, mattemix | `pts` | mattes are valid again |
| `matte-screen-missing` | matterefine | `pts` | the screen that `key` asks for was not seen for a second: the network's matte alone counts; the first time it is a warning, too |
| `matte-screen-found` | matterefine | `pts` | that screen is seen, for the first time or again |

Warnings report a network that fails, a model or setting that is refused while playing (the old one
stays in use, and the property shows its value again), an execution provider that cannot be used, a
lost device (the network is loaded on the CPU; with `strict-provider` the stream ends with an
error), and mattes that are missing for 2 s. Latency messages report that `mode=sync` takes more, or
far less, time than reported before.

## Environment variables

| variable | meaning |
| --- | --- |
| `MATTE_MODEL` | the model, if the property `model` is unset |
| `MATTE_CACHE` | the folder of `scripts/fetch-models.sh`, in whose `models` a named model is looked for; unset: `~/.cache/matte` |
| `ORT_DYLIB_PATH` | the file of ONNX Runtime's library, if the property `onnxruntime-library` is unset |
| `MATTE_CONCURRENT_RUNS` | how many networks of the process may run at once; unset: the number of cores |

## Logging

The categories of `GST_DEBUG` are named after the elements.

| level | what is logged |
| --- | --- |
| 2, warning | a network that stalls; warnings of ONNX Runtime |
| 4, info | the model and provider in use, guesses about the model, the time of the first run |
| 5, debug | caps, sizes, changes of properties, scene cuts, the reason of a failed run |
| 6, log | for each frame, where its matte comes from |

`GST_TRACERS=latency` counts the network's time as the element's own.
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
    if (low, high) == (GLib.MININT, GLib.MAXINT):
        return "any whole number"
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


def kept(name: str) -> list[str]:
    """What the page says about an element already."""
    _, _, rest = PAGE.read_text().partition(f"## {name}\n")
    text, _, _ = rest.partition("\n## ")
    return [f"## {name}", *text.splitlines(), ""]


def section(name: str, asked: list[str]) -> list[str]:
    factory = Gst.ElementFactory.find(name)
    if asked and name not in asked or factory is None and name in CONDITIONAL:
        return kept(name)
    if factory is None:
        sys.exit(f"no element {name}: build the plugin, then `. scripts/env.sh`")
    element = factory.create(None)
    lines = [f"## {name}", "", factory.get_metadata("description") + ".", ""]
    if name in CONDITIONAL:
        lines += [CONDITIONAL[name], ""]
    specs = {spec.name: spec for spec in element.list_properties()}
    own = {n for n, spec in specs.items() if n not in BASE and spec.owner_type.name not in PARENTS}
    if strays := own.difference(*(names.split() for names in GROUPS.values())):
        sys.exit(f"{name}: put {', '.join(sorted(strays))} into GROUPS of {pathlib.Path(__file__).name}")
    for title, names in GROUPS.items():
        rows = [row(name, specs[n]) for n in names.split() if n in own]
        if rows:
            head = ["| property | values | default | set | meaning |", "| --- | --- | --- | --- | --- |"]
            lines += [f"### {name}: {title}", "", *head, *rows, ""]
    for pad in element.pads:
        own = [spec for spec in pad.list_properties() if spec.owner_type.name.startswith("GstMatte")]
        if own:
            head = ["| property | values | default | set | meaning |", "| --- | --- | --- | --- | --- |"]
            rows = [row(f"{name}-{pad.name}", spec) for spec in own]
            lines += [f"### {name}: the pad {pad.name} (`{pad.name}::{own[0].name}` in gst-launch-1.0)", "", *head, *rows, ""]
    return lines


def row(element: str, spec) -> str:
    """A property in its table, with an anchor of its own."""
    anchor = f'<a id="{element}-{spec.name}"></a>'
    cells = [f"{anchor}`{spec.name}`", values(spec), default(spec), when(spec), spec.blurb]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def formats() -> str:
    """The formats that the pads take, as their templates name them."""
    template = next(t for t in Gst.ElementFactory.find("mattesegment").get_static_pad_templates())
    found = re.search(r"format=\(string\)\{([^}]*)\}", template.get_caps().to_string())
    names = [name.strip() for name in found.group(1).split(",")]
    return "\n".join(textwrap.wrap(", ".join(names), 100))


def main() -> int:
    Gst.init(None)
    asked = [argument for argument in sys.argv[1:] if argument != "--check"]
    lines = [
        "# Elements and properties",
        "",
        "Reference of everything that an application can set, read and receive. The script",
        "`scripts/docs/elements-page.py` writes it from the built plugin; `gst-inspect-1.0 ELEMENT` prints",
        "the same properties.",
        "",
        "Properties with *over time* in the column *set* may be set while playing and take control bindings",
        "(GstController): see [Move it over time](application.md#move-it-over-time).",
        "",
        "Every property has an anchor, such as",
        "[mattebackground-blur-strength](#mattebackground-blur-strength).",
        "",
        "Every element is a GstPreset: a program can save the values of its properties under a name, and load",
        "them. GStreamer 1.22 to 1.28 gives texts back with a backslash before each space and comma; of our",
        "properties only regions, `subject-point` and `color-name` are still read then.",
        "",
    ]
    for name in ELEMENTS:
        lines += section(name, asked)
    text = "\n".join([*lines, REST.replace("{FORMATS}.", formats() + ".")])
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text() == text:
            print(f"ok {PAGE.name} is what the plugin says")
            return 0
        print(f"not ok {PAGE.name} is out of date: run scripts/docs/elements-page.py")
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
