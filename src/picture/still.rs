// SPDX-License-Identifier: MPL-2.0

//! Still pictures that are decoded in Rust.

use super::decoding::check_size;
use super::error::PictureError;
use super::limits::{MAX_BYTES, MAX_SIDE, limits};
use super::profile::Meaning;
use super::source::{Reader, Source};
use image::codecs::{png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbaImage};
use std::io::BufReader;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Whether a file says that it moves. Animations of 16 bits a sample are beyond the decoder; their
/// picture for viewers that know no animation is shown.
pub(super) fn is_animated(source: &Source, format: ImageFormat) -> Result<bool, PictureError> {
    Ok(match format {
        ImageFormat::Gif => true,
        ImageFormat::WebP => WebPDecoder::new(source.reader())?.has_animation(),
        ImageFormat::Png => {
            let decoder = PngDecoder::with_limits(source.reader(), limits())?;
            let color = decoder.color_type();
            decoder.is_apng()? && color.bytes_per_pixel() == color.channel_count()
        }
        _ => false,
    })
}

/// Decodes a still picture, turns it upright and into sRGB.
pub(super) fn read(source: &Source, format: ImageFormat) -> Result<RgbaImage, PictureError> {
    if format == ImageFormat::Jpeg
        && let Some(image) = read_inks(source)?
    {
        return Ok(image);
    }
    let mut reader: ImageReader<BufReader<Reader>> = ImageReader::new(source.reader());
    reader.set_format(format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder()?;
    check_size(&decoder, 1)?;
    let orientation = decoder.orientation()?;
    let meaning = match format {
        ImageFormat::Png => Meaning::of_png(source),
        // Asked for under limits, a profile that is larger than the picture is withheld.
        ImageFormat::Tiff => {
            let mut decoder = TiffDecoder::new(source.reader())?;
            Meaning::of_icc(decoder.icc_profile()?.as_deref())
        }
        _ => Meaning::of_icc(decoder.icc_profile().ok().flatten().as_deref()),
    };
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(meaning.apply(image))
}

/// A JPEG of four inks with a profile for them, as print shops make it; none for any other.
fn read_inks(source: &Source) -> Result<Option<RgbaImage>, PictureError> {
    let Some(bytes) = source.whole(MAX_BYTES).map_err(PictureError::from_io)? else {
        return Err(PictureError::Huge);
    };
    let side = MAX_SIDE as usize;
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(side)
        .set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options);
    // The other decoder reports what is wrong with the file.
    if decoder.decode_headers().is_err() {
        return Ok(None);
    }
    let (Some(space), Some((width, height))) = (decoder.input_colorspace(), decoder.dimensions())
    else {
        return Ok(None);
    };
    let profile = decoder.icc_profile();
    if !matches!(space, ColorSpace::CMYK | ColorSpace::YCCK) || profile.is_none() {
        return Ok(None);
    }
    if 4 * width as u64 * height as u64 > MAX_BYTES {
        return Err(PictureError::Huge);
    }
    let exif = decoder
        .exif()
        .and_then(|exif| Orientation::from_exif_chunk(exif));
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let Ok(mut inks) = decoder.decode() else {
        return Ok(None);
    };
    to_inks(&mut inks, space);
    let meaning = Meaning::of_icc(profile.as_deref());
    let Some(image) = meaning.apply_inks(&inks, width as u32, height as u32) else {
        return Ok(None);
    };
    let mut image = DynamicImage::from(image);
    image.apply_orientation(exif.unwrap_or(Orientation::NoTransforms));
    Ok(Some(image.into_rgba8()))
}

/// Turns stored samples into amounts of ink. JPEG holds inks inverted, as Adobe began it, and where
/// it is YCCK three of them as luma and chroma.
fn to_inks(samples: &mut [u8], space: ColorSpace) {
    for pixel in samples.chunks_exact_mut(4) {
        if space == ColorSpace::YCCK {
            let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
            let (cb, cr) = (cb - 128.0, cr - 128.0);
            pixel[0] = (y + 1.402 * cr).round() as u8;
            pixel[1] = (y - 0.344_136 * cb - 0.714_136 * cr).round() as u8;
            pixel[2] = (y + 1.772 * cb).round() as u8;
        }
        for sample in pixel {
            *sample = 255 - *sample;
        }
    }
}
