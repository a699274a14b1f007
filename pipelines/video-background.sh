#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Another video behind the person, in any size, rate and format:   pipelines/video-background.sh [VIDEO]
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
behind=${1:+filesrc location=\"$1\" ! decodebin}
behind=${MATTE_BEHIND:-${behind:-videotestsrc pattern=ball is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1}}
launch "mattebackground name=person ! videoconvert ! ${MATTE_SINK:-autovideosink} \
    $source ! queue ! person.sink \
    $behind ! queue ! videoconvert ! person.background"
