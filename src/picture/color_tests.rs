// SPDX-License-Identifier: MPL-2.0

//! Every kind of file and every way to say what its colours are: one colour, which must come out
//! within three steps.

use super::tests::crc32;
use super::*;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, tiff::TiffEncoder, webp::WebPEncoder};
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};
use moxcms::ColorProfile;
use std::path::PathBuf;

const COLOR: [u8; 3] = [230, 120, 40];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/pictures")
        .join(name)
}

/// The pixel in the middle.
fn centre(picture: &Picture) -> [u8; 3] {
    let image = picture.still().expect("it does not move");
    let [r, g, b, a] = image.get_pixel(image.width() / 2, image.height() / 2).0;
    assert_eq!(a, 255);
    [r, g, b]
}

#[track_caller]
fn assert_shown(what: &str, bytes: &[u8], wanted: [u8; 3]) {
    let found = centre(&Picture::decode(bytes).unwrap_or_else(|error| panic!("{what}: {error}")));
    let near = found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) <= 3);
    assert!(near, "{what}: {found:?} for {wanted:?}");
}

fn linear(code: u8) -> f64 {
    match f64::from(code) / 255.0 {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    }
}

/// COLOR in another space: by the rows of its matrix from linear sRGB, and its transfer curve.
fn stored(rows: [[f64; 3]; 3], curve: impl Fn(f64) -> f64) -> [u8; 3] {
    let rgb = COLOR.map(linear);
    rows.map(|row| {
        let value: f64 = row.iter().zip(rgb).map(|(m, v)| m * v).sum();
        (255.0 * curve(value.clamp(0.0, 1.0))).round() as u8
    })
}

fn srgb_curve(value: f64) -> f64 {
    match value {
        v if v <= 0.003_130_8 => 12.92 * v,
        v => 1.055 * v.powf(1.0 / 2.4) - 0.055,
    }
}

/// Rows of CSS Color 4 and of Adobe's own paper.
const TO_P3: [[f64; 3]; 3] = [
    [0.822_462, 0.177_538, 0.0],
    [0.033_194, 0.966_806, 0.0],
    [0.017_083, 0.072_397, 0.910_520],
];
const TO_ADOBE: [[f64; 3]; 3] = [
    [0.715_125, 0.284_868, 0.000_007],
    [0.000_001, 0.999_998, 0.000_001],
    [-0.000_003, 0.041_162, 0.958_839],
];
const SAME: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn encode(mut encoder: impl ImageEncoder, icc: &[u8], image: &DynamicImage) {
    encoder.set_icc_profile(icc.to_vec()).unwrap();
    let (width, height) = (image.width(), image.height());
    let color = image.color().into();
    encoder
        .write_image(image.as_bytes(), width, height, color)
        .unwrap();
}

#[test]
fn profiles_are_applied_in_every_kind_of_file() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let adobe = ColorProfile::new_adobe_rgb().encode().unwrap();
    let adobe_curve = |v: f64| v.powf(1.0 / 2.199_218_75);
    for (name, icc, color) in [
        ("Display P3", p3, stored(TO_P3, srgb_curve)),
        ("Adobe RGB", adobe, stored(TO_ADOBE, adobe_curve)),
    ] {
        assert!(
            color[0].abs_diff(COLOR[0]) > 9,
            "{color:?} would pass as it is"
        );
        let image = DynamicImage::from(RgbImage::from_pixel(64, 48, Rgb(color)));
        let (mut png, mut jpeg, mut webp) = (Vec::new(), Vec::new(), Vec::new());
        let mut tiff = std::io::Cursor::new(Vec::new());
        encode(PngEncoder::new(&mut png), &icc, &image);
        encode(JpegEncoder::new_with_quality(&mut jpeg, 98), &icc, &image);
        encode(WebPEncoder::new_lossless(&mut webp), &icc, &image);
        encode(TiffEncoder::new(&mut tiff), &icc, &image);
        let tiff = tiff.into_inner();
        for (kind, bytes) in [("PNG", png), ("JPEG", jpeg), ("WebP", webp), ("TIFF", tiff)] {
            assert_shown(&format!("{name} {kind}"), &bytes, COLOR);
        }
    }
}

#[test]
fn gray_profiles_are_applied() {
    let icc = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let image = DynamicImage::from(image::GrayImage::from_pixel(16, 8, image::Luma([55])));
    let mut png = Vec::new();
    encode(PngEncoder::new(&mut png), &icc, &image);
    let gray = (255.0 * srgb_curve(55.0 / 255.0)).round() as u8;
    assert_shown("linear gray", &png, [gray; 3]);
}

#[test]
fn inks_are_mixed_by_their_profile() {
    // Said by littlecms; the plain formula gives (255, 0, 0).
    let bytes = std::fs::read(sample("inks.jpg")).unwrap();
    assert_shown("CMYK", &bytes, [214, 61, 56]);
}

/// A PNG with a chunk after its header.
fn with_chunk(color: [u8; 3], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut png = Vec::new();
    let image = RgbImage::from_pixel(16, 8, Rgb(color));
    let color = image::ExtendedColorType::Rgb8;
    PngEncoder::new(&mut png)
        .write_image(&image, 16, 8, color)
        .unwrap();
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(name);
    chunk.extend(data);
    chunk.extend(crc32(&chunk[4..]).to_be_bytes());
    png.splice(33..33, chunk);
    png
}

#[test]
fn chunks_of_png_say_what_colours_are() {
    let p3 = stored(TO_P3, srgb_curve);
    assert_shown("cICP", &with_chunk(p3, b"cICP", &[12, 13, 0, 1]), COLOR);
    assert_shown("sRGB", &with_chunk(COLOR, b"sRGB", &[0]), COLOR);
    let linear = stored(SAME, |v| v);
    assert_shown(
        "gAMA",
        &with_chunk(linear, b"gAMA", &100_000u32.to_be_bytes()),
        COLOR,
    );
    assert_shown(
        "gAMA of sRGB",
        &with_chunk(COLOR, b"gAMA", &45_455u32.to_be_bytes()),
        COLOR,
    );
    // What makes no sense counts for nothing.
    assert_shown("gAMA of 0", &with_chunk(COLOR, b"gAMA", &[0; 4]), COLOR);
    assert_shown(
        "cICP of 0",
        &with_chunk(COLOR, b"cICP", &[0, 0, 0, 1]),
        COLOR,
    );
}

#[test]
fn a_broken_profile_counts_for_nothing() {
    let image = DynamicImage::from(RgbImage::from_pixel(16, 8, Rgb(COLOR)));
    let whole = ColorProfile::new_display_p3().encode().unwrap();
    let gray = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    for icc in [&b"no profile"[..], &whole[..100], &gray] {
        let mut png = Vec::new();
        encode(PngEncoder::new(&mut png), icc, &image);
        assert_shown("a broken profile", &png, COLOR);
    }
}

#[test]
fn what_the_system_decodes_is_shown_or_refused_with_its_package() {
    for (name, kind, package) in [
        ("color.avif", "AVIF", "libavif-gdk-pixbuf"),
        ("wide.avif", "AVIF", "libavif-gdk-pixbuf"),
        ("color.heic", "HEIC", "heif-gdk-pixbuf"),
        ("color.jxl", "JPEG XL", "libjxl-gdk-pixbuf"),
        ("color.svg", "SVG", "librsvg2-common"),
    ] {
        match Picture::open(&sample(name)) {
            Ok(picture) => {
                let found = centre(&picture);
                let near = found.iter().zip(COLOR).all(|(f, w)| f.abs_diff(w) <= 3);
                assert!(near, "{name}: {found:?}");
                println!("{name} is read here");
            }
            Err(error) => {
                let words = error.to_string();
                assert!(matches!(error, PictureError::System { .. }), "{words}");
                assert!(words.contains(kind) && words.contains(package), "{words}");
                println!("{name}: {words}");
            }
        }
    }
}

#[test]
fn a_drawing_is_drawn_large_and_keeps_its_own_size() {
    let Ok(picture) = Picture::open(&sample("color.svg")) else {
        return;
    };
    assert_eq!(picture.own_size(), Some((64, 48)));
    assert_eq!(picture.still().unwrap().dimensions(), (1920, 1440));
    // Refused by its size before memory is taken.
    let huge = r#"<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="48"/>"#;
    let error = Picture::decode(huge.as_bytes()).unwrap_err();
    assert!(matches!(error, PictureError::Huge), "{error}");
}

#[test]
fn sizes_are_looked_at_before_the_system_decodes() {
    let mut bytes = std::fs::read(sample("color.avif")).unwrap();
    let at = bytes.windows(4).position(|name| name == b"ispe").unwrap() + 8;
    bytes[at..at + 4].copy_from_slice(&60_000u32.to_be_bytes());
    let error = Picture::decode(&bytes).unwrap_err();
    assert!(matches!(error, PictureError::Huge), "{error}");
}

#[test]
fn broken_files_of_the_systems_kinds_are_errors() {
    for name in ["color.avif", "color.heic", "color.jxl", "color.svg"] {
        let bytes = std::fs::read(sample(name)).unwrap();
        for part in [bytes.len() / 2, bytes.len() * 3 / 4] {
            let error = Picture::decode(&bytes[..part]);
            assert!(error.is_err(), "{name}: {part} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn kinds_that_are_not_read_are_named() {
    for (bytes, said) in [
        (
            &b"\0\0\0\x0cjP  \r\n\x87\nxxxx"[..],
            "JPEG 2000, which is not read",
        ),
        (
            b"\0\0\0\x18ftypisom\0\0\0\0isommp41",
            "a video goes to the pad background",
        ),
        (b"8BPS\0\x01", "Photoshop"),
        (b"", "it is empty"),
        (b"not a picture", "begins with \"not a pictur\""),
    ] {
        let error = Picture::decode(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
