#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds and tests for other processors: Debian's cross compiler, Rust's own target, and the
# libraries of a Debian 12 for that processor in a folder (scripts/systems/roots.sh), so that the
# plugin runs on Debian 12 and newer, Raspberry Pi OS included.
#
#   scripts/systems/cross.sh aarch64|armv7 build             target/TRIPLE/dist/stripped/libgstmatte.so
#   scripts/systems/cross.sh aarch64|armv7 check             its size, and that it works there, emulated by qemu-user
#   scripts/systems/cross.sh aarch64|armv7 test [ARGS...]    cargo test, emulated
#   scripts/systems/cross.sh aarch64|armv7 run COMMAND...    a command in the folder, the plugin within reach
#
# scripts/deps.sh systems installs what this needs. There is no ONNX Runtime for armv7 here: the
# embedded engine runs the network.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"

case ${1:-} in
    aarch64) triple=aarch64-unknown-linux-gnu name=arm64 gnu="aarch64-linux-gnu" ;;
    armv7) triple=armv7-unknown-linux-gnueabihf name=armhf gnu="arm-linux-gnueabihf" ;;
    *) die "which processor? aarch64 or armv7, found '${1:-}'" ;;
esac
root=${MATTE_ROOTS:-$MATTE_CACHE/roots}/$name/base

"$ROOT/scripts/systems/roots.sh" make "$name"
have "$gnu-gcc" || die "the cross compiler is missing: scripts/deps.sh systems"
if have rustup && ! [ -d "$(rustc --print sysroot)/lib/rustlib/$triple" ]; then
    rustup target add "$triple"
fi

# Debian's libm.so is a link to /lib, which a linker out here follows on this machine; it would take
# the cross compiler's libm then. Links within the folder stay in it.
find "$root/usr/lib/$gnu" -maxdepth 1 -lname '/*' -printf '%p %l\n' | while read -r link there; do
    ln -sfr "$root$there" "$link"
done

variable=${triple//-/_}
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_LIBDIR=$root/usr/lib/$gnu/pkgconfig:$root/usr/share/pkgconfig
export "CARGO_TARGET_${variable^^}_LINKER=$gnu-gcc"
export "CARGO_TARGET_${variable^^}_RUNNER=$ROOT/scripts/systems/roots.sh run $name"
flags="-C link-arg=--sysroot=$root -C link-arg=-Wl,-rpath-link,$root/usr/lib/$gnu:$root/lib/$gnu"
# Relative relocations packed into a bitmap: 2 % of the library, and its C library (2.36, Debian 12)
# reads them. Debian 12's cross linkers cannot write them; the one that comes with Rust can.
lld=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/gcc-ld
if [ -x "$lld/ld.lld" ]; then
    flags="$flags -C link-arg=-B$lld -C link-arg=-fuse-ld=lld -C link-arg=-Wl,-z,pack-relative-relocs,--icf=all,-O2"
fi
export "CARGO_TARGET_${variable^^}_RUSTFLAGS=$flags"
# The environment of the programs inside. Each process looks for plugins itself, which is faster
# than a separate scanner under emulation.
stripped=$TARGET/$triple/dist/stripped/libgstmatte.so
export GST_REGISTRY_FORK=no GST_PLUGIN_PATH=${stripped%/*}
if [ $name = arm64 ]; then export ORT_DYLIB_PATH=/cache/onnxruntime/libonnxruntime.so; fi

case ${2:-build} in
    build)
        build_dist --target "$triple" "${@:3}"
        mkdir -p "${stripped%/*}"
        "$gnu-strip" --strip-unneeded -o "$stripped" "$TARGET/$triple/dist/libgstmatte.so"
        say "$(stat -c '%s bytes stripped' "$stripped"): $stripped"
        ;;
    check) tests/systems/cross.sh "$name" "$stripped" ;;
    test)
        # Tests contain the plugin; the search for plugins must not load the built one as a second.
        unset GST_PLUGIN_PATH
        cargo test --target "$triple" "${@:3}"
        ;;
    run) "$ROOT/scripts/systems/roots.sh" run "$name" "${@:3}" ;;
    *) die "unknown action '$2' (build, check, test, run)" ;;
esac
