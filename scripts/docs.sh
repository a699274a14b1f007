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

# In the repository, links of the pages lead out of docs/, and those of CONTRIBUTING.md and
# CHANGELOG.md lead into it. mdBook reads a copy in which both are right for the site.
stage=$TARGET/site-source
repository=$(sed -n 's/^git-repository-url = "\(.*\)"/\1/p' docs/book.toml)
rm -rf "$site" "$stage"
mkdir -p "$stage"
cp -r docs examples "$stage"
scripts/docs/dedent.py "$stage/examples"
for page in CONTRIBUTING.md CHANGELOG.md; do
    sed -e 's#](docs/#](#g' -e "s#](\(scripts\|tests\|pipelines\)/#]($repository/tree/main/\1/#g" "$page" >"$stage/$page"
done
sed -i "s#](\.\./#]($repository/tree/main/#g" "$stage"/docs/*.md
"$(mdbook_program)" build "$stage/docs" --dest-dir "$site"
# mdBook copies all files of docs/; scripts and settings are no part of the site.
find "$site" \( -name '*.sh' -o -name book.toml \) -delete
python3 tests/documents/links.py "$site"
say "done: $site/index.html"
