// SPDX-License-Identifier: MPL-2.0

//! Green screen: the chroma key of `matterefine`, in every format, and what it says and does without
//! a screen.

use super::formats::convert;
use crate::common;
use common::pipeline::{Run, run};
use common::stream::Stream;
use common::{attach, bytes, info, init, matte_rows, pixels};
use gst::prelude::*;
use gst_video::{VideoCropMeta, VideoFormat, VideoFrameFlags, VideoInfo, VideoMeta};
use gstmatte::frame::{ColorModel, PixelLayout, Rectangle};
use gstmatte::meta::Matte;
use gstmatte::video::format_of;

/// An odd size, and the network's.
const SIZE: (usize, usize) = (321, 181);
const RAW: (usize, usize) = (128, 72);

/// A person: a disc of skin colour, 1 inside.
fn person((x, y): (f64, f64)) -> f64 {
    let distance = (x - 160.0).hypot(y - 100.0);
    ((52.0 - distance) / 2.0 + 0.5).clamp(0.0, 1.0)
}

/// The picture in RGB: a person before what `behind` says.
fn picture(behind: impl Fn(usize, usize) -> [f64; 3]) -> (VideoInfo, gst::Buffer) {
    let info = info(VideoFormat::Rgb, SIZE.0 as u32, SIZE.1 as u32);
    let stride = info.stride()[0] as usize;
    let buffer = common::frame(&info, |i| {
        let (x, y, c) = (i % stride / 3, i / stride, i % stride % 3);
        let (skin, back) = ([200.0, 150.0, 120.0][c], behind(x, y)[c]);
        (back + (skin - back) * person((x as f64, y as f64))).round() as u8
    });
    (info, buffer)
}

/// Green cloth, brighter to the right.
fn cloth(x: usize, _: usize) -> [f64; 3] {
    let light = 0.7 + 0.3 * x as f64 / SIZE.0 as f64;
    [50.0, 170.0, 80.0].map(|c| c * light)
}

/// Puts on what a network says: coarse, and too small by some pixels.
fn attach_network(buffer: &mut gst::Buffer, info: &VideoInfo) {
    let scale = SIZE.0 as f64 / RAW.0 as f64;
    attach(buffer, info, RAW, |x, y| {
        let (x, y) = ((x as f64 + 0.5) * scale, (y as f64 + 0.5) * scale);
        let distance = (x - 164.0).hypot(y - 100.0);
        (255.0 * ((48.0 - distance) / 8.0 + 0.5).clamp(0.0, 1.0)) as u8
    });
}

/// The mean difference of a matte from the person.
fn error(matte: &[Vec<u8>]) -> f64 {
    let mut sum = 0.0;
    for (y, row) in matte.iter().enumerate() {
        for (x, value) in row.iter().enumerate() {
            sum += (f64::from(*value) / 255.0 - person((x as f64, y as f64))).abs();
        }
    }
    sum / (SIZE.0 * SIZE.1) as f64
}

fn refined(info: &VideoInfo, elements: &str, frames: Vec<gst::Buffer>) -> Vec<Vec<u8>> {
    let Run { buffers, error } = run(info, elements, frames);
    assert_eq!(error, None, "{elements}");
    matte_rows(buffers.last().expect("a frame comes out")).expect("it has a matte")
}

#[test]
fn every_format_range_and_matrix_is_keyed() {
    init();
    let (rgb, original) = picture(cloth);
    let mut alone = original.copy();
    attach_network(&mut alone, &rgb);
    let alone = error(&refined(&rgb, "matterefine", vec![alone]));
    for layout in PixelLayout::ALL
        .iter()
        .filter(|layout| layout.info().model != ColorModel::Gray)
    {
        let format = format_of(*layout);
        let colors: &[&str] = match layout.info().model {
            ColorModel::Rgb => &["sRGB"],
            _ => &["bt601", "bt709", "1:4:16:4", "1:3:5:1"],
        };
        for color in colors {
            let caps = gst::Caps::builder("video/x-raw")
                .field("format", format.to_str())
                .field("width", SIZE.0 as i32)
                .field("height", SIZE.1 as i32)
                .field("framerate", gst::Fraction::new(30, 1))
                .field("colorimetry", *color)
                .build();
            let (info, mut buffer) = convert((&rgb, &original), &caps);
            attach_network(&mut buffer, &info);
            let keyed = error(&refined(&info, "matterefine key=green", vec![buffer]));
            assert!(
                keyed < 0.35 * alone && keyed < 0.006,
                "{format:?} {color}: {keyed} against {alone}"
            );
        }
    }
}

#[test]
fn gray_frames_have_no_screen_and_keep_the_networks_matte() {
    init();
    let info = info(VideoFormat::Gray8, SIZE.0 as u32, SIZE.1 as u32);
    let frames = || {
        let mut buffer = common::frame(&info, |i| (i % 251) as u8);
        attach_network(&mut buffer, &info);
        vec![buffer]
    };
    let alone = refined(&info, "matterefine guided-subsample=2", frames());
    let keyed = refined(&info, "matterefine guided-subsample=2 key=auto", frames());
    assert!(alone == keyed);
}

/// The part of a picture that a crop leaves is keyed as if it were all.
#[test]
fn a_crop_is_keyed_as_its_copy() {
    init();
    let (rgb, original) = picture(cloth);
    let caps = info(VideoFormat::Nv12, SIZE.0 as u32, SIZE.1 as u32)
        .to_caps()
        .expect("valid caps");
    let (whole, copy) = convert((&rgb, &original), &caps);
    let mut plain = copy.copy();
    attach_network(&mut plain, &whole);
    let expected = refined(&whole, "matterefine key=auto", vec![plain]);

    // The same picture inside of a larger one, the rest of which is red.
    let (left, top) = (16, 10);
    let stored = info(VideoFormat::Nv12, 400, 220);
    let mut buffer = common::frame(&stored, |i| if i < 400 * 220 { 80 } else { 200 });
    {
        let writable = buffer.get_mut().expect("it is new");
        VideoMeta::add_from_info(writable, VideoFrameFlags::empty(), &stored).expect("it fits");
        VideoCropMeta::add(writable, (left, top, SIZE.0 as u32, SIZE.1 as u32));
        let (from, mut to) = (bytes(&copy), writable.map_writable().expect("memory"));
        for plane in 0..2 {
            let (from_stride, to_stride) = (
                whole.stride()[plane] as usize,
                stored.stride()[plane] as usize,
            );
            let rows = if plane == 0 {
                SIZE.1
            } else {
                SIZE.1.div_ceil(2)
            };
            let top = if plane == 0 { top } else { top / 2 } as usize;
            let width = (SIZE.0).next_multiple_of(if plane == 0 { 1 } else { 2 });
            for y in 0..rows {
                let at = stored.offset()[plane] + (top + y) * to_stride + left as usize;
                let row = &from[whole.offset()[plane] + y * from_stride..][..width];
                to[at..at + width].copy_from_slice(row);
            }
        }
    }
    attach_network(&mut buffer, &whole);
    let mut matte = Matte::of(&buffer).expect("just attached");
    matte.frame = Some(Rectangle {
        x: left as usize,
        y: top as usize,
        width: SIZE.0,
        height: SIZE.1,
    });
    matte.attach(buffer.make_mut()).expect("buffers take it");
    let cropped = refined(&whole, "matterefine key=auto", vec![buffer]);
    assert!(cropped == expected);
}

/// Whatever the key finds: without a subject, nothing of the room is shown.
#[test]
fn a_room_without_a_subject_is_not_shown() {
    init();
    let rooms = [0u8, 90].map(|lamp| {
        let (rgb, buffer) = picture(move |x, y| match (x / 40 + y / 30) % 3 {
            0 => [f64::from(200 - lamp), 120.0, 100.0 + f64::from(lamp)],
            _ => cloth(x, y),
        });
        let Run { buffers, error } = run(
            &rgb,
            "matterefine key=auto ! mattecompose background=color color-name=navy",
            (0..5).map(|_| {
                let mut buffer = buffer.copy();
                attach(&mut buffer, &rgb, RAW, |_, _| 0);
                buffer
            }),
        );
        assert_eq!((error, buffers.len()), (None, 5));
        let caps = rgb.to_caps().expect("valid caps");
        pixels(buffers.last().expect("five frames"), &caps)
    });
    assert!(rooms[0] == rooms[1]);
}

#[test]
fn a_missing_screen_is_said_once_and_the_network_is_alone() {
    init();
    let (rgb, original) = picture(|x, _| [90.0 + (x % 50) as f64; 3]);
    let (_, green) = picture(cloth);
    let mut stream = Stream::live("matterefine name=refine", "refine", &[("key", "auto")]);
    let mut show = |picture: &gst::Buffer, frames: usize| {
        for _ in 0..frames {
            let mut buffer = picture.copy();
            attach_network(&mut buffer, &rgb);
            stream.push(&rgb, buffer);
            stream.pull().expect("a frame comes out");
        }
        stream.messages()
    };
    let mut warnings = show(&original, 90);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.remove(0).starts_with("warning: No screen"));
    assert_eq!(warnings, ["matte-screen-missing"]);
    assert_eq!(show(&green, 10), ["matte-screen-found"]);
    assert_eq!(show(&original, 90), ["matte-screen-missing"]);
    let stats = stream.element("refine").property::<gst::Structure>("stats");
    assert_eq!(stats.get("screen"), Ok(false));
}

#[test]
fn keys_are_colours_and_what_is_none_is_said() {
    init();
    let refine = gst::ElementFactory::make("matterefine").build().unwrap();
    assert_eq!(refine.property::<Option<String>>("key"), None);
    for (key, told) in [
        ("auto", Some("auto")),
        ("lime", Some("#00ff00")),
        ("#0047BB", Some("#0047bb")),
        ("none", None),
    ] {
        refine.set_property("key", key);
        assert_eq!(refine.property::<Option<String>>("key").as_deref(), told);
    }
    for (key, part) in [("white", "too close to gray"), ("beach", "is no color")] {
        for element in ["matterefine", "mattebackground background=color"] {
            let Run { error, .. } = run(
                &info(VideoFormat::I420, 32, 18),
                &format!("{element} key={key}"),
                [],
            );
            let error = error.unwrap_or_default();
            assert!(error.contains("key: ") && error.contains(part), "{error}");
        }
    }
}
