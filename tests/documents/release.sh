#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Whether scripts/release/make.sh sees that a part of a release has another version, or is left out: in a
# copy of what it reads. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
about="release: "
cd "$ROOT"

copy() {
    rm -rf "$work/copy" && mkdir "$work/copy"
    git ls-files -z Cargo.toml Cargo.lock meson.build CHANGELOG.md camera/Cargo.toml window/Cargo.toml window/Cargo.lock \
        scripts packaging | xargs -0 cp --parents -t "$work/copy"
}
agrees() { copy && "$work/copy/scripts/release/make.sh" --check; }
check "all versions agree" agrees
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
disagrees() { # file, what is other in it, for sed
    local said
    copy && sed -i "$2" "$work/copy/$1" && ! cmp -s "$1" "$work/copy/$1" || return 1
    if said=$("$work/copy/scripts/release/make.sh" --check 2>&1); then echo "it agrees: $said" && return 1; fi
    echo "$said"
    grep -qF "error: $1" <<<"$said"
}
check "another version of matte-camera is seen" disagrees camera/Cargo.toml "s/^version = \"$version\"/version = \"9.9.9\"/"
check "another version of its plugin is seen" disagrees camera/Cargo.toml "/^gstmatte/s/$version/9.9.9/"
check "another version of the window is seen" disagrees window/Cargo.toml "s/^version = \"$version\"/version = \"9.9.9\"/"
check "another version of Meson is seen" disagrees meson.build "s/version: '$version'/version: '9.9.9'/"
check "a list of crates without matte-camera's version is seen" disagrees Cargo.lock "/^name = \"matte-camera\"/{n;s/$version/9.9.9/}"
check "a list of crates without the window's version is seen" disagrees window/Cargo.lock "/^name = \"matte-window\"/{n;s/$version/9.9.9/}"
# Cargo and Debian's tools are played: whatever is asked for is there.
plays() { # name, lines of a script
    mkdir -p "$work/bin" && printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"
}
builds() { # Into a folder of its own; prints what was built.
    # shellcheck disable=SC2016  # it is a script
    plays cargo 'case "$*" in *window/Cargo.toml*) built=matte-window ;; *) built="libgstmatte.so matte-camera" ;; esac
        case "$*" in rustc*"--crate-type cdylib"*) built=libgstmatte.so ;; esac
        mkdir -p "$CARGO_TARGET_DIR/dist" && cd "$CARGO_TARGET_DIR/dist" && for file in $built; do echo "$*" >$file; done'
    plays rustc 'echo /rust'
    plays pkg-config "exit ${1:-0}"
    CARGO_TARGET_DIR=$work/target PATH=$work/bin:$PATH "$work/copy/scripts/release/build.sh"
}
built() { copy && builds >"$work/built" && cat "$work/built" && grep -q ' matte-window$' "$work/built" && grep -q ' matte-camera$' "$work/built"; }
check "the window is built, too" built
optimised() { cat "$work/target/reproducible/dist/libgstmatte.so" && grep -q '^rustc .*--crate-type cdylib .*--profile dist' "$work/target/reproducible/dist/libgstmatte.so"; }
check "the plugin is built alone at last, which link-time optimisation needs" optimised
refuses() { ! builds 1 2>"$work/said" && cat "$work/said" && grep -q "GTK 4.8, which matte-window needs, is not found" "$work/said"; }
check "without GTK there is no release" refuses
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
