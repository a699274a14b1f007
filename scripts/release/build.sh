#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds the plugin and matte-camera for a release, without paths of this machine in them, so that
# the same sources, compiler and crates give the same bytes in every folder. Prints their SHA-256.
#
#   scripts/release/build.sh             builds into target/reproducible
#   scripts/release/build.sh --check     builds twice, the second time from a copy of the committed
#                                        sources in another folder, and compares; scripts/release/make.sh does so
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

build() { # sources, target folder
    local cargo_home=${CARGO_HOME:-$HOME/.cargo} sysroot
    sysroot=$(rustc --print sysroot)
    (
        cd "$1"
        RUSTFLAGS="--remap-path-prefix=$1=. --remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$sysroot=rust" \
            CARGO_TARGET_DIR=$2 cargo build --profile dist --locked >&2
        cd "$2/dist"
        sha256sum libgstmatte.so matte-camera
    )
}

first=$(build "$ROOT" "$TARGET/reproducible")
say "in $TARGET/reproducible/dist:"
echo "$first"
for file in libgstmatte.so matte-camera; do
    if strings "$TARGET/reproducible/dist/$file" | grep -F "$HOME/" | head -n 3 | grep . >&2; then
        die "$file holds paths of this machine"
    fi
done
[ "${1:-}" = --check ] || exit 0
[ -z "$(git -C "$ROOT" status --porcelain --untracked-files=no)" ] || die "--check compares with what is committed; commit first"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git clone -q "$ROOT" "$copy/somewhere-else"
second=$(build "$copy/somewhere-else" "$copy/target")
[ "$first" = "$second" ] || die "the builds differ: $first and $second"
say "the same twice"
