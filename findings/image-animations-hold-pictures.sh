#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The crate image 0.25.10: while an animation's frames are taken one by one and dropped at once, its
# decoders hold several whole pictures. One would expect two: one to draw on, one to hand out.
#
# Seen, in pictures of 4 bytes per pixel at the moment of most: 2.30 for a GIF, 2.76 for a WebP, 3.53 for an
# APNG of 512x384 pixels.
# It matters here because animated backgrounds are decoded while they play: with the picture that is
# shown and the one that waits, this is what they take (docs/backgrounds.md).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pillow==12.0.0
venv/bin/python - <<'PYTHON'
from PIL import Image, ImageDraw

frames = []
for n in range(8):
    frame = Image.new("RGBA", (512, 384), (30 * n, 90, 200 - 20 * n, 255))
    ImageDraw.Draw(frame).ellipse((40 * n, 60, 40 * n + 120, 260), (250, 240, 20 * n, 255))
    frames.append(frame)
for name in ("a.gif", "a.webp", "a.png"):
    frames[0].save(name, save_all=True, append_images=frames[1:], duration=40, loop=0, **({"lossless": True} if name == "a.webp" else {}))
PYTHON
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
image = { version = "=0.25.10", default-features = false, features = ["gif", "webp", "png"] }
TOML
cat >src/main.rs <<'RUST'
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Frames};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Cursor;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

struct Counting;
static LIVE: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        MOST.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        System.dealloc(at, layout)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that was held while frames were taken, in pictures of RGBA.
fn peak<'a>(open: impl FnOnce() -> Frames<'a>) -> f64 {
    let before = LIVE.load(Relaxed);
    MOST.store(before, Relaxed);
    let mut frames = open();
    let mut count = 0;
    while let Some(frame) = frames.next() {
        let (width, height) = frame.unwrap().into_buffer().dimensions();
        assert_eq!((width, height), (512, 384));
        count += 1;
    }
    assert_eq!(count, 8);
    (MOST.load(Relaxed) - before) as f64 / (512.0 * 384.0 * 4.0)
}

fn main() {
    let read = |name: &str| Cursor::new(std::fs::read(name).unwrap());
    let (gif, webp, png) = (read("a.gif"), read("a.webp"), read("a.png"));
    let gif = peak(|| GifDecoder::new(gif).unwrap().into_frames());
    let webp = peak(|| WebPDecoder::new(webp).unwrap().into_frames());
    let png = peak(|| PngDecoder::new(png).unwrap().apng().unwrap().into_frames());
    println!("image 0.25.10 holds {gif:.2} pictures of a GIF, {webp:.2} of a WebP, {png:.2} of an APNG");
    assert!(gif > 2.2 && webp > 2.6 && png > 3.4);
}
RUST
cargo run -q --release
