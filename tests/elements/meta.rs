// SPDX-License-Identifier: MPL-2.0

//! The matte on its way through other people's elements: it survives what keeps the picture where
//! it is (queues, scaling, conversion, rate changes) and is dropped by what moves it.

use crate::common;
use common::pipeline::run;
use common::{attach, frame, info, init, matte_rows};
use gst_video::VideoFormat;
use gstmatte::meta::{Matte, Stage};

/// What comes out of `elements` for one I420 frame of 64x36 with a matte of 8x4 on it.
fn through(elements: &str) -> gst::Buffer {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    let mut buffer = frame(&info, |i| (i % 251) as u8);
    attach(&mut buffer, &info, (8, 4), |x, y| (x * 30 + y) as u8);
    let mut run = run(&info, elements, [buffer]);
    assert_eq!(run.error, None, "{elements}");
    run.buffers.pop().expect(elements)
}

#[test]
fn travels_through_what_keeps_the_picture_in_place() {
    for elements in [
        "queue",
        "identity",
        "tee ! queue",
        "videoscale ! video/x-raw,width=128,height=72",
        "videoscale ! video/x-raw,width=32,height=18",
        "videoconvert ! video/x-raw,format=BGRx",
        "videoconvertscale ! video/x-raw,format=NV12,width=96,height=54",
        "videorate ! video/x-raw,framerate=15/1",
        "videobalance saturation=0.5",
        "capsfilter caps=video/x-raw ! queue ! videoconvert ! video/x-raw,format=RGB ! queue",
    ] {
        let out = through(elements);
        let matte = Matte::of(&out).unwrap_or_else(|| panic!("{elements} lost the matte"));
        assert_eq!(
            (matte.stage, matte.inferred),
            (Stage::Refined, true),
            "{elements}"
        );
        let rows = matte_rows(&out).expect(elements);
        for (y, row) in rows.iter().enumerate() {
            let expected: Vec<u8> = (0..8).map(|x| (x * 30 + y) as u8).collect();
            assert_eq!(row[..], expected[..], "{elements}, row {y}");
        }
        assert_eq!(rows.len(), 4, "{elements}");
    }
}

#[test]
fn is_dropped_by_what_moves_the_picture() {
    for elements in [
        "videocrop left=8 right=8",
        "videobox left=8 right=8",
        "videoflip video-direction=horiz",
        "videoflip video-direction=90r",
    ] {
        assert!(
            Matte::of(&through(elements)).is_none(),
            "{elements} kept the matte"
        );
    }
}

#[test]
fn borders_are_noticed() {
    // Black bars above and below: the matte is still there, but no longer lies on the picture.
    let out = through(
        "videoscale add-borders=true ! video/x-raw,width=64,height=64,pixel-aspect-ratio=1/1",
    );
    if let Some(matte) = Matte::of(&out) {
        assert!(!matte.fits(gst::Fraction::new(1, 1)));
    }
}
