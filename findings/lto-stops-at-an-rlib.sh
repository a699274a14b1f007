#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Cargo 1.95.0: `lto = "fat"` in a profile does not reach a plugin whose crate-type is ["cdylib", "rlib"],
# as GStreamer plugins in Rust usually have it: rustc is called without it, and nothing is said. One would
# expect that the shared library is optimised at link time, as it is for ["cdylib"] alone.
#
# Seen: "-C lto=fat" for cdylib, for staticlib and for both; nothing as soon as rlib is among them, and
# again "-C lto=fat" from `cargo rustc --lib --crate-type cdylib` for the same crate.
# It matters here because the plugin is an rlib for matte-camera, too: scripts/common.sh, `build_dist`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
echo 'pub fn one() -> u32 { 1 }' >src/lib.rs
version=$(cargo --version)
echo "$version"
case $version in "cargo 1.95."*) ;; *) echo "another version than 1.95: look again" ;; esac
failed=0
seen() { # crate types, expected, command
    local types=$1 expected=$2 found
    printf '[package]\nname = "probe"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = [%s]\n' "$types" >Cargo.toml
    printf '[profile.release]\nlto = "fat"\n' >>Cargo.toml
    rm -rf target
    "${@:3}" --release --verbose >log 2>&1
    found=$(grep 'rustc --crate-name probe' log | grep -o -e '-C lto=[a-z]*' || echo nothing)
    printf '%-22s %-44s %s\n' "$types" "${*:3}" "$found"
    [ "$found" = "$expected" ] || { echo "not so any more: expected $expected" && failed=1; }
}
seen '"cdylib"' '-C lto=fat' cargo build
seen '"staticlib"' '-C lto=fat' cargo build
seen '"cdylib", "staticlib"' '-C lto=fat' cargo build
seen '"cdylib", "rlib"' nothing cargo build
seen '"cdylib", "rlib"' '-C lto=fat' cargo rustc --lib --crate-type cdylib
exit "$failed"
