#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Runs every program of examples/ and checks its output: files, lines, a frame in a real browser, a
# window. Prints TAP lines.
#
#   tests/programs/examples.sh [NAME...]      rust c python webrtc whip rtsp gtk; all of them without a name
#
# MATTE_SCREENSHOT and MATTE_FRAME name files for the window and the browser's frame
# (docs/pictures/gtk.jpg, webrtc.jpg).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"

clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
room=$ROOT/docs/pictures/room.jpg
still=$work/still.png
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! $PRESENTER ! identity eos-after=60 ! videoconvert \
    ! video/x-raw,format=I420 ! x264enc pass=quant quantizer=10 ! h264parse ! mp4mux ! filesink location="$work/in.mp4"
nth_frame 19 "$still" filesrc location="$clip" ! decodebin ! $PRESENTER
camera="filesrc location=$still ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=15/1 ! videoconvert"

. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
# Mean difference of two pictures in a region, 0 to 255; both brought to one size.
difference() { # picture, picture, geometry
    convert \( "$1" -resize '640x480!' \) \( "$2" -resize '640x480!' \) -crop "$3" +repage -alpha off \
        -compose difference -composite -format '%[fx:int(255*mean+.5)]' info:
}
# The person is as in the camera's picture, the wall as in the background.
replaced() { # picture
    local face wall
    face=$(difference "$1" "$still" 60x60+290+200)
    convert "$room" -resize 640x480^ -gravity center -extent 640x480 "$work/room.png"
    wall=$(difference "$1" "$work/room.png" 150x80+470+20)
    echo "difference on the face $face, on the wall $wall"
    [ "$face" -le 12 ] && [ "$wall" -le 12 ]
}

rust() {
    env -u GST_PLUGIN_PATH cargo run -q --example linked || return 1
    cargo run -q --example replace -- "$work/in.mp4" "$work/out.mp4" "$room" || return 1
    gst-launch-1.0 -q filesrc location="$work/out.mp4" ! decodebin ! videoconvert ! pngenc compression-level=1 \
        ! multifilesink location="$work/rust-%03d.png" || return 1
    local last
    last=$(find "$work" -name 'rust-*.png' | sort | tail -1)
    echo "$last"
    # The first second is blurred: the wall is not yet the picture's.
    convert "$room" -resize 640x480^ -gravity center -extent 640x480 "$work/room.png"
    [ "$(difference "$work/rust-010.png" "$work/room.png" 150x80+470+20)" -ge 15 ] &&
        [ "$(difference "$last" "$work/room.png" 150x80+470+20)" -le 12 ]
}
c() {
    # shellcheck disable=SC2046
    cc -Wall -Wextra -Wno-unused-parameter -Werror -o "$work/coverage" "$ROOT/examples/c/coverage.c" \
        $(pkg-config --cflags --libs gstreamer-video-1.0) || return 1
    "$work/coverage" "$work/in.mp4" | tee "$work/coverage.txt" | tail -3
    # Every frame has a matte, and a person before a camera covers a part of it.
    awk '{ n++; if ($2 < 0.15 || $2 > 0.7) bad++ } END { print n, bad + 0; exit !(n >= 55 && !bad) }' "$work/coverage.txt" &&
        ! "$work/coverage" /nowhere.mp4
}
python() {
    /usr/bin/python3 "$ROOT/examples/python/follow.py" "$work/in.mp4" | tee "$work/follow.txt" | tail -3
    # The head's top and the shoulders: left of the middle, from a sixth of the height to the lower
    # edge.
    awk 'NF == 5 { n++; if ($2 > 0.4 || $4 < 0.5 || $3 > 0.4 || $5 < 0.95) bad++ }
        END { print n, bad + 0; exit !(n >= 55 && !bad) }' "$work/follow.txt" &&
        ! /usr/bin/python3 "$ROOT/examples/python/follow.py" /nowhere.mp4 && animate
}
# At first the wall is the camera's, at the end it is out of focus.
animate() {
    /usr/bin/python3 "$ROOT/examples/python/animate.py" "$work/in.mp4" "$work/moved.mp4" || return 1
    gst-launch-1.0 -q filesrc location="$work/moved.mp4" ! decodebin ! videoconvert ! pngenc compression-level=1 \
        ! multifilesink location="$work/moved-%03d.png" || return 1
    local last first_off last_off
    last=$(find "$work" -name 'moved-*.png' | sort | tail -1)
    gst-launch-1.0 -q filesrc location="$work/in.mp4" ! decodebin ! videoconvert ! pngenc compression-level=1 \
        ! multifilesink location="$work/unmoved-%03d.png" || return 1
    first_off=$(difference "$work/moved-002.png" "$work/unmoved-002.png" 300x100+20+20)
    last_off=$(difference "$last" "${last/moved-/unmoved-}" 300x100+20+20)
    echo "the wall is off by $first_off at first and by $last_off at the end"
    [ "$first_off" -lt "$last_off" ]
}
webrtc() {
    start send /usr/bin/python3 "$ROOT/examples/webrtc/send.py" --port 0 --picture "$room" --source "$camera"
    wait_for 20 grep -q http "$work/send.log" || return 1
    timeout 200 /usr/bin/python3 "$ROOT/tests/programs/browser.py" "$(head -1 "$work/send.log")" "$work/webrtc.png" &&
        replaced "$work/webrtc.png" || return 1
    if [ -n "${MATTE_FRAME:-}" ]; then convert "$work/webrtc.png" -quality 90 -strip "$MATTE_FRAME"; fi
}
# To a server that is not of GStreamer, with a token; the session ends with the program.
whip() {
    local python server
    python=$(python_with whip "$ROOT/tests/programs/whip-requirements.txt") || return 1
    start server "$python" "$ROOT/tests/programs/whip_server.py" "$work/whip.png"
    server=$started
    wait_for 60 grep -q http "$work/server.log" || return 1
    WHIP_TOKEN=secret start whip /usr/bin/python3 "$ROOT/examples/webrtc/whip.py" --picture "$room" --source "$camera" \
        "$(head -1 "$work/server.log")"
    sent() {
        wait_for 120 grep "frames of" "$work/server.log" && replaced "$work/whip.png" && kill -TERM "$1" && await_end "$1" &&
            await_end "$server" && grep "session was deleted" "$work/server.log"
    }
    if ! sent "$started"; then
        cat "$work/server.log" "$work/whip.log"
        return 1
    fi
    # A server that refuses is named.
    ! /usr/bin/python3 "$ROOT/examples/webrtc/whip.py" --source "$camera" http://127.0.0.1:9/whip 2>"$work/refused.log" &&
        grep -q '^http://127.0.0.1:9/whip: ' "$work/refused.log"
}
# Twice: the pipeline is made anew for the second player.
rtsp() {
    local turn
    start serve /usr/bin/python3 "$ROOT/examples/rtsp/serve.py" --port 0 --picture "$room" --source "$camera"
    wait_for 60 grep -q rtsp "$work/serve.log" || return 1
    for turn in 1 2; do
        # Its goodbye may come too late for the server; the picture is what counts.
        timeout 200 gst-launch-1.0 -q rtspsrc location="$(head -1 "$work/serve.log")" ! decodebin ! identity eos-after=30 \
            ! videoconvert ! pngenc compression-level=1 ! multifilesink location="$work/rtsp$turn.png" || true
        if ! replaced "$work/rtsp$turn.png" || ! kill -0 "$started"; then
            cat "$work/serve.log"
            return 1
        fi
    done
}
gtk() {
    convert -size 640x360 gradient:'#1d6fa5-#f3d9a4' "$work/beach.jpg" || return 1
    start display Xvfb -noreset -displayfd 4 -screen 0 900x560x24 4>"$work/display"
    wait_for 20 test -s "$work/display" || return 1
    DISPLAY=:$(cat "$work/display") GSETTINGS_BACKEND=memory GDK_BACKEND=x11 NO_AT_BRIDGE=1 \
        start window dbus-run-session -- /usr/bin/python3 "$ROOT/examples/gtk/background.py" --source "$camera" \
        "$work/beach.jpg" "$room"
    # The window fills the screen; the video is left of the panel.
    seen() {
        DISPLAY=:$(cat "$work/display") import -window root "$work/gtk.png" &&
            [ "$(identify -format %k "$work/gtk.png")" -gt 8000 ]
    }
    wait_for 60 seen || { cat "$work/window.log"; return 1; }
    sleep 2
    seen || return 1
    # The video is as wide as the panel lets it be, with bars above and below.
    convert "$work/gtk.png" -crop 699x524+0+18 +repage "$work/gtk-video.png" || return 1
    if [ -n "${MATTE_SCREENSHOT:-}" ]; then convert "$work/gtk.png" -quality 90 -strip "$MATTE_SCREENSHOT"; fi
    replaced "$work/gtk-video.png"
}

declare -A SHOWS=(
    [rust]="examples/replace.rs: another background in a file, changed while it plays"
    [c]="examples/c/coverage.c: reads the matte on each frame"
    [python]="examples/python/follow.py: where the person is"
    [webrtc]="examples/webrtc/send.py: a frame in Chromium has the person before the picture"
    [whip]="examples/webrtc/whip.py: a WHIP server gets the person before the picture"
    [rtsp]="examples/rtsp/serve.py: players get the person before the picture"
    [gtk]="examples/gtk/background.py: a window with the video and a chooser"
)
[ $# -gt 0 ] || set -- rust c python webrtc whip rtsp gtk
for name in "$@"; do check "${SHOWS[$name]:?unknown example}" "$name"; done
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
