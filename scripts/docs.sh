#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds the documentation site (mdBook) and checks every link in it.
#
#   scripts/docs.sh            to target/site
#   scripts/docs.sh FOLDER     to another folder
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

case ${1:-} in
    -h | --help)
        sed -n '3,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
        ;;
esac
site=$(realpath -m "${1:-$TARGET/site}")
scripts/deps.sh docs
rm -rf "$site"
"$(mdbook_program)" build docs --dest-dir "$site"
# mdBook copies whatever else lies in docs/; what makes the pages is no page.
find "$site" \( -name '*.sh' -o -name book.toml \) -delete
python3 tests/links.py "$site"
say "done: $site/index.html"
