#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Programs of others that get matte-camera's camera, as docs/recipes.md says: browsers by a desktop's
# camera portal, without a desktop. Prints TAP lines.
#
#   tests/programs/recipes.sh [NAME...]      chromium firefox; those that are installed without a name
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
PATIENCE=$((240 * ${MATTE_PATIENCE:-1}))

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
    local said
    if ! said=$(timeout "$PATIENCE" /usr/bin/python3 "$ROOT/tests/programs/usermedia.py" "$1" Matte "$work/$1.png" 2>"$work/$1.log"); then
        echo "$said"
        tail "$work/$1.log"
        return 1
    fi
    echo "$said"
    replaced "$work/$1.png" && said "somebody looks" && wait_for "$PATIENCE" asleep
}
chromium() { browser chromium; }
firefox() { browser firefox; }

declare -A SHOWS=(
    [chromium]="a page in Chromium gets the camera by its name, with the person before the picture"
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
