#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Measures, and writes the pages of what was measured.
#
#   scripts/bench.sh performance    time per frame of every element, and of GStreamer's own for comparison
#                                   (the default; writes docs/performance.md)
#   scripts/bench.sh kernels        time of the kernels below the elements; prints it
#   scripts/bench.sh steadiness     steadiness and exactness of mattes, compared with published methods, on
#                                   the clips of the folder MATTE_DATA (writes docs/steadiness.md, and
#                                   side-by-side clips to out/); options for the Python program:
#                                   --model FILE.onnx adds a network to the public ones and
#                                   models/matte.onnx (may be repeated),
#                                   --cache DIR keeps clips and raw mattes for the next run
#   scripts/bench.sh chromakey      the green screen, compared with other keys, on clips made of the folder
#                                   MATTE_DATA; prints the tables of docs/greenscreen.md, and writes edges, four
#                                   times as large, to out/
#   scripts/bench.sh edge           the README's picture of an edge (writes docs/pictures/edge.jpg)
#   scripts/bench.sh embedded       sizes, memory, and instructions on Arm under emulation (needs root;
#                                   writes docs/embedded.md), with the network inside the plugin unless
#                                   MATTE_MODEL names another
#   scripts/bench.sh streams        processor time and memory per stream, 1 to 16 streams in one process
#                                   (writes docs/streams.md)
#   scripts/bench.sh small          time per frame of 1080p, with and without a second, small stream; prints
#                                   the table of docs/live.md
#
# Times are measured on one core (MATTE_CORE names it; by default the last one).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

core=${MATTE_CORE:-$(($(nproc) - 1))}
what=${1:-performance}

prepare() {
    scripts/deps.sh build run demo
    public_models
    . scripts/env.sh
}

# cargo's own output goes to stderr, so that stdout holds the measurements alone.
run_bench() { # name: builds on all cores, measures on one
    cargo bench --quiet --bench "$1" --no-run >&2
    local first=()
    # Root can take the core from all other processes, so that a busy machine does not disturb
    # times.
    if chrt --fifo 10 true 2>/dev/null; then first=(chrt --fifo 10); fi
    "${first[@]}" taskset -c "$core" cargo bench --quiet --bench "$1"
}

# The file that cargo made of a bench.
bench_binary() { # name
    cargo bench --quiet --bench "$1" --no-run --message-format=json-render-diagnostics |
        python3 -c 'import json, sys
print([e for e in map(lambda l: json.loads(l).get("executable"), sys.stdin) if e][-1])'
}

case $what in
    performance)
        prepare
        clip=$(presenter_clip) && export MATTE_CLIP="filesrc location=$clip ! decodebin ! $PRESENTER"
        say "measuring on core $core (some minutes; keep the machine quiet)"
        run_bench elements | tee "$TARGET/performance.tsv"
        cargo build --release >&2
        say "whole chains, and the usual Python beside them"
        peer=$(python_with bench-chains scripts/bench/requirements.txt --no-deps)
        frames=$(mktemp -d) && trap 'rm -rf "$frames"' EXIT
        python3 scripts/bench/chains.py "$frames" "$core" "$ROOT/docs/pictures/room.jpg" \
            "$MATTE_CACHE/models/mp_selfie_landscape.onnx" "$peer" |
            tee "$TARGET/chains.tsv"
        python3 scripts/bench/performance-page.py "$TARGET/performance.tsv" "$TARGET/chains.tsv" >docs/performance.md
        say "wrote docs/performance.md"
        ;;
    kernels)
        prepare
        for bench in benches/*.rs; do
            name=$(basename "$bench" .rs)
            # These two do not print such a table.
            case $name in elements | steadiness) ;; *) run_bench "$name" ;; esac
        done
        ;;
    steadiness)
        data=${MATTE_DATA:-}
        [ -d "$data/clips" ] || die "MATTE_DATA must name a folder with clips/, stills/ and backgrounds/, found '${data:-nothing}'"
        prepare
        scripts/deps.sh models
        scripts/fetch-models.sh
        clip=$(presenter_clip)
        python=$(python_with bench-steadiness scripts/bench/steadiness/requirements.txt)
        "$python" scripts/bench/steadiness --data "$data" --models "$MATTE_CACHE/models" \
            --webcam "$clip" --model models/matte.onnx --binary "$(bench_binary steadiness)" --bench "$(bench_binary filter)" "${@:2}"
        ;;
    chromakey)
        data=${MATTE_DATA:-}
        [ -d "$data/stills" ] || die "MATTE_DATA must name a folder with stills/ and backgrounds/, found '${data:-nothing}'"
        prepare
        python=$(python_with steadiness scripts/bench/steadiness/requirements.txt)
        "$python" scripts/bench/chromakey --data "$data" --model "${MATTE_MODEL:-models/matte.onnx}" \
            --binary "$(bench_binary steadiness)" "${@:2}"
        ;;
    edge)
        prepare
        clip=$(presenter_clip)
        python=$(python_with bench-steadiness scripts/bench/steadiness/requirements.txt)
        "$python" scripts/bench/steadiness/edge_picture.py --clip "$clip" --model "${MATTE_MODEL:-models/matte.onnx}" \
            --binary "$(bench_binary steadiness)" --out docs/pictures/edge.jpg "${@:2}"
        ;;
    embedded)
        export MATTE_MODEL=${MATTE_MODEL:-builtin}
        prepare
        scripts/deps.sh systems
        cargo build --release >&2
        build_dist --locked >&2
        for arch in aarch64 armv7; do scripts/systems/cross.sh $arch build >&2; done
        clip=$(presenter_clip)
        networks=()
        if [ "$MATTE_MODEL" = builtin ]; then
            networks=("int8=$ROOT/models/matte-int8.onnx" lite=builtin-lite "lite int8=$ROOT/models/matte-lite-int8.onnx")
        fi
        {
            strip --strip-unneeded -o "$TARGET/stripped.so" "$TARGET/dist/libgstmatte.so"
            for file in x86-64="$TARGET/stripped.so" \
                aarch64="$TARGET/aarch64-unknown-linux-gnu/dist/stripped/libgstmatte.so" \
                armv7="$TARGET/armv7-unknown-linux-gnueabihf/dist/stripped/libgstmatte.so"; do
                printf 'size\t%s\t%s\n' "${file%%=*}" "$(stat -c %s "${file#*=}")"
            done
            python3 scripts/bench/memory.py
            python3 scripts/bench/instructions.py "${MATTE_ROOTS:-$MATTE_CACHE/roots}/arm64/base" \
                "$TARGET/aarch64-unknown-linux-gnu/dist/stripped/libgstmatte.so" \
                "$(onnxruntime_of aarch64)/libonnxruntime.so" "$MATTE_MODEL" \
                "filesrc location=$clip ! decodebin ! $PRESENTER" "${networks[@]}"
        } | tee "$TARGET/embedded.tsv"
        python3 scripts/bench/embedded-page.py "$TARGET/embedded.tsv" >docs/embedded.md
        say "wrote docs/embedded.md"
        ;;
    streams)
        prepare
        cargo build --release >&2
        python3 scripts/bench/streams.py docs/streams.md "${@:2}"
        say "wrote docs/streams.md"
        ;;
    small)
        prepare
        clip=$(presenter_clip) && export MATTE_CLIP="filesrc location=$clip ! decodebin ! $PRESENTER"
        cargo build --release >&2
        frames=$(mktemp -d) && trap 'rm -rf "$frames"' EXIT
        python3 scripts/bench/small.py "$frames" "$core"
        ;;
    *) die "unknown benchmark '$what' (known: performance kernels steadiness chromakey edge streams embedded small)" ;;
esac
