#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The speaker, small in the lower right corner, before the screen:   pipelines/presenter.sh
# MATTE_BEHIND replaces the screen (X11's) by another gst-launch fragment, such as slides from a file.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
behind=${MATTE_BEHIND:-ximagesrc use-damage=false ! videoconvert}
# 0.35 of 1280x720, so that 832 pixels are free on the left and 468 above.
launch "mattemix name=mix background-fit=contain sink::scale=0.35 sink::xpos=832 sink::ypos=468 \
    ! videoconvert ! ${MATTE_SINK:-autovideosink} \
    $source ! queue ! videoconvert ! videoscale ! video/x-raw,width=1280,height=720,pixel-aspect-ratio=1/1 \
    ! mattesegment ! matterefine ! mix.sink \
    $behind ! queue ! mix.background"
