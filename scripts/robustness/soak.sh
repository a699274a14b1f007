#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# In a release build, sends frames of odd sizes through the whole chain while properties, caps and
# models change and the pipeline restarts; then stops and starts a pipeline again and again. Memory,
# file descriptors and threads must not grow. Measurements go to target/soak.tsv after each thousand
# frames and to target/restarts.tsv after each restart, for scripts/robustness/reliability-page.py.
#
#   scripts/robustness/soak.sh [FRAMES [RESTARTS]]     600,000 and 1,000 by default
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
. scripts/env.sh
frames=${1:-600000} restarts=${2:-1000}
[[ $frames =~ ^[1-9][0-9]*$ ]] || die "'$frames' is no number of frames"
[[ $restarts =~ ^[1-9][0-9]*$ ]] || die "'$restarts' is no number of restarts"
mkdir -p "$TARGET"
export MATTE_SOAK_FRAMES=$frames MATTE_RESTARTS=$restarts
commit=$(git describe --always --dirty --exclude='*')

measure() { # test binary, test, report
    MATTE_SOAK_REPORT=$TARGET/$3 cargo test -p gst-plugin-matte --release --test "$1" "$2" -- --nocapture
    printf '# commit\t%s\n' "$commit" >>"$TARGET/$3"
}

measure soak nothing_grows soak.tsv
measure restarts started_and_stopped restarts.tsv
say "$frames frames, $restarts restarts; measurements in $TARGET/soak.tsv and $TARGET/restarts.tsv"
