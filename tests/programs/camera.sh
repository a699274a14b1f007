#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera with a real PipeWire and a still picture in place of the camera. The program's open
# files show whether the camera is closed, not its messages. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"

program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
still=$work/still.png
nth_frame 19 "$still" filesrc location="$clip" ! decodebin ! $PRESENTER
source="filesrc location=$still ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"

. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/viewer.sh"
VIEW_WIDTH=640
about="matte-camera " logs=("$work/camera.log")
# --- what it says where something is missing -------------------------------------------------------
export XDG_CONFIG_HOME=$work/empty XDG_RUNTIME_DIR=$work/none
check "without PipeWire" says "PipeWire does not run: systemctl --user start pipewire" --output pipewire
check "without a loopback device" says "modprobe v4l2loopback" --output /dev/video987
check "with a file as output" says "not a loopback device" --output "$still"
check "without its plugin" env GST_PLUGIN_PATH= GST_REGISTRY="$work/registry" \
    bash -c "$(declare -f says); program=$program; says 'libgstmatte.so'"
check "without its model" env MATTE_MODEL=/nowhere.onnx bash -c "$(declare -f says); program=$program; says /nowhere.onnx"
check "with an unknown property" says "no property 'beauty'" --set beauty=1
check "with a value out of range" says "feather = 1000 is out of range: -64 to 64" --set feather=1000
check "with a value of another type" says "feather = wide: a " --set feather=wide
mkdir -p "$work/wide/matte"
printf '[properties]\nfeather = -65\n' >"$work/wide/matte/camera.toml"
check "with a value out of range in the settings" env XDG_CONFIG_HOME="$work/wide" \
    bash -c "$(declare -f says); program=$program; says 'feather = -65 is out of range: -64 to 64'"
check "with a source that is not there" says 'no element "nosuchelement"' --source nosuchelement
check "with a source that is none" says "source ! !: " --source '! !'
check "with a missing picture" says "there is no such file" --picture /nowhere.jpg
mkdir -p "$work/wrong/matte"
echo 'backgruond = "blur"' >"$work/wrong/matte/camera.toml"
check "with a mistake in the settings" env XDG_CONFIG_HOME="$work/wrong" \
    bash -c "$(declare -f says); program=$program; says 'unknown field \`backgruond\`'"
mkdir -p "$work/models"
cp "$ROOT/tests/models/fed_plain.onnx" "$work/models"
check "describes a model" bash -c "'$program' describe '$work/models/fed_plain.onnx' '$still' --choose 1 &&
    [ -s '$work/models/fed_plain.readings.png' ] && grep -q '^range = ' '$work/models/fed_plain.toml'"
check "a described model runs without a warning" bash -c "! gst-launch-1.0 videotestsrc num-buffers=2 ! videoconvert \
    ! mattesegment model='$work/models/fed_plain.onnx' ! fakesink 2>&1 | grep -i warning"
check "with a description that is there" bash -c "'$program' describe '$work/models/fed_plain.onnx' '$still' \
    --choose 1 2>&1 | grep -q -- '--force replaces it'"
check "lists" bash -c "'$program' --list | grep -q '^outputs:'"
check "helps" bash -c "'$program' --help | grep -q -- --background"
check "options are those of the document" bash -c "grep -o '^matte-camera --[a-z-]*' '$ROOT/docs/camera.md' \
    | cut -d' ' -f2 | sort -u | while read -r option; do '$program' --help | grep -q -- \"\$option\" || exit 1; done"

# --- published -------------------------------------------------------------------------------------
start_pipewire
mkfifo "$work/keys"
# For reading, too: opening waits for nobody then.
exec 3<>"$work/keys"
input=$work/keys start camera "$program" --source "$source" --size 640x480 --color '#2e7d5b' \
    --set transition-ms=0
camera=$started
wait_for "$PATIENCE" node matte-camera || fail "the camera does not appear in PipeWire"

is_open() { find "/proc/$camera/fd" -lname "$still" | grep -q .; }
is_closed() { ! is_open; }
opens() { wait_for "$PATIENCE" is_open; }
closes() { wait_for "$PATIENCE" is_closed; }
face_is_there() { # name: the face as the camera sees it
    local difference picture
    picture=$(newest "$1") && cp "$picture" "$work/face.rgb" || return 1
    difference=$(convert "$still" -size 640x480 -depth 8 "$work/face.rgb" -crop 60x60+290+200 +repage -alpha off \
        -compose difference -composite -format '%[fx:int(255*mean+.5)]' info:)
    echo "difference on the face: $difference"
    [ "$difference" -le 6 ]
}
# It says so when it has looked who looks; from then on it has decided.
sleeps() { says_so "published as 'Matte' in PipeWire" && says_so "nobody looks" && is_closed && ! said "camera on"; }
check "sleeps while nobody looks" sleeps
wakes() { view color && opens && shows color 600 20 46 125 91 && until_seen face_is_there color; }
check "wakes for a reader, and replaces the background" wakes
check "closes the camera when the reader has gone" eval "leave && closes"
is_blurred() { face_is_there blur && ! near blur 600 20 46 125 91; }
blurs() { view blur && opens && printf b >&3 && until_seen is_blurred; }
check "changes to blur by a key" blurs
check "sleeps again" eval "leave && closes"
hides() {
    view hidden && opens && until_seen face_is_there hidden && printf h >&3 && shows hidden 320 230 37 37 37 &&
        near hidden 600 20 37 37 37 && closes && kill -0 "$reader"
}
check "hides by a key, camera closed while a reader looks" hides
leave
saves() {
    printf 'hc+s' >&3
    says_so "saved to" && cat "$XDG_CONFIG_HOME/matte/camera.toml" &&
        grep -q '^background = "color"' "$XDG_CONFIG_HOME/matte/camera.toml" &&
        grep -q '^blur-strength = 60' "$XDG_CONFIG_HOME/matte/camera.toml"
}
check "saves its settings" saves
refuses() { printf p >&3 && says_so "no picture is named"; }
check "refuses a picture that was not named" refuses
gone() { ! kill -0 "$camera"; }
ends() { printf q >&3 && wait_for "$PATIENCE" gone && await_end "$camera"; }
check "ends by a key" ends
exec 3>&-

# --- a video behind, from the settings just saved; always on ------------------------------------------
# Two colours: seen again in their order, it has begun again.
part="num-buffers=20 ! video/x-raw,format=I420,width=320,height=240,framerate=20/1"
# shellcheck disable=SC2086  # lines of words
gst-launch-1.0 -q concat name=both ! x264enc ! h264parse ! mp4mux ! filesink location="$work/two.mp4" \
    videotestsrc pattern=blue $part ! both. videotestsrc pattern=green $part ! both.
start camera "$program" --no-keys --video "$work/two.mp4" --always
camera=$started
loops() {
    opens && wait_for "$PATIENCE" node matte-camera && view video && shows video 600 20 0 0 255 &&
        shows video 600 20 0 255 0 && shows video 600 20 0 0 255 && shows video 600 20 0 255 0 &&
        until_seen face_is_there video
}
check "plays a video behind, again and again" loops
leave
ended() { kill -TERM "$camera" && await_end "$camera"; }
check "ends by SIGTERM" ended

# --- small before the video, and back by a key ---------------------------------------------------------
exec 3<>"$work/keys"
input=$work/keys start camera "$program" --settings /dev/null --source "$source" --size 640x480 --video "$work/two.mp4" \
    --place right --set preset=fast
camera=$started
# Beside the nose: a place on the cheek, where the picture is even.
cheek=$(convert "$still" -crop 9x9+300+240 +repage -alpha off -scale '1x1!' -format '%[fx:int(255*r)] %[fx:int(255*g)] %[fx:int(255*b)]' info:)
small() { # The cheek at 0.35 of the frame's size, its lower right corner in the frame's.
    # shellcheck disable=SC2086  # three numbers
    near "$1" $((416 + 304 * 35 / 100)) $((312 + 244 * 35 / 100)) $cheek && ! near "$1" 304 244 $cheek
}
stands_small() { wait_for "$PATIENCE" node matte-camera && view small && until_seen small small; }
check "stands small before a video" stands_small
walks() { printf 'mm' >&3 && says_so "place: camera" && until_seen face_is_there small && ! small small; }
check "walks back by a key" walks
leave
walked() { printf q >&3 && await_end "$camera"; }
check "ends by a key before a video" walked
exec 3>&-

# --- colours, and a mirror --------------------------------------------------------------------------------
# A camera's JPEG, full range, as a viewer gets it: bt601 in limited range. The picture itself is
# looked at.
bars=()
for gray in 0 32 128 223 255; do bars+=("xc:rgb($gray,$gray,$gray)"); done
convert -size 128x480 "${bars[@]}" +append -type TrueColor -quality 100 -sampling-factor 2x2 "$work/bars.jpg"
start camera "$program" --no-keys --settings /dev/null --size 640x480 --flip horizontal --set enabled=false \
    --source "filesrc location=$work/bars.jpg ! jpegdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"
camera=$started
lumas() { # name, expected
    local picture found
    picture=$(newest "$1") && found=$(for x in 64 192 320 448 576; do luma "$picture" $x 240; done | xargs) || return 1
    echo "$(basename "$picture"): $found, expected $2"
    [ "$found" = "$2" ]
}
publishes_bars() {
    wait_for "$PATIENCE" node matte-camera && VIEW_FORMAT=YUY2 view bars && until_seen lumas bars "235 208 126 43 16"
}
check "a camera's JPEG comes out as bt601 limited, mirrored" publishes_bars
leave
check "ends by SIGTERM again" ended

# --- a picture, and a window under a display of its own -----------------------------------------------
without_display() { # what DISPLAY is
    start window env -u WAYLAND_DISPLAY DISPLAY="$1" "$program" --no-keys --settings /dev/null --source "$source" --preview
    local window=$started
    wait_for "$PATIENCE" grep -q "no preview window: there is no display: " "$work/window.log" &&
        wait_for "$PATIENCE" grep -q "nobody looks" "$work/window.log" && kill "$window" && await_end "$window"
}
check "without a display: says so, and goes on" without_display ""
check "with a display that does not answer: says so, and goes on" without_display :987
start display Xvfb -noreset -displayfd 4 -screen 0 800x600x24 4>"$work/display-number"
wait_for "$PATIENCE" test -s "$work/display-number" || fail "no display"
DISPLAY=:$(cat "$work/display-number")
export DISPLAY
start camera "$program" --no-keys --picture "$ROOT/docs/pictures/room.jpg" --preview \
    --set image-fit=stretch
camera=$started
colours() { import -window root "$work/screen.png" && [ "$(identify -format %k "$work/screen.png")" -gt 5000 ]; }
check "shows a preview window" wait_for "$PATIENCE" colours
cp "$work/screen.png" "$work/seen.png" 2>/dev/null || true
if [ -n "${MATTE_SCREENSHOT:-}" ]; then cp "$work/screen.png" "$MATTE_SCREENSHOT"; fi
closes_window() {
    exec 3<>"$work/keys"
    input=$work/keys start window "$program" --settings /dev/null --source "$source" --preview
    local window=$started
    wait_for "$PATIENCE" grep -q "camera on" "$work/window.log" && printf wwq >&3 && await_end "$window" &&
        ! grep -e CRITICAL -e "does not stop" "$work/window.log"
}
check "ends by a key with the window open, without a complaint" closes_window
exec 3>&-
lost() {
    kill "$pipewire"
    local status=0
    wait_for "$PATIENCE" gone && { await_end "$camera" || status=$?; }
    tail -3 "$work/camera.log"
    [ $status = 1 ] && grep -q "output:" "$work/camera.log"
}
check "ends with a message when PipeWire does" lost

panics() { ! grep -h -e panicked -e CRITICAL "$work"/*.log; }
check "panics nowhere, and GStreamer complains nowhere" panics

# --- the unit ---------------------------------------------------------------------------------------
unit() { ! have systemd-analyze || systemd-analyze --user verify "$ROOT/camera/matte-camera.service"; }
if have systemd-analyze; then check "unit is right" unit; fi
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
