#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 and 1.28.8 (Debian 12 and testing): a GstPreset gives texts back with a backslash
# before each space, comma and equals sign. One would expect the text that was saved.
#
# Seen with x264enc: "a=1, b" was saved, r"a\=1\,\ b" was loaded. The file has each backslash twice:
# gst_value_serialize writes one, GKeyFile doubles it, and the value is read without GKeyFile's part.
# It matters here because a region that was saved ("0,0,1,1") came back as one that cannot be read.
# src/refine/region.rs takes backslashes for spaces.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_DATA_HOME=$work
/usr/bin/python3 - <<'PYTHON'
import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
print(Gst.version_string())
saved, loaded = (Gst.ElementFactory.make("x264enc") for _ in range(2))
saved.set_property("option-string", "a=1, b")
assert saved.save_preset("mine") and loaded.load_preset("mine")
print("saved: ", saved.get_property("option-string"))
print("loaded:", loaded.get_property("option-string"))
assert loaded.get_property("option-string") == r"a\=1\,\ b"
PYTHON
echo "texts come back with backslashes"
