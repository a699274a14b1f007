#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Tests the recipes of packaging/ with the systems that they are for: BitBake fetches and unpacks what
# the Yocto recipe names, Buildroot offers and describes its package. Neither compiles it here: that
# takes a compiler that these systems build first, in hours. The commands of the Flatpak manifest are
# run in a plain folder, since Flathub alone has the runtime. Prints TAP lines.
#
#   tests/systems/recipes.sh [yocto] [buildroot] [flatpak]     (default: all of them)
#
# BITBAKE, OECORE and BUILDROOT name folders of their sources; without them, the versions below are
# fetched to ${MATTE_CACHE:-~/.cache/matte}/recipes. scripts/deps.sh systems installs what this needs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
cd "$ROOT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/common/tap.sh
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

# A folder of sources, fetched once: not a word where it cannot be reached.
sources_of() { # repository at GitHub, commit
    local folder=$MATTE_CACHE/recipes/${1#*/}
    if [ "$(git -C "$folder" rev-parse HEAD 2>/dev/null)" != "$2" ]; then
        rm -rf "$folder"
        git init -q "$folder"
        timeout 600 git -C "$folder" fetch -q --depth 1 "https://github.com/$1.git" "$2" 2>/dev/null || return 0
        git -C "$folder" checkout -q FETCH_HEAD
    fi
    echo "$folder"
}

# --- Yocto ------------------------------------------------------------------------------------------
# A layer with the recipe. The recipe itself is unchanged: Git finds this checkout, under the tag that
# a release has, where the recipe names the public one.
layer() {
    local series home=$work/home
    mkdir -p "$home" "$work"/yocto/{conf,downloads,layer/conf,layer/recipes-multimedia/matte}
    cp packaging/yocto/* "$work/yocto/layer/recipes-multimedia/matte/"
    git clone -q --bare --depth 1 "file://$ROOT" "$work/matte.git"
    git -C "$work/matte.git" update-ref refs/heads/main HEAD
    git -C "$work/matte.git" tag "v$version" HEAD
    printf '[url "file://%s"]\n\tinsteadOf = https://github.com/gst-plugin-matte/matte.git\n' \
        "$work/matte.git" >"$home/.gitconfig"
    # BitBake looks at the sums of files that are there, and fetches the others.
    cargo fetch --locked
    cp "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/*.crate "$work/yocto/downloads/"
    series=$(sed -n 's/^LAYERSERIES_CORENAMES = //p' "$OECORE/meta/conf/layer.conf")
    cat >"$work/yocto/layer/conf/layer.conf" <<END
BBFILES += "\${LAYERDIR}/recipes-*/*/*.bb"
BBFILE_COLLECTIONS += "matte"
BBFILE_PATTERN_matte = "^\${LAYERDIR}/"
LAYERSERIES_COMPAT_matte = $series
LAYERDEPENDS_matte = "core"
END
    cat >"$work/yocto/conf/bblayers.conf" <<END
BBPATH = "\${TOPDIR}"
BBFILES ?= ""
BBLAYERS = "$OECORE/meta $work/yocto/layer"
END
    # Nothing is compiled: a library for that is not fetched, and root may run it.
    cat >"$work/yocto/conf/local.conf" <<END
MACHINE = "qemuarm64"
DISTRO = "nodistro"
INHERIT:remove = "sanity uninative"
END
    # BitBake insists on a locale that containers do not have.
    mkdir -p "$work/locale"
    localedef -i en_US -f UTF-8 "$work/locale/en_US.UTF-8"
}
bake() { # arguments
    (cd "$work/yocto" && env HOME="$work/home" LOCPATH="$work/locale" LC_ALL=en_US.UTF-8 \
        BB_ENV_PASSTHROUGH_ADDITIONS=LOCPATH PATH="$BITBAKE/bin:$PATH" \
        timeout 1800 bitbake -b "$work/yocto/layer/recipes-multimedia/matte/gst-plugin-matte_$version.bb" "$@")
}
# The values of the recipe's variables, with those of all classes that it inherits.
reads() {
    bake -e >"$work/values"
    grep -E '^(PV|LICENSE|DEPENDS|CARGO_BUILD_FLAGS)=' "$work/values" | tee "$work/named"
    grep -qF "PV=\"$version\"" "$work/named" && grep -q '^LICENSE="MPL-2.0"' "$work/named" &&
        grep -q '^DEPENDS=.*gstreamer1.0 gstreamer1.0-plugins-base' "$work/named" &&
        grep -q '^CARGO_BUILD_FLAGS=.*--frozen.* --package gst-plugin-matte' "$work/named"
}
# Cargo may ask no one, and finds every crate of Cargo.lock among those that BitBake has unpacked.
complete() {
    local sources=("$work"/yocto/tmp/work/*/gst-plugin-matte/"$version"/sources)
    [ -e "${sources[0]}/cargo_home/config.toml" ] || return 1
    # Not under this checkout's settings.
    (cd "${sources[0]}" && env CARGO_HOME="${sources[0]}/cargo_home" \
        cargo metadata --frozen --format-version 1 --manifest-path "gst-plugin-matte-$version/Cargo.toml" >/dev/null)
}

test_yocto() {
    BITBAKE=${BITBAKE:-$(sources_of openembedded/bitbake c251833d2062ef92fc7e77ab6456af928ad1d31a)}
    OECORE=${OECORE:-$(sources_of openembedded/openembedded-core 35a2c6ed7987763dadbe45ad86095e1aee1c7314)}
    if [ -n "$BITBAKE" ] && [ -n "$OECORE" ]; then
        about="Yocto, by BitBake $(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$BITBAKE/lib/bb/__init__.py"): "
        check "a layer with the recipe" layer
        check "the recipe is read with the classes that it inherits" reads
        check "sources and crates have their sums, LICENSE has its own" bake -c populate_lic
        check "the recipe is configured" bake -c configure
        check "its list has every crate: Cargo needs no network" complete
    else
        echo "left out: the Yocto recipe; BitBake and OpenEmbedded's core cannot be reached (BITBAKE, OECORE)"
    fi
}

# --- Buildroot --------------------------------------------------------------------------------------
tree() {
    cp -r "$BUILDROOT" "$work/buildroot"
    cp -r packaging/buildroot/gst1-plugin-matte "$work/buildroot/package/"
    sed -i '/package\/gstreamer1\/Config.in/a\	source "package/gst1-plugin-matte/Config.in"' \
        "$work/buildroot/package/Config.in"
}
rooted() { make -s -C "$work/buildroot" O="$work/$1" "${@:2}"; } # configuration, arguments
configured() { # name, settings...
    printf 'BR2_%s=y\n' PACKAGE_GSTREAMER1 PACKAGE_GST1_PLUGIN_MATTE "${@:2}" >"$work/$1.config"
    rooted "$1" BR2_DEFCONFIG="$work/$1.config" defconfig
}
offered() { # name, settings...
    configured "$@" && grep -x 'BR2_PACKAGE_GST1_PLUGIN_MATTE=y' "$work/$1/.config" &&
        grep -x 'BR2_PACKAGE_HOST_RUSTC=y' "$work/$1/.config" &&
        grep -x 'BR2_PACKAGE_GST1_PLUGINS_BASE=y' "$work/$1/.config"
}
refused() { # name, settings..., the one that excludes it
    configured "$@" && grep -x "BR2_${*: -1}=y" "$work/$1/.config" && ! grep GST1_PLUGIN_MATTE "$work/$1/.config"
}
described() {
    rooted aarch64 gst1-plugin-matte-show-info | tee "$work/info"
    python3 - "$work/info" "$version" <<'END'
import json, sys
info = json.load(open(sys.argv[1]))["gst1-plugin-matte"]
assert info["version"] == sys.argv[2], info["version"]
assert info["license_files"] == ["LICENSE"] and info["licenses"].startswith("MPL-2.0"), info
assert {"gst1-plugins-base", "gstreamer1", "host-pkgconf", "host-rustc"} <= set(info["dependencies"]), info
END
}
# Its own judge of style. The first python3 of the path may lack the module that it needs.
styled() { (cd "$work/buildroot" && /usr/bin/python3 utils/check-package package/gst1-plugin-matte/*); }

test_buildroot() {
    BUILDROOT=${BUILDROOT:-$(sources_of buildroot/buildroot e991fa071605a78c17adba2ed26e07c3b8c95583)}
    if [ -n "$BUILDROOT" ]; then
        about="Buildroot $(sed -n 's/^export BR2_VERSION := //p' "$BUILDROOT/Makefile"): "
        check "its tree takes the package" tree
        check "the package can be chosen for 64-bit Arm" offered aarch64 aarch64 TOOLCHAIN_EXTERNAL
        check "the package can be chosen for 32-bit Arm" offered armv7 arm cortex_a7 TOOLCHAIN_EXTERNAL
        check "the package can be chosen with musl" offered musl aarch64 TOOLCHAIN_BUILDROOT_{MUSL,CXX}
    check "the package cannot be chosen there without shared libraries" refused static aarch64 TOOLCHAIN_BUILDROOT_{MUSL,CXX} STATIC_LIBS
        check "its infrastructure reads version, licence and dependencies" described
        check "check-package has nothing to say" styled
    else
        echo "left out: the Buildroot package; its sources cannot be reached (BUILDROOT)"
    fi
}

# --- Flatpak ----------------------------------------------------------------------------------------
manifest=packaging/flatpak/org.freedesktop.Platform.GStreamer.matte.yml
# It prints properties that it does not know, and goes on.
accepted() {
    # It leaves a folder where it is called.
    (cd "$work" && flatpak-builder --show-manifest "$ROOT/$manifest" >manifest.json 2>warnings) || true
    cat "$work/warnings"
    [ -s "$work/manifest.json" ] && [ ! -s "$work/warnings" ]
}
found() { # An application of the runtime looks for plugins in the folder above.
    env -u GST_PLUGIN_PATH GST_REGISTRY="$work/registry.bin" GST_PLUGIN_SYSTEM_PATH="$work/flatpak:$(pkg-config --variable=pluginsdir gstreamer-1.0)" \
        gst-launch-1.0 -q videotestsrc num-buffers=2 ! video/x-raw,width=160,height=120 ! mattebackground background=color ! fakesink
}
test_flatpak() {
    about="Flatpak: "
    check "$(flatpak-builder --version) reads the manifest and knows all of it" accepted
    check "metainfo" appstreamcli validate --no-net "${manifest%.yml}.metainfo.xml"
    check "its commands build the extension from its list of crates" tests/systems/flatpak.py "$work/flatpak" <"$work/manifest.json"
    check "GStreamer finds the elements where the runtime looks" found
}

[ $# -gt 0 ] || set -- yocto buildroot flatpak
for system in "$@"; do
    case $system in
        yocto | buildroot | flatpak) test_$system ;;
        *) die "unknown system '$system' (known: yocto, buildroot, flatpak)" ;;
    esac
done
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
