#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Runs the tests of pipelines under AddressSanitizer with overflow checks.
# (scripts/robustness/fuzz.sh tries arbitrary inputs.) Needs a nightly Rust. Writes target/asan.tsv.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
. scripts/env.sh
rustc +nightly --version >/dev/null 2>&1 || die "a nightly Rust is missing; rustup toolchain install nightly"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
# GLib keeps memory on purpose; GStreamer's tracer (tests/robustness/soak.rs) and valgrind find
# leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
export RUSTFLAGS="-Zsanitizer=address"
tests=(elements segment live restarts formats meta privacy pictures bad_input mix mix_pipeline mix_bin)
log=$TARGET/asan.log
mapfile -t named < <(printf -- '--test\n%s\n' "${tests[@]}")
status=0
cargo +nightly test --no-fail-fast --target "$host" --target-dir "$TARGET/asan" "${named[@]}" >"$log" 2>&1 || status=$?
passed=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
failed=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
errors=$(grep -c 'ERROR: AddressSanitizer' "$log" || true)
[ "$passed" -gt 0 ] || die "no test ran; $log"
commit=$(git describe --always --dirty --exclude='*')
printf '%s\t%s\t%s\t%s\t%s\n' "${#tests[@]}" "$passed" "$failed" "$errors" "$commit" >"$TARGET/asan.tsv"
say "${#tests[@]} test binaries: $passed passed, $failed failed, $errors errors of AddressSanitizer; $log"
exit $status
