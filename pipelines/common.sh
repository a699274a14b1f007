# SPDX-License-Identifier: MPL-2.0
# What the pipelines share; sourced, not run.
# shellcheck shell=bash
#
# MATTE_SOURCE and MATTE_SINK replace a script's camera and its window or device by another
# gst-launch fragment, so that every script runs without them:
#   MATTE_SOURCE="videotestsrc num-buffers=60" MATTE_SINK=fakesink pipelines/window.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
. "$ROOT/scripts/env.sh"

# decodebin makes raw video from what the camera sends: MJPEG, H.264 or raw video.
source=${MATTE_SOURCE:-v4l2src device=${CAMERA:-/dev/video0} ! decodebin}
picture=${MATTE_BACKGROUND:-$ROOT/docs/pictures/room.jpg}
