#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Makes the pictures of docs/tuning.md. The page says what each shows:
# ![SETTINGS](pictures/KIND-NAME.jpg) is made by running the clip through mattebackground with these
# settings.
#
#   scripts/docs/tuning-pictures.sh           all of them
#   scripts/docs/tuning-pictures.sh WORD      only those with WORD in their file's name
#
# KIND   flicker  what the matte of a still scene with sensor noise changes in two seconds, four
#                 times amplified: black where it stands still
#        trace    one row of the matte, frame below frame, while the head moves
#        edge     the person before green, enlarged three times
#        matte    the whole matte       cut    the whole picture before green
#        carry    the person before green in the quickest moment of the clip
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"

word=${1:-}
case $word in
    -h | --help)
        sed -n '3,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
        ;;
esac
page=$ROOT/docs/tuning.md
. scripts/env.sh
clip=$(presenter_clip)
[ -n "$clip" ] || die "the clip is not here: install Debian's forensics-samples-files"
gst-inspect-1.0 mattebackground >/dev/null || die "the plugin is not built: run cargo build --release"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/frames"
# Nearly lossless, so that the pictures show the plugin's work and not the encoder's.
encode="videoconvert ! video/x-raw,format=I420 ! x264enc pass=quant quantizer=6 ! h264parse ! mp4mux"
launch "-q filesrc location=\"$clip\" ! decodebin ! $PRESENTER ! $encode ! filesink location=\"$work/moving.mp4\""
nth_frame 31 "$work/moment.png" filesrc location="$work/moving.mp4" ! decodebin
# A camera's noise on a scene that stands still: 0.08 of evenly spread gray, new in every frame, is
# a standard deviation of 6 code values.
rate=video/x-raw,width=640,height=480,framerate=30/1
launch "-q compositor name=noisy background=black sink_1::alpha=0.08 ! $encode ! filesink location=\"$work/still.mp4\" \
    filesrc location=\"$work/moment.png\" ! pngdec ! imagefreeze num-buffers=75 ! $rate ! noisy.sink_0 \
    videotestsrc pattern=snow num-buffers=75 ! $rate ! noisy.sink_1"

# clip, settings, what follows: writes numbered frames. In a still scene it leaves out the first
# ones, in which the temporal filter has no past yet.
frames() {
    rm -f "$work"/frames/*
    launch "-q filesrc location=\"$work/$1\" ! decodebin ! mattebackground $2 ! $3 \
        ! pngenc compression-level=1 ! multifilesink location=\"$work/frames/%04d.png\""
}
# settings, number of the frame that is shown
one() {
    frames moving.mp4 "$1" "identity eos-after=$(($2 + 2)) ! videoconvert"
    printf '%s/frames/%04d.png' "$work" "$2"
}
green="background=color color=0xff00b140"
jpeg=(-sampling-factor 4:2:0 -quality 86 -strip)

grep -oE '!\[[^]]*\]\(pictures/(flicker|trace|edge|matte|cut|carry)-[a-z0-9-]*\.jpg\)' "$page" | sort -u >"$work/list"
while IFS= read -r entry; do
    settings=$(sed -E 's/^!\[([^]]*)\].*/\1/' <<<"$entry")
    name=$(sed -E 's/.*\(pictures\/(.*)\.jpg\)$/\1/' <<<"$entry")
    [[ $name == *"$word"* ]] || continue
    [ "$settings" != defaults ] || settings=
    say "$name: $settings"
    out=$ROOT/docs/pictures/$name.jpg
    case $name in
        flicker-*)
            frames still.mp4 "background=matte $settings" videoconvert
            rm "$work"/frames/000?.png "$work"/frames/001[0-4].png
            # Largest less smallest value of each pixel over time.
            convert \( "$work"/frames/*.png -evaluate-sequence max \) \
                \( "$work"/frames/*.png -evaluate-sequence min \) -compose minus_src -composite \
                -evaluate multiply 4 -crop 440x330+100+60 +repage "${jpeg[@]}" "$out"
            ;;
        trace-*)
            frames moving.mp4 "background=matte $settings" "videocrop left=150 right=170 top=140 bottom=339"
            convert "$work"/frames/00[6-9]?.png "$work"/frames/01[0-3]?.png -append -filter point \
                -resize 100%x300% "${jpeg[@]}" "$out"
            ;;
        edge-*)
            convert "$(one "$green $settings" 30)" -crop 160x120+320+95 +repage \
                -filter point -resize 300% "${jpeg[@]}" "$out"
            ;;
        matte-*) convert "$(one "background=matte $settings" 30)" -resize 50% "${jpeg[@]}" "$out" ;;
        cut-*) convert "$(one "$green $settings" 30)" -resize 50% "${jpeg[@]}" "$out" ;;
        carry-*) convert "$(one "$green $settings" 88)" -resize 50% "${jpeg[@]}" "$out" ;;
    esac
done <"$work/list"
say "done: docs/pictures"
