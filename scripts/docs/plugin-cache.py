#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/plugin/gst_plugins_cache.json, the plugin as GStreamer's documentation tools (hotdoc)
know it, from the built plugin itself.

usage: plugin-cache.py [--check] [ELEMENT]   (after `. scripts/env.sh`, with the system's Python)

An element that this build does not have (mattedecode needs the feature v1_26) stays as it is in the
file; ELEMENT writes only this one, in a build that has it.

--check writes nothing and fails where the file is not what would be written: a property, a default or
a range that changed is then seen in the same commit.
"""
import json
import pathlib
import re
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402  (the version must be named first)

# Elements that only builds with a cargo feature have.
CONDITIONAL = ["mattedecode"]
CACHE = pathlib.Path(__file__).parents[2] / "docs" / "plugin" / "gst_plugins_cache.json"
# GStreamer's own flags on properties (gstparamspecs.h).
CONTROLLABLE, MUTABLE_READY, MUTABLE_PLAYING = 1 << 9, 1 << 10, 1 << 12


def text(value) -> str:
    """A value as GStreamer's own scanner writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, GObject.GEnum):
        return f"{value.value_nick} ({int(value)})"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def caps_text(caps: Gst.Caps) -> str:
    if caps.is_any():
        return "ANY"
    lines = []
    for index in range(caps.get_size()):
        structure, features = caps.get_structure(index), caps.get_features(index)
        memory = features.to_string() if features else ""
        suffix = "" if memory in ("", "memory:SystemMemory") else f"({memory})"
        lines.append(f"{structure.get_name()}{suffix}:")
        for field in range(structure.n_fields()):
            name = structure.nth_field_name(field)
            lines.append(f"{name:>15}: {field_text(structure, name)}")
    return "\n".join(lines) + "\n"


def field_text(structure: Gst.Structure, name: str) -> str:
    """One field of a structure; Python has no type for lists and ranges, GStreamer's text has."""
    printed = structure.to_string()
    found = re.search(rf"\b{re.escape(name)}=\([a-z]+\)(\{{.*?\}}|\[.*?\]|[^,;]+)", printed)
    return found[1].strip() if found else ""


def prop(spec) -> dict:
    flags = int(spec.flags)
    mutable = "playing" if flags & MUTABLE_PLAYING else "ready" if flags & MUTABLE_READY else "null"
    entry = {
        "blurb": spec.blurb,
        "conditionally-available": False,
        "construct": bool(spec.flags & GObject.ParamFlags.CONSTRUCT),
        "construct-only": bool(spec.flags & GObject.ParamFlags.CONSTRUCT_ONLY),
        "controllable": bool(flags & CONTROLLABLE),
        "mutable": mutable,
        "readable": bool(spec.flags & GObject.ParamFlags.READABLE),
        "type": spec.value_type.name,
        "writable": bool(spec.flags & GObject.ParamFlags.WRITABLE),
    }
    if hasattr(spec, "default_value"):
        entry["default"] = text(spec.default_value)
    for name, attribute in (("min", "minimum"), ("max", "maximum")):
        if hasattr(spec, attribute):
            entry[name] = text(getattr(spec, attribute))
    return entry


def enum_entry(kind: str, values) -> dict:
    return {
        "kind": kind,
        "values": [{"desc": v.value_name, "name": v.value_nick, "value": str(int(v))} for v in values],
    }


def ancestors(kind) -> list[str]:
    """A type and those that it is derived from."""
    names = []
    while not names or names[-1] != "GObject":
        names.append(kind.name)
        kind = kind.parent
    return names


def pad_entry(kind) -> dict:
    """A type of pads with properties of its own."""
    specs = [spec for spec in GObject.list_properties(kind) if spec.owner_type.name == kind.name]
    return {
        "hierarchy": ancestors(kind),
        "kind": "object",
        "properties": {spec.name: prop(spec) for spec in specs},
    }


def element(factory: Gst.ElementFactory, types: dict) -> dict:
    made = factory.create(None)
    hierarchy = ancestors(made.__gtype__)
    pads = {}
    for template in factory.get_static_pad_templates():
        pads[template.name_template] = {
            "caps": caps_text(template.get_caps()),
            "direction": template.direction.value_nick,
            "presence": template.presence.value_nick,
        }
        pad = made.get_pad_template(template.name_template).get_property("gtype")
        if pad.name.startswith("GstMatte"):
            pads[template.name_template]["type"] = pad.name
            types[pad.name] = pad_entry(pad)
    props = {}
    for spec in made.list_properties():
        if spec.owner_type.name != hierarchy[0]:
            continue
        props[spec.name] = prop(spec)
        if GObject.type_is_a(spec.value_type, GObject.TYPE_ENUM):
            types[spec.value_type.name] = enum_entry("enum", spec.enum_class.__enum_values__.values())
    return {
        "author": factory.get_metadata("author"),
        "description": factory.get_metadata("description"),
        "hierarchy": hierarchy,
        "klass": factory.get_metadata("klass"),
        "long-name": factory.get_metadata("long-name"),
        "pad-templates": pads,
        "properties": props,
        "rank": {0: "none"}.get(factory.get_rank(), str(factory.get_rank())),
    }


def main() -> int:
    Gst.init(None)
    registry = Gst.Registry.get()
    plugin = registry.find_plugin("matte")
    if plugin is None:
        sys.exit("no plugin matte: build it, then `. scripts/env.sh`")
    types: dict = {}
    elements = {
        feature.get_name(): element(feature, types)
        for feature in registry.get_feature_list_by_plugin("matte")
        if isinstance(feature, Gst.ElementFactory)
    }
    asked = [argument for argument in sys.argv[1:] if argument != "--check"]
    known = json.loads(CACHE.read_text())["matte"]["elements"] if CACHE.exists() else {}
    if asked:
        elements = {**known, **{name: elements[name] for name in asked}}
    else:
        elements = {**{name: known[name] for name in CONDITIONAL if name in known}, **elements}
    cache = {
        "matte": {
            "description": plugin.get_description(),
            "elements": elements,
            "filename": "gstmatte",
            "license": plugin.get_license(),
            "other-types": types,
            "package": plugin.get_package(),
            "source": plugin.get_source(),
            "tracers": {},
            "url": plugin.get_origin(),
        }
    }
    written = json.dumps(cache, indent=4, sort_keys=True) + "\n"
    if "--check" in sys.argv[1:]:
        if CACHE.exists() and CACHE.read_text() == written:
            print(f"ok {CACHE.name} is what the plugin says")
            return 0
        print(f"not ok {CACHE.name} is out of date: run scripts/docs/plugin-cache.py")
        return 1
    CACHE.parent.mkdir(exist_ok=True)
    CACHE.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
