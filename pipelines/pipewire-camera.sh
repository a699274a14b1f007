#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to a PipeWire camera, which needs no kernel module; browsers and GNOME's portal list it.
# Programs read it as bt601 (matte-camera also converts full range to it).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
properties="props,media.class=Video/Source,media.role=Camera,node.name=matte,node.description=Matte"
# pipewiresink (0.3) crashes if it is asked for buffers; identity drop-allocation=true prevents
# that.
launch "$source ! queue ! mattebackground background=blur \
    ! videoconvert ! video/x-raw,format=YUY2,colorimetry=bt601 ! identity drop-allocation=true \
    ! ${MATTE_SINK:-pipewiresink mode=provide stream-properties=$properties}"
