#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Compiles the window's translations into a folder such as /usr/share/locale.
#
#   scripts/release/translations.sh FOLDER
set -eu
folder=${1:?into which folder?}
for file in "$(dirname "$0")"/../../window/po/*.po; do
    language=$(basename "$file" .po)
    install -d "$folder/$language/LC_MESSAGES"
    msgfmt --check-format -o "$folder/$language/LC_MESSAGES/matte-window.mo" "$file"
    chmod 644 "$folder/$language/LC_MESSAGES/matte-window.mo"
done
