#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Called by meson.build: CARGO SOURCE TARGET_DIR PROFILE FEATURES OUTPUT
set -eu
cargo=$1 source=$2 target=$3 profile=$4 features=$5 output=$6

set -- --manifest-path "$source/Cargo.toml" --target-dir "$target" --profile "$profile" --features "$features"
case $output in
    *matte-camera) "$cargo" build --package matte-camera "$@" ;;
    *.a) "$cargo" rustc --package gst-plugin-matte --lib "$@" --crate-type staticlib ;;
    *) "$cargo" build --package gst-plugin-matte --lib "$@" ;;
esac
# Cargo's folder for the profile dev is named debug.
[ "$profile" = dev ] && folder=debug || folder=$profile
cp "$target/$folder/$(basename "$output")" "$output"
