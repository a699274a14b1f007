#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The Debian packages gstreamer1.0-matte (plugin, matte-camera, tools, models, documents) and, where
# matte-window was built beside them, matte-window, of what was built here, by debhelper;
# packaging/debian has the rules.
#
#   scripts/package.sh build [ARCH [PLUGIN]]   into $TARGET/packages; ARCH: amd64 (default: this
#                                              machine's), arm64, armhf; PLUGIN: a libgstmatte.so
#                                              with matte-camera beside it (default: cargo's, for
#                                              Arm that of scripts/systems/cross.sh)
#   scripts/package.sh check [FOLDER]          lintian, the desktop's own checks, whether FOLDER, a
#                                              prefix that Meson has installed to, has the same files,
#                                              and whether packages for Arm have those, for Arm
#   scripts/package.sh test NAME               installs, uses and purges it in a clean bookworm, trixie,
#                                              forky, bookworm-arm64 or bookworm-armhf
#                                              (scripts/systems/roots.sh)
#
# Packages for Arm need root: Debian 12 for that processor, in a folder, says what they depend on.
# matte-window is packaged for this machine's processor alone, since GTK of another one is not here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
out=$TARGET/packages
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
revision=$version-1
package_of() { echo "$out/gstreamer1.0-matte_${revision}_$1.deb"; } # architecture
window_of() { echo "$out/matte-window_${revision}_$1.deb"; }

# What readelf says of a program or library: class, machine, and for Arm whether numbers are passed
# in registers of floating point.
machine_of() { # file
    readelf -h "$1" | awk '/Class:/ { class = $2 } /Machine:/ { machine = $NF }
        /hard-float/ { machine = machine " hard-float" } END { print class, machine }'
}
machine_for() { # architecture
    case $1 in
        amd64) echo 'ELF64 X86-64' ;;
        arm64) echo 'ELF64 AArch64' ;;
        armhf) echo 'ELF32 ARM hard-float' ;;
        *) die "unknown architecture '$1' (known: amd64, arm64, armhf)" ;;
    esac
}

build() {
    local native plugin program window pages=$TARGET/release/matte-camera
    native=$(dpkg --print-architecture)
    local arch=${1:-$native} machine folder=release
    machine=$(machine_for "$arch")
    case $arch in
        "$native") ;;
        arm64) folder=aarch64-unknown-linux-gnu/dist ;;
        armhf) folder=armv7-unknown-linux-gnueabihf/dist ;;
    esac
    plugin=$(realpath -m "${2:-$TARGET/$folder/libgstmatte.so}")
    program=${plugin%/*}/matte-camera
    window=${plugin%/*}/matte-window
    # The release's own build, where there is one.
    if [ "$arch" = "$native" ]; then pages=$program; else window=; fi
    [ -x "$window" ] || window=
    have dh || die "debhelper is needed: apt-get install debhelper"
    local file
    for file in "$plugin" "$program"; do
        [ -x "$file" ] || die "there is no $file: cargo build --release makes it (scripts/systems/cross.sh for Arm)"
        [ "$(machine_of "$file")" = "$machine" ] || die "$file is $(machine_of "$file"), expected $machine for $arch"
    done
    [ -x "$pages" ] || die "there is no $pages, which writes the pages: cargo build --release makes it"
    local work
    mkdir -p "$out"
    # Systems of other processors see this folder, and not /tmp.
    folder=$(mktemp -d "$out/build.XXXXXX")
    # shellcheck disable=SC2064  # the folder's name is meant as it is now
    trap "rm -rf '$folder'" EXIT
    # dh_builddeb writes beside the folder that it works in.
    work=$folder/matte
    mkdir "$work"
    cp -r packaging/debian "$work/"
    # The commit's time, so that the same sources give the same package.
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
    export SOURCE_DATE_EPOCH
    cat >"$work/debian/changelog" <<CHANGES
matte ($revision) unstable; urgency=medium

  * Version $version; CHANGELOG.md, which is beside this file, says what is new.

 -- matte developers <matte@users.noreply.github.com>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
    # What cannot be built must not look as if it had been.
    rm -f "$(package_of "$arch")" "$(window_of "$arch")"
    (
        cd "$work"
        dpkg-architecture -a"$arch" -c env SOURCES="$ROOT" PLUGIN="$plugin" PROGRAM="$program" \
            WINDOW="$window" NATIVE_PROGRAM="$pages" \
            debian/rules binary
    ) >"$out/build-$arch.log" 2>&1 || {
        tail -n 20 "$out/build-$arch.log" >&2
        die "debhelper fails: $out/build-$arch.log"
    }
    mv "$folder/gstreamer1.0-matte_${revision}_$arch.deb" "$out/"
    say "$(package_of "$arch"): $(stat -c %s "$(package_of "$arch")") bytes"
    [ -n "$window" ] || return 0
    mv "$folder/matte-window_${revision}_$arch.deb" "$out/"
    say "$(window_of "$arch"): $(stat -c %s "$(window_of "$arch")") bytes"
}

# The files of a package and of a prefix that Meson has installed to, by the same names.
files_of_packages() { # packages
    local package
    for package in "$@"; do dpkg-deb --fsys-tarfile "$package" | tar -t; done | grep -v '/$' | sed -e 's|^\./usr/||' -e "s|^lib/[^/]*/gstreamer-1.0|lib/gstreamer-1.0|" \
        -e 's|zsh/vendor-completions|zsh/site-functions|' -e 's|doc/gstreamer1.0-matte|doc/matte|' \
        -e '/doc\/matte-window\//d' -e '/changelog\.Debian\.gz$/d' -e 's|matte/changelog\.gz|matte/CHANGELOG.md|' -e 's|matte/copyright|matte/LICENSE|' \
        -e '/man1\//s/\.gz$//' | sort
}
files_of_prefix() { # folder
    (cd "$1" && find . -type f -printf '%P\n' | grep -v -e '\.a$' -e '\.pc$' | sort)
}

# Whether all programs and libraries of a package are for its processor, whether it needs the
# libraries that they name, and whether it has the files that this machine's package has.
for_processor() { # package, architecture, this machine's package
    local folder file seen machine needs library
    machine=$(machine_for "$2")
    [ "$(dpkg-deb --field "$1" Architecture)" = "$2" ] || { echo "its field Architecture is not $2" && return 1; }
    folder=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is meant as it is now
    trap "rm -rf '$folder'" RETURN
    dpkg-deb -x "$1" "$folder"
    needs=$(dpkg-deb --field "$1" Depends)
    echo "it depends on $needs"
    while read -r file; do
        seen=$(machine_of "$file")
        echo "${file#"$folder"} is $seen and needs $(libraries_of "$file" | paste -sd' ')"
        [ "$seen" = "$machine" ] || { echo "expected $machine" && return 1; }
        while read -r library; do
            case $library in
                ld-linux*) continue ;;
                libc.so* | libm.so*) library='libc6 (>= ' ;;
                libgcc_s*) library='libgcc-s1 (>= ' ;;
                libglib* | libgobject* | libgio* | libgmodule*) library='libglib2.0-0 (>= ' ;;
                libgstreamer-1* | libgstbase*) library='libgstreamer1.0-0 (>= ' ;;
                libgst*) library='libgstreamer-plugins-base1.0-0 (>= ' ;;
            esac
            grep -qF "$library" <<<"$needs" || { echo "it does not depend on $library" && return 1; }
        done < <(libraries_of "$file")
    done < <(find "$folder" -type f \( -perm -100 -o -name '*.so' \) -exec sh -c 'head -c 4 "$1" | grep -q ELF' sh {} \; -print)
    diff <(files_of_packages "$1") <(files_of_packages "$3")
}
libraries_of() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; } # file

check() {
    local packages status=0 native arch others=()
    native=$(dpkg --print-architecture)
    packages=("$(package_of "$native")")
    [ -e "${packages[0]}" ] || die "there is no ${packages[0]}: scripts/package.sh build"
    if [ -e "$(window_of "$native")" ]; then packages+=("$(window_of "$native")"); fi
    for arch in arm64 armhf; do
        if [ "$arch" != "$native" ] && [ -e "$(package_of $arch)" ]; then others+=("$arch"); fi
    done
    holds() { # name, log, command
        if "${@:3}" >"$2" 2>&1; then echo "ok package: $1"; else echo "not ok package: $1" && status=1; fi
        sed 's/^/# /' "$2"
    }
    same() { diff <(files_of_packages "${packages[@]}") <(files_of_prefix "$1"); }
    holds "lintian finds no errors" "$out/lintian.log" lintian --no-cfg --fail-on error "${packages[@]}"
    for arch in "${others[@]}"; do
        holds "lintian finds no errors in that for $arch" "$out/lintian-$arch.log" lintian --no-cfg --fail-on error "$(package_of "$arch")"
        holds "all of it is for $arch" "$out/contents-$arch.log" for_processor "$(package_of "$arch")" "$arch" "${packages[0]}"
    done
    holds "desktop entry" "$out/desktop.log" desktop-file-validate packaging/desktop/*.desktop
    holds "metainfo" "$out/metainfo.log" appstreamcli validate --no-net packaging/desktop/*.metainfo.xml
    [ -z "${1:-}" ] || holds "Meson installs the same files" "$out/meson.log" same "$1"
    return $status
}

# In a clean system: apt installs the package with its dependencies alone, and one line blurs the room by
# the embedded engine; with what it recommends, ONNX Runtime does where the system has it. The tools
# start, and after a purge nothing of the package is left.
test_inside() {
    local system=$1 log=/tmp/log
    export DEBIAN_FRONTEND=noninteractive
    fail() {
        tail -n 20 "$log" >&2
        echo "not ok $system: $*"
        exit 1
    }
    apt-get -q -o Acquire::Check-Valid-Until=false update >$log 2>&1 || fail "no package lists"
    local before after arch installed engine=embedded
    arch=$(dpkg --print-architecture)
    traces() { find / -xdev \( -name '*matte*' -o -path '/usr/share/doc/gstreamer1.0-matte*' \) -not -path "$ROOT/*" -not -path '/proc/*' | sort; }
    install() { (cd "$out" && apt-get -q install -y "$@" "./gstreamer1.0-matte_${revision}_$arch.deb") >>$log 2>&1; }
    versions() { dpkg-query -W -f='${db:Status-Status} ${Package} ${Version}\n' gstreamer1.0-matte libgstreamer1.0-0 'libonnxruntime*' 2>/dev/null | sed -n 's/^installed //p' | paste -sd,; }
    before=$(traces)
    install --no-install-recommends || fail "does not install without what it recommends"
    echo "ok $system: apt install --no-install-recommends ./gstreamer1.0-matte, with $(versions)"
    gst-inspect-1.0 matte >>$log 2>&1 || fail "GStreamer does not find the plugin"
    # What outside is compared.
    one_line() { # engine
        local said
        # shellcheck disable=SC2086  # a line of words
        said=$(gst-launch-1.0 -m filesrc location="$ROOT/docs/pictures/input.jpg" ! jpegdec ! videoconvert ! mattebackground on-missing-matte=fail \
            ! videoconvert ! video/x-raw,format=RGB ! filesink location="$out/$system.rgb" 2>>$log) || fail "no pipeline runs"
        echo "$said" >>$log
        grep -q "matte-model-loaded.*engine=(string)$1" <<<"$said" || fail "the network does not run by $1"
        [ -s "$out/$system.rgb" ] || fail "no frame came"
        echo "ok $system: one line runs, by the engine $1"
    }
    one_line embedded
    # apt looks at recommendations of packages that are new to it.
    apt-get -q purge -y gstreamer1.0-matte >>$log 2>&1 || fail "does not go"
    install || fail "does not install"
    echo "ok $system: apt install ./gstreamer1.0-matte, with $(versions)"
    if dpkg-query -W -f='${db:Status-Status}\n' 'libonnxruntime[0-9]*' 2>/dev/null | grep -q '^installed'; then engine=onnxruntime; fi
    one_line $engine
    matte-fetch-models --help >>$log 2>&1 || fail "matte-fetch-models does not start"
    matte-camera --help >>$log 2>&1 || fail "matte-camera does not start"
    # Systems for containers leave manual pages out.
    [ ! -e /usr/share/man/man1/matte-camera.1.gz ] ||
        zgrep -q 'blur.*strength' /usr/share/man/man1/matte-camera.1.gz || fail "the manual page lacks options"
    bash -c '. /usr/share/bash-completion/completions/matte-camera && complete -p matte-camera' >>$log 2>&1 ||
        fail "Bash cannot read its completions"
    MATTE_SOURCE="videotestsrc num-buffers=3" MATTE_SINK=fakesink /usr/share/matte/pipelines/background.sh image >>$log 2>&1 ||
        fail "the installed pipelines do not run"
    echo "ok $system: program, tools and pipelines start"
    [ -e /usr/share/doc/gstreamer1.0-matte/copyright ] || fail "no copyright file"
    dpkg --verify gstreamer1.0-matte >>$log 2>&1 || fail "files differ from the package's sums"
    installed=$(dpkg-query -L gstreamer1.0-matte)
    apt-get -q purge -y gstreamer1.0-matte >>$log 2>&1 || fail "does not go"
    after=$(traces)
    [ "$before" = "$after" ] || fail "left behind: $(comm -13 <(echo "$before") <(echo "$after") | tr '\n' ' ')"
    while read -r file; do
        [ ! -e "$file" ] || [ -d "$file" ] || fail "left behind: $file"
    done <<<"$installed"
    if gst-inspect-1.0 matte >/dev/null 2>&1; then fail "the plugin is still there"; fi
    echo "ok $system: nothing is left after a purge"
}

# Whether the picture from the clean system shows the person as before, and the shelf behind without
# its edges; from another processor, whether it is that of this machine's, if that was made before.
blurred() { # system
    local seen=(-size 640x480 -depth 8 "rgb:$out/$1.rgb") was=("$ROOT/docs/pictures/input.jpg") face edges_was edges_seen
    edges() { # place, picture...: the mean difference from one column to the next, in 1/255
        convert \( "${@:2}" \) \( -clone 0 -roll +1+0 \) -compose difference -composite -crop "$1" +repage -format '%[fx:255*mean]' info:
    }
    face=$(convert "${was[@]}" "${seen[@]}" -compose difference -composite -crop 60x60+240+200 +repage -format '%[fx:255*mean]' info:)
    edges_was=$(edges 45x180+95+150 "${was[@]}") edges_seen=$(edges 45x180+95+150 "${seen[@]}")
    echo "# $1: the face differs by $face of 255; edges of the shelf: $edges_was before, $edges_seen behind the person"
    if awk -v face="$face" -v was="$edges_was" -v seen="$edges_seen" 'BEGIN { exit !(face < 6 && seen < was / 3) }'; then
        echo "ok $1: the room is blurred, the face is not"
    else
        echo "not ok $1: the room is blurred, the face is not"
        return 1
    fi
    local native=$out/${1%-arm*}.rgb differs
    if [ "$native" = "$out/$1.rgb" ] || [ ! -e "$native" ]; then return 0; fi
    differs=$(compare -metric AE -fuzz 1% "${seen[@]}" -size 640x480 -depth 8 "rgb:$native" null: 2>&1 || true)
    echo "# $1: $differs of 307200 pixels differ by more than 1 % from this machine's"
    if [ "$differs" -le 30 ]; then
        echo "ok $1: the picture is this machine's"
    else
        echo "not ok $1: the picture is this machine's"
        return 1
    fi
}

case ${1:-} in
    build) build "${@:2}" ;;
    check) check "${@:2}" ;;
    test)
        mkdir -p "$out"
        rm -f "$out/${2:?which system? (scripts/systems/roots.sh list)}.rgb"
        env -u GST_PLUGIN_PATH -u ORT_DYLIB_PATH -u MATTE_MODEL "$ROOT/scripts/systems/roots.sh" clean "$2" \
            env CARGO_TARGET_DIR="$TARGET" scripts/package.sh test-inside "$2" 2>&1 | grep -v -e '^Schema error' -e '^$'
        blurred "$2"
        ;;
    test-inside) test_inside "$2" ;;
    *) die "what? build [ARCH [PLUGIN]], check [FOLDER] or test NAME" ;;
esac
