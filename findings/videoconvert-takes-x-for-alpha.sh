#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): videoconvert to a format with alpha, and compositor with such an output,
# use the byte of BGRx and RGBx that is documented as unused as alpha. A frame whose x bytes are 0, as
# many programs leave them, becomes transparent. One would expect that video without alpha is opaque.
#
# Seen, from BGRx pixels 10 20 30 with x = 0 and x = 255: RGBA alpha 0 and 255 behind videoconvert, and
# the same behind compositor ! AYUV. From RGB, which has no such byte: 255.
# It matters here because this byte must be 255 where the room was replaced: src/frame/layout.rs,
# `filler`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q gstreamer1.0-tools=1.22.0-2+deb12u1 libgstreamer1.0-0=1.22.0-2+deb12u1 \
    gstreamer1.0-plugins-base=1.22.0-3+deb12u7 libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 \
    gstreamer1.0-plugins-bad=1.22.0-4+deb12u8 libgstreamer-plugins-bad1.0-0=1.22.0-4+deb12u8 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$(dirname "$(find root -name 'libgstreamer-1.0.so.0' | head -n 1)")
mkdir plugins
for plugin in coreelements videoconvertscale compositor rawparse; do
    cp "$lib/gstreamer-1.0/libgst$plugin.so" plugins/
done
export LD_LIBRARY_PATH=$work/$lib GST_PLUGIN_SYSTEM_PATH_1_0=$work/plugins GST_PLUGIN_PATH='' \
    GST_REGISTRY=$work/registry.bin GST_PLUGIN_SCANNER=$work/$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner
launch=$work/root/usr/bin/gst-launch-1.0
"$launch" --version | grep '^gst-launch.*version 1.22.0'

# alpha_of FORMAT BYTES ELEMENTS POSITION: that byte of the first pixel that comes out.
alpha_of() {
    local pixel='' i
    for ((i = 0; i < 64; i++)); do pixel+=$2; done
    printf '%b' "$pixel" >frame
    "$launch" -q filesrc location=frame ! rawvideoparse format="$1" width=8 height=8 framerate=1/1 ! \
        $3 ! filesink location=out
    od -An -tu1 -j "$4" -N1 out | tr -d ' '
}
failed=0
expect() { # NAME FOUND EXPECTED
    printf '%-36s alpha %s\n' "$1" "$2"
    [ "$2" = "$3" ] || { printf 'not so any more: expected %s\n' "$3"; failed=1; }
}
rgba='videoconvert ! video/x-raw,format=RGBA'
ayuv='compositor ! video/x-raw,format=AYUV'
expect 'BGRx, x=0, videoconvert' "$(alpha_of bgrx '\x0a\x14\x1e\x00' "$rgba" 3)" 0
expect 'BGRx, x=255, videoconvert' "$(alpha_of bgrx '\x0a\x14\x1e\xff' "$rgba" 3)" 255
expect 'BGRx, x=0, compositor' "$(alpha_of bgrx '\x0a\x14\x1e\x00' "$ayuv" 0)" 0
expect 'BGRx, x=255, compositor' "$(alpha_of bgrx '\x0a\x14\x1e\xff' "$ayuv" 0)" 255
expect 'RGB, videoconvert' "$(alpha_of rgb '\x0a\x14\x1e' "$rgba" 3)" 255
exit "$failed"
