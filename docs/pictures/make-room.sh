#!/usr/bin/env bash
# SPDX-License-Identifier: CC0-1.0
# Draws room.jpg, the background picture of the demo: an invented room, out of focus as it is behind a
# person before a camera. Needs ImageMagick. One version writes the same bytes each time.
set -euo pipefail
cd "$(dirname "$0")"

books=()
row() { # y of the shelf's top, then pairs of width and colour
    local y=$1 width colour height i=0
    shift
    x=1310
    while [ $# -gt 0 ]; do
        width=$1 colour=$2 height=$((118 + (i * 37) % 43))
        books+=(-fill "$colour" -draw "rectangle $x,$((y - height)) $((x + width - 4)),$y")
        x=$((x + width))
        i=$((i + 1))
        shift 2
    done
}
row 330 34 '#7a3b2e' 28 '#d8b26a' 40 '#2f4a5c' 30 '#8c8f7d' 44 '#b5533c' 26 '#e7dcc5' 36 '#3d5a4a' 30 '#6b4f6d' 42 '#c98f4d'
row 560 44 '#3d5a4a' 30 '#e7dcc5' 36 '#6b4f6d' 26 '#b5533c' 42 '#2f4a5c'
row 790 30 '#c98f4d' 40 '#7a3b2e' 28 '#8c8f7d' 36 '#2f4a5c' 44 '#d8b26a' 30 '#3d5a4a' 40 '#b5533c' 26 '#e7dcc5'

leaves=()
for turn in -70 -50 -32 -14 4 22 40 58 76; do
    leaves+=(-fill "rgb($((52 + turn / 4)),$((104 + turn / 3)),66)"
        -draw "translate 1020,770 rotate $turn ellipse 0,-130 34,150 0,360")
done

convert -size 1920x1080 gradient:'#dccdb8'-'#a8927a' \
    -fill '#6d5646' -draw 'rectangle 0,960 1920,1080' \
    -fill '#f7f3ea' -draw 'rectangle 150,110 690,760' \
    -fill '#cfe3f2' -draw 'rectangle 180,140 405,430' -draw 'rectangle 435,140 660,430' \
    -fill '#e6eedd' -draw 'rectangle 180,460 405,730' -draw 'rectangle 435,460 660,730' \
    -fill '#eadfcd' -draw 'polygon 90,80 230,80 205,860 70,860' \
    -draw 'polygon 612,80 750,80 772,860 640,860' \
    -fill '#8a6748' -draw 'rectangle 1270,120 1830,960' \
    -fill '#5e4430' -draw 'rectangle 1296,146 1804,330' -draw 'rectangle 1296,356 1804,560' \
    -draw 'rectangle 1296,586 1804,790' -draw 'rectangle 1296,816 1804,960' \
    "${books[@]}" \
    -fill '#d9a441' -draw 'circle 1690,500 1690,440' \
    -fill '#f3e6c9' -draw 'rectangle 1600,880 1780,950' \
    "${leaves[@]}" \
    -fill '#c4694a' -draw 'polygon 930,770 1110,770 1085,965 955,965' \
    -blur 0x11 \
    \( -size 1920x1080 radial-gradient:'rgba(255,244,214,0.75)'-'rgba(255,244,214,0)' -distort SRT '420,430 1.0 0 420,430' -roll -540-110 \) \
    -compose softlight -composite \
    \( -size 1920x1080 xc:gray50 -seed 7 +noise gaussian -colorspace gray -evaluate multiply 0.10 -evaluate add 45% \) \
    -compose overlay -composite \
    -depth 8 -sampling-factor 4:2:0 -quality 88 -strip room.jpg
