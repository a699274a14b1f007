#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Installs what is missing, builds the plugin and shows what it does.
#
#   scripts/demo.sh                 a real webcam clip (from Debian's forensics-samples-files)
#   scripts/demo.sh FILE            the first video of a file (without its sound)
#   scripts/demo.sh /dev/videoN     ten seconds of a camera
#
# It writes out/demo.mp4 (blurred background), out/demo-image.mp4 (another background) and
# out/demo.png (input, matte, overlay, blur and replaced at six moments).
# MATTE_BACKGROUND names another background picture, MATTE_SECONDS how long a camera is recorded.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

input=${1:-}
case $input in
    -h | --help)
        sed -n '3,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
        ;;
    "") ;;
    *) [ -e "$input" ] || die "no such file or device: $input" ;;
esac
background=${MATTE_BACKGROUND:-$ROOT/docs/pictures/room.jpg}
[ -r "$background" ] || die "no background picture at $background (set MATTE_BACKGROUND)"

say "1/4 what is missing"
scripts/deps.sh build run demo
. scripts/env.sh

say "2/4 building (the first time takes some minutes)"
cargo build --release

# The camera or clip as a gst-launch fragment, and its length in milliseconds, which gives the
# distance of the sheet's six moments.
milliseconds() {
    gst-discoverer-1.0 "$1" 2>/dev/null |
        awk -F'[ :.]+' '/^ *Duration/ { print (($3 * 60 + $4) * 60 + $5) * 1000 + substr($6, 1, 3) }'
}
seconds=${MATTE_SECONDS:-10}
case $input in
    /dev/*)
        length=$((seconds * 1000))
        source="v4l2src device=$input num-buffers=$((seconds * 30)) ! decodebin"
        ;;
    *)
        clip=${input:-$(presenter_clip)}
        [ -n "$clip" ] || die "the demo's clip is not here: install Debian's forensics-samples-files, or name a file"
        length=$(milliseconds "$clip")
        [ "${length:-0}" -gt 0 ] || die "no video with a known length in $clip"
        source="filesrc location=\"$clip\" ! decodebin"
        [ -n "$input" ] || source="$source ! $PRESENTER"
        ;;
esac

rm -rf out/frames
mkdir -p out/frames
rm -f out/demo.mp4 out/demo-image.mp4 out/demo.png

# The network and the refinement run once; five branches make their pictures of the same frames.
say "3/4 running"
moments="videorate drop-only=true skip-to-first=true ! video/x-raw,framerate=6000/$length ! videoconvert ! pngenc compression-level=1"
encode="videoconvert ! video/x-raw,format=I420 ! x264enc speed-preset=veryfast pass=quant quantizer=20 ! h264parse ! mp4mux"
# async=false: the sheet must not hold up the encoders, which look some frames ahead.
frames() { echo "$moments ! multifilesink async=false max-files=6 location=out/frames/$1-%02d.png"; }
launch "-q $source ! queue \
    ! mattesegment ! matterefine ! progressreport update-freq=1 ! tee name=chain \
    chain. ! queue ! $(frames 1-input) \
    chain. ! queue ! mattecompose background=matte ! $(frames 2-matte) \
    chain. ! queue ! mattecompose background=overlay ! $(frames 3-overlay) \
    chain. ! queue ! mattecompose background=blur ! tee name=blurred \
    blurred. ! queue ! $encode ! filesink location=out/demo.mp4 \
    blurred. ! queue ! $(frames 4-blur) \
    chain. ! queue ! mattecompose background=image image=\"$background\" ! tee name=replaced \
    replaced. ! queue ! $encode ! filesink location=out/demo-image.mp4 \
    replaced. ! queue ! $(frames 5-replaced)"

say "4/4 the contact sheet"
columns=()
for name in input matte overlay blur replaced; do
    convert out/frames/*-$name-*.png -resize 320x -append "out/frames/$name.png"
    columns+=(-label "$name" "out/frames/$name.png")
done
montage -font DejaVu-Sans -pointsize 18 "${columns[@]}" -tile 5x1 -geometry +3+3 out/demo.png
rm -rf out/frames

say "done:"
ls -l out/demo.mp4 out/demo-image.mp4 out/demo.png
