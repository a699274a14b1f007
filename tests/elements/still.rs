// SPDX-License-Identifier: MPL-2.0

//! A still scene: what was found for a frame is used again for those that show nothing new, and
//! only that. The picture is of the live frame, and the room is as hidden as ever.

use crate::common;
use common::pipeline::{green_model, run};
use common::{attach, info, init, matte_rows, pixels};
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::meta::Matte;

const SIZE: (u32, u32) = (64, 48);

/// The left `columns` are green, which the network takes for the subject.
fn scene(info: &VideoInfo, index: u64, columns: usize, red: u8) -> gst::Buffer {
    let mut buffer = common::frame(info, |i| {
        match (i / 3 % (SIZE.0 as usize) < columns, i % 3) {
            (true, 1) => 255,
            (false, 0) => red,
            _ => 0,
        }
    });
    let time = gst::ClockTime::from_mseconds(33 * index);
    buffer.get_mut().expect("a new buffer").set_pts(time);
    buffer
}

#[test]
fn mattes_rest_with_the_scene_and_wake_with_it() {
    init();
    let info = info(VideoFormat::Rgb, SIZE.0, SIZE.1);
    let frames = (0..12).map(|i| scene(&info, i, if i < 8 { 16 } else { 48 }, 90));
    let elements = format!(
        "mattesegment model={} still-threshold=0.02 ! matterefine",
        green_model().display()
    );
    let found = run(&info, &elements, frames);
    assert_eq!(found.error, None);
    let mattes: Vec<_> = found
        .buffers
        .iter()
        .map(|b| Matte::of(b).expect("every frame has a matte"))
        .collect();
    for (i, pair) in mattes.windows(2).enumerate() {
        let moved = i + 1 == 8;
        assert_eq!(pair[1].still, !moved, "frame {}", i + 1);
        let same = pair[0].sample.as_ptr() == pair[1].sample.as_ptr();
        assert_eq!(same, !moved, "frame {}", i + 1);
    }
    // The frame with the motion has the matte of the motion.
    let rows = matte_rows(&found.buffers[8]).expect("it has a matte");
    let row = &rows[rows.len() / 2];
    assert!(row[row.len() * 5 / 8] > 200, "{row:?}");
}

/// Frames with the same still matte; the room and the subject of each have a colour of their own.
fn still_frames(info: &VideoInfo, shades: &[(u8, u8)]) -> Vec<gst::Buffer> {
    let mut shared = None;
    let frame = |&(subject, room): &(u8, u8)| {
        let mut buffer = common::frame(info, |i| {
            // Luma and both chroma planes of I420 have the subject on their left half.
            let luma = (SIZE.0 * SIZE.1) as usize;
            let width = if i < luma { SIZE.0 } else { SIZE.0 / 2 } as usize;
            let x = if i < luma { i } else { i - luma } % width;
            if x < width / 2 { subject } else { room }
        });
        attach(
            &mut buffer,
            info,
            (SIZE.0 as usize, SIZE.1 as usize),
            |x, _| {
                if x < 32 { 255 } else { 0 }
            },
        );
        let mut matte = Matte::of(&buffer).expect("just attached");
        matte.still = shared.is_some();
        matte.sample = shared.get_or_insert(matte.sample).clone();
        matte.attach(buffer.make_mut()).expect("buffers take it");
        buffer
    };
    shades.iter().map(frame).collect()
}

#[test]
fn the_subject_is_live_and_the_room_is_hidden() {
    init();
    let info = info(VideoFormat::I420, SIZE.0, SIZE.1);
    let caps = info.to_caps().expect("valid caps");
    for background in ["blur", "color", "image"] {
        let compose = |shades: &[(u8, u8)]| -> Vec<Vec<u8>> {
            let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
            let elements = format!("mattecompose image={picture} background={background}");
            let found = run(&info, &elements, still_frames(&info, shades));
            assert_eq!(found.error, None);
            found.buffers.iter().map(|b| pixels(b, &caps)).collect()
        };
        let first = (60, 200);
        let [a, b] = [30, 120].map(|room| compose(&[first, (140, room), (90, room)]));
        // Whatever the room does while it counts as still, nothing of it is seen.
        assert_eq!(a, b, "{background}");
        let luma = |frame: &[u8], x: usize| frame[20 * SIZE.0 as usize + x];
        let seen: Vec<_> = a.iter().map(|frame| luma(frame, 10)).collect();
        assert_eq!(seen, [60, 140, 90], "{background}: the subject is not live");
        let backs: Vec<_> = a.iter().map(|frame| luma(frame, 60)).collect();
        assert!(
            backs.iter().all(|&b| b == backs[0]),
            "{background} {backs:?}"
        );
    }
}
