#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Whether two builds of the plugin give the same bytes, for changes that must change nothing.
# Each pipeline runs with both, and the output streams are compared.
#
#   scripts/checks/same-output.sh OLD NEW [CLIP...]    OLD and NEW: folders with libgstmatte.so
#
# The lines: every format with every background; every preset of matterefine and edge mode; crops,
# turned video, a video behind, tags, sizes that change. The clips are the demo's and those given. A
# table of what was compared is printed; if streams differ, the first different byte is named.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
. "$ROOT/scripts/env.sh"
[ $# -ge 2 ] || die "usage: same-output.sh OLD NEW [CLIP...]"
old=$(realpath "$1") new=$(realpath "$2")
shift 2
for folder in "$old" "$new"; do
    [ -e "$folder/libgstmatte.so" ] || die "no libgstmatte.so in $folder"
done
clips=("$(presenter_clip)" "$@")
[ -n "${clips[0]}" ] || die "the demo's clip is not here: install Debian's forensics-samples-files"
picture=$ROOT/tests/data/background.png
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

formats=$(GST_PLUGIN_PATH=$new GST_REGISTRY=$work/formats.reg gst-inspect-1.0 mattecompose |
    sed -n "s/^ *format: { *\(.*\) }/\1/p" | head -1 | tr -d '(string),')
[ -n "$formats" ] || die "mattecompose of $new names no formats"

nicks() { # ELEMENT PROPERTY: the values of an enum
    GST_PLUGIN_PATH=$new GST_REGISTRY=$work/formats.reg gst-inspect-1.0 "$1" |
        awk -v property="$2" '/^  [a-z]/ { on = $1 == property } on && /^ *\([0-9]+\): / { sub(":", "", $1); print $2 }'
}

# Decoded once: both builds get the same frames.
decode() { # CLIP FRAMES SIZE OUT
    gst-launch-1.0 -q filesrc location="$1" ! decodebin ! videoconvert ! videoscale ! \
        "video/x-raw,format=I420,$3,pixel-aspect-ratio=1/1" ! identity eos-after="$(($2 + 1))" ! \
        filesink location="$4"
}
# Sizes that no format pads, upright or turned, since the content of padding is undefined.
small="width=192,height=96" medium="width=640,height=360"
count=0 unlike=0

# same NAME LINE: LINE writes to $OUT/1, $OUT/2, ...
same() {
    local name=$1 line=$2 side folder
    for side in old new; do
        folder=$work/$side
        rm -rf "$folder" && mkdir "$folder"
        # shellcheck disable=SC2086  # the line is words
        (cd "$folder" && GST_PLUGIN_PATH=${!side} GST_REGISTRY=$work/$side.reg gst-launch-1.0 -q $line) \
            >"$work/$side.log" 2>&1 || echo failed >"$folder/failed"
    done
    local file found
    for file in "$work"/old/*; do
        found=$(basename "$file")
        count=$((count + 1))
        if ! cmp -s "$file" "$work/new/$found"; then
            unlike=$((unlike + 1))
            printf 'unlike: %s, stream %s: %s\n' "$name" "$found" "$(cmp "$file" "$work/new/$found" 2>&1 || true)"
        elif [ "$found" = failed ]; then
            unlike=$((unlike + 1))
            printf 'fails with both: %s: %s\n' "$name" "$(tail -1 "$work/new.log")"
        elif ! [ -s "$file" ]; then
            unlike=$((unlike + 1))
            printf 'nothing came out: %s, stream %s\n' "$name" "$found"
        fi
    done
}
raw() { # FILE SIZE
    local width height
    width=${2#width=} height=${2#*height=}
    echo "filesrc location=$1 ! rawvideoparse format=i420 width=${width%%,*} height=$height framerate=30/1"
}
# Chains behind a tee, each into a file of its own.
fan() { # HEAD, then one chain an argument
    local head=$1 number=0 chain
    shift
    printf '%s ! tee name=t' "$head"
    for chain in "$@"; do
        number=$((number + 1))
        printf ' t. ! queue ! %s ! filesink location=%s' "$chain" "$number"
    done
}

table() { printf '| %s | %s | %s |\n' "$@"; }
table "what" "streams" "unlike"
table --- --- ---
part() { # NAME: tells what came since the last part
    table "$1" "$((count - ${told:-0}))" "$((unlike - ${told_unlike:-0}))"
    told=$count told_unlike=$unlike
}

decode "${clips[0]}" 6 "$small" "$work/small"
mattes="mattesegment ! matterefine"
for format in $formats; do
    chains=()
    # Without overlay, which draws the time of the network.
    for background in blur color image transparent matte none; do
        chains+=("mattecompose background=$background image=$picture color=0xff2080c0")
    done
    head="$(raw "$work/small" "$small") ! videoconvert ! video/x-raw,format=$format ! $mattes"
    same "$format" "$(fan "$head" "${chains[@]}")"
done
part "formats x backgrounds"

for clip in "${clips[@]}"; do
    decode "$clip" 24 "$medium" "$work/clip"
    source=$(raw "$work/clip" "$medium")
    chains=()
    for preset in fast balanced quality off; do
        chains+=("matterefine preset=$preset ! mattecompose background=matte")
        chains+=("matterefine preset=$preset ! mattecompose background=blur light-wrap=0.3 decontamination=0.7")
    done
    for edge in $(nicks matterefine edge-mode); do
        chains+=("matterefine edge-mode=$edge ! mattecompose background=matte")
    done
    for temporal in $(nicks matterefine temporal); do
        chains+=("matterefine temporal=$temporal ! mattecompose background=matte")
    done
    chains+=("matterefine grow=2.5 feather=3 hysteresis-low=0.3 open=2 close=2 ! mattecompose background=color")
    same "presets $(basename "$clip")" "$(fan "$source ! mattesegment" "${chains[@]}")"
    same "interval $(basename "$clip")" "$(fan "$source" \
        "mattesegment interval=3 ! matterefine ! mattecompose background=matte" \
        "mattesegment still-threshold=0.01 ! matterefine ! mattecompose background=blur" \
        "mattesegment model=builtin-lite interval=4 motion-compensation=false ! mattecompose background=image image=$picture" \
        "mattesegment input-pixels=20000 ! mattecompose tone-match=0.5 background=image image=$picture image-fit=contain")"
done
part "presets, edges, scheduling"

source=$(raw "$work/small" "$small")
for method in 90r 180 90l horiz vert ur-ll ul-lr; do
    same "turned $method" "$(fan "$source ! videoflip video-direction=$method ! mattebackground video-direction=$method \
        name=b background=image image=$picture" identity)"
done
same "crop" "$(fan "$source ! videocrop left=10 top=6 right=6 ! mattebackground background=blur" identity "videocrop right=16")"
same "anamorphic" "$(fan "$source ! capssetter caps=video/x-raw,pixel-aspect-ratio=4/3 ! $mattes" \
    "mattecompose background=image image=$picture" "mattecompose blur-strength=0.8" "matterefine grow=3 ! mattecompose background=matte")"
same "effects" "$(fan "$source ! $mattes" "mattecompose blur-bokeh=true" "mattecompose blur-strength=1" \
    "mattecompose background=image image=$picture light-wrap=1 tone-match=1 decontamination=1")"
behind="videotestsrc num-buffers=6 pattern=smpte ! video/x-raw,width=200,height=120,framerate=30/1"
for format in NV12 BGRx P010_10LE AYUV; do
    same "mix $format" "$source ! videoconvert ! video/x-raw,format=$format ! $mattes ! mix.sink \
        $behind ! mix.background mattemix name=mix ! filesink location=1"
done
same "bin with a video behind" "$source ! mattebackground name=b ! filesink location=1 $behind ! b.background"
part "geometry, blur, video behind"

echo
if [ "$unlike" -gt 0 ]; then
    die "$unlike of $count streams differ or failed"
fi
echo "$count streams, all the same"
