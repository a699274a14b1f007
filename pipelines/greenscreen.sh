#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A person before a green or blue screen, over a picture:   pipelines/greenscreen.sh [COLOR]
# COLOR is the screen's, as a name of CSS or #rrggbb; without it the screen is found.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
launch "$source ! queue ! mattebackground key=\"${1:-auto}\" image=\"$picture\" \
    ! videoconvert ! ${MATTE_SINK:-autovideosink}"
