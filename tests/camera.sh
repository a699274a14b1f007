#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera against a real PipeWire, with a still picture in the place of the camera. That the camera
# is closed is not taken from what the program says: its open files say it. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/session.sh"

program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
still=$work/still.png
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! $PRESENTER ! identity eos-after=20 ! videoconvert \
    ! pngenc ! multifilesink location="$still"
source="filesrc location=$still ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
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
check "with a value out of range" says "out of range" --set feather=1000
check "with a missing picture" says "there is no such file" --picture /nowhere.jpg
mkdir -p "$work/wrong/matte"
echo 'backgruond = "blur"' >"$work/wrong/matte/camera.toml"
check "with a mistake in the settings" env XDG_CONFIG_HOME="$work/wrong" \
    bash -c "$(declare -f says); program=$program; says 'unknown field \`backgruond\`'"
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
wait_for 30 node matte-camera || fail "the camera does not appear in PipeWire"

is_open() { find "/proc/$camera/fd" -lname "$still" | grep -q .; }
is_closed() { ! is_open; }
said() { grep -qF "$1" "$work/camera.log"; }
read_frames() { # count, name of the last one's picture
    timeout 60 gst-launch-1.0 -q pipewiresrc path="$(node matte-camera)" num-buffers="$1" ! videoconvert \
        ! pngenc compression-level=1 ! multifilesink location="$work/$2.png"
}
near() { # picture x,y R G B: within 12 of that colour
    local r g b
    read -r r g b <<<"$(convert "$work/$1.png" -format \
        "%[fx:int(255*p{$2}.r+.5)] %[fx:int(255*p{$2}.g+.5)] %[fx:int(255*p{$2}.b+.5)]" info:)"
    echo "pixel $2 of $1: $r $g $b, expected $3 $4 $5"
    [ $((r > $3 ? r - $3 : $3 - r)) -le 12 ] && [ $((g > $4 ? g - $4 : $4 - g)) -le 12 ] &&
        [ $((b > $5 ? b - $5 : $5 - b)) -le 12 ]
}
face_is_there() { # picture: the face as the camera sees it
    local difference
    difference=$(convert "$still" "$work/$1.png" -crop 60x60+290+200 +repage -alpha off -compose difference \
        -composite -format '%[fx:int(255*mean+.5)]' info:)
    echo "difference on the face: $difference"
    [ "$difference" -le 6 ]
}
finished() { # process
    local status=0
    wait "$1" || status=$?
    echo "the reader has ended with $status"
    return $status
}
sleeps() { sleep 2 && is_closed && said "published as 'Matte' in PipeWire"; }
check "sleeps while nobody looks" sleeps
wakes() {
    read_frames 60 color &
    local reader=$!
    wait_for 20 is_open && echo "the camera is open" || return 1
    finished $reader && near color 600,20 46 125 91 && face_is_there color
}
check "wakes for a reader, and replaces the background" wakes
check "closes the camera when the reader has gone" wait_for 10 is_closed
look_then_press() { # keys, picture: what is seen a while after keys are pressed in front of a reader
    read_frames 90 "$2" &
    local reader=$!
    wait_for 20 is_open || return 1
    printf '%s' "$1" >&3
    finished $reader
}
blurs() { look_then_press b blur && face_is_there blur && ! near blur 600,20 46 125 91; }
check "changes to blur by a key" blurs
check "sleeps again" wait_for 10 is_closed
hides() { look_then_press h hidden && near hidden 320,230 37 37 37 && near hidden 600,20 37 37 37 && is_closed; }
check "hides by a key, camera closed while a reader looks" hides
saves() {
    printf 'hc+s' >&3
    wait_for 10 said "saved to" && cat "$XDG_CONFIG_HOME/matte/camera.toml" &&
        grep -q '^background = "color"' "$XDG_CONFIG_HOME/matte/camera.toml" &&
        grep -q '^blur-strength = 60' "$XDG_CONFIG_HOME/matte/camera.toml"
}
check "saves its settings" saves
refuses() { printf p >&3 && wait_for 10 said "no picture is named"; }
check "refuses a picture that was not named" refuses
ends() { printf q >&3 && wait_for 10 bash -c "! kill -0 $camera" && wait "$camera"; }
check "ends by a key" ends
exec 3>&-

# --- a video behind, from the settings just saved; always on ------------------------------------------
gst-launch-1.0 -q videotestsrc pattern=blue num-buffers=20 ! video/x-raw,format=I420,width=320,height=240,framerate=20/1 \
    ! x264enc ! h264parse ! mp4mux ! filesink location="$work/blue.mp4"
start camera "$program" --no-keys --video "$work/blue.mp4" --always
camera=$started
loops() {
    wait_for 20 is_open && wait_for 20 node matte-camera && sleep 3 && read_frames 60 video &&
        near video 600,20 0 0 255 && face_is_there video
}
check "plays a video behind, again and again" loops
ended() { kill -TERM "$camera" && wait "$camera"; }
check "ends by SIGTERM" ended

# --- a picture, and a window under a display of its own -----------------------------------------------
start display Xvfb -noreset -displayfd 4 -screen 0 800x600x24 4>"$work/display-number"
wait_for 10 test -s "$work/display-number" || fail "no display"
DISPLAY=:$(cat "$work/display-number")
export DISPLAY
start camera "$program" --no-keys --picture "$ROOT/docs/pictures/room.jpg" --preview \
    --set image-fit=stretch
camera=$started
colours() { import -window root "$work/screen.png" && [ "$(identify -format %k "$work/screen.png")" -gt 5000 ]; }
check "shows a preview window" wait_for 30 colours
cp "$work/screen.png" "$work/seen.png" 2>/dev/null || true
if [ -n "${MATTE_SCREENSHOT:-}" ]; then cp "$work/screen.png" "$MATTE_SCREENSHOT"; fi
lost() {
    kill "$pipewire"
    local status=0
    wait_for 15 bash -c "! kill -0 $camera" && { wait "$camera" || status=$?; }
    tail -3 "$work/camera.log"
    [ $status = 1 ] && grep -q "output:" "$work/camera.log"
}
check "ends with a message when PipeWire does" lost

# --- the unit ---------------------------------------------------------------------------------------
unit() { ! have systemd-analyze || systemd-analyze --user verify "$ROOT/camera/matte-camera.service"; }
if have systemd-analyze; then check "unit is right" unit; fi
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
