#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Programs of others that get matte-camera's camera, as docs/recipes.md says: browsers by a desktop's
# camera portal, without a desktop. Prints TAP lines.
#
#   tests/programs/recipes.sh [NAME...]      chromium firefox obs; the browsers that are installed without a name
#
# MATTE_PICTURES names a folder for what each program showed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/portal.sh"
program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
about="recipes: " logs=("$work/camera.log")
room=$ROOT/docs/pictures/room.jpg input=$ROOT/docs/pictures/input.jpg

start_portal
start camera "$program" --no-keys --settings /dev/null --size 640x480 --background picture --picture "$room" \
    --source "filesrc location=$input ! jpegdec ! imagefreeze is-live=true ! video/x-raw,framerate=15/1"
wait_for "$PATIENCE" node matte-camera || fail "the camera does not appear in PipeWire"

# Mean difference of two pictures in a region, 0 to 255.
difference() { # picture, picture, geometry
    convert "$1" "$2" -crop "$3" +repage -alpha off -compose difference -composite -format '%[fx:int(255*mean+.5)]' info:
}
convert "$room" -resize 640x480^ -gravity center -extent 640x480 "$work/room.png"
# The face is the camera's, the wall the picture's.
replaced() { # picture
    local face wall
    [ -z "${MATTE_PICTURES:-}" ] || cp "$1" "$MATTE_PICTURES/"
    face=$(difference "$1" "$input" 60x60+250+200) wall=$(difference "$1" "$work/room.png" 100x120+480+20)
    echo "difference on the face $face, on the wall $wall"
    [ "$face" -le 14 ] && [ "$wall" -le 14 ]
}
said() { grep -qF "$1" "$work/camera.log"; }
asleep() { [ "$(grep -c 'camera off' "$work/camera.log")" -ge "$(grep -c 'camera on' "$work/camera.log")" ]; }

# A page gets the camera by its name, the camera wakes up for it, and sleeps when the browser has gone.
browser() { # name
    # Into files: a pipe would stay open as long as any process that the browser has left.
    if ! timeout -k 20 $((2 * PATIENCE)) /usr/bin/python3 "$ROOT/tests/programs/usermedia.py" "$1" Matte "$work/$1.png" \
        >"$work/$1.said" 2>"$work/$1.log"; then
        tail "$work/$1.said" "$work/$1.log"
        return 1
    fi
    cat "$work/$1.said"
    replaced "$work/$1.png" && said "somebody looks" && wait_for "$PATIENCE" asleep
}
chromium() { browser chromium; }
firefox() { browser firefox; }

# OBS asks the same portal, and records what it shows. Its settings folder says what a person would choose:
# "Matte", and its only format, YUY2, which has number 4 in PipeWire.
obs() {
    local settings=$XDG_CONFIG_HOME/obs-studio
    mkdir -p "$settings/basic/profiles/Test" "$settings/basic/scenes" "$work/recorded"
    printf '[General]\nFirstRun=true\n[Basic]\nProfile=Test\nProfileDir=Test\nSceneCollection=Test\nSceneCollectionFile=Test\n' |
        tee "$settings/global.ini" >"$settings/user.ini"
    cat >"$settings/basic/profiles/Test/basic.ini" <<END
[General]
Name=Test
[Output]
Mode=Simple
[SimpleOutput]
FilePath=$work/recorded
RecFormat2=mkv
RecQuality=Stream
StreamEncoder=x264
VBitrate=2000
[Video]
BaseCX=640
BaseCY=480
OutputCX=640
OutputCY=480
FPSCommon=10
END
    cat >"$settings/basic/scenes/Test.json" <<END
{"name": "Test", "current_scene": "Scene", "current_program_scene": "Scene", "scene_order": [{"name": "Scene"}],
 "sources": [
  {"id": "pipewire-camera-source", "versioned_id": "pipewire-camera-source", "name": "Camera",
   "settings": {"device_id": "matte-camera", "framerate": "{\"framerate\": {\"numerator\": 30, \"denominator\": 1}}",
    "format": "{\"encoded\": false, \"video_format\": 4, \"width\": 640, \"height\": 480}"}},
  {"id": "scene", "versioned_id": "scene", "name": "Scene", "settings": {"items": [
   {"id": 1, "name": "Camera", "visible": true, "pos": {"x": 0.0, "y": 0.0}, "scale": {"x": 1.0, "y": 1.0}}]}}]}
END
    start obs obs --multi --startrecording --disable-updater --disable-missing-files-check --verbose
    local obs=$started
    wait_for "$PATIENCE" recorded
    # Asked to end, it would ask whether the recording may.
    recorded && said "somebody looks" && kill -KILL "$obs" && { await_end "$obs" || true; } && wait_for "$PATIENCE" asleep
}
# The last picture of what has been recorded so far. A file of which only the head is there would be
# waited for without end.
recorded() {
    cp "$work/recorded"/*.mkv "$work/so-far.mkv" || return 1
    timeout 30 gst-launch-1.0 -q filesrc location="$work/so-far.mkv" ! matroskademux ! h264parse ! avdec_h264 \
        ! videoconvert ! video/x-raw,format=RGB ! multifilesink location="$work/obs.rgb" || true
    [ -s "$work/obs.rgb" ] && convert -size 640x480 -depth 8 "$work/obs.rgb" "$work/obs.png" && replaced "$work/obs.png"
}

declare -A SHOWS=(
    [chromium]="a page in Chromium gets the camera by its name, with the person before the picture"
    [obs]="OBS shows and records the camera, with the person before the picture"
    [firefox]="a page in Firefox gets the camera by its name, with the person before the picture"
)
if [ $# = 0 ]; then
    for browser in chromium firefox-esr; do
        if have "$browser"; then set -- "$@" "${browser%-esr}"; else echo "left out: $browser is not installed"; fi
    done
fi
for name in "$@"; do check "${SHOWS[$name]:?unknown recipe}" "$name"; done
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
