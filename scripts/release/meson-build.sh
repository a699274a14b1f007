#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Called by meson.build: CARGO SOURCE TARGET_DIR PROFILE FEATURES OUTPUT
set -eu
cargo=$1 source=$2 target=$3 profile=$4 features=$5 output=$6

set -- --package gst-plugin-matte --lib --manifest-path "$source/Cargo.toml" --target-dir "$target" \
    --profile "$profile" --features "$features"
case $output in
    *.a) "$cargo" rustc "$@" --crate-type staticlib ;;
    *) "$cargo" build "$@" ;;
esac
# Cargo's folder for the profile dev is named debug.
[ "$profile" = dev ] && folder=debug || folder=$profile
cp "$target/$folder/$(basename "$output")" "$output"
