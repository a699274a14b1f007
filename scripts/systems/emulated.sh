#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Runs a command where programs of another processor start by themselves, by qemu-user. Needs root.
#
#   scripts/systems/emulated.sh arm64|armhf COMMAND...
#
# The command has a user namespace of its own, and with it a binfmt_misc of its own (Linux 6.7): the
# machine's stays as it is. All users of the machine exist in it, since packages have files of theirs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# Executables and libraries (mask) of 64-bit AArch64 (machine 0xb7) or 32-bit Arm (0x28).
case ${1:-} in
    arm64) emulator=qemu-aarch64-static class='\x02' machine='\xb7\x00' ;;
    armhf) emulator=qemu-arm-static class='\x01' machine='\x28\x00' ;;
    *) die "which processor? arm64 or armhf, found '${1:-}'" ;;
esac
[ "$(id -u)" = 0 ] || die "root is needed for a namespace with all users"
emulator=$(command -v "$emulator") || die "qemu is missing: scripts/deps.sh systems"
magic="\\x7fELF$class\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00$machine"
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
# The emulator is opened at registration (F): it need not be inside of a folder.
export MATTE_NS_FORMAT=":matte:M::$magic:$mask:$emulator:F"

# Only a process outside may map more than one user. It ends when the namespace is there, or when
# there is none.
outside=$(readlink /proc/self/ns/user)
(
    while [ "$(readlink "/proc/$$/ns/user")" = "$outside" ]; do sleep 0.01; done
    echo '0 0 65536' >"/proc/$$/gid_map"
    echo '0 0 65536' >"/proc/$$/uid_map"
) 2>/dev/null &
# shellcheck disable=SC2016  # for the shell inside
exec unshare --user --mount --pid --fork --kill-child bash -ec '
    until read -r _ </proc/self/uid_map; do sleep 0.01; done
    mount --make-rprivate /
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf %s "$MATTE_NS_FORMAT" >/proc/sys/fs/binfmt_misc/register
    exec "$@"' bash "${@:2}"
