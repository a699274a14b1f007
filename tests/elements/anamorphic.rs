// SPDX-License-Identifier: MPL-2.0

//! Frames whose pixels are no squares: what is round stays round for the viewer, and the network
//! sees the person in true shape.

use crate::common;
use common::pipeline::scratch;
use common::{attach, frame, init, matte_rows, rig, shoot};
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::frame::GrayImage;

/// Pixel aspect ratios: square, PAL and NTSC wide, PAL, squeezed and stretched by two.
const SHAPES: [(i32, i32); 6] = [(1, 1), (64, 45), (16, 15), (4, 3), (1, 2), (2, 1)];
const SIZE: (u32, u32) = (720, 576);
/// How far from round a disc may be.
const ROUND: f64 = 0.03;

fn shape((n, d): (i32, i32)) -> f64 {
    f64::from(n) / f64::from(d)
}

fn info(format: VideoFormat, (width, height): (u32, u32), par: (i32, i32)) -> VideoInfo {
    init();
    VideoInfo::builder(format, width, height)
        .fps((30, 1))
        .par(par)
        .build()
        .expect("the size is valid")
}

/// Whether a pixel lies in a disc of `radius` rows in the middle of frames of such pixels.
fn in_disc((w, h): (u32, u32), par: (i32, i32), radius: f64, x: usize, y: usize) -> bool {
    let dx = (x as f64 + 0.5 - f64::from(w) / 2.0) * shape(par);
    let dy = y as f64 + 0.5 - f64::from(h) / 2.0;
    dx.hypot(dy) < radius
}

fn image_of((width, height): (usize, usize), rows: impl Iterator<Item = u8>) -> GrayImage {
    let mut image = GrayImage::new(width, height);
    image
        .data_mut()
        .iter_mut()
        .zip(rows)
        .for_each(|(to, from)| *to = from);
    image
}

/// A GRAY8 frame.
fn picture(buffer: &gst::BufferRef, info: &VideoInfo) -> GrayImage {
    let bytes = common::bytes(buffer);
    let (w, h, stride) = (
        info.width() as usize,
        info.height() as usize,
        info.stride()[0] as usize,
    );
    image_of(
        (w, h),
        (0..h).flat_map(|y| bytes[y * stride..][..w].to_vec()),
    )
}

/// How many times as wide as high something is for the viewer: standard deviations of what
/// `weight` says of each value.
fn ratio(image: &GrayImage, par: (i32, i32), weight: impl Fn(u8) -> f64) -> f64 {
    let (mut sum, mut first, mut second) = (0.0, [0.0; 2], [0.0; 2]);
    for (y, row) in image.as_ref().rows().enumerate() {
        for (x, &value) in row.iter().enumerate() {
            let (w, at) = (weight(value), [x as f64, y as f64]);
            sum += w;
            for i in 0..2 {
                first[i] += w * at[i];
                second[i] += w * at[i] * at[i];
            }
        }
    }
    assert!(sum > 0.0, "there is nothing to be seen");
    let spread = |i: usize| (second[i] / sum - (first[i] / sum).powi(2)).sqrt();
    spread(0) * shape(par) / spread(1)
}

fn assert_round(what: &str, image: &GrayImage, par: (i32, i32), weight: impl Fn(u8) -> f64) {
    let ratio = ratio(image, par, weight);
    assert!(
        (ratio - 1.0).abs() <= ROUND,
        "{what} {par:?}: {ratio:.3} as wide as high"
    );
}

/// A white disc on black in a picture of a size.
fn disc(width: u32, height: u32, par: (i32, i32), radius: f64) -> image::GrayImage {
    image::GrayImage::from_fn(width, height, |x, y| {
        let inside = in_disc((width, height), par, radius, x as usize, y as usize);
        image::Luma([if inside { 255 } else { 0 }])
    })
}

#[test]
fn pictures_keep_their_shape() {
    let folder = scratch("discs");
    let save = |name: &str, size: u32, radius: f64| {
        let file = folder.join(name);
        disc(size, size, (1, 1), radius)
            .save(&file)
            .expect("the folder can be written");
        file.to_str().expect("a plain path").to_owned()
    };
    let (large, small) = (save("large.png", 400, 60.0), save("small.png", 96, 40.0));
    for par in SHAPES {
        let info = info(VideoFormat::Gray8, SIZE, par);
        for fit in ["cover", "contain", "tile"] {
            let file = if fit == "tile" { &small } else { &large };
            let properties = [
                ("image", &file[..]),
                ("image-fit", fit),
                ("color", "0xff000000"),
            ];
            let mut harness = rig("mattecompose", &properties, &info);
            let mut seen = picture(&shoot(&mut harness, frame(&info, |_| 90)), &info);
            if fit == "tile" {
                // The first one only.
                let wide = (96.0 / shape(par)).round() as usize;
                let rows = seen.as_ref().rows().take(96);
                let first: Vec<u8> = rows.flat_map(|row| row[..wide].to_vec()).collect();
                seen = image_of((wide, 96), first.into_iter());
            }
            assert_round(fit, &seen, par, f64::from);
        }
    }
}

#[test]
fn videos_keep_their_shape_with_pixels_of_their_own() {
    for par in SHAPES {
        for behind in SHAPES {
            for fit in ["cover", "contain"] {
                let camera = info(VideoFormat::Gray8, (360, 288), par);
                let mut harness = rig("mattemix", &[("background-fit", fit)], &camera);
                let element = harness.element().expect("it holds one");
                let mut background =
                    gst_check::Harness::with_element(&element, Some("background"), None);
                let size = (360, 288);
                let source = info(VideoFormat::Gray8, size, behind);
                background.set_src_caps(source.to_caps().expect("valid caps"));
                let stride = source.stride()[0] as usize;
                let white = |i: usize| {
                    let inside = in_disc(size, behind, 20.0, i % stride, i / stride);
                    if inside { 255 } else { 0 }
                };
                background.push(frame(&source, white)).expect("it is taken");
                let mut room = frame(&camera, |_| 90);
                attach(&mut room, &camera, (8, 8), |_, _| 0);
                let seen = picture(&shoot(&mut harness, room), &camera);
                assert_round(&format!("{fit} of {behind:?} in"), &seen, par, f64::from);
            }
        }
    }
}

/// A frame with a white disc and its matte of one value.
fn spot(info: &VideoInfo, par: (i32, i32), radius: f64, matte: u8) -> gst::Buffer {
    let stride = info.stride()[0] as usize;
    let size = (info.width(), info.height());
    let mut buffer = frame(info, |i| {
        if in_disc(size, par, radius, i % stride, i / stride) {
            255
        } else {
            0
        }
    });
    attach(&mut buffer, info, (16, 16), |_, _| matte);
    buffer
}

#[test]
fn blur_and_bokeh_are_round() {
    for par in SHAPES {
        let info = info(VideoFormat::Gray8, SIZE, par);
        for (strength, bokeh) in [
            ("100", "false"),
            ("30", "false"),
            ("100", "true"),
            ("50", "true"),
        ] {
            let properties = [
                ("background", "blur"),
                ("blur-strength", strength),
                ("blur-bokeh", bokeh),
            ];
            let mut harness = rig("mattecompose", &properties, &info);
            let seen = shoot(&mut harness, spot(&info, par, 12.0, 0));
            let what = format!("strength {strength} bokeh {bokeh}");
            assert_round(&what, &picture(&seen, &info), par, f64::from);
        }
    }
}

#[test]
fn grow_and_feather_are_round() {
    for par in SHAPES {
        let info = info(VideoFormat::Gray8, SIZE, par);
        for edge in [
            ("grow", "24"),
            ("grow", "-30"),
            ("feather", "40"),
            ("feather", "-40"),
        ] {
            let mut harness = rig("matterefine", &[("preset", "off"), edge], &info);
            let mut buffer = frame(&info, |_| 90);
            let (w, h) = (256, 144);
            attach(&mut buffer, &info, (w, h), |x, y| {
                let at = |v: usize, n: usize, all: u32| (v * all as usize + all as usize / 2) / n;
                let inside = in_disc(SIZE, par, 100.0, at(x, w, SIZE.0), at(y, h, SIZE.1));
                if inside { 255 } else { 0 }
            });
            let out = shoot(&mut harness, buffer);
            let rows = matte_rows(&out).expect("the frame has a matte");
            let size = (rows[0].len(), rows.len());
            let matte = image_of(size, rows.concat().into_iter());
            assert_round(&format!("{edge:?}"), &matte, par, f64::from);
            let covered: f64 = matte.data().iter().map(|v| f64::from(*v) / 255.0).sum();
            let radius = (covered * shape(par) / std::f64::consts::PI).sqrt();
            if let ("grow", rows) = edge {
                let wanted = 100.0 + rows.parse::<f64>().expect("a number");
                assert!((radius - wanted).abs() < 4.0, "{par:?} {edge:?}: {radius}");
            }
        }
    }
}

/// What of the subject the light does not reach is round.
#[test]
fn light_wrap_is_round() {
    for par in SHAPES {
        let info = info(VideoFormat::Gray8, SIZE, par);
        let properties = [
            ("background", "color"),
            ("color", "0xffffffff"),
            ("light-wrap", "1"),
            ("decontamination", "0"),
        ];
        let mut harness = rig("mattecompose", &properties, &info);
        let mut buffer = frame(&info, |_| 0);
        attach(
            &mut buffer,
            &info,
            (SIZE.0 as usize, SIZE.1 as usize),
            |x, y| {
                if in_disc(SIZE, par, 60.0, x, y) {
                    255
                } else {
                    0
                }
            },
        );
        let seen = picture(&shoot(&mut harness, buffer), &info);
        for level in [16, 48] {
            assert_round("light", &seen, par, |v| f64::from(u8::from(v < level)));
        }
    }
}

#[test]
fn the_network_sees_people_in_true_shape() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/presenter.jpg");
    let presenter = image::open(file).expect("the picture is there").into_rgb8();
    let matte = |size: (u32, u32), par: (i32, i32)| {
        let filter = image::imageops::FilterType::Triangle;
        let scaled = image::imageops::resize(&presenter, size.0, size.1, filter);
        let info = info(VideoFormat::Rgb, size, par);
        let (stride, row) = (info.stride()[0] as usize, 3 * size.0 as usize);
        let buffer = frame(&info, |i| match i % stride {
            x if x < row => scaled.as_raw()[i / stride * row + x],
            _ => 0,
        });
        let mut harness = rig("mattesegment", &[], &info);
        matte_rows(&shoot(&mut harness, buffer)).expect("the frame has a matte")
    };
    let square = matte((640, 480), (1, 1));
    for (size, par) in [
        ((480, 480), (4, 3)),
        ((320, 480), (2, 1)),
        ((640, 240), (1, 2)),
    ] {
        let found = matte(size, par);
        assert_eq!(
            (found.len(), found[0].len()),
            (square.len(), square[0].len()),
            "{par:?}"
        );
        let pairs = || found.iter().flatten().zip(square.iter().flatten());
        let both = pairs().filter(|(a, b)| **a > 127 && **b > 127).count();
        let either = pairs().filter(|(a, b)| **a > 127 || **b > 127).count();
        let iou = both as f64 / either as f64;
        assert!(iou > 0.98, "{size:?} {par:?}: IoU {iou}");
    }
}
