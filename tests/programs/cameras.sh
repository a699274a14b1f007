#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera and the cameras of a real PipeWire: none, one that comes, goes and comes again, and a PipeWire
# that does not answer. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/viewer.sh"
program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
if [ -n "$(find /sys/class/video4linux -name 'video*' 2>/dev/null)" ]; then
    echo "left out: this machine has a camera of its own, which would be used"
    exit 0
fi
VIEW_WIDTH=640
about="cameras " logs=("$work/camera.log")

ends_within_a_second() { # process; on a busy machine half of one more
    local begun status=0 took
    begun=$(date +%s%N)
    kill -TERM "$1"
    await_end "$1" || status=$?
    took=$((($(date +%s%N) - begun) / 1000000))
    echo "ended with $status in $took ms"
    [ $status = 0 ] && [ $took -le 1500 ]
}

start_pipewire
mkfifo "$work/keys"
exec 3<>"$work/keys"
input=$work/keys start camera "$program" --size 640x480 --set enabled=false
camera=$started
wait_for "$PATIENCE" node matte-camera || fail "the camera does not appear in PipeWire"
none() { says_so "nobody looks" && view none && says_so "no camera is found" && shows none 320 240 37 37 37; }
check "without one: says so, and shows the dark picture" none
answers() {
    printf h >&3 && says_so "hidden" && printf h >&3 && says_so "shown" && says_times "no camera is found" 3 &&
        printf + >&3 && says_so "blur strength 60"
}
check "without one: keys are heard, and it looks again" answers
comes() { plug blue && says_so "camera on: Webcam" && shows none 320 240 0 0 255; }
check "one that is plugged in is used" comes
lists() {
    local said
    for _ in $(seq 20); do
        said=$("$program" --list) || return 1
        echo "$said"
        grep -q "Webcam (PipeWire)" <<<"$said" && ! grep -q "Matte (" <<<"$said" || return 1
    done
}
check "lists it twenty times, and not itself" lists
goes() { unplug && says_times "trying again" 4 && shows none 320 240 37 37 37; }
check "unplugged: the dark picture, and it looks again" goes
again() { plug blue && says_times "camera on: Webcam" 2 && shows none 320 240 0 0 255; }
check "plugged in again it is used again" again
# Closed before, as it would share the camera otherwise. Old PipeWires give no frames, 1.6 says that the
# camera is not to be had.
taken() {
    local tries
    leave && wait_for "$PATIENCE" asleep || return 1
    start holder gst-launch-1.0 -q pipewiresrc path="$(node webcam)" \
        stream-properties=props,node.exclusive=true,node.name=holder ! videoconvert ! video/x-raw,format=RGB ! fakesink
    holder=$started
    tries=$(grep -c "trying again" "$work/camera.log")
    wait_for "$PATIENCE" reads holder && view taken && says_times "trying again" $((tries + 1)) &&
        shows taken 320 240 37 37 37
}
check "taken by a program for itself: says that it has no picture, and shows the dark one" taken
freed() { kill "$holder" && { await_end "$holder" || true; } && shows taken 320 240 0 0 255; }
check "free again it is used" freed

start second "$program" --no-keys --size 640x480 --source "videotestsrc is-live=true pattern=green" --set enabled=false
second=$started
two() { wait_for "$PATIENCE" node matte-camera-2 && wait_for "$PATIENCE" grep -q "published as 'Matte 2'" "$work/second.log"; }
check "a second program has a name of its own" two
apart() {
    wait_for "$PATIENCE" grep -q "nobody looks" "$work/second.log" && ! grep -q "camera on" "$work/second.log" &&
        view other matte-camera-2 && shows other 320 240 0 255 0 && leave &&
        wait_for "$PATIENCE" grep -q "camera off" "$work/second.log" && kill -0 "$camera" && shows taken 320 240 0 0 255
}
check "readers of one do not wake the other" apart
check "ends within a second of SIGTERM while nobody looks" ends_within_a_second "$second"
check "ends within a second of SIGTERM while somebody looks" ends_within_a_second "$camera"
exec 3>&-
what_it_said

# shellcheck disable=SC2154  # set by start_pipewire
kill -STOP "$pipewire"
start camera "$program" --no-keys
camera=$started
hangs() { [ "$(find "/proc/$camera/task" -mindepth 1 -maxdepth 1 | wc -l)" -ge 2 ] && sleep 2 && ! said "published"; }
check "PipeWire hangs: the program waits" wait_for "$PATIENCE" hangs
check "PipeWire hangs: ends within a second of SIGTERM" ends_within_a_second "$camera"
kill -CONT "$pipewire"
panics() { ! grep -h -e panicked -e CRITICAL "$work"/*.log; }
check "panics nowhere, and GStreamer complains nowhere" panics
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
