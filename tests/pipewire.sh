#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Publishes a PipeWire camera by pipelines/pipewire-camera.sh and reads it back, without a desktop:
# its own D-Bus, PipeWire and session manager in a folder of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
. "$ROOT/scripts/env.sh"

work=$(mktemp -d)
children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
export XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus

start() { # name, command: in the background, its output in a log
    "${@:2}" >"$work/$1.log" 2>&1 &
    children+=($!)
}
wait_for() { # seconds, command
    local tries=$(($1 * 5))
    until "${@:2}" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.2
    done
}
fail() {
    tail -n 20 "$work"/*.log >&2
    die "$@"
}

start dbus dbus-daemon --session --nofork --address="$DBUS_SESSION_BUS_ADDRESS"
wait_for 10 test -S "$XDG_RUNTIME_DIR/bus" || fail "no session bus"
start pipewire pipewire
wait_for 10 test -S "$XDG_RUNTIME_DIR/pipewire-0" || fail "PipeWire does not start"
start wireplumber wireplumber
sleep 1

clip=$(presenter_clip)
MATTE_SOURCE="${MATTE_SOURCE:-filesrc location=$clip ! decodebin ! $PRESENTER} ! identity sync=true" \
    start camera "$ROOT/pipelines/pipewire-camera.sh"
# The node's number, as pw-cli prints it: "id 34, type PipeWire:Interface:Node/3", then its names.
node() { pw-cli list-objects Node | awk '/^\tid/ { id = $2 + 0 } /node.name = "matte"/ { found = id } END { if (!found) exit 1; print found }'; }
wait_for 20 node || fail "the camera does not appear in PipeWire"
timeout 60 gst-launch-1.0 -q pipewiresrc path="$(node)" num-buffers=20 ! videoconvert \
    ! pngenc compression-level=1 ! multifilesink location="$work/seen.png" >"$work/reader.log" 2>&1 ||
    fail "the camera cannot be read back"
identify "$work/seen.png" | grep -q 640x480 || fail "no 640x480 picture came out of the camera"
echo "read 20 frames of 640x480 from PipeWire"
