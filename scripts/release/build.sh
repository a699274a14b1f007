#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds the plugin, matte-camera and matte-window for a release, without paths of this machine in
# them, so that the same sources, compiler and crates give the same bytes in every folder. Prints
# their SHA-256.
#
#   scripts/release/build.sh             builds into target/reproducible
#   scripts/release/build.sh --check     builds twice, the second time from a copy of the committed
#                                        sources in another folder, and compares; scripts/release/make.sh does so
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
files=(libgstmatte.so matte-camera matte-window)
# A release without the window would look like one that never had it.
pkg-config --exists 'gtk4 >= 4.8' || die "GTK 4.8, which matte-window needs, is not found: scripts/deps.sh window"

build() { # sources, target folder
    local cargo_home=${CARGO_HOME:-$HOME/.cargo} sysroot
    sysroot=$(rustc --print sysroot)
    (
        cd "$1"
        RUSTFLAGS="--remap-path-prefix=$1=. --remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$sysroot=rust"
        export RUSTFLAGS CARGO_TARGET_DIR=$2
        build_dist --locked >&2
        # A workspace of its own.
        cargo build --profile dist --locked --manifest-path window/Cargo.toml >&2
        cd "$2/dist"
        sha256sum "${files[@]}"
    )
}

first=$(build "$ROOT" "$TARGET/reproducible")
say "in $TARGET/reproducible/dist:"
echo "$first"
for file in "${files[@]}"; do
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
