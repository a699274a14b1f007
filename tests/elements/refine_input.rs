// SPDX-License-Identifier: MPL-2.0

//! Bad and extreme input to `matterefine`: mattes that say nothing, sizes from 1x1 to 8K, odd
//! strides, properties at their limits and changed at random while playing. A matte is one byte a
//! pixel, so what is no number cannot come this far: networks' answers are tested in `model.rs`.

use crate::common;
use common::pipeline::{Run, run};
use common::{attach, frame, info, init, matte_rows};
use gst::glib;
use gst::prelude::*;
use gst_video::{VideoFormat, VideoFrameFlags, VideoInfo, VideoMeta};
use gstmatte::meta::Matte;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A frame with a texture and, at `left`, a brighter square; a matte of any size says the same.
fn scene(info: &VideoInfo, matte: (usize, usize), left: usize) -> gst::Buffer {
    let (width, height) = (info.width() as usize, info.height() as usize);
    let inside = |x: usize, y: usize| {
        (left..left + width.div_ceil(3)).contains(&x) && y >= height.div_ceil(3)
    };
    let mut buffer = frame(info, |i| {
        let (x, y) = (i % width, i / width);
        (if inside(x, y) { 170 } else { 60 } + (x * 7 + y * 13) % 23) as u8
    });
    attach(&mut buffer, info, matte, |x, y| {
        let (x, y) = (x * width / matte.0, y * height / matte.1);
        if inside(x, y) { 230 } else { 20 }
    });
    buffer
}

/// The refined matte of every frame that comes out; all frames must.
fn refined(info: &VideoInfo, elements: &str, frames: Vec<gst::Buffer>) -> Vec<Vec<Vec<u8>>> {
    let count = frames.len();
    let Run { buffers, error } = run(info, elements, frames);
    assert_eq!((error, buffers.len()), (None, count), "{elements}");
    let rows = buffers.iter().map(|b| matte_rows(b).expect("a matte"));
    rows.collect()
}

#[test]
fn mattes_that_say_nothing() {
    init();
    let info = info(VideoFormat::I420, 96, 54);
    for value in [0, 1, 127, 128, 254, 255] {
        for preset in ["fast", "balanced", "quality", "off"] {
            let frames = (0..3).map(|_| {
                let mut buffer = frame(&info, |i| (i * 31 % 251) as u8);
                attach(&mut buffer, &info, (32, 18), |_, _| value);
                buffer
            });
            let elements = format!("matterefine preset={preset}");
            for matte in refined(&info, &elements, frames.collect()) {
                assert_eq!((matte.len(), matte[0].len()), (54, 96));
                let expected = matte[0][0];
                assert!(
                    matte.iter().flatten().all(|v| v.abs_diff(expected) <= 1),
                    "{value} {preset}"
                );
                if value == 0 || value == 255 {
                    assert_eq!(expected, value, "{preset}");
                }
            }
        }
    }
}

#[test]
fn every_size_of_frame_and_matte() {
    init();
    for (width, height) in [
        (1, 1),
        (2, 1),
        (1, 33),
        (3, 5),
        (63, 1),
        (101, 77),
        (7680, 4320),
    ] {
        for matte in [(1, 1), (5, 3), (256, 144), (300, 2)] {
            let info = info(VideoFormat::Gray8, width, height);
            let frames = (0..2).map(|n| scene(&info, matte, n)).collect();
            let sizes: Vec<_> = refined(&info, "matterefine", frames)
                .iter()
                .map(|m| (m[0].len(), m.len()))
                .collect();
            assert_eq!(sizes, [(width as usize, height as usize); 2]);
        }
    }
}

#[test]
fn a_matte_larger_than_its_frame() {
    init();
    let info = info(VideoFormat::Gray8, 60, 36);
    let matte = &refined(&info, "matterefine", vec![scene(&info, (1920, 1152), 20)])[0];
    assert!(matte[30][30] > 200 && matte[30][5] < 50 && matte[3][30] < 50);
}

#[test]
fn a_matte_of_a_frame_of_another_shape_is_taken_off() {
    init();
    let info = info(VideoFormat::Gray8, 60, 36);
    let mut buffer = scene(&info, (30, 18), 20);
    let mut matte = Matte::of(&buffer).unwrap();
    matte.frame_aspect = gst::Fraction::new(4, 3);
    matte.attach(buffer.make_mut()).unwrap();
    let Run { buffers, error } = run(&info, "matterefine", [buffer]);
    assert_eq!((error, buffers.len()), (None, 1));
    assert!(Matte::of(&buffers[0]).is_none());
}

#[test]
fn odd_strides_change_nothing() {
    init();
    let (width, height) = (61, 37);
    let info = info(VideoFormat::Gray8, width, height);
    let plain = |n: usize| scene(&info, (30, 18), 10 + n);
    let strided = |n: usize| {
        let source = plain(n);
        let map = source.map_readable().unwrap();
        let (from, to) = (info.stride()[0] as usize, width as usize + 5);
        let mut data = vec![0xEE; to * height as usize];
        for (row, source) in data.chunks_mut(to).zip(map.chunks(from)) {
            row[..width as usize].copy_from_slice(&source[..width as usize]);
        }
        let mut buffer = gst::Buffer::from_mut_slice(data);
        let writable = buffer.get_mut().unwrap();
        writable.set_pts(source.pts());
        VideoMeta::add_full(
            writable,
            VideoFrameFlags::empty(),
            VideoFormat::Gray8,
            width,
            height,
            &[0],
            &[to as i32],
        )
        .unwrap();
        Matte::of(&source).unwrap().attach(writable).unwrap();
        buffer
    };
    let expected = refined(&info, "matterefine", (0..3).map(plain).collect());
    let got = refined(&info, "matterefine", (0..3).map(strided).collect());
    assert!(expected == got);
}

/// The properties of `matterefine` itself that can be written.
fn properties(element: &gst::Element) -> Vec<glib::ParamSpec> {
    let own = |spec: &glib::ParamSpec| {
        spec.owner_type() == element.type_() && spec.flags().contains(glib::ParamFlags::WRITABLE)
    };
    element
        .list_properties()
        .iter()
        .filter(|s| own(s))
        .cloned()
        .collect()
}

/// Values of a property: its limits, and something between by `random`.
fn values(spec: &glib::ParamSpec, random: u64) -> Vec<glib::Value> {
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecFloat>() {
        let (low, high) = (spec.minimum(), spec.maximum());
        let between = low + (high - low) * (random % 1000) as f32 / 999.0;
        return vec![low.to_value(), high.to_value(), between.to_value()];
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        let between = spec.minimum() + random as u32 % (spec.maximum() - spec.minimum() + 1);
        return vec![
            spec.minimum().to_value(),
            spec.maximum().to_value(),
            between.to_value(),
        ];
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecEnum>() {
        let all = &spec.enum_class();
        return all.values().iter().map(|v| v.to_value(all)).collect();
    }
    if spec.downcast_ref::<glib::ParamSpecBoolean>().is_some() {
        return vec![false.to_value(), true.to_value()];
    }
    assert!(
        spec.downcast_ref::<glib::ParamSpecString>().is_some(),
        "{spec:?} is new here"
    );
    // Regions: none, a strip, a point, a polygon, and one that cannot be read.
    let texts = ["", "0,0,0.5,1", "0.5,0.5,0,0", "0,0 1,0 0.3,1", "0,7,x"];
    texts.iter().map(|text| text.to_value()).collect()
}

#[test]
fn every_property_at_its_limits() {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    let element = gst::ElementFactory::make("matterefine").build().unwrap();
    for spec in properties(&element) {
        for value in values(&spec, 7) {
            let element = gst::ElementFactory::make("matterefine").build().unwrap();
            let bus = gst::Bus::new();
            element.set_bus(Some(&bus));
            element.set_property_from_value(spec.name(), &value);
            element.set_bus(None);
            if bus.pop_filtered(&[gst::MessageType::Warning]).is_some() {
                // A value that is refused: the element does not start.
                continue;
            }
            let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
            harness.set_src_caps(info.to_caps().unwrap());
            for n in 0..3 {
                let out = harness.push_and_pull(scene(&info, (32, 18), 3 * n));
                assert!(
                    matte_rows(&out.unwrap()).is_some(),
                    "{} {value:?}",
                    spec.name()
                );
            }
        }
    }
}

#[test]
fn ten_thousand_random_changes_while_playing() {
    init();
    let info = info(VideoFormat::I420, 128, 72);
    let element = gst::ElementFactory::make("matterefine").build().unwrap();
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps(info.to_caps().unwrap());
    let done = AtomicBool::new(false);
    let (shown, mut changes) = (AtomicUsize::new(0), 0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let changing = scope.spawn(|| {
            let (specs, mut state, mut changes) = (properties(&element), 0x9E37_79B9u64, 0);
            for _ in 0..10_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let random = state >> 33;
                let spec = &specs[random as usize % specs.len()];
                let values = values(spec, random / 64);
                let value = &values[(random / 7) as usize % values.len()];
                element.set_property_from_value(spec.name(), value);
                changes += 1;
                // So that they are spread over frames, however slow those are; a stream that has ended is not
                // waited for.
                if changes % 16 == 0 {
                    std::thread::yield_now();
                    std::thread::sleep(Duration::from_micros(500));
                }
                let before = shown.load(Ordering::Acquire);
                while changes % 256 == 0
                    && shown.load(Ordering::Acquire) == before
                    && start.elapsed() < Duration::from_secs(120)
                {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            done.store(true, Ordering::Release);
            changes
        });
        while !done.load(Ordering::Acquire) {
            let frames = shown.load(Ordering::Acquire);
            let mut buffer = scene(&info, (64, 36), frames % 80);
            let pts = gst::ClockTime::from_mseconds(33) * frames as u64;
            buffer.make_mut().set_pts(pts);
            let out = harness.push_and_pull(buffer).expect("frames go on");
            let matte = matte_rows(&out).expect("every frame has its matte");
            assert!(!matte.is_empty() && matte.len() <= 72 && matte[0].len() <= 128);
            shown.store(frames + 1, Ordering::Release);
        }
        changes = changing.join().expect("the changes do no harm");
    });
    let frames = shown.into_inner();
    assert!(
        changes == 10_000 && frames > 20,
        "{changes} changes, {frames} frames"
    );
}

/// The luma's noise does not reach the matte of a picture that stands still: the element remembers what
/// it gave the frame before.
#[test]
fn edges_that_stand_still_stay_as_they_were() {
    init();
    let info = info(VideoFormat::I420, 160, 96);
    let changed = |elements: &str| {
        let frames = (0..24u64).map(|n| {
            let mut buffer = frame(&info, |i| {
                let noise = (i as u64 + 7 * n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62;
                (if i % 160 < 80 { 60 } else { 170 }) + noise as u8
            });
            attach(&mut buffer, &info, (40, 24), |x, _| {
                [0, 20, 128, 235, 255][x.saturating_sub(17).min(4)]
            });
            buffer
        });
        let mattes = refined(&info, elements, frames.collect());
        let late = mattes[16..].windows(2);
        late.map(|pair| {
            let both = pair[0].iter().flatten().zip(pair[1].iter().flatten());
            both.filter(|(before, now)| before != now).count()
        })
        .sum::<usize>()
    };
    let (steady, plain) = (changed("matterefine"), changed("matterefine temporal=none"));
    assert!(plain > 500 && steady * 20 < plain, "{steady} of {plain}");
}
