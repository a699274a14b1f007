#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# File to file with another background and the sound as it is:   pipelines/file.sh IN.mp4 OUT.mp4
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ $# = 2 ] || { sed -n '3s/^# //p' "$0" >&2; exit 2; }
# parsebin passes the sound on without decoding it; mp4 takes AAC, MP3, Opus, AC-3 and others.
launch "mp4mux name=mux ! filesink location=\"$2\" \
    filesrc location=\"$1\" ! parsebin name=streams \
    streams. ! video/x-h264 ! queue ! decodebin \
    ! mattebackground background=image image=\"$picture\" \
    ! videoconvert ! video/x-raw,format=I420 ! x264enc speed-preset=veryfast pass=quant quantizer=21 \
    ! h264parse ! queue ! mux. \
    streams. ! audio/mpeg ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! mux."
