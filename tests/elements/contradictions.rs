// SPDX-License-Identifier: MPL-2.0

//! Buffers that are not what their caps say: they are hidden, and the stream goes on.

use crate::common;
use common::{attach, composer, frame, hiding_backgrounds, info, init, pixels, send, two_rooms};
use gst::prelude::*;
use gst_check::Harness;
use gst_video::{VideoCropMeta, VideoFormat, VideoFrameFlags, VideoInfo, VideoMeta};

/// A way in which a buffer is not what its caps say.
type Contradiction = (&'static str, fn(&mut gst::BufferRef, &VideoInfo));

const CONTRADICTIONS: &[Contradiction] = &[
    ("a crop of another size", |buffer, info| {
        VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), info).expect("it fits");
        VideoCropMeta::add(buffer, (0, 0, 20, 10));
    }),
    ("a crop beyond the picture", |buffer, info| {
        VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), info).expect("it fits");
        VideoCropMeta::add(buffer, (8, 0, info.width(), info.height()));
    }),
    ("another format", |buffer, info| {
        let gray = common::info(VideoFormat::Gray8, info.width(), info.height());
        VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), &gray).expect("it fits");
    }),
    ("a smaller picture", |buffer, info| {
        let small = common::info(info.format(), info.width() - 2, info.height());
        VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), &small).expect("it fits");
    }),
    ("too little memory", |buffer, _| {
        buffer.set_size(buffer.size() / 2)
    }),
    ("planes beyond the memory", |buffer, info| {
        VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), info).expect("it fits");
        buffer.set_size(buffer.size() - 1);
    }),
    ("rows that overlap", |buffer, info| {
        let stride: Vec<i32> = info.stride().iter().map(|bytes| bytes / 2).collect();
        lay_out(buffer, info, info.offset(), &stride);
    }),
    ("planes that overlap", |buffer, info| {
        match info.n_planes() {
            1 => lay_out(buffer, info, info.offset(), &[4]),
            planes => lay_out(buffer, info, &vec![0; planes as usize], info.stride()),
        }
    }),
];

/// Says in a meta where a picture of the caps lies in a buffer.
fn lay_out(buffer: &mut gst::BufferRef, info: &VideoInfo, offset: &[usize], stride: &[i32]) {
    let (width, height) = (info.width(), info.height());
    let flags = VideoFrameFlags::empty();
    VideoMeta::add_full(buffer, flags, info.format(), width, height, offset, stride)
        .expect("buffers take any meta");
}

#[test]
fn a_buffer_that_contradicts_its_caps_is_hidden_and_the_stream_goes_on() {
    init();
    for format in [
        VideoFormat::Nv12,
        VideoFormat::Yuy2,
        VideoFormat::Bgra,
        VideoFormat::P01010le,
    ] {
        let info = info(format, 48, 36);
        for (what, spoil) in CONTRADICTIONS {
            for background in hiding_backgrounds() {
                for policy in ["hide", "freeze"] {
                    let [a, b] = two_rooms(&info).map(|mut bad| {
                        attach(&mut bad, &info, (48, 36), |_, _| 255);
                        spoil(bad.get_mut().expect("it is new"), &info);
                        let mut good = frame(&info, |i| i as u8);
                        attach(&mut good, &info, (48, 36), |_, _| 255);
                        let element = composer(background);
                        element.set_property_from_str("on-missing-matte", policy);
                        let bus = gst::Bus::new();
                        element.set_bus(Some(&bus));
                        let again = good.copy();
                        let (out, caps) = send(&element, &info, [good, bad.copy(), bad, again]);
                        let warnings = bus
                            .iter()
                            .filter(|m| m.type_() == gst::MessageType::Warning)
                            .count();
                        assert_eq!(warnings, 1, "{what} {background} {format:?}");
                        let shown = |i: usize| pixels(&out[i], &caps);
                        assert_eq!(shown(0), shown(3), "{what} {background} {format:?}");
                        assert_eq!(shown(1), shown(2), "{what} {background} {format:?}");
                        shown(1)
                    });
                    assert_eq!(a, b, "{what} {background} {format:?} {policy}");
                }
            }
        }
    }
}

#[test]
fn contradictions_fail_or_pass_where_that_is_asked_for() {
    init();
    let info = info(VideoFormat::Nv12, 48, 36);
    for (what, spoil) in CONTRADICTIONS {
        let spoilt = || {
            let [mut bad, _] = two_rooms(&info);
            spoil(bad.get_mut().expect("it is new"), &info);
            bad
        };
        let harness = |policy: &str| {
            let element = composer("color");
            element.set_property_from_str("on-missing-matte", policy);
            let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
            harness.set_src_caps(info.to_caps().expect("valid caps"));
            harness
        };
        let failed = harness("fail").push(spoilt());
        assert_eq!(failed, Err(gst::FlowError::Error), "{what}");
        let mut passing = harness("passthrough");
        passing.push(spoilt()).expect("it goes through");
        let out = passing.pull().expect("a frame comes out");
        assert_eq!(common::bytes(&out), common::bytes(&spoilt()), "{what}");
    }
}
