#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera on a session bus of its own: its properties, its methods, and the lines of docs/dbus.md.
# The camera is a test picture; open files and other programs show what is done, not messages alone.
# Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/viewer.sh"
program=${MATTE_CAMERA:-$TARGET/release/matte-camera}
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
VIEW_WIDTH=640
about="D-Bus: " logs=("$work/camera.log" "$work/call.log")
name=io.github.gst_plugin_matte.Camera path=/io/github/gst_plugin_matte/Camera
interface=${name}1

# Half of the picture is magenta: a colour that no background here has.
gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xffff00ff \
    ! video/x-raw,width=640,height=480 ! pngenc ! filesink location="$work/still.png"
source="filesrc location=$work/still.png ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"

call() { # method, arguments: prints the answer, or why there is none
    local status=0
    gdbus call --session --timeout 120 --dest "${instance:-$name}" --object-path "$path" --method "$@" >"$work/call.log" 2>&1 || status=$?
    cat "$work/call.log"
    return $status
}
# Reads all of it: a reader that has seen enough would end the writer by SIGPIPE.
has() { grep -F -- "$1" >/dev/null; }
get() { call org.freedesktop.DBus.Properties.Get "$interface" "$1"; }
set_to() { call org.freedesktop.DBus.Properties.Set "$interface" "$1" "<$2>"; }
is() { get "$1" | has "(<$2>,)"; }
becomes() { wait_for "$PATIENCE" is "$@" || { get "$1" && false; }; }
refuses() { # expected text, call
    ! "${@:2}" && has "org.freedesktop.DBus.Error.InvalidArgs: " <"$work/call.log" && has "$1" <"$work/call.log"
}
is_open() { find "/proc/$camera/fd" -lname "$work/still.png" | has /; }
is_closed() { ! is_open; }
: >"$work/camera.toml"
run() {
    # What the one before it has said does not count.
    rm -f "$work/camera.log"
    start camera "$program" --settings "$work/camera.toml" --source "$source" --size 640x480 "$@"
    camera=$started
}

# --- without a bus -------------------------------------------------------------------------------------
export XDG_DATA_HOME=$work/data PATH=${program%/*}:$PATH
start_pipewire
without_bus() {
    DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere run --no-keys
    says_so "not on the session bus" && says_so "nobody looks" && wait_for "$PATIENCE" node matte-camera &&
        [ "$(grep -c 'session bus' "$work/camera.log")" = 1 ] && kill "$camera" && wait "$camera"
}
check "without a bus: says so once, and goes on" without_bus

# --- on it -----------------------------------------------------------------------------------------------
mkfifo "$work/keys"
exec 3<>"$work/keys"
input=$work/keys run --set enabled=false
says_so "on the session bus as $name" || fail "not on the bus"
introspected() { gdbus introspect --session --dest $name --object-path $path | has "interface $interface"; }
check "can be introspected" introspected
start monitor gdbus monitor --session --dest $name
monitor=$started
check "has its properties" eval "is Name \"'Matte'\" && is Size '(640, 480)' && is Enabled true && is Watched false &&
    is Background \"'blur'\" && is BlurStrength 50.0 && is Color \"'#00b140'\" && is OpenCamera \"''\" &&
    is Properties \"{'enabled': 'false'}\""
check "lists cameras" eval "call $interface.ListCameras | has '],)'"

told() { grep -F "PropertiesChanged" "$work/monitor.log" | grep -cF -- "$1" || true; }
is_told() { [ "$(told "$1")" = "$2" ]; } # text, how often
sets() {
    set_to BlurStrength 70.0 && is BlurStrength 70.0 && set_to Color "'rebeccapurple'" && is Color "'#663399'" &&
        wait_for "$PATIENCE" is_told "'BlurStrength': <70.0>" 1 && wait_for "$PATIENCE" is_told "'Color': <'#663399'>" 1
}
check "a property is set, and told once" sets
by_key() { printf '+' >&3 && becomes BlurStrength 80.0 && wait_for "$PATIENCE" is_told "'BlurStrength': <80.0>" 1; }
check "what a key changes is told" by_key

# --- what does not fit -----------------------------------------------------------------------------------
kept() {
    is BlurStrength 80.0 && is Color "'#663399'" && is Background "'blur'" && is Picture "''" && is Video "''" &&
        is Properties "{'enabled': 'false'}"
}
check "a strength out of range is refused" refuses "blur-strength is 120: 0 to 100" set_to BlurStrength 120.0
check "no number is refused" refuses "" set_to BlurStrength "'much'"
check "an unknown background is refused" refuses "'beach': blur, picture, video, color" set_to Background "'beach'"
check "a picture that was not named is refused" refuses "no picture is named" set_to Background "'picture'"
check "a picture that is gone is refused" refuses "there is no such file" set_to Picture "'/nowhere.jpg'"
check "a path from nowhere is refused" refuses "a path from the root" set_to Picture "'beach.jpg'"
echo "no picture" >"$work/no.jpg"
check "a file that is no picture is refused" refuses "no.jpg" set_to Picture "'$work/no.jpg'"
check "an unknown colour is refused" refuses "a name of CSS" set_to Color "'beach'"
check "an unknown property is refused" refuses "no property 'beauty'" call $interface.SetProperty beauty 1
check "a property out of range is refused" refuses "-64 to 64" call $interface.SetProperty feather 1000
check "a model that is gone is refused" refuses "/nowhere.onnx" call $interface.SetProperty model /nowhere.onnx
check "a file that is no model is refused" refuses "no.jpg" call $interface.SetProperty model "$work/no.jpg"
check "a text that means nothing is refused" refuses "subject-region" call $interface.SetProperty subject-region beach
check "a number that means nothing is refused" refuses "guided-subsample" call $interface.SetProperty guided-subsample 5
check "an unknown property is not reset, either" refuses "no property 'beauty'" call $interface.ResetProperty beauty
check "a file that is no video is refused" refuses "no.jpg" set_to Video "'$work/no.jpg'"
check "a property of the interface is not set by the other way" refuses "by the property Picture" \
    call $interface.SetProperty image /nowhere.jpg
check "a preview of no size is refused" refuses "even numbers from 16" call $interface.OpenPreview 15 0
check "what was refused has changed nothing" kept

# --- the camera --------------------------------------------------------------------------------------------
previews() { is_closed && /usr/bin/python3 "$ROOT/tests/programs/preview.py" 320 240 160 120 255 0 255 && wait_for "$PATIENCE" is_closed; }
check "a preview opens the camera, and closes it with its pipe" previews
pipes() { find "/proc/$camera/fd" -lname 'pipe:*' | wc -l; }
opened() { grep -q open "$work/$1.log"; } # a preview
has_pipes() { [ "$(pipes)" = "$1" ]; }
dies() { # Its reader, without a word.
    local before
    before=$(pipes)
    start dead /usr/bin/python3 "$ROOT/tests/programs/preview.py" stall
    wait_for "$PATIENCE" opened dead && wait_for "$PATIENCE" is_open && ! has_pipes "$before" &&
        kill -KILL -- "-$started" && wait_for "$PATIENCE" is_closed && wait_for "$PATIENCE" has_pipes "$before"
}
check "a reader that dies leaves nothing" dies
costs() { # While a program looks.
    local cost
    cost=$(get Cost) && echo "$cost" && grep -qE '^\(<\([0-9.]+, [1-9][0-9.]*, [0-9.]+\)>,\)' <<<"$cost"
}
watched() { view watched && becomes Watched true && shows watched 320 240 255 0 255 && becomes OpenCamera "'$source'" && wait_for "$PATIENCE" costs; }
check "knows who looks, and what it costs" watched
goes_on() { # Beside the running camera.
    refuses "/nowhere.onnx" call $interface.SetProperty model /nowhere.onnx && kept && is OpenCamera "'$source'" &&
        is Failure "''" && near watched 320 240 255 0 255
}
check "what is refused leaves the running camera alone" goes_on
replaces() { # Nobody is in the picture: all of it is background.
    call $interface.SetProperty enabled true && set_to Background "'color'" && shows watched 320 240 102 51 153 &&
        set_to Color "'green'" && shows watched 320 240 0 128 0
}
check "viewers see what is set" replaces
resets() {
    call $interface.SetProperty threads 2 && is Properties "{'enabled': 'true', 'threads': '2'}" &&
        shows watched 320 240 0 128 0 && call $interface.GetProperty threads | has "('2', 1.0, 64.0)" &&
        call $interface.ResetProperty threads && becomes Properties "{'enabled': 'true'}"
}
check "a property of the element is set, asked for and reset" resets
hides() { set_to Enabled false && wait_for "$PATIENCE" is_closed && shows watched 320 240 37 37 37 && set_to Enabled true && shows watched 320 240 0 128 0; }
check "hides and shows" hides
chooses() { set_to Camera "'/dev/video987'" && becomes Failure "\"no camera '/dev/video987', and no other one either\"" && wait_for "$PATIENCE" is_closed; }
check "a camera that is not there: says why there is no picture" chooses
forgotten() { leave && becomes Watched false && becomes Failure "''"; }
check "nobody looks: nothing has failed" forgotten

# --- documents, others, ends -----------------------------------------------------------------------------
lines=$(grep -E '^(gdbus call|busctl) ' "$ROOT/docs/dbus.md")
documented() {
    local line
    while read -r line; do
        if [[ $line = busctl* ]] && ! have busctl; then continue; fi
        # busctl asks for the bus by the session's folder.
        bash -c "$line" || return 1
    done <<<"$lines"
    is Background "'color'" && is Color "'#008000'" && call $interface.GetProperty feather | has "('1.5', -64.0, 64.0)"
}
check "the document's lines run" documented
second() {
    start second "$program" --no-keys --settings /dev/null --source "$source"
    local second=$started
    wait_for "$PATIENCE" grep -q "on the session bus as $name.Instance2" "$work/second.log" &&
        instance=$name.Instance2 is Name "'Matte 2'" && is Name "'Matte'" && kill "$second" && wait "$second"
}
check "a second program has a name of its own" second
stalls() { # A reader that never reads.
    start stall /usr/bin/python3 "$ROOT/tests/programs/preview.py" stall
    wait_for "$PATIENCE" opened stall && kept_going
}
kept_going() { set_to BlurStrength 33.0 && is BlurStrength 33.0; }
check "a reader that stands still holds nobody up" stalls
saves() { call $interface.Save | has "$work/camera.toml" && grep -q '^blur-strength = 33' "$work/camera.toml" && grep -q '^device = "/dev/video987"' "$work/camera.toml"; }
check "saves its settings" saves
quits() { call $interface.Quit | has '()' && wait "$camera" && ! said "does not stop"; }
check "answers before it ends" quits
exec 3>&-
# As a package installs it; the program is found as /usr/bin is.
activated() {
    mkdir -p "$XDG_DATA_HOME/dbus-1/services" "$XDG_CONFIG_HOME/matte"
    sed '/^SystemdService/d' "$ROOT/packaging/desktop/$name.service" >"$XDG_DATA_HOME/dbus-1/services/$name.service"
    echo 'name = "Woken"' >"$XDG_CONFIG_HOME/matte/camera.toml"
    gdbus call --session --dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.ReloadConfig &&
        is Name "'Woken'" && call $interface.Quit
}
check "a call starts it" activated
rm -f "$XDG_DATA_HOME/dbus-1/services/$name.service"
# It complains of a bus that ends.
kill "$monitor"
loses_bus() {
    run --no-keys
    says_so "on the session bus" && kill "$bus" && wait_for "$PATIENCE" node matte-camera && kill -0 "$camera" &&
        kill "$camera" && wait "$camera"
}
bus=${children[0]}
check "goes on when the bus ends" loses_bus
panics() { ! grep -h -e panicked -e CRITICAL "$work"/*.log; }
check "panics nowhere, and GStreamer complains nowhere" panics
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
