#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The person in front of another video, live or a file:   pipelines/mix.sh [VIDEO]
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
behind=${1:+filesrc location=\"$1\" ! decodebin ! videoconvert}
behind=${MATTE_BEHIND:-${behind:-videotestsrc is-live=true pattern=ball}}
launch "mattemix name=mix ! videoconvert ! ${MATTE_SINK:-autovideosink} \
    $source ! queue ! mattesegment ! matterefine ! mix.sink \
    $behind ! queue ! mix.background"
