#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Publishes a PipeWire camera by pipelines/pipewire-camera.sh and reads it back by one reader after
# another, without a desktop: its own D-Bus, PipeWire and session manager in a folder of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"

start_pipewire
# A camera that does not end, however late its reader comes.
nth_frame 19 "$work/still.png" filesrc location="$(presenter_clip)" ! decodebin ! $PRESENTER
still="filesrc location=$work/still.png ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"
export MATTE_SOURCE="${MATTE_SOURCE:-$still}"
start camera "$ROOT/pipelines/pipewire-camera.sh"
# A node that its program has left goes a moment later.
published() { sleep 1 && node matte; }
readers=(first)
# PipeWire 0.3 loses a later reader now and then. matte-camera sees that and publishes itself anew; a
# pipeline cannot.
if ! pipewire --version | grep -q ' 0\.'; then readers+=(second third); fi
for reader in "${readers[@]}"; do
    # With PipeWire 1.4 the one before has ended the pipeline, and a new one has to appear.
    wait_for 240 published || fail "the camera is not there for the $reader reader"
    timeout 600 gst-launch-1.0 -q pipewiresrc path="$(node matte)" num-buffers=20 ! videoconvert \
        ! pngenc compression-level=1 ! multifilesink location="$work/$reader.png" >"$work/$reader.log" 2>&1 ||
        fail "the $reader reader gets no pictures"
    identify "$work/$reader.png" | grep -q 640x480 || fail "no 640x480 picture came out of the camera"
    echo "the $reader reader has 20 frames of 640x480"
done
