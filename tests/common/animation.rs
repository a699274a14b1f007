// SPDX-License-Identifier: MPL-2.0

//! Files of animations, of every kind that is played.

use image::codecs::gif::GifEncoder;
use image::{Delay, Frame, RgbaImage};
use std::io::Cursor;

/// A kind of animation, and whether its frames cover all of the picture or a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Gif,
    GifOfParts,
    Apng,
    WebP,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Gif, Self::GifOfParts, Self::Apng, Self::WebP];

    pub fn extension(self) -> &'static str {
        match self {
            Self::Gif | Self::GifOfParts => "gif",
            Self::Apng => "png",
            Self::WebP => "webp",
        }
    }
}

/// A file whose frames are seen for `delay` milliseconds each. Frames have one size.
pub fn animation(kind: Kind, delay: u16, frames: &[RgbaImage]) -> Vec<u8> {
    match kind {
        Kind::Gif => gif(delay, frames.iter().map(|image| (image.clone(), 0, 0))),
        Kind::GifOfParts => {
            // The first frame is whole; of the others one row at the top is missing.
            let parts = frames.iter().enumerate().map(|(index, image)| {
                let (width, height) = image.dimensions();
                let top = u32::from(index > 0);
                let part = image::imageops::crop_imm(image, 0, top, width, height - top);
                (part.to_image(), 0, top)
            });
            gif(delay, parts)
        }
        Kind::Apng => apng(delay, frames),
        Kind::WebP => webp(delay, frames),
    }
}

fn gif(delay: u16, frames: impl Iterator<Item = (RgbaImage, u32, u32)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for (image, left, top) in frames {
        let delay = Delay::from_numer_denom_ms(delay.into(), 1);
        let frame = Frame::from_parts(image, left, top, delay);
        encoder.encode_frame(frame).expect("it can be written");
    }
    drop(encoder);
    bytes
}

fn apng(delay: u16, frames: &[RgbaImage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = frames[0].dimensions();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .set_animated(frames.len() as u32, 0)
        .expect("there are frames");
    encoder
        .set_frame_delay(delay, 1000)
        .expect("it is animated");
    let mut writer = encoder.write_header().expect("a valid size");
    for image in frames {
        writer.write_image_data(image).expect("it can be written");
    }
    writer.finish().expect("it can be written");
    bytes
}

/// The container of WebP's animations around lossless pictures (RFC 9649, section 2.7).
fn webp(delay: u16, frames: &[RgbaImage]) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((data.len() as u32).to_le_bytes());
        chunk.extend(data);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let (width, height) = frames[0].dimensions();
    let size = [three(width - 1), three(height - 1)].concat();
    // Flags: animation. Then a background colour, and no limit to the rounds.
    let mut body = chunk(b"VP8X", &[&[2, 0, 0, 0][..], &size].concat());
    body.extend(chunk(b"ANIM", &[0; 6]));
    for image in frames {
        let mut still = Cursor::new(Vec::new());
        image
            .write_to(&mut still, image::ImageFormat::WebP)
            .expect("it can be written");
        // Behind the header of the file: the picture's chunk.
        let picture = &still.get_ref()[12..];
        let head = [vec![0; 6], size.clone(), three(delay.into()), vec![0]].concat();
        body.extend(chunk(b"ANMF", &[&head, picture].concat()));
    }
    [
        &b"RIFF"[..],
        &(body.len() as u32 + 4).to_le_bytes(),
        b"WEBP",
        &body,
    ]
    .concat()
}
