#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to a window, background blurred.   CAMERA=/dev/video2 pipelines/window.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
launch "$source ! queue ! mattebackground background=blur \
    ! videoconvert ! ${MATTE_SINK:-autovideosink}"
