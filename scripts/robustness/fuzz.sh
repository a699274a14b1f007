#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Tries arbitrary inputs on everything that parses, samples, filters and blends, under
# AddressSanitizer, on one thread. Needs cargo-fuzz (cargo install cargo-fuzz) and a nightly Rust.
# Without a nightly the stable compiler is told to accept a nightly's options (RUSTC_BOOTSTRAP).
#
#   scripts/robustness/fuzz.sh                    every target for a minute
#   scripts/robustness/fuzz.sh TARGET [SECONDS]   one target (scripts/robustness/fuzz.sh list names them), or `all`
#   scripts/robustness/fuzz.sh --smoke            every target for two seconds
#
# fuzz/corpus has the small corpus that tests/robustness/corpus.rs replays with the stable
# toolchain. New inputs of a run stay in target/fuzz/corpus, and failing inputs in
# target/fuzz/artifacts: copy these into fuzz/corpus/TARGET together with the fix.
# target/fuzz/log.tsv sums up the time of each target (target, seconds, processor seconds, runs).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
. "$ROOT/scripts/env.sh"
cd "$ROOT/fuzz"
# GLib keeps memory on purpose; GStreamer's tracer (tests/robustness/soak.rs) and valgrind find
# leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v '^matte-fuzz$')

seconds=${2:-60}
case ${1:-all} in
    list) printf '%s\n' "${targets[@]}" && exit ;;
    --smoke) seconds=2 ;;
    all) ;;
    *)
        printf '%s\n' "${targets[@]}" | grep -qx -- "$1" ||
            die "unknown target '$1'; expected one of: ${targets[*]}"
        targets=("$1")
        ;;
esac
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "'$seconds' is no number of seconds"
cargo fuzz --version >/dev/null 2>&1 || die "cargo-fuzz is missing; cargo install cargo-fuzz"
toolchain=+nightly
if ! rustc $toolchain --version >/dev/null 2>&1; then
    toolchain=
    export RUSTC_BOOTSTRAP=1
    libraries=$(rustc --print target-libdir)
    compgen -G "$libraries/librustc*_rt.asan.a" >/dev/null ||
        die "this Rust has no AddressSanitizer (none in $libraries); rustup toolchain install nightly"
fi

work=$TARGET/fuzz
mkdir -p "$work/logs"
# shellcheck disable=SC2086  # a word or none
cargo $toolchain fuzz build --sanitizer address --target-dir "$work" || die "the targets do not build"
# shellcheck disable=SC2086
host=$(rustc $toolchain -vV | sed -n 's/^host: //p')
TIMEFORMAT='%R %U %S'
failed=()
for target in "${targets[@]}"; do
    corpus=$work/corpus/$target log=$work/logs/$target.log
    mkdir -p "$corpus" "$work/artifacts/$target"
    status=0
    took=$({ time "$work/$host/release/$target" "$corpus" "corpus/$target" \
        -max_total_time="$seconds" -timeout=60 -rss_limit_mb=3000 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$work/artifacts/$target/" \
        >"$log" 2>&1; } 2>&1) || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    # shellcheck disable=SC2086
    read -r wall user system <<<$took
    cpu=$(awk "BEGIN { print $user + $system }")
    printf '%s\t%s\t%s\t%s\n' "$target" "$wall" "$cpu" "${runs:-0}" >>"$work/log.tsv"
    say "$target: ${runs:-0} inputs in $wall s ($cpu s of processor time)"
    if [ $status -ne 0 ]; then
        failed+=("$target")
        grep -aE -A 12 'panicked at|ERROR:|SUMMARY:' "$log" | head -n 40 >&2 || true
        say "    FAILED; the input is in $work/artifacts/$target, all of it in $log"
    fi
done
[ ${#failed[@]} -eq 0 ] || die "broken: ${failed[*]}"
