#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Makes the pictures of docs/pictures.md: runs the page's own commands, in their order.
#
#   scripts/docs/pictures.sh             all of them
#   scripts/docs/pictures.sh WORD        only the commands with WORD in them
#
# They run in a folder of their own. There in.mp4 is the webcam clip (from Debian's
# forensics-samples-files) up to the moment that is shown, and beach.jpg is the project's picture.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"

word=${1:-}
case $word in
    -h | --help)
        sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
        ;;
esac
page=$ROOT/docs/pictures.md
to=$ROOT/docs/pictures
folder=$ROOT/out/pictures
# Frames up to the moment that is shown: the matte has settled, the microphone stands out.
FRAMES=32

. scripts/env.sh
clip=$(presenter_clip)
[ -n "$clip" ] || die "the clip is not here: install Debian's forensics-samples-files"
gst-inspect-1.0 mattebackground >/dev/null || die "the plugin is not built: run cargo build --release"

rm -rf "$folder"
mkdir -p "$folder"
cp "$to/room.jpg" "$folder/beach.jpg"
# Nearly lossless, so that the pictures show the plugin's work and not the encoder's.
launch "-q filesrc location=\"$clip\" ! decodebin ! $PRESENTER ! identity eos-after=$FRAMES \
    ! videoconvert ! video/x-raw,format=I420 ! x264enc pass=quant quantizer=6 ! h264parse ! mp4mux \
    ! filesink location=\"$folder/in.mp4\""

cd "$folder"
# The commands of the page, each joined to one line.
sed -e ':join; /\\$/ { N; s/\\\n *//; b join; }' "$page" | grep '^gst-launch-1\.0 ' >lines
while IFS= read -r line; do
    case $line in
        *"$word"*) ;;
        *) continue ;;
    esac
    say "${line##*! }"
    bash -c "${line/gst-launch-1.0/gst-launch-1.0 -q}" </dev/null || die "this line of $page fails: $line"
done <lines

for picture in *.jpg; do
    [ "$picture" = beach.jpg ] || cp "$picture" "$to/$picture"
done
cd "$ROOT"
rm -rf "$folder"
say "done: $to"
