#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Receives what rtp-send.sh sends, in a window:   PORT=5000 pipelines/rtp-receive.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
launch "udpsrc address=${ADDRESS:-127.0.0.1} port=${PORT:-5000} \
        caps=application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=96 \
    ! rtpjitterbuffer latency=50 ! rtph264depay ! h264parse ! decodebin \
    ! videoconvert ! ${MATTE_SINK:-autovideosink}"
