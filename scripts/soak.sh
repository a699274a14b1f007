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
# What GLib and the C library keep for themselves is off, as it would hide what is looked for: slices, an arena a thread,
# freed blocks a thread, and stacks of threads that have ended, with ONNX Runtime's 6 KiB for each of them.
export G_SLICE=always-malloc MALLOC_ARENA_MAX=1
export GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0:glibc.malloc.tcache_count=0
MATTE_SOAK_FRAMES=$frames MATTE_SOAK_REPORT=$TARGET/soak.tsv \
    cargo test -p gst-plugin-matte --release --test soak nothing_grows -- --nocapture
say "$frames frames; measurements in $TARGET/soak.tsv"
