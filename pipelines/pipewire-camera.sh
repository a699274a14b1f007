#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to a PipeWire camera, which needs no kernel module; browsers and GNOME's portal list it. They read bt601
# (matte-camera publishes it of full range, too).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
properties="props,media.class=Video/Source,media.role=Camera,node.name=matte,node.description=Matte"
# pipewiresink (0.3) crashes where it is asked for buffers: the identity keeps the question away.
launch "$source ! queue ! mattebackground background=blur \
    ! videoconvert ! video/x-raw,format=YUY2,colorimetry=bt601 ! identity drop-allocation=true \
    ! ${MATTE_SINK:-pipewiresink mode=provide stream-properties=$properties}"
