#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Test binaries that reach `unsafe` code, under valgrind: errors and lost memory. Writes
# target/valgrind.tsv.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
. scripts/env.sh
have valgrind || die "valgrind is missing; apt-get install valgrind"
: >"$TARGET/valgrind.tsv"
bad=0

check() { # test binary, what of it (in words), arguments...
    local name=$1 what=$2 log=$TARGET/valgrind-$1.log program errors
    shift 2
    program=$(cargo test -p gst-plugin-matte --no-run --test "$name" --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    [ -x "$program" ] || die "no test binary $name"
    # Rust's own threads and vectors are plain malloc; GLib's slices are made so.
    G_SLICE=always-malloc G_DEBUG=gc-friendly valgrind --num-callers=30 --log-file="$log" \
        --suppressions=/usr/share/glib-2.0/valgrind/glib.supp --suppressions=tests/valgrind.supp \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        "$program" --test-threads 1 "$@" >"$log.out" 2>&1 || say "$name: the tests themselves fail under valgrind"
    errors=$(sed -n 's/.*ERROR SUMMARY: \([0-9]*\) errors.*/\1/p' "$log" | tail -n 1)
    printf '%s\t%s\t%s\n' "$name" "$what" "${errors:-none counted}" >>"$TARGET/valgrind.tsv"
    say "$name: ${errors:-no} errors; $log"
    [ "${errors:-1}" = 0 ] || bad=1
}

export MATTE_SOAK_FRAMES=${MATTE_SOAK_FRAMES:-150}
check soak "$MATTE_SOAK_FRAMES frames through the whole chain with changes" nothing_grows
check mix "\`mattemix\`: new caps on both pads" caps_may_change
exit $bad
