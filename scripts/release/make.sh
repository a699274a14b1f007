#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Makes everything of a release, in target/release-VERSION: sources, the plugin for each
# processor, Debian packages, bill of materials, notes, checksums. Publishes and tags nothing.
#
#   scripts/release/make.sh [--check] [ARCH...]     amd64 (default: this machine's), arm64, armhf
#
# matte-window comes for this machine's processor alone.
#
# --check only checks that version, changelog and packaging agree; the tests call it. With
# BUILDROOT, a folder of Buildroot's own sources, the hash file of its package is made, too. It
# contains the sum of the sources with all crates, packed by Buildroot, so it cannot be among the
# sources.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"

version_in() { sed -n 's/^version = "\(.*\)"/\1/p' "$1" | head -1; } # Cargo.toml
version=$(version_in Cargo.toml)
native=$(dpkg --print-architecture 2>/dev/null || uname -m)

# The changelog's text of this version, or of [Unreleased] if it has no section yet.
notes() {
    local section=$version
    grep -q "^## \[$version\]" CHANGELOG.md || section=Unreleased
    awk -v want="## [$section]" 'index($0, want) == 1 { on = 1; next } /^## \[/ { on = 0 } on' CHANGELOG.md
}

check() {
    local meson
    meson=$(sed -n "s/^ *version: '\([0-9.]*\)',/\1/p" meson.build | head -1)
    [ "$meson" = "$version" ] || die "meson.build says $meson, Cargo.toml says $version: make them equal"
    local manifest crate lock
    for manifest in camera/Cargo.toml window/Cargo.toml; do
        [ "$(version_in $manifest)" = "$version" ] ||
            die "$manifest says $(version_in $manifest), Cargo.toml says $version: make them equal"
    done
    grep -q "^gstmatte = .*version = \"$version\"" camera/Cargo.toml ||
        die "camera/Cargo.toml does not ask for the plugin's version $version"
    for crate in gst-plugin-matte matte-camera matte-window; do
        lock=Cargo.lock
        [ $crate != matte-window ] || lock=window/Cargo.lock
        grep -A1 "^name = \"$crate\"" $lock | grep -q "\"$version\"" ||
            die "$lock does not know version $version of $crate: run cargo build there"
    done
    python3 scripts/release/crates.py --check >&2 || exit 1
    [ -n "$(notes | tr -d '[:space:]')" ] || die "CHANGELOG.md says nothing about $version"
    echo "ok version $version everywhere, with notes"
}

check
if [ "${1:-}" = --check ]; then exit; fi
git diff --quiet HEAD -- || die "files differ from the commit: a release is made of a commit"
have xz || die "xz is missing: apt-get install xz-utils"
[ $# -gt 0 ] || set -- "$native"

out=$TARGET/release-$version
rm -rf "$out"
mkdir -p "$out"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
reproduced=
pack() { # archive, folder, name...: the same files give the same archive
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$2" -cf - "${@:3}" |
        xz -9 >"$1"
}

say "sources"
git archive --prefix="matte-$version/" HEAD | xz -9 >"$out/matte-$version.tar.xz"
for arch in "$@"; do
    say "$arch"
    case $arch in
        "$native")
            # Built twice, from two folders, with the same bytes, so that others can compare their
            # build.
            reproduced=$("$ROOT/scripts/release/build.sh" --check)
            echo "$reproduced"
            library=$TARGET/reproducible/dist/libgstmatte.so strip=strip
            triple=$(rustc -vV | sed -n 's/^host: //p')
            ;;
        arm64)
            "$ROOT/scripts/systems/cross.sh" aarch64 build --locked
            triple=aarch64-unknown-linux-gnu library=$TARGET/$triple/dist/libgstmatte.so strip=aarch64-linux-gnu-strip
            ;;
        armhf)
            "$ROOT/scripts/systems/cross.sh" armv7 build --locked
            triple=armv7-unknown-linux-gnueabihf library=$TARGET/$triple/dist/libgstmatte.so strip=arm-linux-gnueabihf-strip
            ;;
        *) die "unknown processor '$arch' (known: $native, arm64, armhf)" ;;
    esac
    stage=$(mktemp -d)
    mkdir -p "$stage/matte-$version-$arch"
    "$strip" --strip-unneeded -o "$stage/matte-$version-$arch/libgstmatte.so" "$library"
    cp LICENSE README.md CHANGELOG.md "$stage/matte-$version-$arch/"
    pack "$out/matte-$version-$arch.tar.xz" "$stage" "matte-$version-$arch"
    rm -rf "$stage"
    python3 scripts/release/sbom.py --target "$triple" >"$out/matte-$version-$arch.cdx.json"
    # The window is built for this machine's processor alone: GTK of another one is not here.
    [ "$arch" != "$native" ] ||
        python3 scripts/release/sbom.py --workspace window --target "$triple" >"$out/matte-window-$version-$arch.cdx.json"
    if have dpkg-deb; then
        "$ROOT/scripts/package.sh" build "$arch" "$library"
        packages=("gstreamer1.0-matte_$version-1_$arch.deb")
        [ "$arch" != "$native" ] || packages+=("matte-window_$version-1_$arch.deb")
        # By their names: packages of older builds may lie beside them.
        for package in "${packages[@]}"; do cp "$TARGET/packages/$package" "$out/"; done
    fi
done

if [ -n "${BUILDROOT:-}" ]; then
    say "hash file for Buildroot"
    format=$(sed -n 's/^BR_FMT_VERSION_cargo = //p' "$BUILDROOT/package/pkg-download.mk")
    [ -n "$format" ] || die "BUILDROOT must name a folder of Buildroot's sources, found '$BUILDROOT'"
    name=gst1-plugin-matte-$version stage=$(mktemp -d)
    git archive --prefix="$name/" HEAD | gzip -n >"$stage/$name.tar.gz"
    (cd "$stage" && TAR=tar CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} \
        "$BUILDROOT/support/download/cargo-post-process" -n "$name" -o "$stage/$name.tar.gz" >&2)
    {
        echo "# Calculated by scripts/release/make.sh, with $(cargo --version | cut -d' ' -f1-2)"
        printf 'sha256  %s  %s\n' "$(sha256sum <"$stage/$name.tar.gz" | cut -d' ' -f1)" "$name$format.tar.gz" \
            "$(sha256sum <LICENSE | cut -d' ' -f1)" LICENSE
    } >"$out/gst1-plugin-matte.hash"
    rm -rf "$stage"
fi

{
    printf '# matte %s\n' "$version"
    notes
    printf '\n## Files\n\n| file | bytes |\n| --- | --- |\n'
    (cd "$out" && stat -c '| %n | %s |' ./* | sed 's|\./||')
    if [ -n "$reproduced" ]; then
        # shellcheck disable=SC2016  # Markdown
        printf '\n## Built again\n\n`scripts/release/build.sh` of these sources with %s gives, on %s, before symbols\n' \
            "$(rustc --version | cut -d' ' -f1-2)" "$native"
        # shellcheck disable=SC2016
        printf 'are stripped:\n\n```\n%s\n```\n' "$reproduced"
    fi
} >"$out/NOTES.md"
sums=$(cd "$out" && sha256sum -- *)
echo "$sums" >"$out/SHA256SUMS"
say "$out:"
cat "$out/SHA256SUMS"
