#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Runs every script of pipelines/, with a clip in place of the camera and files in place of windows
# and devices, and checks the output. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
. "$ROOT/scripts/env.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
frames=40
# One picture of the clip, again and again, so that every pipeline's pictures can be compared.
nth_frame 19 "$work/still.png" filesrc location="$clip" ! decodebin ! $PRESENTER
still="filesrc location=$work/still.png ! pngdec ! imagefreeze num-buffers=$frames"
export MATTE_SOURCE="$still ! video/x-raw,framerate=30/1 ! videoconvert"
# The 20th picture stays, before a compositor can run out of one of its streams.
picture() { echo "identity eos-after=20 ! videoconvert ! pngenc compression-level=1 ! multifilesink location=$work/$1.png"; }

. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"

# Colour of a pixel (x,y) as "R G B".
pixel() { convert "$1" -format "%[fx:int(255*p{$2}.r+.5)] %[fx:int(255*p{$2}.g+.5)] %[fx:int(255*p{$2}.b+.5)]" info:; }
near() { # picture x,y R G B: within 6 of that colour
    local r g b
    read -r r g b <<<"$(pixel "$1" "$2")"
    echo "pixel $2 of $1: $r $g $b, expected $3 $4 $5"
    [ $((r > $3 ? r - $3 : $3 - r)) -le 6 ] && [ $((g > $4 ? g - $4 : $4 - g)) -le 6 ] &&
        [ $((b > $5 ? b - $5 : $5 - b)) -le 6 ]
}
# Mean absolute difference of two pictures in the region of a geometry, 0 to 255.
difference() {
    convert "$1" "$2" -crop "$3" +repage -alpha off -compose difference -composite \
        -format '%[fx:int(255*mean+.5)]' info:
}
wall=200x80+430+20 face=60x60+290+200

run() { timeout 120 "$ROOT/pipelines/$1" "${@:2}"; }
window() { MATTE_SINK=$(picture window) run window.sh && [ -s "$work/window.png" ]; }
background() {
    local kind=$1
    MATTE_SINK=$(picture "$kind") run background.sh "$kind" && [ -s "$work/$kind.png" ] || return 1
    case $kind in
        none) cp "$work/none.png" "$work/camera.png" ;;
        color) near "$work/color.png" 600,20 46 125 91 || return 1 ;;
        matte)
            near "$work/matte.png" 600,20 0 0 0 || return 1
            near "$work/matte.png" 320,230 255 255 255 || return 1
            ;;
    esac
    case $kind in
        # The face stays as the camera sees it; the wall behind does not.
        color | image | transparent)
            # The compositor behind transparent may be some frames off: the head moves a little.
            local on_face on_wall most=4
            [ "$kind" != transparent ] || most=25
            on_face=$(difference "$work/camera.png" "$work/$kind.png" $face)
            on_wall=$(difference "$work/camera.png" "$work/$kind.png" $wall)
            echo "difference from the camera: face $on_face, wall $on_wall"
            [ "$on_face" -le $most ] && [ "$on_wall" -ge 15 ]
            ;;
    esac
}
# A wall that is made green: the picture is seen where it was, and the face stays.
greenscreen() {
    MATTE_SOURCE="compositor name=room background=black \
        videotestsrc pattern=solid-color foreground-color=0xff3ca050 num-buffers=$frames \
        ! video/x-raw,width=640,height=480,framerate=30/1 ! room. \
        $still ! video/x-raw,framerate=30/1 ! videoconvert ! mattebackground background=transparent ! room. \
        room. ! video/x-raw,width=640,height=480 ! videoconvert" MATTE_SINK=$(picture greenscreen) run greenscreen.sh || return 1
    local on_face on_wall
    on_face=$(difference "$work/camera.png" "$work/greenscreen.png" $face)
    on_wall=$(difference "$work/image.png" "$work/greenscreen.png" $wall)
    echo "difference of the face from the camera $on_face, of the wall from the picture $on_wall"
    [ "$on_face" -le 25 ] && [ "$on_wall" -le 4 ]
}
# What v4l2sink would be offered, and what a reader behind it would get.
loopback() {
    MATTE_SINK="filesink location=$work/loopback.yuy2" run v4l2loopback.sh || return 1
    local size
    size=$(stat -c %s "$work/loopback.yuy2")
    echo "$size bytes"
    [ $((size % (1280 * 720 * 2))) = 0 ] && [ $((size / (1280 * 720 * 2))) -ge $frames ]
}
file() {
    run file.sh "$clip" "$work/file.mp4" && gst-discoverer-1.0 "$work/file.mp4" >"$work/found" &&
        cat "$work/found" && grep -q 'audio.*MPEG-4 AAC' "$work/found" &&
        grep -q 'video.*H.264' "$work/found" && grep -q 'Duration: 0:00:08' "$work/found"
}
# The wall of a recording is transparent, the face is not.
alpha_file() { # kind, file
    local most=0
    [ "$1" != prores ] || most=3
    run alpha-file.sh "$1" "$work/$2" || return 1
    nth_frame 19 "$work/alpha.png" filesrc location="$work/$2" ! decodebin ! videoconvert \
        ! video/x-raw,format=RGBA || return 1
    local wall_alpha face_alpha wall_color
    wall_alpha=$(convert "$work/alpha.png" -format '%[fx:int(255*p{600,20}.a+.5)]' info:)
    face_alpha=$(convert "$work/alpha.png" -format '%[fx:int(255*p{320,230}.a+.5)]' info:)
    wall_color=$(convert "$work/alpha.png" -alpha off -format '%[fx:int(255*p{600,20}.g+.5)]' info:)
    echo "alpha of the wall $wall_alpha, of the face $face_alpha; green of the wall $wall_color"
    [ "$wall_alpha" -le $most ] && [ "$face_alpha" -ge $((255 - most)) ] && [ "$wall_color" -le $((most * 2)) ]
}
over_video() {
    MATTE_BEHIND="videotestsrc pattern=blue ! video/x-raw,width=1280,height=720,framerate=30/1" \
        MATTE_SINK=$(picture over) run over-video.sh || return 1
    near "$work/over.png" 100,100 0 0 255 && near "$work/over.png" 1240,250 0 0 255
}
mix() {
    MATTE_BEHIND="videotestsrc pattern=blue num-buffers=200 ! video/x-raw,width=320,height=240,framerate=15/1" \
        MATTE_SINK=$(picture mix) run mix.sh || return 1
    near "$work/mix.png" 600,20 0 0 255 || return 1
    local on_face
    on_face=$(difference "$work/camera.png" "$work/mix.png" $face)
    echo "difference from the camera: face $on_face"
    # An aggregator ends a frame earlier: the head may have moved.
    [ "$on_face" -le 25 ]
}
presenter() {
    MATTE_BEHIND="videotestsrc pattern=blue num-buffers=200 ! video/x-raw,width=1280,height=720,framerate=15/1" \
        MATTE_SINK=$(picture presenter) run presenter.sh || return 1
    # The slides all over, also in the speaker's room; the speaker's face in the corner.
    local blue
    near "$work/presenter.png" 100,100 0 0 255 && near "$work/presenter.png" 640,360 0 0 255 &&
        near "$work/presenter.png" 1240,480 0 0 255 || return 1
    read -r _ _ blue <<<"$(pixel "$work/presenter.png" 1056,589)"
    echo "blue of the face: $blue"
    [ "$blue" -lt 200 ]
}
network() {
    # Ports that this run has to itself, as far as can be known.
    local port=$((20000 + RANDOM % 20000)) receiver status=0
    # Not by a function: what is ended below is then the pipeline, not the shell that waits for it.
    PORT=$port MATTE_SINK=$(picture received) timeout 120 "$ROOT/pipelines/rtp-receive.sh" &
    receiver=$!
    sleep 2
    PORT=$port MATTE_SOURCE="$MATTE_SOURCE ! identity sync=true" run rtp-send.sh || status=1
    sleep 1
    kill "$receiver" 2>/dev/null || true
    wait "$receiver" 2>/dev/null || true
    [ $status = 0 ] && [ -s "$work/received.png" ]
}

# A pipeline for a board: run with replacements for the board's elements, and parsed as it is.
embedded() { # camera, source, output
    MATTE_SOURCE=$2 ENCODER=x264enc run embedded.sh "$1" "$3" || return 1
    if [ "$3" != window ]; then gst-discoverer-1.0 "$3" >"$work/found" && grep -q 'H.264' "$work/found" || return 1; fi
    for encoder in v4l2h264enc mpph264enc nvv4l2h264enc vah264enc x264enc openh264enc; do
        MATTE_SOURCE="" MATTE_PRINT=1 ENCODER=$encoder "$ROOT/pipelines/embedded.sh" "$1" rtp || return 1
    done | /usr/bin/python3 "$ROOT/tests/programs/parse.py"
}
# The network reads the small stream, which here is scaled from the same picture, and the person stays.
two_streams() {
    # Sizes of the clip's own shape, so that the pictures can be compared.
    WIDTH=640 HEIGHT=480 SMALL_WIDTH=320 SMALL_HEIGHT=240 MATTE_SINK=$(picture two) run two-streams.sh >"$work/two.log" 2>&1 || return 1
    cat "$work/two.log"
    ! grep -q WARNING "$work/two.log" || return 1
    local on_face on_wall
    on_face=$(difference "$work/camera.png" "$work/two.png" $face)
    on_wall=$(difference "$work/camera.png" "$work/two.png" $wall)
    echo "difference from the camera: face $on_face, wall $on_wall"
    [ "$on_face" -le 6 ] && [ "$on_wall" -ge 15 ] || return 1
    MATTE_SOURCE="" MATTE_PRINT=1 "$ROOT/pipelines/two-streams.sh" | /usr/bin/python3 "$ROOT/tests/programs/parse.py"
}
check "pipelines/window.sh" window
for kind in none blur color image transparent matte overlay; do
    check "pipelines/background.sh $kind" background $kind
done
check "pipelines/greenscreen.sh" greenscreen
check "pipelines/v4l2loopback.sh" loopback
check "pipelines/file.sh" file
check "pipelines/over-video.sh" over_video
check "pipelines/alpha-file.sh ffv1" alpha_file ffv1 alpha.mkv
check "pipelines/alpha-file.sh prores" alpha_file prores alpha.mov
check "pipelines/alpha-file.sh png" alpha_file png alpha-png.mov
check "pipelines/mix.sh" mix
check "pipelines/presenter.sh" presenter
raw="filesrc location=$work/still.png ! pngdec ! imagefreeze num-buffers=$frames ! videoconvert"
check "pipelines/two-streams.sh" two_streams
check "pipelines/embedded.sh libcamera" embedded libcamera "$raw" "$work/libcamera.mkv"
check "pipelines/embedded.sh nv12" embedded nv12 "$raw" "$work/nv12.mkv"
check "pipelines/embedded.sh dmabuf" embedded dmabuf "$raw" "$work/dmabuf.mkv"
check "pipelines/embedded.sh mjpeg" embedded mjpeg "$raw ! jpegenc" "$work/mjpeg.mkv"
check "pipelines/rtp-send.sh and rtp-receive.sh" network
if have wireplumber; then
    check "pipelines/pipewire-camera.sh" env -u MATTE_SOURCE "$ROOT/tests/programs/pipewire.sh"
else
    echo "# no PipeWire here: pipelines/pipewire-camera.sh not tried"
fi
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
