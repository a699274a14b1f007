#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Measures, and writes what it found.
#
#   scripts/bench.sh performance    time a frame of every element, and of GStreamer's own beside it
#                                   (the default; writes docs/performance.md)
#   scripts/bench.sh kernels        time of the kernels below the elements, to the terminal
#   scripts/bench.sh NAME           scripts/bench-NAME.sh or .py, where there is one
#
# Everything runs on one core (MATTE_CORE names it; the last one by default).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

core=${MATTE_CORE:-$(($(nproc) - 1))}
what=${1:-performance}

prepare() {
    scripts/deps.sh build run demo
    default_model
    . scripts/env.sh
}

# cargo's own output goes to stderr, so that stdout holds the measurements alone.
run_bench() { # name: builds on all cores, measures on one
    cargo bench --quiet --bench "$1" --no-run >&2
    local first=()
    # Who may (root) takes the core from everybody else, so that a busy machine does not blur times.
    if chrt --fifo 10 true 2>/dev/null; then first=(chrt --fifo 10); fi
    "${first[@]}" taskset -c "$core" cargo bench --quiet --bench "$1"
}

case $what in
    performance)
        prepare
        clip=$(presenter_clip) && export MATTE_CLIP="filesrc location=$clip ! decodebin ! $PRESENTER"
        say "measuring on core $core (some minutes; keep the machine quiet)"
        run_bench elements | tee "$TARGET/performance.tsv"
        cargo build --release >&2
        say "whole chains, and the usual Python beside them"
        peer=$MATTE_CACHE/bench-venv
        [ -x "$peer/bin/python" ] || python3 -m venv "$peer"
        "$peer/bin/pip" install -q --disable-pip-version-check --no-deps -r scripts/bench/requirements.txt
        frames=$(mktemp -d) && trap 'rm -rf "$frames"' EXIT
        python3 scripts/bench/chains.py "$frames" "$core" "$ROOT/docs/pictures/room.jpg" "$peer/bin/python" |
            tee "$TARGET/chains.tsv"
        python3 scripts/performance-page.py "$TARGET/performance.tsv" "$TARGET/chains.tsv" >docs/performance.md
        say "wrote docs/performance.md"
        ;;
    kernels)
        prepare
        for bench in benches/*.rs; do
            name=$(basename "$bench" .rs)
            [ "$name" = elements ] || run_bench "$name"
        done
        ;;
    *)
        for script in "scripts/bench-$what.sh" "scripts/bench-$what.py"; do
            [ -x "$script" ] && exec "$script" "${@:2}"
        done
        die "unknown benchmark '$what' (known: performance kernels $(find scripts -name 'bench-*' -printf '%f ' | sed 's/bench-//g; s/\.[a-z]*//g'))"
        ;;
esac
