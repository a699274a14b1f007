#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A camera with two streams, of which the network reads the small one:   pipelines/two-streams.sh
#
# libcamerasrc gives both streams, made by the camera's own hardware (Raspberry Pi and others). With
# MATTE_SOURCE, one stream takes its place, and is scaled for the network: a try without it.
#
# WIDTH, HEIGHT, FPS (1280, 720, 30), SMALL_WIDTH, SMALL_HEIGHT (320, 180; both sizes must have one
# shape), BACKGROUND (color).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
raw="video/x-raw,format=NV12"
main="$raw,width=${WIDTH:-1280},height=${HEIGHT:-720},framerate=${FPS:-30}/1"
small="$raw,width=${SMALL_WIDTH:-320},height=${SMALL_HEIGHT:-180}"

if [ -n "${MATTE_SOURCE:-}" ]; then
    camera="$MATTE_SOURCE ! videoconvert ! videoscale ! $main ! tee name=camera"
    main="camera.src_0" small="camera.src_1 ! videoscale ! $small"
else
    camera="libcamerasrc name=camera"
    camera+=" src::stream-role=video-recording src_0::stream-role=view-finder"
    main="camera.src ! $main" small="camera.src_0 ! $small,framerate=${FPS:-30}/1"
fi
# One thread of the camera brings both: without a queue, a frame would wait for a picture that comes
# after it. Short queues, since a camera has few buffers.
queue="queue max-size-buffers=2"
launch "$camera $main ! $queue ! person.sink $small ! $queue ! person.small \
    mattebackground name=person preset=fast background=${BACKGROUND:-color} \
    ! $queue ! videoconvert ! ${MATTE_SINK:-autovideosink}"
