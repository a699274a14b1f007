#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Tests the plugin that was built here in another system (scripts/systems/roots.sh makes its
# folder): the same binary with that system's GStreamer and ONNX Runtime.
#
#   scripts/systems/test-in.sh trixie|forky [FEATURE]
#   scripts/systems/test-in.sh bookworm|trixie|forky camera     matte-camera with that system's PipeWire
#   scripts/systems/test-in.sh forky obs                        OBS reads the camera; installs it there (1 GB)
#
# FEATURE (v1_24, v1_26, v1_28): the plugin is first built in the system with that cargo feature, in
# target/NAME, and that build is tested. MATTE_LOOKS=1000 lets as many programs look at the camera,
# one after another, in place of 60. Logs: target/test-logs/NAME*.log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
name=${1:?which system? (scripts/systems/roots.sh list)} feature=${2:-}

if [ "$name" != inside ]; then
    for built in libgstmatte.so matte-camera; do
        [[ $feature == v1_* ]] || [ -e "$TARGET/release/$built" ] ||
            die "no $built in $TARGET/release: cargo build --release makes it"
    done
    mkdir -p "$TARGET/test-logs"
    log=$TARGET/test-logs/$name${feature:+-$feature}.log
    # Settings of this shell (scripts/env.sh) name libraries that the other system does not have.
    if env -u ORT_DYLIB_PATH -u GST_PLUGIN_PATH -u MATTE_MODEL -u CARGO_TARGET_DIR \
        "$ROOT/scripts/systems/roots.sh" run "$name" env ${CARGO_TARGET_DIR:+CARGO_TARGET_DIR="$CARGO_TARGET_DIR"} \
        scripts/systems/test-in.sh inside "$feature" "$name" >"$log" 2>&1; then
        status=0
    else
        status=1
    fi
    grep -a -E '^(ok|not ok|# )' "$log" || true
    [ $status = 0 ] || die "see $log"
    exit 0
fi

passed=0 failed=0
check() { # name, then a command that succeeds where all is well
    local title=$1
    shift
    # Debian's ONNX Runtime registers its operators twice and says so a thousand times.
    if "$@" 2>&1 | sed -u -e '/^Schema error/d' -e '/^$/d'; then
        echo "ok $title" && passed=$((passed + 1))
    else
        echo "not ok $title" && failed=$((failed + 1))
    fi
}
elements() {
    local element
    gst-inspect-1.0 matte || return 1
    for element in mattesegment matterefine mattecompose mattemix mattebackground; do
        gst-inspect-1.0 $element >/dev/null || return 1
    done
}

# Their own lines count; every system's log begins with what it is.
version() { dpkg-query -W -f="\${Package} \${Version}" "$1" 2>/dev/null || echo "no $1"; } # package
case $feature in camera | obs)
    status=0
    if [ "$feature" = obs ] && ! have obs; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get -q -o Acquire::Check-Valid-Until=false update
        apt-get -q install -y --no-install-recommends obs-studio obs-plugins xdg-desktop-portal xdg-desktop-portal-gtk
    fi
    echo "# $3: $(version pipewire), $(version wireplumber), $(version obs-studio), $(gst-launch-1.0 --version | head -1)"
    # A first look at all plugins takes longer than some tests wait.
    gst-inspect-1.0 >/dev/null 2>&1
    case $feature in
        camera)
            # What PipeWire 1.4 keeps is there after fifteen looks, a quarter of them.
            export MATTE_LOOKS=${MATTE_LOOKS:-60}
            for test in cameras day dbus; do tests/programs/$test.sh 2>&1 || status=1; done
            ;;
        obs) tests/programs/recipes.sh obs 2>&1 || status=1 ;;
    esac
    exit $status
    ;;
esac
if [ -n "$feature" ]; then
    export CARGO_TARGET_DIR=$TARGET/$3
    check "builds with $feature" cargo build --release --features "$feature"
fi
. scripts/env.sh
echo "# $3: $(gst-launch-1.0 --version | head -1), ONNX Runtime $(dpkg-query -W -f='${Version}' 'libonnxruntime[0-9]*' 2>/dev/null)"
check "five elements" elements
check "metas from Python" python3 -m unittest discover -v -s tests/python
clip=$(presenter_clip)
export MATTE_SOURCE="filesrc location=$clip ! decodebin ! $PRESENTER"
check "among upstream's elements" python3 tests/systems/upstream.py
if [ "$feature" = v1_26 ] || [ "$feature" = v1_28 ]; then
    check "behind others' inference elements" env MATTE_TFLITE="$PWD/models/matte-lite-256x144.tflite" python3 tests/systems/decode.py
    check "mattedecode as documented" scripts/docs/plugin-cache.py --check mattedecode
    check "mattedecode's properties" scripts/docs/elements-page.py --check mattedecode
fi
unset MATTE_SOURCE
# The feature changes nothing in these.
[ -n "$feature" ] || check "pipelines/" tests/programs/pipelines.sh
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
