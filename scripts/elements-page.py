#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/elements.md, the table of every property, from the built plugin itself.

usage: elements-page.py [--check]     (after `. scripts/env.sh`, with the system's Python)

--check writes nothing and fails where the page is not what would be written.
"""
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402  (the version must be named first)

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "elements.md"
ELEMENTS = ["mattebackground", "mattesegment", "matterefine", "mattecompose", "mattemix"]
PARENTS = {"GstObject", "GstBin", "GstBaseTransform", "GstAggregator", "GstVideoAggregator"}
BASE = {"name", "parent", "qos", "async-handling", "message-forward"}
# GStreamer's own flags on properties (gstparamspecs.h).
MUTABLE_READY, MUTABLE_PLAYING = 1 << 10, 1 << 12


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
    most = "" if high in (2**32 - 1, 2**31 - 1, GLib.MAXUINT64) else f"{high:g}"
    return f"{low:g} to {most}" if most else f"from {low:g}"


def when(spec) -> str:
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return "read only"
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
        "Written by `scripts/elements-page.py` from the built plugin; `gst-inspect-1.0 ELEMENT` says",
        "the same.",
        "",
    ]
    for name in ELEMENTS:
        lines += section(name)
    text = "\n".join(lines)
    if sys.argv[1:] == ["--check"]:
        if PAGE.exists() and PAGE.read_text() == text:
            print(f"ok {PAGE.name} is what the plugin says")
            return 0
        print(f"not ok {PAGE.name} is out of date: run scripts/elements-page.py")
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
