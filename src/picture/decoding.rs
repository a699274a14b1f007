// SPDX-License-Identifier: MPL-2.0

//! What every decoder's pictures go through.

use super::error::PictureError;
use super::limits::{MAX_BYTES, MAX_SIDE};
use image::{ImageDecoder, RgbaImage};

/// Refuses what is too large: as decoded, and as kept, since gray pictures become four times as
/// large. `frames` is how many are held at a time.
pub(super) fn check_size(decoder: &impl ImageDecoder, frames: u64) -> Result<(), PictureError> {
    let (width, height) = decoder.dimensions();
    let kept = 4 * u64::from(width) * u64::from(height);
    if width > MAX_SIDE
        || height > MAX_SIDE
        || decoder.total_bytes().max(kept).saturating_mul(frames) > MAX_BYTES
    {
        return Err(PictureError::Huge);
    }
    Ok(())
}

/// Lays pixels over black: a background has nothing behind it.
pub(super) fn flatten(image: &mut RgbaImage) {
    for pixel in image.pixels_mut() {
        let alpha = u16::from(pixel[3]);
        if alpha < 255 {
            let over = |value: u8| ((u16::from(value) * alpha + 127) / 255) as u8;
            pixel.0 = [over(pixel[0]), over(pixel[1]), over(pixel[2]), 255];
        }
    }
}
