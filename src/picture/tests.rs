// SPDX-License-Identifier: MPL-2.0

//! Pictures as they come: every file type, orientation, animations, and files that are none.

use super::*;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{Delay, Frame, ImageEncoder, ImageFormat, Rgba as Pixel, RgbaImage};
use std::io::Cursor;

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x * 2 < width {
            Pixel([255, 0, 0, 255])
        } else {
            Pixel([0, 0, 255, 255])
        }
    })
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = image::DynamicImage::from(halves(16, 8));
    let image = match format {
        ImageFormat::Jpeg => image.into_rgb8().into(),
        _ => image,
    };
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The pixels of a still picture.
fn pixels(picture: &Picture) -> Vec<[u8; 3]> {
    let image = picture.still().expect("it does not move");
    image.pixels().map(|p| [p[0], p[1], p[2]]).collect()
}

fn near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12)
}

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

#[test]
fn every_file_type_is_read() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
    ] {
        let picture = Picture::decode(&encoded(format)).unwrap();
        let pixels = pixels(&picture);
        assert!(near(pixels[1], RED) && near(pixels[14], BLUE), "{format:?}");
        assert!(!picture.is_animated());
    }
}

#[test]
fn exif_orientation_turns_the_picture() {
    // A TIFF header with one entry: tag 0x0112 (orientation), one short, 6 (turned clockwise).
    let exif = [
        b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
    ];
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    let image = image::DynamicImage::from(halves(16, 8)).into_rgb8();
    encoder.encode_image(&image).unwrap();
    let picture = Picture::decode(&bytes).unwrap();
    // 8 wide and 16 tall now; the left half has become the upper one.
    let pixels = pixels(&picture);
    assert!(near(pixels[8 + 3], RED) && near(pixels[14 * 8 + 3], BLUE));
}

#[test]
fn translucent_pictures_lie_over_black() {
    let picture = Picture::from_rgba(RgbaImage::from_pixel(3, 3, Pixel([200, 100, 40, 128])));
    assert_eq!(pixels(&picture.unwrap())[3], [100, 50, 20]);
}

#[test]
fn animations_keep_their_time() {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for (color, ms) in [([255, 0, 0, 255], 100), ([0, 0, 255, 255], 300)] {
            let image = RgbaImage::from_pixel(8, 8, Pixel(color));
            let delay = Delay::from_numer_denom_ms(ms, 1);
            encoder
                .encode_frame(Frame::from_parts(image, 0, 0, delay))
                .unwrap();
        }
    }
    let picture = Picture::decode(&bytes).unwrap();
    assert!(picture.is_animated() && picture.still().is_none());
    for _ in 0..2 {
        let frames = picture.frames().unwrap().unwrap();
        assert_eq!(frames.loops(), None);
        let frames: Vec<_> = frames.map(|frame| frame.unwrap()).collect();
        let seen = |i: usize| {
            let frame: &AnimationFrame = &frames[i];
            (frame.image.get_pixel(4, 4).0, frame.delay.as_millis())
        };
        assert_eq!(frames.len(), 2);
        assert_eq!(seen(0), ([255, 0, 0, 255], 100));
        assert_eq!(seen(1), ([0, 0, 255, 255], 300));
    }
}

#[test]
fn what_is_no_picture_is_an_error_that_says_so() {
    let missing = Picture::open("/nowhere/at/all.png".as_ref()).unwrap_err();
    assert!(
        missing.to_string().contains("/nowhere/at/all.png"),
        "{missing}"
    );
    let png = encoded(ImageFormat::Png);
    let jpeg = encoded(ImageFormat::Jpeg);
    let webp = encoded(ImageFormat::WebP);
    for bytes in [
        &b""[..],
        b"not a picture",
        &png[..png.len() / 2],
        &png[..9],
        &jpeg[..40],
        &webp[..20],
    ] {
        let error = Picture::decode(bytes).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("PNG, JPEG, WebP, GIF, TIFF and BMP"),
            "{error}"
        );
    }
    // A header that promises very many pixels must not cost their memory: too long a side, and a
    // gray picture that is small enough until its colours are kept.
    use image::ExtendedColorType::{L8, Rgb8};
    for (color, bytes, side) in [(Rgb8, 3, 60_000u32), (L8, 1, 16_000)] {
        let mut huge = Vec::new();
        image::codecs::png::PngEncoder::new(&mut huge)
            .write_image(&[0; 3][..bytes], 1, 1, color)
            .unwrap();
        for at in [16, 20] {
            huge[at..at + 4].copy_from_slice(&side.to_be_bytes());
        }
        let crc = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        let error = Picture::decode(&huge).unwrap_err();
        assert!(matches!(error, PictureError::Huge), "{error}");
    }
}

/// CRC-32 as PNG chunks carry it.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
