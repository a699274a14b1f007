#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Installs everything but the plugin: program, pages, desktop entry, models, scripts, documents.
# meson.build and the Debian package call it, so that both have the same.
#
#   PREFIX=... packaging/install.sh PROGRAM PAGES DOCUMENTS
#
# PREFIX is the folder that stands for /usr (Meson sets MESON_INSTALL_DESTDIR_PREFIX instead). PROGRAM
# is matte-camera, PAGES the same program for the processor of this machine: it writes its manual page
# and completions itself. DOCUMENTS is the name of the folder in share/doc.
set -eu
program=${1:?which matte-camera?} pages=${2:?which matte-camera runs here?} documents=${3:?which folder of documents?}
cd "$(dirname "$0")/.."
. packaging/common.sh
documents=$share/doc/$documents

page() { # what, file
    install -d "$(dirname "$2")"
    "$pages" --generate "$1" >"$2"
    chmod 644 "$2"
}

put 755 "$prefix/bin" "$program"
page man "$share/man/man1/matte-camera.1"
page bash "$share/bash-completion/completions/matte-camera"
page zsh "$share/zsh/site-functions/_matte-camera"
page fish "$share/fish/vendor_completions.d/matte-camera.fish"
put 644 "$prefix/lib/systemd/user" camera/matte-camera.service
put 644 "$share/dbus-1/interfaces" camera/io.github.gst_plugin_matte.Camera1.xml
put 644 "$share/applications" packaging/desktop/io.github.gst_plugin_matte.Camera.desktop
put 644 "$share/metainfo" packaging/desktop/io.github.gst_plugin_matte.Camera.metainfo.xml
put 644 "$share/icons/hicolor/scalable/apps" packaging/desktop/io.github.gst_plugin_matte.Camera.svg

# As in the sources, since the scripts find each other. The networks are inside the plugin; these files
# are for other programs.
put 644 "$share/matte/models" models/*.onnx models/*.tflite models/*.modelinfo models/*.toml
put 755 "$share/matte/scripts" scripts/fetch-models.sh
put 644 "$share/matte/scripts" scripts/common.sh scripts/env.sh
put 644 "$share/matte/scripts/models" scripts/models/catalogue.py scripts/models/fetch.py scripts/models/graph.py \
    scripts/models/*_to_onnx.py scripts/models/requirements.txt
put 755 "$share/matte/pipelines" pipelines/*.sh
chmod 644 "$share/matte/pipelines/common.sh"
put 644 "$share/matte/docs/pictures" docs/pictures/room.jpg
put 644 "$share/man/man1" packaging/matte-fetch-models.1
cat >"$prefix/bin/matte-fetch-models" <<'SCRIPT'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/../share/matte/scripts/fetch-models.sh" "$@"
SCRIPT
chmod 755 "$prefix/bin/matte-fetch-models"
put 644 "$documents" README.md CHANGELOG.md LICENSE models/MODEL_CARD.md models/ATTRIBUTION.md docs/*.md
# Pages of the site that only include others.
rm "$documents/SUMMARY.md" "$documents/changelog.md" "$documents/contributing.md"
