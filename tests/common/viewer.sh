# SPDX-License-Identifier: MPL-2.0
# Reads a published camera as other programs do; sourced, not run, after session.sh. Nothing here
# waits for a fixed time: it looks until the expected picture is there, however slow the machine is.
# PATIENCE seconds limit every wait.
# shellcheck shell=bash
: "${work:?is a folder of the test}"
viewed=() woken=

# RGB or $VIEW_FORMAT, $VIEW_WIDTH pixels wide. A device's pictures are scaled to that; cameras of
# PipeWire have that size, as its source (1.0 and newer) takes the smallest pixel aspect ratio that a
# scaler offers, which no scaler can bring to any size.
view_caps() { echo "video/x-raw,format=${VIEW_FORMAT:-RGB},width=${VIEW_WIDTH:?}${VIEW_SOURCE:+,pixel-aspect-ratio=1/1}"; }
# Reads a camera until it is stopped, and keeps the last pictures in a folder.
look() { # name, source as a gst-launch fragment
    mkdir "$work/$1"
    # shellcheck disable=SC2086  # a line of words
    # What is too slow for the machine is dropped; videorate would stand still after PipeWire's
    # first frame.
    start "$1" gst-launch-1.0 -q ${2:?} ! queue leaky=downstream max-size-buffers=1 \
        ! "videoconvert${VIEW_SOURCE:+scale}" \
        ! "$(view_caps)" ! multifilesink location="$work/$1/%06d.rgb" max-files=20
    reader=${started:?}
}
# The camera, by what it publishes, or as the file that sources this says.
view() { # name, node
    local number
    viewed=("$@")
    if [ -n "${VIEW_SOURCE:-}" ]; then
        look "$1" "$VIEW_SOURCE"
    else
        number=$(node "${2:-matte-camera}") && look "$1" "pipewiresrc path=$number" && woken=$(wakings)
    fi
}
# What the camera's program has written.
said() { grep -qF "$1" "$work/camera.log"; }
says_so() { wait_for "$PATIENCE" said "$1"; }
times() { [ "$(grep -cF "$1" "$work/camera.log")" -ge "$2" ]; } # text, how often
asleep() { [ "$(grep -c 'camera off' "$work/camera.log")" -ge "$(grep -c 'camera on' "$work/camera.log")" ]; }
says_times() { wait_for "$PATIENCE" times "$@"; }
# Its log so far, equal lines together, for those who read the test's.
what_it_said() { uniq -c "$work/camera.log" | sed -e '/^ *[0-9]* \(Schema error.*\)\?$/d' -e 's/^/# /'; }
leave() {
    viewed=()
    kill "$reader" && { await_end "$reader" || true; }
}
# PipeWire 0.3 loses a reader now and then, on a busy machine. The program sees that and wakes its output, at
# last by publishing it anew; a reader that gets no picture after that looks again, as a person would.
wakings() { grep -cF "the output was stuck" "$work/camera.log" 2>/dev/null || true; }
look_again() {
    [ ${#viewed[@]} -gt 0 ] && [ "$(wakings)" != "$woken" ] &&
        [ -z "$(find "$work/${viewed[0]}" -name '*.rgb' -newermt '-20 seconds' 2>/dev/null)" ] || return 0
    echo "${viewed[0]}: no picture for 20 seconds, looks again"
    kill "$reader" 2>/dev/null && { await_end "$reader" || true; }
    rm -rf "${work:?}/${viewed[0]}"
    view "${viewed[@]}"
}
# The newest picture that is complete: the next one has been begun.
newest() { # name
    local pictures
    mapfile -t pictures < <(find "$work/$1" -name '*.rgb' | sort | tail -n 2)
    [ ${#pictures[@]} = 2 ] && echo "${pictures[0]}"
}
luma() { od -An -tu1 -j $((2 * ($3 * VIEW_WIDTH + $2))) -N 1 "$1"; } # file x y; of YUY2
pixel() { od -An -tu1 -j $((3 * ($3 * VIEW_WIDTH + $2))) -N 3 "$1"; } # file x y
# Whether the newest picture has, within 12, that colour at a place.
near() { # name x y R G B
    local picture r g b
    picture=$(newest "$1") && read -r r g b <<<"$(pixel "$picture" "$2" "$3")" && [ -n "$b" ] || return 1
    echo "$(basename "$picture") of $1 at $2,$3: $r $g $b, expected $4 $5 $6"
    [ $((r > $4 ? r - $4 : $4 - r)) -le 12 ] && [ $((g > $5 ? g - $5 : $5 - g)) -le 12 ] &&
        [ $((b > $6 ? b - $6 : $6 - b)) -le 12 ]
}
seen() { "$@" || { look_again && false; }; }
until_seen() { wait_for "$PATIENCE" seen "$@" || "$@"; } # command; the last try tells what it saw
shows() { until_seen near "$@"; }
