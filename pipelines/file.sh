#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# File to file with another background and all else as it is:   pipelines/file.sh IN OUT [OPTION...]
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ $# -ge 2 ] || { sed -n '3s/^# //p' "$0" >&2; exit 2; }
# A line of gst-launch-1.0 would have to know the file's streams, and would wait for ever for a
# sound that is not there.
exec matte-camera convert "$1" "$2" --picture "$picture" "${@:3}"
