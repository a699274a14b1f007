# SPDX-License-Identifier: MPL-2.0
# What tests of virtual cameras share; sourced, not run: a folder of their own, programs in the
# background, and a D-Bus, PipeWire and session manager of their own without a desktop.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
. "$ROOT/scripts/env.sh"

work=$(mktemp -d)
children=()
# How long a test waits for what comes sooner or later, in seconds, however slow the machine is.
PATIENCE=${PATIENCE:-$((240 * ${MATTE_PATIENCE:-1}))}
finish() {
    for child in "${children[@]}"; do kill -- "-$child" 2>/dev/null || true; done
    wait_for 20 none_left || true
    for child in "${children[@]}"; do kill -KILL -- "-$child" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

start() { # name, command: in a background group of its own, $input its input, its number in $started
    setsid "${@:2}" <"${input:-/dev/null}" >"$work/$1.log" 2>&1 &
    started=$!
    children+=("$started")
}
# Ends when the condition holds; the seconds limit the wait.
wait_for() { # seconds, command
    local end=$((SECONDS + $1))
    until "${@:2}" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
none_left() {
    local child
    for child in "${children[@]}"; do ! kill -0 -- "-$child" || return 1; done
}
# Waits for the end of a program that `start` has begun, and gives its status. One that does not end is
# killed, and fails.
await_end() { # process
    local status=0 end=$((SECONDS + PATIENCE))
    while kill -0 "$1" 2>/dev/null; do
        if [ $SECONDS -ge $end ]; then
            echo "process $1 does not end"
            kill -KILL -- "-$1"
            return 1
        fi
        sleep 0.05
    done
    wait "$1" || status=$?
    return $status
}
fail() {
    tail -n 20 "$work"/*.log >&2
    die "$@"
}

start_pipewire() {
    export XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
    mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
    export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
    start dbus dbus-daemon --session --nofork --address="$DBUS_SESSION_BUS_ADDRESS"
    # shellcheck disable=SC2034  # for those who source this
    dbus=$started
    wait_for 120 test -S "$XDG_RUNTIME_DIR/bus" || fail "no session bus"
    start pipewire pipewire
    # shellcheck disable=SC2034  # for those who source this
    pipewire=$started
    wait_for 120 test -S "$XDG_RUNTIME_DIR/pipewire-0" || fail "PipeWire does not start"
    start wireplumber wireplumber
    # Objects that are made before it has come are linked all the same, but not those of a reader
    # that gives up.
    wait_for 120 manager || fail "the session manager does not start"
}
manager() { pw-cli list-objects Client | grep -q 'application.name = "WirePlumber"'; }
# A node's number, as pw-cli prints it: "id 34, type PipeWire:Interface:Node/3", then its names.
node() { # name
    pw-cli list-objects Node | awk -v name="node.name = \"$1\"" \
        '/^\tid/ { id = $2 + 0 } index($0, name) { found = id } END { if (!found) exit 1; print found }'
}
# Whether a node of that name is linked and runs.
reads() { # name
    pw-dump | /usr/bin/python3 -c 'import json, sys
nodes = [object["info"] for object in json.load(sys.stdin) if object["type"].endswith(":Node")]
sys.exit(not any(node["props"].get("node.name") == sys.argv[1] and node["state"] == "running" for node in nodes))' "$1"
}
# Whether matte-camera ($program) refuses to go on and says so, within $PATIENCE seconds (240).
says() { # expected text, arguments...
    local said
    if said=$(timeout "${PATIENCE:-240}" "${program:?}" --no-keys "${@:2}" 2>&1); then
        echo "it went on: $said"
        return 1
    fi
    echo "$said"
    grep -qF "$1" <<<"$said" && ! grep -q panicked <<<"$said"
}
# A camera of PipeWire, Webcam, of one colour all over.
plug() { # colour: a pattern of videotestsrc
    start webcam /usr/bin/python3 "$ROOT/tests/programs/webcam.py" "$1"
    webcam=$started
    wait_for "$PATIENCE" node webcam
}
unplug() { kill "$webcam" && { await_end "$webcam" || true; }; }
