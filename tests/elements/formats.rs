// SPDX-License-Identifier: MPL-2.0

//! The same picture in every format, colorimetry and memory layout gives the same matte.

use crate::common;
use common::pipeline::{Run, green_model, run};
use common::{info, init, matte_rows};
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoFrameRef, VideoInfo};
use gstmatte::frame::{ColorModel, Packing, PixelLayout};
use gstmatte::video::format_of;

/// A picture of soft colours, so that chroma subsampling costs little.
fn picture(width: u32, height: u32) -> (VideoInfo, gst::Buffer) {
    let info = info(VideoFormat::Rgb, width, height);
    let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
    {
        let buffer = buffer.get_mut().unwrap();
        let mut frame = VideoFrameRef::from_buffer_ref_writable(buffer, &info).unwrap();
        let stride = frame.plane_stride()[0] as usize;
        let data = frame.plane_data_mut(0).unwrap();
        for y in 0..height as usize {
            for x in 0..width as usize {
                let (u, v) = (x as f64 / f64::from(width), y as f64 / f64::from(height));
                let rgb = [40.0 + 60.0 * v, 60.0 + 130.0 * u, 90.0 + 50.0 * (1.0 - u)];
                for (c, value) in rgb.into_iter().enumerate() {
                    data[y * stride + 3 * x + c] = value as u8;
                }
            }
        }
    }
    (info, buffer)
}

/// GStreamer's own conversion, as exact as it goes.
pub fn convert(from: (&VideoInfo, &gst::BufferRef), caps: &gst::Caps) -> (VideoInfo, gst::Buffer) {
    let to = VideoInfo::from_caps(caps).unwrap();
    let mut config = gst_video::VideoConverterConfig::new();
    config.set_dither_method(gst_video::VideoDitherMethod::None);
    let converter = gst_video::VideoConverter::new(from.0, &to, Some(config)).unwrap();
    // Zeros, as the converter leaves out what an odd width does not need, and valgrind should see what we do.
    let mut buffer = gst::Buffer::from_mut_slice(vec![0; to.size()]);
    {
        let source = VideoFrameRef::from_buffer_ref_readable(from.1, from.0).unwrap();
        let buffer = buffer.get_mut().unwrap();
        let mut target = VideoFrameRef::from_buffer_ref_writable(buffer, &to).unwrap();
        converter.frame_ref(&source, &mut target);
    }
    (to, buffer)
}

/// The matte that a model makes of the picture's green.
fn greenness(info: &VideoInfo, buffer: gst::Buffer) -> Vec<Vec<u8>> {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/alpha.onnx");
    let element = gst::ElementFactory::make("mattesegment")
        .property("model", model)
        .build()
        .unwrap();
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps(info.to_caps().unwrap());
    harness.push(buffer).expect("the frame goes through");
    matte_rows(&harness.pull().unwrap()).expect("the frame has a matte")
}

fn furthest(a: &[Vec<u8>], b: &[Vec<u8>]) -> u8 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn every_format_and_colorimetry_gives_the_same_matte() {
    init();
    let (rgb, original) = picture(97, 55);
    let expected = greenness(&rgb, original.copy());
    for layout in PixelLayout::ALL
        .iter()
        .filter(|l| l.info().model != ColorModel::Gray)
    {
        let format = format_of(*layout);
        let colors: &[&str] = match layout.info().model {
            ColorModel::Rgb => &["sRGB"],
            // 2:6:5:1: the matrix of BT.2020 with the primaries of BT.709, as the picture has them.
            _ => &["bt601", "bt709", "2:6:5:1", "2:4:16:4", "1:4:16:4"],
        };
        for color in colors {
            let caps = gst::Caps::builder("video/x-raw")
                .field("format", format.to_str())
                .field("width", 97)
                .field("height", 55)
                .field("framerate", gst::Fraction::new(30, 1))
                .field("colorimetry", *color)
                .build();
            // Only the matrix and the range are under test: the same primaries and transfer.
            let (info, buffer) = convert((&rgb, &original), &caps);
            let seen = greenness(&info, buffer);
            let off = furthest(&expected, &seen);
            // Five bits of green are 8 apart.
            let coarse = matches!(layout.info().packing, Some(Packing::Pixels16(_)));
            let most = if coarse { 3 + 4 } else { 3 };
            assert!(off <= most, "{format:?} {color}: off by {off}");
        }
    }
}

#[test]
fn gray_is_sampled_as_gray() {
    init();
    for format in [VideoFormat::Gray8, VideoFormat::Gray16Le] {
        gray_is_gray(format);
    }
}

fn gray_is_gray(format: VideoFormat) {
    let info = info(format, 31, 17);
    let buffer = common::frame(&info, |_| 200);
    let rows = greenness(&info, buffer);
    let range = info.colorimetry().range();
    let expected = match range {
        gst_video::VideoColorRange::Range16_235 => ((200.0 - 16.0) / 219.0 * 255.0f64) as u8,
        _ => 200,
    };
    assert!(
        rows.iter().flatten().all(|v| v.abs_diff(expected) <= 1),
        "{range:?} {rows:?}"
    );
}

#[test]
fn planes_in_memories_of_their_own_with_odd_strides() {
    init();
    let (rgb, original) = picture(97, 55);
    let caps = info(VideoFormat::Nv12, 97, 55).to_caps().unwrap();
    let (plain, buffer) = convert((&rgb, &original), &caps);
    let expected = greenness(&plain, buffer.copy());

    let frame = VideoFrameRef::from_buffer_ref_readable(&buffer, &plain).unwrap();
    let (strides, heights) = ([131usize, 149], [55usize, 28]);
    let mut split = gst::Buffer::new();
    {
        let split = split.get_mut().unwrap();
        for plane in 0..2 {
            let from = frame.plane_data(plane as u32).unwrap();
            let from_stride = frame.plane_stride()[plane] as usize;
            let mut data = vec![0xee; strides[plane] * heights[plane]];
            for y in 0..heights[plane] {
                data[y * strides[plane]..][..98.min(from_stride)]
                    .copy_from_slice(&from[y * from_stride..][..98.min(from_stride)]);
            }
            split.append_memory(gst::Memory::from_slice(data));
        }
        gst_video::VideoMeta::add_full(
            split,
            gst_video::VideoFrameFlags::empty(),
            VideoFormat::Nv12,
            97,
            55,
            &[0, strides[0] * heights[0]],
            &strides.map(|s| s as i32),
        )
        .unwrap();
    }
    drop(frame);
    assert_eq!(split.n_memory(), 2);
    assert_eq!(greenness(&plain, split), expected);
}

/// Two frames of each format, of a width that is no multiple of anything, through all elements.
#[test]
fn every_format_goes_through_every_element() {
    init();
    for layout in PixelLayout::ALL {
        let info = info(format_of(*layout), 97, 55);
        for element in [
            "background=blur light-wrap=0.5 tone-match=0.5 edge-mode=guided-color",
            "background=color",
            "background=transparent",
            "background=matte",
            "background=overlay",
        ] {
            let line = format!(
                "mattebackground model={} mode=sync {element}",
                green_model().display()
            );
            let frames = (0..2).map(|_| common::frame(&info, |i| (i * 37 % 251) as u8));
            let Run { buffers, error } = run(&info, &line, frames);
            assert_eq!(error, None, "{layout:?} {line}");
            assert_eq!(buffers.len(), 2, "{layout:?} {line}");
        }
        let name = layout.info().name;
        let behind = format!(
            "m.sink mattemix name=m videotestsrc num-buffers=2 \
             ! video/x-raw,format={name},width=53,height=31,framerate=30/1 ! m.background m.src"
        );
        let frames = (0..2).map(|_| common::frame(&info, |i| (i * 37 % 251) as u8));
        let Run { error, .. } = run(&info, &behind, frames);
        assert_eq!(error, None, "{layout:?} {behind}");
    }
}
