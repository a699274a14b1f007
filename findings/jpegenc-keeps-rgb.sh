#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): jpegenc writes RGB input as an RGB JPEG (Adobe marker with transform 0,
# no chroma subsampling). One would expect YCbCr, which nearly every other JPEG encoder writes by
# default.
#
# Seen: the marker APP14 with transform 0 for RGB, none (JFIF instead) for I420; the RGB file is more
# than one and a half times as large. Readers of Motion-JPEG that ignore the marker, as those of
# cameras do, show false colours.
# It matters here for test material and for MJPEG that is sent: put videoconvert and
# video/x-raw,format=I420 before jpegenc.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q gstreamer1.0-tools=1.22.0-2+deb12u1 libgstreamer1.0-0=1.22.0-2+deb12u1 \
    gstreamer1.0-plugins-base=1.22.0-3+deb12u7 libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 \
    gstreamer1.0-plugins-good=1.22.0-5+deb12u4 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$(dirname "$(find root -name 'libgstreamer-1.0.so.0' | head -n 1)")
export LD_LIBRARY_PATH=$work/$lib GST_PLUGIN_SYSTEM_PATH_1_0=$work/$lib/gstreamer-1.0 GST_PLUGIN_PATH='' \
    GST_REGISTRY=$work/registry.bin GST_PLUGIN_SCANNER=$work/$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner
launch=$work/root/usr/bin/gst-launch-1.0
"$launch" --version | sed -n 2p
for format in RGB I420; do
    "$launch" -q videotestsrc num-buffers=1 ! "video/x-raw,format=$format,width=640,height=480" ! jpegenc \
        ! filesink "location=$format.jpg"
done
python3 - <<'PYTHON'
def transform(name):
    """The colour transform of a JPEG's Adobe marker; none where there is no such marker."""
    data = open(name, "rb").read()
    at = 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xEE and data[at + 4 : at + 9] == b"Adobe":
            return data[at + 15], len(data)
        at += 2 + length
    return None, len(data)


rgb, i420 = transform("RGB.jpg"), transform("I420.jpg")
print("transform and bytes: RGB", rgb, "I420", i420)
assert rgb[0] == 0 and i420[0] is None and rgb[1] > 1.5 * i420[1]
PYTHON
