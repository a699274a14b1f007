#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Debian packages of what was built here: gstreamer1.0-matte (plugin, tools, models, documents) and,
# for systems whose distribution has no ONNX Runtime (Debian 12), matte-onnxruntime.
#
#   scripts/package.sh build [ARCH [PLUGIN]]   into $TARGET/packages; ARCH: amd64 (default: this
#                                              machine's), arm64, armhf; PLUGIN: a libgstmatte.so
#   scripts/package.sh test NAME               installs, uses and removes them in a clean bookworm,
#                                              trixie or forky (scripts/systems/roots.sh)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
out=$TARGET/packages
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

# Fills the computed fields of a control file; packaging/debian has the templates.
fill() { # template
    sed -e "s|@VERSION@|$version|g" -e "s|@ARCH@|$arch|g" -e "s|@SHLIBS@|$shlibs|g" \
        -e "s|@SIZE@|$(du -sk --apparent-size "$stage" | cut -f1)|g" -e "s|@ORT@|${ort:-}|g" "$1"
}
# Files belong to root and have the commit's time, so that the same sources give the same package.
pack() { # name version
    local epoch file=$out/$1_$2_$arch.deb
    epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s)
    find "$stage" -type d -exec chmod 755 {} +
    (cd "$stage" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    find "$stage" -exec touch --no-dereference --date="@$epoch" {} +
    mkdir -p "$out"
    SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group --build "$stage" "$file" >/dev/null
    say "$file: $(stat -c %s "$file") bytes"
}
document() { # files...: into the package's own folder of documents
    install -d "$doc"
    install -m 644 "$@" "$doc"
}

# The manual page and completions of matte-camera, by the program itself; of another processor, by
# ours.
pages() {
    local run=$program share=$stage/usr/share
    [ "$arch" = "$(dpkg --print-architecture)" ] || run=$TARGET/release/matte-camera
    [ -x "$run" ] || die "the manual page is made by this machine's build: cargo build --release"
    install -d "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" \
        "$share/fish/vendor_completions.d"
    "$run" --generate man | gzip -9n >"$share/man/man1/matte-camera.1.gz"
    "$run" --generate bash >"$share/bash-completion/completions/matte-camera"
    "$run" --generate zsh >"$share/zsh/vendor-completions/_matte-camera"
    "$run" --generate fish >"$share/fish/vendor_completions.d/matte-camera.fish"
    chmod 644 "$share/man/man1/matte-camera.1.gz" "$share/bash-completion/completions/matte-camera" \
        "$share/zsh/vendor-completions/_matte-camera" "$share/fish/vendor_completions.d/matte-camera.fish"
}

build() {
    arch=${1:-$(dpkg --print-architecture)}
    plugin=${2:-$TARGET/release/libgstmatte.so}
    have dpkg-shlibdeps || die "dpkg-shlibdeps is needed: apt-get install dpkg-dev"
    [ -e "$plugin" ] || die "no plugin at $plugin: cargo build --release makes it"
    local gnu strip=strip
    gnu=$(dpkg-architecture -a"$arch" -qDEB_HOST_MULTIARCH)
    [ "$arch" = "$(dpkg --print-architecture)" ] || strip=$gnu-strip
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    stage=$work/gstreamer1.0-matte doc=$stage/usr/share/doc/gstreamer1.0-matte
    install -d "$stage/DEBIAN" "$stage/usr/lib/$gnu/gstreamer-1.0" "$stage/usr/bin" "$stage/usr/share/matte"
    install -m 644 "$plugin" "$stage/usr/lib/$gnu/gstreamer-1.0/libgstmatte.so"
    "$strip" --strip-unneeded --remove-section=.comment "$stage/usr/lib/$gnu/gstreamer-1.0/libgstmatte.so"
    # The networks are inside the plugin; these files are for other programs.
    for model in models/*.onnx models/*.modelinfo models/*.toml; do
        [ -e "$model" ] && install -D -m 644 -t "$stage/usr/share/matte/models" "$model"
    done
    install -D -m 755 -t "$stage/usr/share/matte/tools" scripts/fetch-models.sh
    install -D -m 644 -t "$stage/usr/share/matte/tools/models" scripts/models/*.py scripts/models/requirements.txt
    # shellcheck disable=SC2016  # for the script that is written
    printf '#!/bin/sh\nexec /usr/share/matte/tools/fetch-models.sh "$@"\n' >"$stage/usr/bin/matte-fetch-models"
    chmod 755 "$stage/usr/bin/matte-fetch-models"
    local program=${plugin%/*}/matte-camera
    if [ -x "$program" ]; then
        install -m 755 "$program" "$stage/usr/bin/"
        "$strip" --strip-unneeded "$stage/usr/bin/matte-camera"
        install -D -m 644 -t "$stage/usr/lib/systemd/user" camera/matte-camera.service
        pages
    fi
    document README.md docs/*.md models/MODEL_CARD.md models/ATTRIBUTION.md
    install -m 644 packaging/debian/copyright "$doc/copyright"
    gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
    chmod 644 "$doc/changelog.gz"
    cp -r --no-preserve=mode pipelines "$doc/pipelines"

    # What the binaries link against, by the libraries' own lists; of another processor, by ours.
    install -d "$work/debian"
    printf 'Source: matte\n\nPackage: gstreamer1.0-matte\nArchitecture: any\n' >"$work/debian/control"
    local binary=$stage/usr/lib/$gnu/gstreamer-1.0/libgstmatte.so
    [ "$arch" = "$(dpkg --print-architecture)" ] || binary=$TARGET/release/libgstmatte.so
    [ -e "$binary" ] || die "dependencies are computed from this machine's build: cargo build --release"
    shlibs=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info "$binary" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
    [ -n "$shlibs" ] || die "dpkg-shlibdeps found no dependencies of $binary"
    fill packaging/debian/control >"$stage/DEBIAN/control"
    pack gstreamer1.0-matte "$version"

    # Libraries that the plugin loads at run time are found beside the system's own.
    local library
    ort=1.32.0 library=$MATTE_CACHE/onnxruntime-$ort
    if [ "$arch" = "$(dpkg --print-architecture)" ] && [ -e "$library/libonnxruntime.so.$ort" ]; then
        stage=$work/matte-onnxruntime doc=$stage/usr/share/doc/matte-onnxruntime shlibs=
        install -d "$stage/DEBIAN" "$stage/usr/lib/$gnu" "$doc"
        install -m 644 "$library/libonnxruntime.so.$ort" "$stage/usr/lib/$gnu/"
        install -m 644 "$library/LICENSE" "$doc/copyright"
        gzip -9n <"$library/ThirdPartyNotices.txt" >"$doc/ThirdPartyNotices.txt.gz"
        fill packaging/debian/control.onnxruntime >"$stage/DEBIAN/control"
        pack matte-onnxruntime "$ort+matte$version"
    fi
}

# In a clean system: apt installs the package with its dependencies, a pipeline runs, a matte is
# made, and after removal nothing of the package is left.
test_inside() {
    local system=$1 log=/tmp/log
    export DEBIAN_FRONTEND=noninteractive
    fail() {
        tail -n 20 "$log" >&2
        echo "not ok $system: $*"
        exit 1
    }
    apt-get -q -o Acquire::Check-Valid-Until=false update >$log 2>&1 || fail "no package lists"
    local before after packages arch
    arch=$(dpkg --print-architecture)
    packages=("$out"/gstreamer1.0-matte_"${version}"_"$arch".deb)
    before=$(find / -xdev \( -name '*matte*' -o -path '/usr/share/doc/matte*' \) -not -path "$ROOT/*" -not -path '/proc/*' | sort)
    apt-get -q install -y --no-install-recommends "${packages[@]}" gstreamer1.0-tools >>$log 2>&1 || fail "does not install"
    echo "ok $system: installs with $(dpkg-query -W -f='${db:Status-Status} ${Package} ${Version}\n' gstreamer1.0-matte libgstreamer1.0-0 'libonnxruntime*' matte-onnxruntime 2>/dev/null | sed -n 's/^installed //p' | paste -sd,)"
    gst-inspect-1.0 matte >>$log 2>&1 || fail "GStreamer does not find the plugin"
    local model=()
    [ -z "${MATTE_MODEL:-}" ] || model=(model="$MATTE_MODEL")
    gst-launch-1.0 -q videotestsrc num-buffers=10 ! mattebackground on-missing-matte=fail "${model[@]}" \
        ! fakesink >>$log 2>&1 || fail "no pipeline runs"
    echo "ok $system: every frame gets its matte, with nothing but GStreamer"
    matte-fetch-models --help >>$log 2>&1 || fail "matte-fetch-models does not start"
    if [ -x /usr/bin/matte-camera ]; then
        matte-camera --help >>$log 2>&1 || fail "matte-camera does not start"
        # Systems for containers leave manual pages out.
        [ ! -e /usr/share/man/man1/matte-camera.1.gz ] ||
            zgrep -q blur-strength /usr/share/man/man1/matte-camera.1.gz || fail "the manual page lacks options"
        bash -c '. /usr/share/bash-completion/completions/matte-camera && complete -p matte-camera' >>$log 2>&1 ||
            fail "Bash cannot read its completions"
    fi
    echo "ok $system: the tools start"
    [ -e /usr/share/doc/gstreamer1.0-matte/copyright ] || fail "no copyright file"
    dpkg --verify gstreamer1.0-matte >>$log 2>&1 || fail "files differ from the package's sums"
    apt-get -q purge -y gstreamer1.0-matte matte-onnxruntime >>$log 2>&1 ||
        apt-get -q purge -y gstreamer1.0-matte >>$log 2>&1 || fail "does not go"
    after=$(find / -xdev \( -name '*matte*' -o -path '/usr/share/doc/matte*' \) -not -path "$ROOT/*" -not -path '/proc/*' | sort)
    [ "$before" = "$after" ] || fail "left behind: $(comm -13 <(echo "$before") <(echo "$after") | tr '\n' ' ')"
    if gst-inspect-1.0 matte >/dev/null 2>&1; then fail "the plugin is still there"; fi
    echo "ok $system: nothing is left after removal"
}

case ${1:-} in
    build) build "${@:2}" ;;
    test)
        # A model, if the plugin has none inside.
        . scripts/env.sh
        env -u GST_PLUGIN_PATH -u ORT_DYLIB_PATH ${MATTE_MODEL:+MATTE_MODEL="/cache/models/${MATTE_MODEL##*/}"} \
            "$ROOT/scripts/systems/roots.sh" clean "${2:?which system? (scripts/systems/roots.sh list)}" \
            env CARGO_TARGET_DIR="$TARGET" scripts/package.sh test-inside "$2" 2>&1 | grep -v -e '^Schema error' -e '^$'
        ;;
    test-inside) test_inside "$2" ;;
    *) die "what? build [ARCH [PLUGIN]] or test NAME" ;;
esac
