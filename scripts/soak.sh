#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Frames of odd sizes through the whole chain, with changes of properties, caps and models and with
# restarts, in a release build: memory, file descriptors and threads must not grow. Writes what was
# measured after each thousand frames to target/soak.tsv, for scripts/reliability-page.py.
#
#   scripts/soak.sh [FRAMES]     200,000 by default
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
. scripts/env.sh
frames=${1:-200000}
[[ $frames =~ ^[1-9][0-9]*$ ]] || die "'$frames' is no number of frames"
mkdir -p "$TARGET"
# One arena: with one for each thread, which of them grew differs from cycle to cycle by more than is looked for.
# No stacks kept of threads that have ended: with each, ONNX Runtime's 6 KiB a thread stay until the C library has
# 40 MiB of them, some hours in which memory seems to grow.
export MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0
MATTE_SOAK_FRAMES=$frames MATTE_SOAK_REPORT=$TARGET/soak.tsv \
    cargo test -p gst-plugin-matte --release --test soak nothing_grows -- --nocapture
say "$frames frames; measurements in $TARGET/soak.tsv"
