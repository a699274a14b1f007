#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# GStreamer 1.22.0 (Debian 12): videoflip with video-direction=auto turns the frames and passes the tag
# `image-orientation` on as it was, so that an element behind it that follows the tag turns the frames
# a second time. One would expect that the element that obeys a tag removes it.
#
# Seen: frames of 64x48 leave as 48x64, and the sink still receives "rotate-90".
# It matters here because our elements follow the tag, too: docs/backgrounds.md says to set
# video-direction=identity behind a videoflip.
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
    GST_REGISTRY=$work/registry.bin \
    GST_PLUGIN_SCANNER=$work/$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner
launch=$work/root/usr/bin/gst-launch-1.0
"$launch" --version | sed -n 2p
said=$("$launch" -v -t videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48 \
    ! taginject tags=image-orientation=rotate-90 ! videoflip video-direction=auto ! fakesink name=end 2>&1)
size=$(grep 'end.*sink: caps' <<<"$said" | tail -n 1 | grep -o 'width=(int)[0-9]*, height=(int)[0-9]*')
tag=$(grep -i 'orientation' <<<"$said" | tail -n 1 | tr -d ' ' || true)
echo "behind videoflip: $size; tag: $tag"
[ "$size" = 'width=(int)48, height=(int)64' ] && [[ $tag == *rotate-90* ]]
