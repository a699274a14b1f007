#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The person in the corner of another video, by alpha and compositor:   pipelines/over-video.sh [VIDEO]
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
behind=${1:+filesrc location=\"$1\" ! decodebin}
behind=${MATTE_BEHIND:-${behind:-videotestsrc pattern=smpte is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1}}
launch "compositor name=mix background=black sink_0::zorder=1 sink_1::zorder=2 sink_1::xpos=640 sink_1::ypos=240 \
        sink_1::width=640 sink_1::height=480 \
    ! video/x-raw,format=BGRA ! videoconvert ! ${MATTE_SINK:-autovideosink} \
    $behind ! queue ! videoconvert ! videoscale ! video/x-raw,width=1280,height=720 ! mix.sink_0 \
    $source ! queue ! videoconvert ! video/x-raw,format=BGRA \
    ! mattesegment ! matterefine ! mattecompose background=transparent ! mix.sink_1"
