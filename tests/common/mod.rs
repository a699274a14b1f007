// SPDX-License-Identifier: MPL-2.0

//! What the pipeline tests share.
#![allow(dead_code, reason = "every test binary uses its own part")]

pub mod animation;
pub mod guard;
pub mod live;
pub mod pipeline;
pub mod random;
pub mod running;
pub mod stream;
#[cfg(target_os = "linux")]
pub mod usage;

use gst::glib;
use gst::prelude::*;
use gstmatte::frame::{FrameMut, FrameRef, GrayRef, Unpacked};
use gstmatte::meta::{Matte, Stage};
use gstmatte::pool::MattePool;
use std::sync::Once;

/// The elements of the plugin that this build has.
pub const ELEMENTS: &[&str] = &[
    "mattesegment",
    "matterefine",
    "mattecompose",
    "mattemix",
    "mattebackground",
    #[cfg(feature = "v1_26")]
    "mattedecode",
];

/// Starts GStreamer with the plugin's elements, as if they were installed.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().expect("GStreamer starts");
        gstmatte::plugin_register_static().expect("the plugin registers");
    });
}

/// A frame filled by `value(byte index)`, of the size that the caps need.
pub fn frame(info: &gst_video::VideoInfo, value: impl Fn(usize) -> u8) -> gst::Buffer {
    let data: Vec<u8> = (0..info.size()).map(value).collect();
    let mut buffer = gst::Buffer::from_mut_slice(data);
    buffer
        .get_mut()
        .expect("new buffers are writable")
        .set_pts(gst::ClockTime::ZERO);
    buffer
}

/// Two inputs that differ in every byte: what comes out the same shows nothing of either.
pub fn two_rooms(info: &gst_video::VideoInfo) -> [gst::Buffer; 2] {
    [
        frame(info, |i| (i * 37 % 200) as u8 + 20),
        frame(info, |i| {
            ((i * 37 % 200) as u8 + 20).wrapping_add(29) ^ (i as u8 & 1)
        }),
    ]
}

/// Puts a matte on a buffer that `value(x, y)` gives, for frames of these caps.
pub fn attach(
    buffer: &mut gst::Buffer,
    info: &gst_video::VideoInfo,
    (width, height): (usize, usize),
    value: impl Fn(usize, usize) -> u8,
) {
    let pool = MattePool::new(width, height).expect("the size is valid");
    let (sample, ()) = pool
        .fill(|matte| {
            for y in 0..height {
                for (x, pixel) in matte.row_mut(y).iter_mut().enumerate() {
                    *pixel = value(x, y);
                }
            }
        })
        .expect("memory for the matte");
    let par = info.par();
    let aspect = gst::Fraction::new(
        info.width() as i32 * par.numer(),
        info.height() as i32 * par.denom(),
    );
    let matte = Matte {
        sample,
        stage: Stage::Refined,
        frame_pts: buffer.pts(),
        inferred: true,
        inference_time: gst::ClockTime::ZERO,
        frame_aspect: aspect,
        frame: None,
        still: false,
        screen: None,
    };
    matte
        .attach(buffer.make_mut())
        .expect("buffers take the meta");
}

/// The matte that a buffer carries, as rows.
pub fn matte_rows(buffer: &gst::BufferRef) -> Option<Vec<Vec<u8>>> {
    let matte = Matte::of(buffer)?;
    gstmatte::pool::read_matte(&matte.sample, |m: GrayRef| {
        m.rows().map(<[u8]>::to_vec).collect()
    })
    .ok()
}

/// The bytes of a buffer.
pub fn bytes(buffer: &gst::BufferRef) -> Vec<u8> {
    buffer.map_readable().expect("buffers can be read").to_vec()
}

/// Caps of a size in a format.
pub fn info(format: gst_video::VideoFormat, width: u32, height: u32) -> gst_video::VideoInfo {
    gst_video::VideoInfo::builder(format, width, height)
        .fps((30, 1))
        .build()
        .expect("the size is valid")
}

/// What can be seen of a frame: the samples of every component, without padding; of packed rows
/// their bytes, too.
pub fn pixels(buffer: &gst::BufferRef, caps: &gst::CapsRef) -> Vec<u8> {
    let stream = gstmatte::video::Stream::from_caps(caps).expect("raw video caps");
    let seen = stream.read(buffer, samples);
    seen.expect("a frame of the caps")
}

/// The samples of every component of a frame, and the bytes of packed rows.
pub fn samples(frame: &FrameRef) -> Vec<u8> {
    let (layout, color, height) = (frame.layout(), frame.color(), frame.height());
    let info = layout.info();
    let mut seen = Vec::new();
    if frame.is_packed() {
        let level = gstmatte::simd::level();
        let mut spread =
            Unpacked::new(layout, color, frame.width(), height, level).expect("packed");
        spread.take(frame);
        seen = samples(&spread.view());
        seen.extend((0..height).flat_map(|y| frame.row(0, y)));
        return seen;
    }
    for c in info.components {
        let samples = gstmatte::frame::subsampled(frame.width(), c.w_sub);
        for y in 0..gstmatte::frame::subsampled(height, c.h_sub) {
            let row = frame.row(c.plane, y)[c.offset..]
                .chunks(c.step)
                .take(samples);
            seen.extend(row.flat_map(|sample| &sample[..info.sample_bytes()]));
        }
    }
    seen
}

/// Writes the own alpha of a frame that has one, from 0 to 255, as a function of the column.
pub fn write_alpha(frame: &mut FrameMut, value: impl Fn(usize) -> u8) {
    let (layout, color) = (frame.layout(), frame.as_ref().color());
    let (info, width, height) = (layout.info(), frame.width(), frame.height());
    let Some(c) = info.components.get(3) else {
        return;
    };
    if frame.as_ref().is_packed() {
        let level = gstmatte::simd::level();
        let mut spread = Unpacked::new(layout, color, width, height, level).expect("packed");
        spread.take(&frame.as_ref());
        write_alpha(&mut spread.view_mut(), value);
        return spread.give(frame);
    }
    for y in 0..height {
        let row = frame.row_mut(c.plane, y);
        for x in 0..width {
            let at = c.offset + x * c.step;
            match info.depth > 8 {
                true => {
                    let code = u32::from(value(x)) * u32::from(info.top()) / 255;
                    row[at..at + 2].copy_from_slice(&info.word().bytes(code as u16));
                }
                false => row[at] = value(x),
            }
        }
    }
}

/// The same picture without an alpha of its own that lets anything through.
pub fn opaque(mut buffer: gst::Buffer, info: &gst_video::VideoInfo) -> gst::Buffer {
    let caps = info.to_caps().expect("valid caps");
    let stream = gstmatte::video::Stream::from_caps(&caps).expect("raw video caps");
    stream
        .write(buffer.make_mut(), |frame| write_alpha(frame, |_| 255))
        .expect("a frame of its caps");
    buffer
}

/// An element in a harness, fed with frames of caps.
pub fn rig(
    name: &str,
    properties: &[(&str, &str)],
    info: &gst_video::VideoInfo,
) -> gst_check::Harness {
    init();
    let element = gst::ElementFactory::make(name).build().expect("registered");
    for (name, value) in properties {
        element.set_property_from_str(name, value);
    }
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    harness
}

/// Sends a frame through a harness.
pub fn shoot(harness: &mut gst_check::Harness, buffer: gst::Buffer) -> gst::Buffer {
    harness.push(buffer).expect("the frame goes through");
    harness.pull().expect("a frame comes out")
}

/// Sends buffers of one caps through an element; the buffers that come out, and their caps.
pub fn send(
    element: &gst::Element,
    caps: &gst_video::VideoInfo,
    buffers: impl IntoIterator<Item = gst::Buffer>,
) -> (Vec<gst::Buffer>, gst::Caps) {
    let mut harness = gst_check::Harness::with_element(element, Some("sink"), Some("src"));
    harness.set_src_caps(caps.to_caps().expect("valid caps"));
    let out = buffers.into_iter().map(|buffer| {
        harness.push(buffer).expect("the frame goes through");
        harness.pull().expect("a frame comes out")
    });
    let out = out.collect();
    let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
    (out, caps.expect("caps come before frames"))
}

/// `mattecompose` with a background, and a picture if it is one.
pub fn composer(background: &str) -> gst::Element {
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    gst::ElementFactory::make("mattecompose")
        .property("image", image)
        .property_from_str("background", background)
        .build()
        .expect("the element is there")
}

/// The file of one of the tiny models of `tests/models`.
pub fn model(name: &str) -> String {
    format!("{}/tests/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

/// Every background that the element has, by nick: a new one is in every test of privacy at once.
pub fn backgrounds() -> Vec<&'static str> {
    nicks("background")
}

/// The nicks of an enum that is a property of `mattecompose`.
pub fn nicks(property: &str) -> Vec<&'static str> {
    init();
    let element = gst::ElementFactory::make("mattecompose").build();
    let element = element.expect("the element is there");
    let property = element.find_property(property).expect("it has one");
    let class = glib::EnumClass::with_type(property.value_type()).expect("an enum");
    let nicks = class.values().iter().map(|value| value.nick().to_owned());
    // A few names, once per test.
    nicks.map(|nick| &*nick.leak()).collect()
}

/// Those that take the room's place: all but `none`.
pub fn hiding_backgrounds() -> Vec<&'static str> {
    let mut nicks = backgrounds();
    nicks.retain(|nick| *nick != "none");
    nicks
}
