#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Runs test binaries under valgrind and counts errors and lost memory: the tests of pipelines, and
# unit tests of modules with `unsafe` and of threads beside the stream. Writes target/valgrind.tsv.
#
#   scripts/robustness/valgrind.sh [BINARY...]     all of them by default; a failed test is a failure, too
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
. scripts/env.sh
have valgrind || die "valgrind is missing; apt-get install valgrind"
wanted=" $* "
if [ $# = 0 ]; then : >"$TARGET/valgrind.tsv"; else touch "$TARGET/valgrind.tsv"; fi
commit=$(git describe --always --dirty --exclude='*')
bad=0

check() { # test binary or module of tests/elements, what of it (in words), arguments...
    local name=$1 what=$2 log=$TARGET/valgrind-$1.log program errors
    case $wanted in "  " | *" $name "*) ;; *) return 0 ;; esac
    shift 2
    local of=(--test "$name")
    if [ -e "tests/elements/$name.rs" ]; then
        of=(--test elements)
        set -- "$name::"
    fi
    local failed=0
    [ "$name" != lib ] || of=(--lib)
    program=$(cargo test -p gst-plugin-matte --no-run "${of[@]}" --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    [ -x "$program" ] || die "no test binary $name"
    # Rust's threads and vectors use malloc, and GLib's slices are told to. Tests that measure
    # memory run in this process, where GLIBC_TUNABLES is set.
    G_SLICE=always-malloc G_DEBUG=gc-friendly GLIBC_TUNABLES=glibc.malloc.tcache_count=0 valgrind --num-callers=30 --log-file="$log" \
        --suppressions=/usr/share/glib-2.0/valgrind/glib.supp --suppressions=scripts/robustness/valgrind.supp \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        "$program" --test-threads 1 "$@" >"$log.out" 2>&1 || failed=1
    errors=$(sed -n 's/.*ERROR SUMMARY: \([0-9]*\) errors.*/\1/p' "$log" | tail -n 1)
    errors=${errors:-none counted}
    # A test that failed has not run everything that valgrind should see.
    [ $failed = 0 ] || errors="$errors, but tests failed"
    sed -i "/^$name\t/d" "$TARGET/valgrind.tsv"
    printf '%s\t%s\t%s\t%s\n' "$name" "$what" "$errors" "$commit" >>"$TARGET/valgrind.tsv"
    say "$name: errors: $errors; $log"
    [ "$errors" = 0 ] || bad=1
}

export MATTE_SOAK_FRAMES=${MATTE_SOAK_FRAMES:-150}
check soak "$MATTE_SOAK_FRAMES frames through the whole chain with changes" nothing_grows
check chain "the whole chain as a program finds it"
check segment "\`mattesegment\`: modes, swaps, flushes, refusals"
check formats "every format, colorimetry and memory layout"
check meta "the matte on its way through others' elements"
check refine_input "\`matterefine\`: extreme sizes and mattes"
check privacy "frames without a valid matte, in every mode"
check still "still scenes"
check live "flushes, seeks, stops, new cameras, cameras that fail, every property while playing, many elements"
check restarts "stops and starts at any moment"
check model "networks of every kind, and files that are no networks"
check pictures "background pictures that change, move and break"
check bad_input "bad properties, models and pictures"
check mix "\`mattemix\`: every frame, new caps on both pads"
check mix_pipeline "\`mattemix\` in pipelines: seeks, ends"
check mix_bin "\`mattebackground\` with a video behind"
# Not `fault`: an element that has panicked is not called any more, and the bindings leak its
# arguments.
check lib "unit tests of models, threads, metadata and messages" model:: segment:: pool:: meta:: analytics:: \
    bus_gate:: simd::
exit $bad
