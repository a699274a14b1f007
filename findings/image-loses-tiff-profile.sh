#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The crate image 0.25.10: if limits are set, a TIFF's colour profile that is larger than the picture's
# own pixels is lost without an error. `set_limits` bounds every tag by the bytes of the decoded
# picture, and `icc_profile` then answers "none". One would expect an error, "too large".
#
# Seen, for a picture of 4x4 pixels with a profile of 3,000 bytes: 3000 without limits, none with the
# default limits.
# It matters here because a background in Display P3 would be shown as sRGB. We read the profile before
# we set limits.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
image = { version = "=0.25.10", default-features = false, features = ["tiff"] }
tiff = "=0.11.3"
TOML
cat >src/main.rs <<'RUST'
use image::{codecs::tiff::TiffDecoder, ImageDecoder, Limits};
use std::io::Cursor;

fn main() {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    let mut picture = encoder.new_image::<tiff::encoder::colortype::RGB8>(4, 4).unwrap();
    let profile = vec![7u8; 3000];
    picture.encoder().write_tag(tiff::tags::Tag::IccProfile, &profile[..]).unwrap();
    picture.write_data(&[9; 48]).unwrap();
    let decoder = || TiffDecoder::new(Cursor::new(file.get_ref().clone())).unwrap();
    let length = |profile: Option<Vec<u8>>| profile.map(|bytes| bytes.len());
    let free = length(decoder().icc_profile().unwrap());
    let mut limited = decoder();
    limited.set_limits(Limits::default()).unwrap();
    let limited = length(limited.icc_profile().unwrap());
    println!("image 0.25.10: without limits {free:?}, with the default limits {limited:?}");
    assert_eq!((free, limited), (Some(3000), None));
}
RUST
cargo run -q
