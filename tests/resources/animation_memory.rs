// SPDX-License-Identifier: MPL-2.0

//! An animation plays within four frames of memory and what the decoder needs for itself, however long it is.
//!
//! The allocator of this binary keeps the greatest sum of what Rust code holds at a time. What the
//! same stream holds before a plain colour (its own frames, the compositor) is taken off. One test
//! alone in its binary, so that nothing else is counted.

#[path = "../common/mod.rs"]
mod common;

use common::animation::{Kind, animation};
use common::pipeline::scratch;
use common::usage::settle;
use common::{attach, frame, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// There for hangs, not for speed.
const LONG: Duration = Duration::from_secs(120);

const SIZE: (u32, u32) = (640, 360);
/// A frame of the animation, decoded.
const FRAME: usize = 640 * 360 * 4;
/// What is no frame: the decoder's indices, buffers of readers, tables of the compositor, strings.
const SMALL: usize = FRAME / 2;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Peak;

impl Peak {
    fn take(size: usize) {
        let held = HELD.fetch_add(size, Ordering::Relaxed) + size;
        PEAK.fetch_max(held, Ordering::Relaxed);
    }
}

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Peak {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Peak = Peak;

/// Gray levels that tell frames apart.
const LEVELS: usize = 20;

fn level(index: usize) -> u8 {
    (index % LEVELS * 12 + 8) as u8
}

fn write(file: &Path, kind: Kind, count: usize) {
    let frames: Vec<_> = (0..count)
        .map(|index| {
            let gray = level(index);
            image::RgbaImage::from_pixel(SIZE.0, SIZE.1, image::Rgba([gray, gray, gray, 255]))
        })
        .collect();
    std::fs::write(file, animation(kind, 40, &frames)).expect("the folder can be written");
}

/// The most that is held beyond the start until every level of `count` frames was seen; or before a
/// colour, that of the first frame.
fn peak_of(format: VideoFormat, file: Option<&Path>, count: usize) -> usize {
    // The last player's memory would go while this one is measured.
    settle();
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let element = gst::ElementFactory::make("mattecompose")
        .property_from_str("background", "color")
        .property("color", 0xff08_0808_u32)
        .build()
        .expect("the element is there");
    if let Some(file) = file {
        element.set_property("image", file.to_str());
    }
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    let info = info(format, SIZE.0, SIZE.1);
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    let (start, mut seen) = (Instant::now(), [false; LEVELS]);
    // Frames that the decoder is late for are left out and come again when the animation repeats.
    while seen.iter().filter(|seen| **seen).count() < count.min(LEVELS) {
        let mut buffer = frame(&info, |_| 90);
        attach(&mut buffer, &info, (16, 9), |_, _| 0);
        // As a camera would: what comes faster than it plays leaves a decoder no time.
        let time = gst::ClockTime::from_nseconds(start.elapsed().as_nanos() as u64);
        buffer.make_mut().set_pts(time);
        harness.push(buffer).expect("the frame goes through");
        let out = harness.pull().expect("no frame is missing");
        let map = out.map_readable().expect("it is readable");
        let shown = f32::from(map[FRAME / 4 / 2]);
        let shown = match format {
            // Luma of limited range.
            VideoFormat::I420 => (shown - 16.0) * 255.0 / 219.0,
            _ => shown,
        };
        seen[((shown - 8.0) / 12.0).round() as usize] = true;
        assert!(start.elapsed() < LONG, "not all frames are shown: {seen:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    PEAK.load(Ordering::Relaxed) - before
}

/// The most that an animation may take: two pictures in the video's format, what the kind's decoder
/// holds (canvas, the frame it works on, the frame it gives), and half a picture for all the rest.
fn most(kind: Kind) -> usize {
    match kind {
        Kind::Gif | Kind::GifOfParts | Kind::WebP => 4 * FRAME + SMALL,
        // The decoder keeps the frame before, too.
        Kind::Apng => 5 * FRAME + SMALL,
    }
}

#[test]
fn an_animation_plays_within_a_few_frames_of_memory() {
    init();
    let folder = scratch("memory");
    for format in [VideoFormat::I420, VideoFormat::Bgrx] {
        let plain = peak_of(format, None, 1);
        for kind in Kind::ALL {
            let peaks = [8, 48].map(|count| {
                let file = folder.join(format!("{kind:?}{count}.{}", kind.extension()));
                write(&file, kind, count);
                peak_of(format, Some(&file), count).saturating_sub(plain)
            });
            let frames = peaks[1] as f64 / FRAME as f64;
            println!("{format:?} {kind:?}: {frames:.2} frames");
            for peak in peaks {
                assert!(
                    peak <= most(kind),
                    "{format:?} {kind:?}: {peak} bytes, a frame has {FRAME}"
                );
            }
            assert!(
                peaks[1] <= peaks[0] + SMALL,
                "{format:?} {kind:?}: {peaks:?} grows with the length"
            );
        }
    }
}
