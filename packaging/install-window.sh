#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Installs matte-window: program, translations, desktop entry, backgrounds. meson.build and the Debian
# package call it, so that both have the same. It needs gettext's msgfmt.
#
#   PREFIX=... packaging/install-window.sh PROGRAM
#
# PREFIX is the folder that stands for /usr (Meson sets MESON_INSTALL_DESTDIR_PREFIX instead).
set -eu
program=${1:?which matte-window?}
cd "$(dirname "$0")/.."
. packaging/common.sh

put 755 "$prefix/bin" "$program"
put 644 "$share/applications" packaging/desktop/io.github.gst_plugin_matte.Window.desktop
put 644 "$share/metainfo" packaging/desktop/io.github.gst_plugin_matte.Window.metainfo.xml
put 644 "$share/man/man1" packaging/matte-window.1
put 644 "$share/matte/backgrounds" docs/pictures/room.jpg
scripts/release/translations.sh "$share/locale"
