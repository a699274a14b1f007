// SPDX-License-Identifier: MPL-2.0

//! Alpha through the elements: what goes out with it holds nothing of the room once it is dropped, and
//! what came in transparent stays so.

use crate::common;
use common::{attach, bytes, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;
use gstmatte::frame::{ColorModel, FrameRef, Range, Unpacked};
use gstmatte::video::Stream;

const WITH_ALPHA: &[VideoFormat] = &[
    VideoFormat::Rgba,
    VideoFormat::Bgra,
    VideoFormat::Argb,
    VideoFormat::Abgr,
    VideoFormat::A420,
    VideoFormat::Av12,
    VideoFormat::Ayuv,
    VideoFormat::Gbra,
    VideoFormat::A42010le,
    VideoFormat::A42210le,
    VideoFormat::A44410le,
    VideoFormat::Gbra10le,
    VideoFormat::Rgb10a2Le,
    VideoFormat::Bgr10a2Le,
];
const WITHOUT: &[VideoFormat] = &[
    VideoFormat::I420,
    VideoFormat::Nv12,
    VideoFormat::Yuy2,
    VideoFormat::Bgrx,
    VideoFormat::Rgb,
    VideoFormat::Gray8,
    VideoFormat::P01010le,
    VideoFormat::V210,
    VideoFormat::Rgb16,
    VideoFormat::Gbr10le,
];
const SIZE: (usize, usize) = (64, 36);

/// A picture as it came out of an element.
struct Out {
    buffer: gst::Buffer,
    stream: Stream,
}

impl Out {
    fn read<T>(&self, work: impl FnOnce(&FrameRef) -> T) -> T {
        let read = |frame: &FrameRef| match unpacked(frame) {
            Some(spread) => work(&spread.view()),
            None => work(frame),
        };
        self.stream
            .read(&self.buffer, read)
            .expect("a frame of its caps")
    }

    /// A component at a pixel, rounded to 8 bits.
    fn at(&self, component: usize, x: usize, y: usize) -> u8 {
        self.read(|frame| {
            let info = frame.layout().info();
            let c = info.components[component];
            let at = &frame.row(c.plane, y >> c.h_sub)[c.offset + (x >> c.w_sub) * c.step..];
            match info.depth > 8 {
                true => {
                    let code = f32::from(info.word().code([at[0], at[1]]));
                    // Alpha and RGB end at the greatest code value, YUV is counted in steps of 8 bits.
                    let whole = component == 3 || info.model == ColorModel::Rgb;
                    let top = f32::from(info.top());
                    (if whole {
                        code * 255.0 / top
                    } else {
                        code / 4.0
                    })
                    .round() as u8
                }
                false => at[0],
            }
        })
    }

    fn alpha(&self) -> Vec<u8> {
        let places = (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y)));
        places.map(|(x, y)| self.at(3, x, y)).collect()
    }
}

/// A packed frame with its samples spread out.
fn unpacked(frame: &FrameRef) -> Option<Unpacked> {
    let (width, height) = (frame.width(), frame.height());
    let level = gstmatte::simd::level();
    let mut spread = Unpacked::new(frame.layout(), frame.color(), width, height, level)?;
    spread.take(frame);
    Some(spread)
}

/// How far an alpha of 8 bits may be off: two bits have four values.
fn slack(out: &Out) -> u8 {
    out.read(|frame| match frame.layout().info().packing {
        Some(_) => 43,
        None => 1,
    })
}

fn send(info: &gst_video::VideoInfo, setup: &str, buffer: gst::Buffer) -> Out {
    let mut harness = gst_check::Harness::new_parse(&format!("mattecompose {setup}"));
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    harness.push(buffer).expect("the frame goes through");
    let buffer = harness.pull().expect("a frame comes out");
    let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
    let stream = Stream::from_caps(&caps.expect("caps come before frames")).expect("raw video");
    Out { buffer, stream }
}

/// The room is 40 on one side, 190 on the other, with all bytes of the format alike; alpha, too.
fn room(info: &gst_video::VideoInfo, value: u8) -> gst::Buffer {
    common::frame(info, |i| value + (i % 3) as u8)
}

/// A frame of `value` whose own alpha is 255 in the middle, 0 in the left quarter, 170 in the right one.
fn with_own_alpha(info: &gst_video::VideoInfo, value: u8) -> gst::Buffer {
    let mut buffer = room(info, value);
    let stream = Stream::from_caps(&info.to_caps().expect("valid caps")).expect("raw video");
    stream
        .write(buffer.get_mut().expect("a new buffer"), |frame| {
            common::write_alpha(frame, own_alpha);
        })
        .expect("a frame of its caps");
    buffer
}

fn own_alpha(x: usize) -> u8 {
    match x {
        0..16 => 0,
        16..48 => 255,
        // A value that two bits can have.
        _ => 170,
    }
}

/// A subject in the upper half, with a soft lower edge.
fn subject(y: usize) -> u8 {
    match y {
        0..16 => 255,
        16..20 => 255 - 51 * (y as u8 - 15),
        _ => 0,
    }
}

fn product(a: u8, b: u8) -> u8 {
    ((u32::from(a) * u32::from(b) + 127) / 255) as u8
}

#[test]
fn who_drops_the_alpha_sees_no_room() {
    init();
    for &format in WITHOUT.iter().chain(WITH_ALPHA) {
        let info = info(format, SIZE.0 as u32, SIZE.1 as u32);
        for (keep, decontamination) in [(false, 1.0), (false, 0.0), (true, 1.0)] {
            let setup = format!(
                "background=transparent keep-transparent-colors={keep} \
                 decontamination={decontamination}"
            );
            let [a, b] = [40, 190].map(|value| {
                let mut buffer = room(&info, value);
                attach(&mut buffer, &info, SIZE, |_, y| subject(y));
                send(&info, &setup, buffer)
            });
            let mut seen = 0;
            for (x, y) in (22..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))) {
                assert_eq!((a.at(3, x, y), b.at(3, x, y)), (0, 0), "{format:?} {x},{y}");
                // The first component is red or luma.
                let black = a.read(|f| match (f.layout().info().model, f.color().range) {
                    (ColorModel::Rgb, _) | (_, Range::Full) => 0,
                    _ => 16,
                });
                let same = a.at(0, x, y) == b.at(0, x, y) && a.at(0, x, y) == black;
                seen += usize::from(!same);
            }
            assert_eq!(seen > 0, keep, "{format:?} {setup}: {seen} pixels");
        }
    }
}

#[test]
fn what_came_in_transparent_stays_so() {
    init();
    for &format in WITH_ALPHA {
        let info = info(format, SIZE.0 as u32, SIZE.1 as u32);
        let frame = || {
            let mut buffer = with_own_alpha(&info, 70);
            attach(&mut buffer, &info, SIZE, |_, y| subject(y));
            buffer
        };
        let places = || (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y)));
        let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
        let image = format!("image={picture} background=image");
        for setup in [
            "background=blur",
            "background=color",
            &image,
            "background=overlay",
            "background=none",
        ] {
            let alpha = send(&info, setup, frame()).alpha();
            let wanted: Vec<u8> = places().map(|(x, _)| own_alpha(x)).collect();
            assert_eq!(alpha, wanted, "{format:?} {setup}");
        }
        let out = send(&info, "background=transparent", frame());
        for ((x, y), alpha) in places().zip(out.alpha()) {
            let wanted = product(own_alpha(x), subject(y));
            assert!(
                alpha.abs_diff(wanted) <= slack(&out),
                "{format:?} {x},{y}: {alpha}, not {wanted}"
            );
        }
        let out = send(&info, "background=color color=0x80ff0000", frame());
        for ((x, y), alpha) in places().zip(out.alpha()) {
            let behind = product(255 - subject(y), 0x80);
            let wanted = product(own_alpha(x), subject(y) + behind);
            assert!(
                alpha.abs_diff(wanted) <= slack(&out),
                "{format:?} {x},{y}: {alpha}, not {wanted}"
            );
        }
        let matte = bytes(&send(&info, "background=matte", frame()).buffer);
        for ((x, y), gray) in places().zip(matte) {
            assert_eq!(
                gray,
                product(own_alpha(x), subject(y)),
                "{format:?} {x},{y}"
            );
        }
    }
}

/// What has no matte takes nothing of the frame, its alpha neither: its outline may be a person's.
#[test]
fn hidden_frames_keep_no_alpha() {
    init();
    for &format in WITH_ALPHA {
        let info = info(format, SIZE.0 as u32, SIZE.1 as u32);
        for background in ["blur", "color", "transparent", "overlay"] {
            let setup = format!("background={background}");
            let alpha = send(&info, &setup, with_own_alpha(&info, 70)).alpha();
            let wanted = if background == "transparent" { 0 } else { 255 };
            assert!(
                alpha.iter().all(|&a| a == wanted),
                "{format:?} {background}"
            );
        }
    }
}
