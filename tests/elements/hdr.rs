// SPDX-License-Identifier: MPL-2.0

//! High dynamic range: what stands behind a person is as bright as it should be, and the person is found as on
//! an ordinary picture.

use crate::common;
use common::pipeline::{Run, run_samples, scratch};
use common::random::Random;
use common::{attach, bytes, init, matte_rows};
use gstmatte::frame::nits_to_pq;
use image::imageops::FilterType;
use std::path::Path;

/// Red, green and blue as light, where 1 is diffuse white.
type Light = [f64; 3];

fn srgb_to_light(v: f64) -> f64 {
    match v {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    }
}

fn light_to_srgb(l: f64) -> f64 {
    match l.clamp(0.0, 1.0) {
        l if l <= 0.003_130_8 => l * 12.92,
        l => 1.055 * l.powf(1.0 / 2.4) - 0.055,
    }
}

/// BT.2087's matrix.
fn to_bt2020(l: Light) -> Light {
    [
        0.6274 * l[0] + 0.3293 * l[1] + 0.0433 * l[2],
        0.0691 * l[0] + 0.9195 * l[1] + 0.0114 * l[2],
        0.0164 * l[0] + 0.0880 * l[1] + 0.8956 * l[2],
    ]
}

/// BT.2100's PQ signal of light whose diffuse white has so many cd/m².
fn pq(light: Light, white: f64) -> Light {
    to_bt2020(light).map(|l| nits_to_pq(l * white))
}

/// BT.2100's HLG signal of light on a display of 1,000 cd/m².
fn hlg(light: Light) -> Light {
    let shown = to_bt2020(light).map(|l| l * 0.203);
    let y = 0.2627 * shown[0] + 0.6780 * shown[1] + 0.0593 * shown[2];
    let factor = if y > 0.0 {
        y.powf(1.0 / 1.2 - 1.0)
    } else {
        0.0
    };
    shown.map(|l| match l * factor {
        e if e <= 1.0 / 12.0 => (3.0 * e).sqrt(),
        e => 0.178_832_77 * (12.0 * e - 0.284_668_92).ln() + 0.559_910_73,
    })
}

/// Y, U and V of a signal: 0 to 1 and twice -0.5 to 0.5, by the matrix' weights of red and blue.
fn yuv(rgb: Light, (kr, kb): (f64, f64)) -> [f64; 3] {
    let y = kr * rgb[0] + (1.0 - kr - kb) * rgb[1] + kb * rgb[2];
    let of = |c: f64, k: f64| (c - y) / (2.0 * (1.0 - k));
    [y, of(rgb[2], kb), of(rgb[0], kr)]
}

const BT709: (f64, f64) = (0.2126, 0.0722);
const BT2020: (f64, f64) = (0.2627, 0.0593);

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

fn caps(format: &str, colorimetry: &str) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", format)
        .field("width", WIDTH as i32)
        .field("height", HEIGHT as i32)
        .field("framerate", gst::Fraction::new(30, 1))
        .field("colorimetry", colorimetry)
        .build()
}

fn sample(caps: &gst::Caps, mut buffer: gst::Buffer, n: u64) -> gst::Sample {
    let writable = buffer.get_mut().expect("it is new");
    writable.set_pts(gst::ClockTime::from_mseconds(33 * n));
    gst::Sample::builder().buffer(&buffer).caps(caps).build()
}

/// A P010_10LE frame of a picture's signals.
fn p010(matrix: (f64, f64), signal: impl Fn(usize, usize) -> Light) -> gst::Buffer {
    let code = |v: f64| ((v.round().clamp(0.0, 1023.0) as u16) << 6).to_le_bytes();
    let pixels: Vec<[f64; 3]> = (0..WIDTH * HEIGHT)
        .map(|i| yuv(signal(i % WIDTH, i / WIDTH), matrix))
        .collect();
    let mut data = Vec::with_capacity(WIDTH * HEIGHT * 3);
    data.extend(pixels.iter().flat_map(|p| code(64.0 + 876.0 * p[0])));
    for y in (0..HEIGHT).step_by(2) {
        for x in (0..WIDTH).step_by(2) {
            for c in [1, 2] {
                let at = |dx: usize, dy: usize| pixels[(y + dy) * WIDTH + x + dx][c];
                let mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4.0;
                data.extend(code(512.0 + 896.0 * mean));
            }
        }
    }
    gst::Buffer::from_slice(data)
}

fn one(elements: &str, samples: Vec<gst::Sample>) -> gst::Buffer {
    let Run { buffers, error } = run_samples(elements, samples);
    assert_eq!(error, None, "{elements}");
    buffers.into_iter().next_back().expect("a frame comes out")
}

/// The first luma (or red) code value of a frame as a share of white, for each kind of memory.
fn first(format: &str, buffer: &gst::BufferRef) -> f64 {
    let data = bytes(buffer);
    let word = f64::from(u16::from_le_bytes([data[0], data[1]]));
    match format {
        "P010_10LE" => (word / 64.0 - 64.0) / 876.0,
        "I420_10LE" => (word - 64.0) / 876.0,
        "RGBA" => f64::from(data[0]) / 255.0,
        _ => (f64::from(data[0]) - 16.0) / 219.0,
    }
}

/// Formats, their colorimetry, and half a code value.
const KINDS: [(&str, &str, f64); 8] = [
    ("P010_10LE", "bt2100-pq", 0.6 / 876.0),
    ("P010_10LE", "bt2100-hlg", 0.6 / 876.0),
    ("I420_10LE", "bt2100-pq", 0.6 / 876.0),
    ("I420_10LE", "bt2100-hlg", 0.6 / 876.0),
    ("NV12", "bt2100-pq", 0.6 / 219.0),
    ("YUY2", "bt2100-hlg", 0.6 / 219.0),
    // Full range, no matrix, PQ, BT.2020.
    ("RGBA", "1:1:14:7", 0.6 / 255.0),
    ("P010_10LE", "bt2020", 0.6 / 876.0),
];

fn wanted(colorimetry: &str, gray: u8) -> f64 {
    let signal = f64::from(gray) / 255.0;
    let light = [srgb_to_light(signal); 3];
    match colorimetry {
        "bt2100-pq" | "1:1:14:7" => pq(light, 203.0)[0],
        "bt2100-hlg" => hlg(light)[0],
        _ => signal,
    }
}

#[test]
fn the_known_signals_of_white_and_mid_gray() {
    assert!((wanted("bt2100-pq", 255) - 0.5807).abs() < 1e-3);
    assert!((wanted("bt2100-hlg", 255) - 0.75).abs() < 1e-3);
    assert!((wanted("bt2100-pq", 128) - nits_to_pq(43.8)).abs() < 1e-3);
}

#[test]
fn colours_and_pictures_are_as_bright_as_in_srgb() {
    init();
    for (format, colorimetry, half) in KINDS {
        let caps = caps(format, colorimetry);
        let size = gst_video::VideoInfo::from_caps(&caps)
            .expect("valid caps")
            .size();
        for gray in [0u8, 128, 255] {
            let picture = scratch("hdr").join(format!("gray{gray}.png"));
            image::RgbImage::from_pixel(8, 8, image::Rgb([gray; 3]))
                .save(&picture)
                .unwrap();
            let color = (u32::from(gray) * 0x0001_0101) | 0xff00_0000;
            for background in [
                format!("background=color color={color}"),
                format!("image={}", picture.display()),
            ] {
                // Without a matte, the background is all that is seen.
                let frame = gst::Buffer::from_slice(vec![77u8; size]);
                let elements = format!("mattecompose {background}");
                let out = one(&elements, vec![sample(&caps, frame, 0)]);
                let (found, wanted) = (first(format, &out), wanted(colorimetry, gray));
                assert!(
                    (found - wanted).abs() <= half,
                    "{background} behind {format} {colorimetry}: {found}, not {wanted}"
                );
            }
        }
    }
}

#[test]
fn colours_have_the_videos_primaries() {
    init();
    let caps = caps("P010_10LE", "bt2100-pq");
    let frame = gst::Buffer::from_slice(vec![77u8; WIDTH * HEIGHT * 3]);
    let out = one(
        "mattecompose background=color color=0xffff0000",
        vec![sample(&caps, frame, 0)],
    );
    let data = bytes(&out);
    let code = |at: usize| f64::from(u16::from_le_bytes([data[at], data[at + 1]]) >> 6);
    let chroma = WIDTH * HEIGHT * 2;
    let found = [code(0), code(chroma), code(chroma + 2)];
    let [y, u, v] = yuv(pq([1.0, 0.0, 0.0], 203.0), BT2020);
    let wanted = [64.0 + 876.0 * y, 512.0 + 896.0 * u, 512.0 + 896.0 * v];
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1.0, "{found:?}, not {wanted:?}");
    }
}

#[test]
fn a_second_video_of_another_range_is_as_bright() {
    init();
    // White of the one is white of the other; what is brighter than white is white in SDR.
    for (camera, format, behind, wanted) in [
        ("bt2100-pq", "P010_10LE", "NV12,colorimetry=bt709", 0.5807),
        ("bt2100-hlg", "P010_10LE", "I420,colorimetry=bt601", 0.75),
        ("bt709", "NV12", "P010_10LE,colorimetry=bt2100-pq", 1.0),
        ("bt709", "RGBA", "I420_10LE,colorimetry=bt2100-hlg", 1.0),
    ] {
        // RGBA has no matrix of its own that caps could name.
        let caps = match format {
            "RGBA" => caps(format, "sRGB"),
            _ => caps(format, camera),
        };
        let info = gst_video::VideoInfo::from_caps(&caps).expect("valid caps");
        let samples = (0..4).map(|n| {
            let mut frame = gst::Buffer::from_slice(vec![77u8; info.size()]);
            attach(&mut frame, &info, (16, 12), |_, _| 0);
            sample(&caps, frame, n)
        });
        let elements = format!(
            "m.sink mattemix name=m videotestsrc pattern=white \
             ! video/x-raw,format={behind},width=64,height=48,framerate=30/1 ! m.background m.src"
        );
        let out = one(&elements, samples.collect());
        let found = first(format, &out);
        assert!(
            (found - wanted).abs() < 0.004,
            "{behind} behind {camera}: {found}"
        );
    }
}

/// The presenter as light.
fn presenter() -> Vec<Light> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/presenter.jpg");
    let picture = image::open(file).expect("the picture is there").to_rgb8();
    let picture =
        image::imageops::resize(&picture, WIDTH as u32, HEIGHT as u32, FilterType::Triangle);
    let light = |p: &image::Rgb<u8>| p.0.map(|v| srgb_to_light(f64::from(v) / 255.0));
    picture.pixels().map(light).collect()
}

/// What a video is in: name of its colorimetry, matrix, and the signal of a light.
type Coding<'a> = (&'a str, &'a str, (f64, f64), &'a dyn Fn(Light) -> Light);

fn codings() -> [Coding<'static>; 5] {
    [
        ("SDR", "bt709", BT709, &|l| l.map(light_to_srgb)),
        ("PQ", "bt2100-pq", BT2020, &|l| pq(l, 203.0)),
        ("HLG", "bt2100-hlg", BT2020, &hlg),
        ("SDR in BT.2020", "bt2020-10", BT2020, &|l| {
            to_bt2020(l).map(light_to_srgb)
        }),
        ("PQ with white at 50 cd/m²", "bt2100-pq", BT2020, &|l| {
            pq(l, 50.0)
        }),
    ]
}

/// The mattes of a few frames with sensor noise in a coding, rows one after the other.
fn mattes(light: &[Light], (_, colorimetry, matrix, code): Coding, noise: f64) -> Vec<Vec<u8>> {
    let caps = caps("P010_10LE", colorimetry);
    let mut random = Random::new(1);
    let samples: Vec<_> = (0..8)
        .map(|n| {
            let noisy: Vec<Light> = light
                .iter()
                .map(|l| {
                    let shift = noise * (random.unit() - 0.5);
                    l.map(|l| srgb_to_light((light_to_srgb(l) + shift).max(0.0)))
                })
                .collect();
            sample(&caps, p010(matrix, |x, y| code(noisy[y * WIDTH + x])), n)
        })
        .collect();
    let Run { buffers, error } = run_samples("mattesegment model=builtin ! matterefine", samples);
    assert_eq!(error, None);
    buffers
        .iter()
        .map(|b| matte_rows(b).expect("each frame has a matte").concat())
        .collect()
}

fn iou(a: &[u8], b: &[u8]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(a, b)| (*a > 127, *b > 127));
    let both = pairs().filter(|(a, b)| *a && *b).count();
    let either = pairs().filter(|(a, b)| *a || *b).count();
    both as f64 / either as f64
}

#[test]
fn mattes_are_those_of_standard_dynamic_range_and_as_steady() {
    init();
    let light = presenter();
    // As a camera's sensor: one percent of white from frame to frame.
    let all = codings().map(|coding| (coding.0, mattes(&light, coding, 0.02)));
    let last = |mattes: &[Vec<u8>]| mattes.last().expect("there are frames").clone();
    let flicker = |mattes: &[Vec<u8>]| {
        let two = mattes.windows(2).skip(3);
        let change = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
        two.map(|two| two[0].iter().zip(&two[1]).map(change).sum::<u64>())
            .sum::<u64>()
    };
    let (reference, steady) = (last(&all[0].1), flicker(&all[0].1));
    assert!(reference.iter().filter(|v| **v > 127).count() > reference.len() / 10);
    let mut faults = Vec::new();
    for (name, mattes) in &all {
        let (iou, flicker) = (iou(&last(mattes), &reference), flicker(mattes));
        println!("{name}: IoU {iou:.4}, flicker {flicker} ({steady})");
        if iou < 0.995 || flicker as f64 > 1.5 * steady as f64 + 2000.0 {
            faults.push(format!("{name}: IoU {iou}, flicker {flicker} ({steady})"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
