#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Changes model files at random and loads them in child processes. Each must work or end in an
# error, and none may hang. Crashes inside of ONNX Runtime are listed in target/mutants.tsv, their
# files are kept in target/mutants.
#
#   scripts/robustness/mutants.sh [COUNT]             2,000 by default
#   scripts/robustness/mutants.sh COUNT embedded      in the embedded engine: target/mutants-embedded.tsv
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
. scripts/env.sh
count=${1:-2000} engine=${2:-onnxruntime}
[[ $count =~ ^[1-9][0-9]*$ ]] || die "'$count' is no number of files"
case $engine in
    onnxruntime) report=$TARGET/mutants ;;
    embedded) report=$TARGET/mutants-embedded ;;
    *) die "'$engine' is no engine; expected onnxruntime or embedded" ;;
esac
have gdb || die "gdb is missing; it tells whose code a crash is in (apt-get install gdb)"
mkdir -p "$report"
MATTE_MUTANTS=$count MATTE_MUTANTS_REPORT=$report.tsv MATTE_MUTANTS_KEEP=$report MATTE_MUTANTS_ENGINE=$engine \
    cargo test -p gst-plugin-matte --test mutants -- --nocapture
cut -f 2 "$report.tsv" | sort | uniq -c
