# SPDX-License-Identifier: MPL-2.0
# What install.sh and install-window.sh share; sourced, not run, in the project's folder.
# shellcheck shell=sh
prefix=${MESON_INSTALL_DESTDIR_PREFIX:-${PREFIX:?which folder stands for /usr?}}
# shellcheck disable=SC2034  # for those who source this
share=$prefix/share

put() { # mode, folder, files...
    mode=$1 folder=$2
    shift 2
    install -d "$folder"
    install -m "$mode" "$@" "$folder"
}
