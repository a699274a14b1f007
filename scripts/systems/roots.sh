#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Makes other systems in folders, to test the plugin where its users are. Needs root and a
# Debian-like machine with debootstrap (for arm: mmdebstrap, qemu). The mirror is that of this
# machine's apt, or $MATTE_MIRROR.
#
#   scripts/systems/roots.sh make NAME               makes the system, if it is not there yet
#   scripts/systems/roots.sh run NAME COMMAND...     runs a command in it, with the packages of the tests
#   scripts/systems/roots.sh clean NAME COMMAND...   runs a command in it as it was made: the bare minimum,
#                                            and all that the command writes is forgotten
#   scripts/systems/roots.sh remove NAME
#   scripts/systems/roots.sh list
#
# NAME: bookworm, trixie, forky (Debian 12, 13, testing), bookworm-arm64, bookworm-armhf (Debian 12
# for those processors, by qemu-user; scripts/package.sh installs packages in them), or arm64, armhf
# (the same, only unpacked, with headers; scripts/systems/cross.sh links against them, and runs in
# them). Folders: ${MATTE_ROOTS:-~/.cache/matte/roots}, 0.3 to 3 GB each.
#
# Inside, this checkout and $HOME's Rust have the same paths as outside. /cache contains only
# models, so that ONNX Runtime is the system's own; arm64 has none and gets the wheel's
# (scripts/deps.sh systems). Mounts are in a namespace of the command's own: nothing is left behind,
# however it ends.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

ROOTS=${MATTE_ROOTS:-$MATTE_CACHE/roots}
NAMES=(bookworm trixie forky bookworm-arm64 bookworm-armhf arm64 armhf)

PACKAGES="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev"
PACKAGES_NATIVE="gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
    gstreamer1.0-plugins-base-apps python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
    gir1.2-gst-plugins-bad-1.0 imagemagick forensics-samples-files gcc libc6-dev pkg-config time
    pipewire wireplumber pipewire-bin gstreamer1.0-pipewire dbus libglib2.0-bin
    gstreamer1.0-x xvfb file"

# What dpkg-shlibdeps needs to name the dependencies of a package of another processor.
PACKAGES_EMULATED="dpkg-dev libgstreamer1.0-0 libgstreamer-plugins-base1.0-0"

unpacked() { case $1 in arm64 | armhf) true ;; *) false ;; esac; }
suite_of() { if unpacked "$1"; then echo bookworm; else echo "${1%-arm*}"; fi; }
arch_of() { case $1 in *arm64) echo arm64 ;; *armhf) echo armhf ;; *) dpkg --print-architecture ;; esac; }
emulated() { [ "$(arch_of "$1")" != "$(dpkg --print-architecture)" ]; }

mirror() {
    if [ -n "${MATTE_MIRROR:-}" ]; then echo "$MATTE_MIRROR" && return; fi
    have apt-get || die "no apt-get here: these folders are made on a Debian-like system"
    # shellcheck disable=SC2016  # apt's own placeholder
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
        grep -v -e security -e backports | head -1 | grep . ||
        die "no Debian mirror among this machine's apt sources: set MATTE_MIRROR to one"
}

# base/ of every folder is debootstrap's minimum. Packages of the tests are in test/, over it, so
# that base/ stays clean for tests of packages.
make_root() { # name
    local name=$1 folder=$ROOTS/$1 suite from script
    [ -e "$folder/made" ] && return
    suite=$(suite_of "$name") from=$(mirror)
    say "making $name"
    rm -rf "${folder:?}/base"
    mkdir -p "$folder"/{test,archives/partial}
    if emulated "$name"; then have mmdebstrap || die "mmdebstrap is missing: scripts/deps.sh systems"; fi
    if unpacked "$name"; then
        # Not configured: linking needs no maintainer scripts, which are slow under emulation.
        # shellcheck disable=SC2086  # a list of words
        mmdebstrap --variant=extract --architectures="$(arch_of "$name")" \
            --include="$(echo bash coreutils $PACKAGES | tr ' ' ,)" \
            "$suite" "$folder/base" "$from" >"$folder/make.log" 2>&1 || die "see $folder/make.log"
        # A maintainer script would have made it.
        [ -e "$folder/base/bin/sh" ] || ln -s bash "$folder/base/bin/sh"
    elif emulated "$name"; then
        "$ROOT/scripts/systems/emulated.sh" "$(arch_of "$name")" mmdebstrap --variant=minbase \
            --architectures="$(arch_of "$name")" --skip=check/qemu --dpkgopt=force-unsafe-io \
            "$suite" "$folder/base" "$from" >"$folder/make.log" 2>&1 || die "see $folder/make.log"
    else
        have debootstrap || die "debootstrap is missing: scripts/deps.sh systems"
        script=/usr/share/debootstrap/scripts/$suite
        # A suite that this debootstrap does not know is made like unstable.
        [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
        # The folder can be made again: no need to wait for the disk at each file.
        mkdir -p "$folder/base/etc/dpkg/dpkg.cfg.d"
        echo force-unsafe-io >"$folder/base/etc/dpkg/dpkg.cfg.d/unsafe-io"
        debootstrap --variant=minbase "$suite" "$folder/base" "$from" "$script" \
            >"$folder/make.log" 2>&1 || die "see $folder/make.log"
    fi
    touch "$folder/made"
}

# Runs a command over a folder's base, in a namespace of its own; what it writes goes to UPPER.
enter() { # name upper command...
    local name=$1 upper=$2 runtime='' options='' namespace=(unshare --mount --pid --fork --kill-child)
    shift 2
    mkdir -p "$upper"/{up,work,root}
    if emulated "$name"; then
        namespace=("$ROOT/scripts/systems/emulated.sh" "$(arch_of "$name")")
        # In a user namespace an overlay may not use the system's own marks, without which dpkg cannot
        # rename folders.
        options=,userxattr
    fi
    # A clean system has no runtime but its own.
    if [ "$name" = arm64 ]; then runtime=$(onnxruntime_of aarch64); fi
    MATTE_NS_CHECKOUT=$ROOT MATTE_NS_TARGET=$TARGET \
        MATTE_NS_MODELS=$MATTE_CACHE/models MATTE_NS_RUNTIME=$runtime MATTE_NS_ARCHIVES=$ROOTS/$name/archives \
        MATTE_NS_LOWER=$ROOTS/$name/base MATTE_NS_UPPER=$upper MATTE_NS_OPTIONS=$options \
        "${namespace[@]}" bash "$ROOT/scripts/systems/roots-inside.sh" "$@"
}

# Beside the packages: a runtime, where the system has one, and the pkg-config file of Analytics
# without the 300 packages of OpenCV that its package needs.
# shellcheck disable=SC2016  # for the shell inside
EXTRAS='
    runtime=$(apt-cache search --names-only "^libonnxruntime[0-9.]+\$" | cut -d" " -f1 | sort -V | tail -1)
    [ -z "$runtime" ] || apt-get -q install -y --no-install-recommends "$runtime"
    cd /tmp && apt-get -q download libgstreamer-plugins-bad1.0-dev && dpkg -x libgst*bad*.deb /'

install_packages() { # name
    local name=$1 mark=$ROOTS/$1/test/installed packages="$PACKAGES $PACKAGES_NATIVE" extras=$EXTRAS
    if unpacked "$name"; then return; fi
    if emulated "$name"; then packages=$PACKAGES_EMULATED extras=; fi
    [ "$(cat "$mark" 2>/dev/null)" = "$packages" ] && return
    say "installing the packages of the tests in $name"
    # A folder that was made months ago only knows the packages of that day.
    enter "$name" "$ROOTS/$name/test" sh -ec "
        export DEBIAN_FRONTEND=noninteractive
        # A mirror may be a snapshot of some weeks ago.
        apt-get -q -o Acquire::Check-Valid-Until=false update
        apt-get -q install -y --no-install-recommends ${packages//$'\n'/ }
        $extras" \
        >"$ROOTS/$name/install.log" 2>&1 || die "see $ROOTS/$name/install.log"
    echo "$packages" >"$mark"
}

action=${1:-list}
if [ "$action" != list ]; then
    case " ${NAMES[*]} " in
        *" ${2:?which system? (scripts/systems/roots.sh list)} "*) ;;
        *) die "unknown system '$2' (known: ${NAMES[*]})" ;;
    esac
    [ "$(id -u)" = 0 ] || die "root is needed to make and enter these folders"
fi
case $action in
    list)
        for name in "${NAMES[@]}"; do
            if [ -e "$ROOTS/$name/made" ]; then du -sh "$ROOTS/$name"; else echo "$name: not made"; fi
        done
        ;;
    make)
        make_root "$2"
        install_packages "$2"
        ;;
    run)
        make_root "$2"
        install_packages "$2"
        enter "$2" "$ROOTS/$2/test" "${@:3}"
        ;;
    clean)
        make_root "$2"
        upper=$(mktemp -d "$ROOTS/tmp.XXXXXX")
        trap 'rm -rf --one-file-system "$upper"' EXIT
        enter "$2" "$upper" "${@:3}"
        ;;
    remove) rm -rf --one-file-system "${ROOTS:?}/$2" ;;
    *) die "unknown action '$action' (make, run, clean, remove, list)" ;;
esac
