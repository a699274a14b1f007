#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Tests with real video devices, without a camera and without this machine's kernel: runs
# tests/systems/v4l2.sh in a virtual machine, whose kernel has vivid (the camera) and v4l2loopback
# (the virtual one). The plugin that was built here runs on Debian 13's kernel, GStreamer and ONNX
# Runtime.
#
#   scripts/systems/test-v4l2.sh              log: target/test-logs/v4l2-machine.log
#   scripts/systems/test-v4l2.sh COMMAND...   another command in the machine
#
# MATTE_PATIENCE=5 waits five times as long for everything, on a busy host.
#
# The machine's disk is the folder of Debian 13 that scripts/systems/roots.sh makes (needs root; the
# kernel, its headers and qemu are installed there, 1 GB), read-only, shared over 9p. Needs no KVM:
# a few minutes of emulation.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$ROOT"
PACKAGES="linux-image-amd64 linux-headers-amd64 v4l2loopback-dkms v4l-utils busybox-static
    qemu-system-x86 seabios kmod xz-utils"
LIMIT=$((1200 * ${MATTE_PATIENCE:-1})) # seconds until a machine that hangs is ended

if [ "${1:-}" != inside ]; then
    [ "$(uname -m)" = x86_64 ] || die "the machine is an x86-64 one, found $(uname -m): run this on such a system"
    for built in libgstmatte.so matte-camera; do
        [ -e "$TARGET/release/$built" ] || die "no $built in $TARGET/release: cargo build --release makes it"
    done
    log=$TARGET/test-logs/v4l2-machine.log
    mkdir -p "$TARGET/test-logs"
    status=0
    # Settings of this shell (scripts/env.sh) name libraries that the other system does not have.
    env -u ORT_DYLIB_PATH -u GST_PLUGIN_PATH -u MATTE_MODEL -u CARGO_TARGET_DIR "$ROOT/scripts/systems/roots.sh" run trixie \
        env ${CARGO_TARGET_DIR:+CARGO_TARGET_DIR="$CARGO_TARGET_DIR"} scripts/systems/test-v4l2.sh inside "$@" >"$log" 2>&1 ||
        status=$?
    if [ $# -gt 0 ]; then cat "$log" && exit $status; fi
    grep -a -E '^(ok|not ok|# |error:)' "$log" || true
    # The machine has no exit status; its last line replaces it.
    if [ $status != 0 ] || ! grep -a -q -E '^# [1-9][0-9]* passed, 0 failed' "$log"; then die "see $log"; fi
    exit 0
fi

shift
[ $# -gt 0 ] || set -- tests/systems/v4l2.sh

# --- in the folder: what the machine needs ----------------------------------------------------------
# The kernel gets its first file system below.
export DEBIAN_FRONTEND=noninteractive INITRD=No
# shellcheck disable=SC2086  # a list of words
if ! dpkg-query -W $PACKAGES >/dev/null 2>&1; then
    # A mirror may be a snapshot of some weeks ago.
    apt-get -q -o Acquire::Check-Valid-Until=false update
    apt-get -q install -y --no-install-recommends $PACKAGES
fi
kernel=$(find /lib/modules -maxdepth 1 -name '*-amd64' -printf '%f\n' | sort -V | tail -1)
if ! modinfo -k "$kernel" v4l2loopback >/dev/null 2>&1; then dkms autoinstall -k "$kernel"; fi

# --- its first file system: enough to reach the folder ----------------------------------------------
# Not in /tmp, which is the machine's own.
work=$(mktemp -d /var/tmp/machine.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/initrd/{bin,modules,proc,sys,dev,root}
cp /bin/busybox "$work/initrd/bin"
modprobe -S "$kernel" --show-depends -a virtio_pci 9pnet_virtio 9p |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
while read -r module; do
    name=$(basename "${module%.xz}")
    case $module in
        *.xz) xz -dc "$module" ;;
        *) cat "$module" ;;
    esac >"$work/initrd/modules/$name"
    echo "$name" >>"$work/initrd/modules/order"
done <"$work/modules"
# The machine sees the folder, with this checkout and its builds. What it writes stays in its
# memory.
cat >"$work/initrd/init" <<END
#!/bin/busybox sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs dev /dev
# Bash reads from commands by it.
busybox ln -s /proc/self/fd /dev/fd
while read -r module; do busybox insmod "/modules/\$module"; done </modules/order
busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 folder /root
for place in proc sys dev; do busybox mount --move "/\$place" "/root/\$place"; done
for place in tmp run; do busybox mount -t tmpfs tmpfs "/root/\$place"; done
exec busybox switch_root /root /bin/sh $work/machine
END
cat >"$work/machine" <<END
export PATH=/usr/sbin:/usr/bin HOME=/tmp LANG=C.UTF-8 GST_REGISTRY=/tmp/registry.bin
export MATTE_PATIENCE=${MATTE_PATIENCE:-1} MATTE_CACHE=/cache CARGO_TARGET_DIR='$TARGET'
cp $work/registry.bin /tmp
cd '$ROOT'
${*@Q} </dev/null >/dev/ttyS0 2>&1
busybox poweroff -f
END
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd.gz"
# Scanning all plugins takes a minute under emulation, and two seconds here.
(. scripts/env.sh && GST_REGISTRY=$work/registry.bin gst-inspect-1.0 >/dev/null 2>&1)

say "Linux $kernel, $(dpkg-query -W -f='v4l2loopback ${Version}' v4l2loopback-dkms), $(qemu-system-x86_64 --version | head -1)"
# The check of the timer fails if the machine pauses for a moment, as on a busy host.
timeout "$LIMIT" qemu-system-x86_64 -accel tcg -cpu max -m 2048 -nodefaults -no-reboot -display none -monitor none \
    -serial stdio -kernel "/boot/vmlinuz-$kernel" -initrd "$work/initrd.gz" -append "console=ttyS0 quiet panic=-1 no_timer_check" \
    -fsdev local,id=folder,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=folder,mount_tag=folder </dev/null | sed -u 's/\r$//'
