// SPDX-License-Identifier: MPL-2.0

//! Pictures as they come: every file type, orientation, fit, and files that are none.

use super::*;
use crate::frame::{Colorimetry, FrameFormat, PixelLayout};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{Delay, Frame, ImageEncoder, ImageFormat, Rgba as Pixel, RgbaImage};
use std::io::Cursor;
use std::time::Duration;

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

fn format(layout: PixelLayout, width: usize, height: usize) -> FrameFormat {
    FrameFormat {
        layout,
        color: Colorimetry::default(),
        width,
        height,
    }
}

/// The pixels of the picture fitted into an RGB frame, with green bars.
fn fitted(picture: &Picture, fit: Fit, width: usize, height: usize) -> Vec<[u8; 3]> {
    let backdrop = picture
        .backdrop(0, fit, 0xff00_ff00, format(PixelLayout::Rgb, width, height))
        .unwrap();
    (0..height)
        .flat_map(|y| backdrop.view().row(0, y).as_chunks().0.to_vec())
        .collect()
}

fn near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12)
}

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const GREEN: [u8; 3] = [0, 255, 0];

#[test]
fn every_file_type_is_read() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let picture = Picture::decode(&encoded(format)).unwrap();
        let pixels = fitted(&picture, Fit::Stretch, 16, 8);
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
    let pixels = fitted(&picture, Fit::Stretch, 8, 16);
    assert!(near(pixels[8 + 3], RED) && near(pixels[14 * 8 + 3], BLUE));
}

#[test]
fn fits_do_what_they_say() {
    let picture = Picture::from_rgba(halves(20, 10)).unwrap();
    let at = |fit, x: usize, y: usize| fitted(&picture, fit, 40, 40)[y * 40 + x];
    // Cover: twice too wide, the middle is seen in full height.
    assert!(near(at(Fit::Cover, 0, 0), RED) && near(at(Fit::Cover, 39, 39), BLUE));
    // Contain: 40x20 in the middle, bars above and below.
    assert_eq!(at(Fit::Contain, 0, 9), GREEN);
    assert_eq!(at(Fit::Contain, 0, 30), GREEN);
    assert!(near(at(Fit::Contain, 2, 20), RED) && near(at(Fit::Contain, 37, 20), BLUE));
    assert!(near(at(Fit::Stretch, 2, 2), RED) && near(at(Fit::Stretch, 37, 37), BLUE));
    // Tile: 20 pixels red and blue, again and again.
    for x in 0..40 {
        let wanted = if x % 20 < 10 { RED } else { BLUE };
        assert_eq!(at(Fit::Tile, x, 33), wanted);
    }
}

#[test]
fn translucent_pictures_lie_over_black() {
    let picture = Picture::from_rgba(RgbaImage::from_pixel(3, 3, Pixel([200, 100, 40, 128])));
    let pixels = fitted(&picture.unwrap(), Fit::Tile, 2, 2);
    assert_eq!(pixels[3], [100, 50, 20]);
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
    assert!(picture.is_animated());
    let at = |ms| picture.frame_at(Duration::from_millis(ms));
    assert_eq!(
        [at(0), at(99), at(100), at(399), at(400), at(950)],
        [0, 0, 1, 1, 0, 1]
    );
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
            error.to_string().contains("PNG, JPEG, WebP and GIF"),
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
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn pictures_of_any_size_fit_frames_of_any_size() {
    for (pw, ph) in [(1, 1), (1, 300), (300, 1), (7, 5)] {
        let picture = Picture::from_rgba(halves(pw, ph)).unwrap();
        for (w, h) in [(1, 1), (2, 2), (3, 1), (15, 17)] {
            for fit in [Fit::Cover, Fit::Contain, Fit::Stretch, Fit::Tile] {
                for &layout in PixelLayout::ALL {
                    let backdrop = picture.backdrop(9, fit, 0, format(layout, w, h));
                    assert_eq!(backdrop.unwrap().size(), (w, h));
                }
            }
        }
    }
}
