# SPDX-License-Identifier: MPL-2.0
# What the scripts share; sourced by bash scripts, not run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
MATTE_CACHE=${MATTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/matte}
export MATTE_CACHE

# One line of progress; the arrow makes it easy to find between the output of other programs.
say() { printf '==> %s\n' "$*" >&2; }

# A failure that the user can do something about: what was found, what was expected, what to do.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The public networks that ours is compared with.
public_models() {
    [ -e "$MATTE_CACHE/models/mp_selfie_landscape.onnx" ] && return
    "$ROOT/scripts/deps.sh" models
    "$ROOT/scripts/fetch-models.sh"
}

# The folder of ONNX Runtime for a processor; for this machine's without a suffix, as in
# scripts/env.sh.
ORT_VERSION=1.32.0
onnxruntime_of() { # processor, by uname's name
    local suffix=
    [ "$1" = "$(uname -m)" ] || suffix=-$1
    echo "$MATTE_CACHE/onnxruntime-$ORT_VERSION$suffix"
}

# The mdBook that builds the documentation: the pinned one, or the system's.
MDBOOK_VERSION=0.5.4
mdbook_program() {
    local pinned=$MATTE_CACHE/mdbook-$MDBOOK_VERSION/mdbook
    if [ -x "$pinned" ]; then echo "$pinned"; else command -v mdbook; fi
}

# Runs a pipeline that is given as one string. It is split into words on purpose (gst-launch reads
# quotes itself, so that paths may hold spaces) and matched against no file names.
# -e ends files properly on Ctrl-C.
# MATTE_PRINT=1 prints the pipeline instead.
launch() (
    set -f
    # shellcheck disable=SC2048,SC2086
    if [ -n "${MATTE_PRINT:-}" ]; then echo $* && return; fi
    # shellcheck disable=SC2048
    exec gst-launch-1.0 -e $*
)

# A Python with the packages of a requirements file, made once.
python_with() { # name, requirements, pip's further options
    local venv=$MATTE_CACHE/$1-venv
    if ! cmp -s "$2" "$venv/requirements.txt"; then
        say "Python packages for $1"
        python3 -m venv "$venv" >&2
        "$venv/bin/pip" install -q --disable-pip-version-check "${@:3}" -r "$2" >&2
        cp "$2" "$venv/requirements.txt"
    fi
    echo "$venv/bin/python"
}

# The clip of the presenter, from Debian's package (CC-BY-SA-4.0).
presenter_clip() {
    dpkg -L forensics-samples-files 2>/dev/null | grep -m1 '/movie-hello\.mp4$'
}

# The camera's inset in that clip, as a gst-launch fragment: 253x190 at (114, 83) of 1280x720,
# scaled up to a webcam's 640x480.
PRESENTER='videocrop left=114 top=83 right=913 bottom=447 ! videoscale method=lanczos ! video/x-raw,width=640,height=480,pixel-aspect-ratio=1/1'

# Keeps frame NUMBER (from 1) of a gst-launch fragment as a picture. Frames are counted by the names
# of files, since more may come than `identity eos-after` asks for: it gives EOS for one frame and
# lets the next ones pass. A queue before a decoder then leaves frames out, and the decoder makes a
# frame without those that it is made of.
nth_frame() { # NUMBER PICTURE, the fragment's words
    local folder status=0
    folder=$(mktemp -d)
    timeout 120 gst-launch-1.0 -q "${@:3}" ! identity eos-after=$(($1 + 1)) ! videoconvert \
        ! pngenc compression-level=1 ! multifilesink location="$folder/%d.png" &&
        mv "$folder/$(($1 - 1)).png" "$2" || status=$?
    rm -rf "$folder"
    return $status
}

# Plugin and matte-camera as releases have them; arguments are cargo's. Cargo leaves link-time
# optimisation out of a library that is built as an rlib, too, as matte-camera needs it
# (findings/lto-stops-at-an-rlib.sh), so the plugin alone is built after that.
build_dist() {
    cargo build --profile dist "$@"
    cargo rustc --lib --package gst-plugin-matte --crate-type cdylib --profile dist "$@"
}
