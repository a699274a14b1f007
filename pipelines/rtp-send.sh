#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Camera to the network, H.264 over RTP:   HOST=192.0.2.7 PORT=5000 pipelines/rtp-send.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
launch "$source ! queue ! mattebackground background=blur \
    ! videoconvert ! video/x-raw,format=I420 \
    ! x264enc tune=zerolatency speed-preset=veryfast bitrate=3000 key-int-max=30 \
    ! h264parse config-interval=-1 ! rtph264pay pt=96 aggregate-mode=zero-latency \
    ! ${MATTE_SINK:-udpsink host=${HOST:-127.0.0.1} port=${PORT:-5000}}"
