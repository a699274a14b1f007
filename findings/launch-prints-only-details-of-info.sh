#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# gst-launch-1.0 prints the text of a warning, and its details below. Of an info message it prints the
# details alone: the text, which says what happened, is never seen.
#
# Seen with GStreamer 1.22.0 (Debian 12): "WARNING: from element ...: text" with "Additional debug
# info:" below, but "INFO:" followed by nothing but the file, the line and the details. An element
# that tells its user something by gst_element_message with GST_MESSAGE_INFO has to say it in the
# details as well.
set -euo pipefail
trap 'rm -rf "$folder"' EXIT
folder=$(mktemp -d)
cd "$folder"
command -v gst-launch-1.0 >/dev/null || {
    apt-get install -y -qq gstreamer1.0-tools gstreamer1.0-plugins-base >/dev/null
}
python3 -c 'import gi; gi.require_version("Gst", "1.0")' 2>/dev/null || {
    apt-get install -y -qq python3-gi gir1.2-gst-plugins-base-1.0 gstreamer1.0-python3-plugin-loader >/dev/null
}
gst-launch-1.0 --version | head -1

# An element in Python, loaded by GStreamer's own loader, that posts one message of each kind.
mkdir -p plugins/python
cat >plugins/python/talker.py <<'PY'
import gi

gi.require_version("GstBase", "1.0")
from gi.repository import GObject, Gst, GstBase

Gst.init(None)


class Talker(GstBase.BaseTransform):
    __gstmetadata__ = ("Talker", "Generic", "Says something", "nobody")
    __gsttemplates__ = tuple(
        Gst.PadTemplate.new(name, side, Gst.PadPresence.ALWAYS, Gst.Caps.new_any())
        for name, side in (("src", Gst.PadDirection.SRC), ("sink", Gst.PadDirection.SINK))
    )

    def do_start(self):
        for kind in (Gst.MessageType.WARNING, Gst.MessageType.INFO):
            name = kind.first_value_nick
            domain, code = Gst.LibraryError.quark(), Gst.LibraryError.INIT
            self.message_full(kind, domain, code, f"the {name}", f"details of the {name}", "f", "f", 1)
        return True


GObject.type_register(Talker)
__gstelementfactory__ = ("talker", Gst.Rank.NONE, Talker)
PY
GST_PLUGIN_PATH=$folder/plugins GST_REGISTRY=$folder/registry \
    gst-launch-1.0 fakesrc num-buffers=1 ! talker ! fakesink >out.txt 2>&1 || { cat out.txt; exit 1; }
grep -A4 -E 'WARNING|INFO' out.txt
grep -q 'the warning$' out.txt
grep -q 'details of the warning' out.txt
grep -q 'details of the info' out.txt
if grep -v details out.txt | grep -q 'the info'; then
    echo "changed: the text of an info message is printed"
    exit 1
fi
echo "as described: the text of an info message is not printed"
