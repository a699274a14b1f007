#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# One pipeline per background:   pipelines/background.sh blur|color|image|transparent|matte|overlay|none
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
sink="videoconvert ! ${MATTE_SINK:-autovideosink}"
case ${1:-} in
    blur) launch "$source ! queue ! mattebackground background=blur blur-strength=80 ! $sink" ;;
    color) launch "$source ! queue ! mattebackground background=color color=0xff2e7d5b ! $sink" ;;
    image) launch "$source ! queue ! mattebackground background=image image=\"$picture\" ! $sink" ;;
    # A checkerboard shows through where the picture is transparent.
    transparent)
        launch "compositor name=mix background=checker ! video/x-raw,format=BGRA ! $sink \
            $source ! queue ! videoconvert ! video/x-raw,format=BGRA \
            ! mattebackground background=transparent ! mix."
        ;;
    matte) launch "$source ! queue ! mattebackground background=matte ! $sink" ;;
    overlay) launch "$source ! queue ! mattebackground background=overlay ! $sink" ;;
    none) launch "$source ! queue ! mattebackground background=none ! $sink" ;;
    *)
        sed -n '3s/^# //p' "$0" >&2
        exit 2
        ;;
esac
