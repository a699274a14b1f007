#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Tests a plugin for an Arm processor in an emulated Debian 12; scripts/systems/cross.sh PROCESSOR
# check runs it. Prints TAP lines.
#
#   tests/systems/cross.sh arm64|armhf PLUGIN
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
name=$1 plugin=$2
LIMIT=4000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
about="$name: "
# An emulator that hangs is ended.
inside() { timeout -k 5 300 "$ROOT/scripts/systems/roots.sh" run "$name" "$@"; }
pipeline() { inside gst-launch-1.0 -q videotestsrc num-buffers=3 ! video/x-raw,width=320,height=240 ! "$@" ! fakesink; }

small() {
    local size
    size=$(stat -c %s "$plugin")
    echo "$size bytes, at most $LIMIT"
    [ "$size" -le "$LIMIT" ]
}
elements() {
    local element said
    said=$(inside gst-inspect-1.0 matte) && echo "$said" || return 1
    for element in mattesegment matterefine mattecompose mattemix mattebackground; do
        grep -q "$element:" <<<"$said" || return 1
    done
}

check "$(stat -c %s "$plugin") bytes stripped, the network inside" small
check "loads with $(inside gst-inspect-1.0 --version | head -1)" elements
check "hides frames without a matte" pipeline mattecompose background=color
# For 32-bit Arm there is no ONNX Runtime here.
engines=(embedded)
if [ "$name" = arm64 ]; then engines+=(onnxruntime); fi
for engine in "${engines[@]}"; do
    check "every frame gets its matte by the network inside, which the engine $engine runs" \
        pipeline mattebackground model=builtin engine="$engine" on-missing-matte=fail
done
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
