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
        [ "$(grep -c 'session bus' "$work/camera.log")" = 1 ] && kill "$camera" && await_end "$camera"
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
lists() { call $interface.ListCameras | has "('Webcam', '')"; }
lists_none() { call $interface.ListCameras && ! lists && ! call $interface.ListCameras | has "Matte"; }
unplugged() { unplug && wait_for "$PATIENCE" lists_none; }
check "lists cameras: none of its own" lists_none
check "lists cameras: one that has come" eval "plug blue && wait_for $PATIENCE lists"
check "lists cameras: none that has gone" unplugged

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
check "a video from nowhere is refused" refuses "depends on the folder in which a program runs: /path, ~/path" set_to Video "'./beach.webm'"
check "a path from nowhere is refused" refuses "depends on the folder in which a program runs: /path, ~/path" set_to Picture "'beach.jpg'"
echo "no picture" >"$work/no.jpg"
check "a file that is no picture is refused" refuses "no.jpg" set_to Picture "'$work/no.jpg'"
check "an unknown colour is refused" refuses "a name of CSS" set_to Color "'beach'"
check "an unknown property is refused" refuses "no property 'beauty'" call $interface.SetProperty beauty 1
check "a property out of range is refused" refuses "-64 to 64" call $interface.SetProperty feather 1000
for property in model onnxruntime-library onnxruntime_library GstMatteBackground::onnxruntime-library provider-options; do
    check "no program is brought in by $property" refuses "which no other program may ask for" \
        call $interface.SetProperty $property "$work/no.jpg"
    check "nor is the user's own forgotten by $property" refuses "which no other program may ask for" call $interface.ResetProperty $property
done
check "a provider that there is not is refused" refuses "beach" call $interface.SetProperty execution-provider beach
check "a text that means nothing is refused" refuses "subject-region" call $interface.SetProperty subject-region beach
check "a number that means nothing is refused" refuses "guided-subsample" call $interface.SetProperty guided-subsample 5
check "an unknown property is not reset, either" refuses "no property 'beauty'" call $interface.ResetProperty beauty
check "a file that is no video is refused" refuses "no.jpg" set_to Video "'$work/no.jpg'"
for property in image color color_name color-name background blur_strength; do
    check "a property of the interface is not set by the other way: $property" refuses "by the property " \
        call $interface.SetProperty $property green
done
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
    refuses "beach" call $interface.SetProperty execution-provider beach && kept && is OpenCamera "'$source'" &&
        is Failure "''" && near watched 320 240 255 0 255
}
check "what is refused leaves the running camera alone" goes_on
replaces() { # Nobody is in the picture: all of it is background.
    call $interface.SetProperty enabled true && set_to Background "'color'" && shows watched 320 240 102 51 153 &&
        set_to Color "'green'" && shows watched 320 240 0 128 0
}
check "viewers see what is set" replaces
opens() { grep -c "camera on" "$work/camera.log"; }
gst-launch-1.0 -q videotestsrc num-buffers=30 pattern=red ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 \
    ! matroskamux ! filesink location="$work/red.mkv"
before_video() { # The camera stays open.
    local before
    set_to Video "'$work/red.mkv'" && set_to Background "'video'" && shows watched 320 240 255 0 0 || return 1
    before=$(opens)
    call $interface.SetProperty feather 2 && call $interface.SetProperty grow 1 && set_to BlurStrength 60.0 &&
        call $interface.GetProperty grow | has "('1'," && is Properties "{'enabled': 'true', 'feather': '2', 'grow': '1'}" &&
        shows watched 320 240 255 0 0 && [ "$(opens)" = "$before" ]
}
check "what is set before a video leaves the camera open" before_video
resets_all() { call $interface.ResetProperty feather && call $interface.ResetProperty grow && set_to BlurStrength 80.0; }
breaks() { # A video that has been one.
    resets_all && set_to Background "'color'" && shows watched 320 240 0 128 0 && cp "$work/no.jpg" "$work/red.mkv" &&
        printf v >&3 && says_so "video $work/red.mkv: " && is Background "'color'" && is Failure "''" &&
        shows watched 320 240 0 128 0 && ! said "trying again" && set_to Video "''"
}
check "a key that wants a broken video changes nothing" breaks
resets() {
    call $interface.SetProperty threads 2 && is Properties "{'enabled': 'true', 'threads': '2'}" &&
        shows watched 320 240 0 128 0 && call $interface.GetProperty threads | has "('2', 1.0, 64.0)" &&
        call $interface.ResetProperty threads && becomes Properties "{'enabled': 'true'}"
}
check "a property of the element is set, asked for and reset" resets
hides() { set_to Enabled false && wait_for "$PATIENCE" is_closed && shows watched 320 240 37 37 37 && set_to Enabled true && shows watched 320 240 0 128 0; }
check "hides and shows" hides
stalls() { # A reader that never reads. Calls go on, and so do viewers.
    start stall /usr/bin/python3 "$ROOT/tests/programs/preview.py" stall
    wait_for "$PATIENCE" opened stall && set_to Color "'blue'" && shows watched 320 240 0 0 255 && set_to Color "'green'" &&
        shows watched 320 240 0 128 0 && kill -KILL -- "-$started"
}
check "a reader that stands still holds nobody up" stalls
# Changes are tried by loading the network; this many take a while.
changes=(10*SetProperty:threads:1 10*SetProperty:threads:2)
order() { # calls: into order.log, each answer a line
    /usr/bin/python3 "$ROOT/tests/programs/calls.py" "$@" >"$work/order.log" && cat "$work/order.log" &&
        ! grep -v -e ': ok$' -e 'hidden meanwhile$' "$work/order.log"
}
at_once() { # text: its answer comes before that of the last change
    local answer change
    answer=$(grep -nF -- "$1" "$work/order.log" | tail -1 | cut -d: -f1)
    change=$(grep -n '^SetProperty' "$work/order.log" | tail -1 | cut -d: -f1)
    echo "$1 is answer ${answer:?}, the last change is answer ${change:?}"
    [ "$answer" -lt "$change" ]
}
hides_at_once() {
    order "${changes[@]}" Enabled=false '?Name' GetProperty:feather ListCameras && at_once Enabled=false && at_once '?Name' &&
        at_once GetProperty && is Enabled false && wait_for "$PATIENCE" is_closed && shows watched 320 240 37 37 37
}
check "hides and answers at once, however many changes are being tried" hides_at_once
stays_hidden() { # The picture is wanted, and then no more.
    order "${changes[@]}" Enabled=true Enabled=false && has "Enabled=true: " <"$work/order.log" && at_once Enabled=false &&
        grep -q '^Enabled=true: .*hidden meanwhile$' "$work/order.log" && is Enabled false && is_closed
}
check "who wanted to see before it was hidden sees nothing" stays_hidden
limits() {
    /usr/bin/python3 "$ROOT/tests/programs/calls.py" 200*SetProperty:threads:2 200*ListCameras >"$work/order.log"
    sort "$work/order.log" | uniq -c
    grep -q '^SetProperty.*LimitsExceeded.*changes wait' "$work/order.log" &&
        grep -q '^ListCameras.*LimitsExceeded.*wait for the cameras' "$work/order.log" && is Enabled false
}
check "nobody piles up work" limits
back() { call $interface.ResetProperty threads && set_to Enabled true && shows watched 320 240 0 128 0 && is Properties "{'enabled': 'true'}"; }
check "is shown again" back
chooses() { set_to Camera "'/dev/video987'" && becomes Failure "\"no camera '/dev/video987', and no other one either\"" && wait_for "$PATIENCE" is_closed; }
check "a camera that is not there: says why there is no picture" chooses
forgotten() { leave && becomes Watched false && becomes Failure "''"; }
check "nobody looks: nothing has failed" forgotten

# --- documents, others, ends -----------------------------------------------------------------------------
lines=$(grep -E '^(gdbus call|busctl) ' "$ROOT/docs/dbus.md")
documented() {
    local line
    while read -r line; do
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
        instance=$name.Instance2 is Name "'Matte 2'" && is Name "'Matte'" && kill "$second" && await_end "$second"
}
check "a second program has a name of its own" second
saves() { set_to BlurStrength 33.0 && call $interface.Save | has "$work/camera.toml" && grep -q '^blur-strength = 33' "$work/camera.toml" && grep -q '^device = "/dev/video987"' "$work/camera.toml"; }
check "saves its settings" saves
quits() {
    local tried
    /usr/bin/python3 "$ROOT/tests/programs/calls.py" "${changes[@]}" Quit >"$work/order.log"
    cat "$work/order.log"
    tried=$(grep -c '^SetProperty.*: ok$' "$work/order.log" || true)
    grep -q '^Quit: ok$' "$work/order.log" && [ "$tried" -lt 20 ] && await_end "$camera" && ! said "does not stop"
}
check "ends at once, and answers before it does" quits
exec 3>&-
# It complains of a bus that ends.
kill "$monitor"
loses_bus() {
    run --no-keys
    says_so "on the session bus" && kill "$bus" && says_so "the session bus has ended: goes on without it" &&
        view after && shows after 320 240 0 128 0 && leave && kill "$camera" && await_end "$camera"
}
bus=${dbus:?}
check "goes on when the bus ends" loses_bus
panics() { ! grep -h -e panicked -e CRITICAL "$work"/*.log; }
check "panics nowhere, and GStreamer complains nowhere" panics
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
