#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The part of scripts/systems/roots.sh that runs in the new namespace: mounts, then the command.
set -euo pipefail
mount --make-rprivate /

inside=$MATTE_NS_UPPER/root
mount -t overlay matte \
    -o "lowerdir=$MATTE_NS_LOWER,upperdir=$MATTE_NS_UPPER/up,workdir=$MATTE_NS_UPPER/work$MATTE_NS_OPTIONS" "$inside"
bind() { # from [to]: an empty place is made for it
    [ -d "$1" ] || return 0
    mkdir -p "$inside${2:-$1}"
    mount --rbind "$1" "$inside${2:-$1}"
}
mkdir -p "$inside"/{proc,tmp}
mount -t proc proc "$inside/proc"
mount -t tmpfs tmpfs "$inside/tmp"
bind /dev
bind "$MATTE_NS_CHECKOUT"
bind "$MATTE_NS_TARGET"
bind "$MATTE_NS_MODELS" /cache/models
bind "$MATTE_NS_RUNTIME" /cache/onnxruntime
bind "$MATTE_NS_ARCHIVES" /var/cache/apt/archives
bind "$HOME/.cargo"
bind "$HOME/.rustup"
# Names are looked up as outside.
rm -f "$inside/etc/resolv.conf"
cp /etc/resolv.conf "$inside/etc/resolv.conf"

# Settings that begin like these go along; everything else starts fresh.
keep=()
while read -r name; do keep+=("$name=${!name}"); done < <(compgen -e | grep -E '^(MATTE_|GST_|ORT_|CARGO|RUST|PROPTEST_)' | grep -v '^MATTE_NS_')
# Runs as a child: the first process of a namespace ignores its own signals, and a program that
# crashes must end (qemu would wait for ever for the signal that it has sent itself).
# shellcheck disable=SC2016  # $1 is for the shell inside
chroot "$inside" /usr/bin/env -i \
    PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$HOME/.cargo/bin" \
    HOME="$HOME" LANG=C.UTF-8 TERM="${TERM:-dumb}" GST_REGISTRY=/tmp/registry.bin "${keep[@]}" MATTE_CACHE=/cache \
    /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$MATTE_NS_CHECKOUT" "$@" || exit $?
