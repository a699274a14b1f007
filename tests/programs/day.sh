#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera through a day, in short: programs that look and go, a suspended machine, a PipeWire that is
# started again. MATTE_LOOKS says how many look (20; a long run takes 1000). Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/viewer.sh"
program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
VIEW_WIDTH=640
about="day: " logs=("$work/camera.log")
looks=${MATTE_LOOKS:-20}
# The C library keeps no freed memory, as it would hide what grows.
frugal=(env MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_MMAP_THRESHOLD_=65536)

publish() {
    start camera "${frugal[@]}" "$program" --no-keys --settings /dev/null --size 640x480 --set enabled=false \
        --source "videotestsrc is-live=true pattern=green ! video/x-raw,width=640,height=480,framerate=30/1"
    camera=$started
    wait_for "$PATIENCE" node matte-camera && says_so "nobody looks"
}
# A program that looks until it has a picture. The sink of PipeWire 0.3 loses one now and then; the
# camera is published anew then, at the latest 15 seconds later. How many it loses depends on the
# load, but the next one is answered.
look_once() {
    local path
    path=$(node matte-camera) && timeout 90 gst-launch-1.0 -q pipewiresrc path="$path" num-buffers=3 ! videoconvert ! video/x-raw,format=RGB ! fakesink
}
measure() { # open files, threads, resident kB
    echo "$(find "/proc/$camera/fd" -mindepth 1 | wc -l) $(find "/proc/$camera/task" -mindepth 1 -maxdepth 1 | wc -l)" \
        "$(awk '/^VmRSS/ { print $2 }' "/proc/$camera/status")"
}

start_pipewire
publish || fail "the camera does not appear in PipeWire"
looks_and_goes() {
    local again lost=0 before after files threads kb
    for again in $(seq "$looks"); do
        look_once || { lost=$((lost + 1)) && sleep 16 && look_once; } || return 1
        # After a quarter, everything that is kept is there.
        if [ "$again" = $((looks / 4)) ]; then
            wait_for "$PATIENCE" asleep || return 1
            before=$(measure)
        fi
    done
    wait_for "$PATIENCE" asleep || return 1
    after=$(measure)
    echo "$looks looks, $lost lost; files, threads, kB: $before, then $after"
    read -r files threads kb <<<"$before"
    read -r now_files now_threads now_kb <<<"$after"
    kill -0 "$camera" && [ "$now_files" -le $((files + 4)) ] &&
        [ "$now_threads" -le $((threads + 2)) ] && [ "$now_kb" -le $((kb + 4096 + looks * 8)) ]
}
check "$looks programs look and go: nothing grows" looks_and_goes
if [ "$failed" = 0 ]; then sed 's/^/# /' "$work/check.out"; fi

# All processes stand still at once, as on a machine that is suspended.
# shellcheck disable=SC2154  # set by start_pipewire
suspends() {
    look before "pipewiresrc path=$(node matte-camera)" && shows before 320 240 0 255 0 || return 1
    kill -STOP "$camera" "$reader" "$pipewire"
    sleep 20
    kill -CONT "$pipewire" "$camera" "$reader"
    leave || true
    sleep 2
    wait_for "$PATIENCE" look_once && kill -0 "$camera" && look after "pipewiresrc path=$(node matte-camera)" &&
        shows after 320 240 0 255 0 && leave
}
check "suspended while somebody looks: the next one sees the picture" suspends

restarts() {
    kill "$pipewire"
    local status=0
    await_end "$camera" || status=$?
    tail -3 "$work/camera.log"
    # The systemd unit starts it again then.
    [ $status = 1 ] && said "output:" && grep -q '^Restart=on-failure' "$ROOT/camera/matte-camera.service" || return 1
    rm -f "$XDG_RUNTIME_DIR"/pipewire-0*
    start pipewire pipewire
    pipewire=$started
    wait_for "$PATIENCE" test -S "$XDG_RUNTIME_DIR/pipewire-0" || return 1
    start wireplumber wireplumber
    wait_for "$PATIENCE" manager && publish && look restarted "pipewiresrc path=$(node matte-camera)" &&
        shows restarted 320 240 0 255 0 && leave
}
check "PipeWire restarted: it says so, ends, and can be started again" restarts
ended() { kill -TERM "$camera" && await_end "$camera"; }
check "ends by SIGTERM" ended
panics() { ! grep -h -e panicked -e CRITICAL "$work"/*.log; }
check "panics nowhere, and GStreamer complains nowhere" panics
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
