// SPDX-License-Identifier: MPL-2.0

//! Times of bringing a background video's frame into the camera's format, beside GStreamer's own
//! converter on one thread (as `videoconvertscale` uses it, with its default methods) and a plain
//! copy of the result.

mod common;

use common::{Case, compare};
use gst_video::{VideoFormat, VideoFrame, VideoInfo};
use gstmatte::blend::{Backdrop, Fit, Placement, Rescaler};
use gstmatte::frame::{FrameFormat, View};
use gstmatte::video::Stream;
use std::hint::black_box;

const P720: (u32, u32) = (1280, 720);
const P1080: (u32, u32) = (1920, 1080);
const P2160: (u32, u32) = (3840, 2160);

fn info(format: VideoFormat, (width, height): (u32, u32)) -> VideoInfo {
    let info = VideoInfo::builder(format, width, height).fps((30, 1));
    info.build().expect("the size is valid")
}

fn stream(info: &VideoInfo) -> Stream {
    let caps = info.to_caps().expect("valid caps");
    Stream::from_caps(&caps).expect("a format that the plugin takes")
}

fn buffer(info: &VideoInfo) -> gst::Buffer {
    let data: Vec<u8> = (0..info.size())
        .map(|i| (i * 7 + i / 977 * 13) as u8)
        .collect();
    gst::Buffer::from_mut_slice(data)
}

fn bench(name: &str, from: &VideoInfo, to: &VideoInfo, rounds: usize) {
    let (source, target) = (stream(from), stream(to));
    let placement = Placement {
        fit: Fit::Stretch,
        from: View::default(),
        to: View::default(),
        bars: 0xff00_0000,
    };
    let (input, level) = (buffer(from), gstmatte::simd::level());
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = target.frame_format();
    let mut rescaler = Rescaler::new(
        source.frame_format(),
        target.frame_format(),
        placement,
        level,
    )
    .expect("the sizes are valid");
    let mut ours = || {
        let done = source.read(&input, |frame| rescaler.convert(frame));
        done.expect("the buffer is a frame")
            .expect("it is the format");
        black_box(rescaler.view());
    };
    let mut config = gst_video::VideoConverterConfig::new();
    config.set_threads(1);
    let converter = gst_video::VideoConverter::new(from, to, Some(config)).expect("known formats");
    let readable = VideoFrame::from_buffer_readable(input.copy(), from).expect("a frame");
    let mut writable = VideoFrame::from_buffer_writable(buffer(to), to).expect("a frame");
    let mut theirs = || {
        converter.frame_ref(
            &readable.as_video_frame_ref(),
            &mut writable.as_mut_video_frame_ref(),
        )
    };
    let backdrop = Backdrop::new(layout, color, width, height).expect("the size is valid");
    let mut copies = backdrop.clone();
    let mut copy = || {
        let (from, mut to) = (backdrop.view(), copies.view_mut());
        for plane in 0..layout.info().planes {
            to.planes_mut()[plane].copy_from_slice(from.plane(plane));
        }
        black_box(&mut to);
    };
    let names = ["mattemix", "GStreamer", "plain copy"].map(|who| format!("{name}, {who}"));
    let mut cases = [
        Case {
            name: &names[0],
            run: &mut ours,
        },
        Case {
            name: &names[1],
            run: &mut theirs,
        },
        Case {
            name: &names[2],
            run: &mut copy,
        },
    ];
    compare("mix", rounds, &mut cases);
}

fn main() {
    gst::init().expect("GStreamer starts");
    use VideoFormat::{Bgrx, I420, Nv12, Yuy2};
    for (name, from, to) in [
        ("NV12 720p to NV12 1080p", (Nv12, P720), (Nv12, P1080)),
        ("NV12 1080p to NV12 720p", (Nv12, P1080), (Nv12, P720)),
        ("NV12 2160p to NV12 1080p", (Nv12, P2160), (Nv12, P1080)),
        ("I420 1080p to NV12 1080p", (I420, P1080), (Nv12, P1080)),
        ("I420 720p to YUY2 1080p", (I420, P720), (Yuy2, P1080)),
        ("BGRx 720p to NV12 1080p", (Bgrx, P720), (Nv12, P1080)),
        ("NV12 720p to BGRx 1080p", (Nv12, P720), (Bgrx, P1080)),
    ] {
        bench(name, &info(from.0, from.1), &info(to.0, to.1), 40);
    }
}
