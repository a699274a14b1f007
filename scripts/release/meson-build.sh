#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Called by meson.build: CARGO SOURCE TARGET_DIR PROFILE FEATURES CAMERA OUTPUT
set -eu
cargo=$1 source=$2 target=$3 profile=$4 features=$5 camera=$6 output=$7

# The window is a workspace of its own.
case $output in
    *matte-window) source=$source/window package=matte-window camera=false ;;
    *) package=gst-plugin-matte ;;
esac
set -- --manifest-path "$source/Cargo.toml" --target-dir "$target" --profile "$profile" --features "$features" \
    --package "$package"
# Plugin and program in one call: apart, their dependencies have other features and are built twice.
[ "$camera" = false ] || set -- "$@" --package matte-camera
"$cargo" build "$@"
# Cargo's folder for the profile dev is named debug.
[ "$profile" = dev ] && folder=debug || folder=$profile
cp "$target/$folder/$(basename "$output")" "$output"
