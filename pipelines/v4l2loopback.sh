#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to a virtual camera for every program, by the kernel module v4l2loopback:
#   sudo apt install v4l2loopback-dkms
#   sudo modprobe v4l2loopback video_nr=10 card_label=Matte exclusive_caps=1
#   LOOPBACK=/dev/video10 pipelines/v4l2loopback.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Every program that opens a camera reads YUY2 at a fixed size. A loopback device has no
# colorimetry, so it is named here; otherwise the caps would not match.
caps="video/x-raw,format=YUY2,width=1280,height=720,colorimetry=bt601"
launch "$source ! queue ! mattebackground background=blur \
    ! videoconvert ! videoscale ! $caps ! ${MATTE_SINK:-v4l2sink device=${LOOPBACK:-/dev/video10} sync=false}"
