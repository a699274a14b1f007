#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Record the person with an alpha channel:   pipelines/alpha-file.sh ffv1|prores|png FILE
# (.mkv for ffv1, .mov for the others)
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ $# = 2 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }
# Each encoder has one format with alpha. It is named, since videoconvert would choose one without.
case $1 in
    ffv1) record="video/x-raw,format=BGRA ! avenc_ffv1 ! matroskamux" ;;
    prores) record="video/x-raw,format=A444_10LE ! avenc_prores_ks ! qtmux" ;;
    png) record="video/x-raw,format=RGBA ! pngenc ! qtmux" ;;
    *) echo "$1: not one of ffv1, prores, png" >&2; exit 2 ;;
esac
launch "$source ! mattebackground background=transparent ! videoconvert ! $record ! filesink location=\"$2\""
