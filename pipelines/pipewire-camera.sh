#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to a PipeWire camera, which needs no kernel module; browsers and GNOME's portal list it.
# Programs read it as bt601 (matte-camera also converts full range to it).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
properties="props,media.class=Video/Source,media.role=Camera,node.name=matte,node.description=Matte"
# pipewiresink (0.3) crashes if it is asked for buffers; identity drop-allocation=true prevents
# that.
publish() {
    launch "$source ! queue ! mattebackground background=blur \
        ! videoconvert ! video/x-raw,format=YUY2,colorimetry=bt601 ! identity drop-allocation=true \
        ! ${MATTE_SINK:-pipewiresink mode=provide stream-properties=$properties}"
}
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
# That of PipeWire 1.4 calls it an error when its last reader leaves, and gst-launch-1.0 ends at every
# error: the camera is published anew for the next reader.
until { publish 2>&1 >&3 | tee "$errors" >&2; } 3>&1; do
    grep -q "all buffers have been removed" "$errors" || exit 1
done
