// SPDX-License-Identifier: MPL-2.0

//! Backgrounds that are not opaque, behind frames with alpha.
//!
//! With alpha m of the subject, b of the background and a of the frame itself, straight alpha gives
//!
//! `A = a * (m + (1 - m) * b)` and `C = (m * F + (1 - m) * b * B) / (m + (1 - m) * b)`:
//!
//! the colours are blended as over an opaque background, but by `w = m / (m + (1 - m) * b)` in the
//! place of m.

use super::rows::BackgroundRows;
use crate::blend::alpha::PlaneKind;
use crate::blend::geometry::Geometry;
use crate::blend::kernels::div255;
use crate::frame::{ColorModel, FrameRef, PixelLayout, Word};

/// Scratch memory for one background.
#[derive(Debug)]
pub(crate) struct Translucent {
    layout: PixelLayout,
    width: usize,
    /// The background's alpha, one a pixel, and one a chroma sample.
    pixels: Vec<u8>,
    chroma: Vec<u16>,
    weights: Vec<u8>,
}

impl Translucent {
    /// What `back` takes: none if it is opaque.
    pub fn behind(back: &FrameRef, geometry: Geometry) -> Option<Box<Self>> {
        let Geometry { layout, width, .. } = geometry;
        let mut pixels = vec![0; width];
        let opaque = (0..back.height())
            .all(|y| !back.alpha_row(y, &mut pixels) || pixels.iter().all(|&a| a == 255));
        if opaque {
            return None;
        }
        Some(Box::new(Self {
            layout,
            width,
            pixels: vec![255; width],
            chroma: vec![0; width.div_ceil(2)],
            weights: vec![255; 4 * width + 4],
        }))
    }

    /// The weights that [`Translucent::weigh`] made last, one a sample.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }

    /// Makes the weights of a plane's row out of its samples' alpha.
    pub fn weigh(&mut self, back: &mut BackgroundRows, at: usize, kind: PlaneKind, samples: &[u8]) {
        let subsampled = matches!(kind, PlaneKind::Chroma(_));
        let halved = self.layout.info().components.iter().any(|c| c.h_sub == 1);
        let rows = if subsampled && halved { 2 } else { 1 };
        self.chroma.fill(0);
        for row in 0..rows {
            let height = back.height();
            self.read(back, at * rows + row, height);
            for (sum, pair) in self.chroma.iter_mut().zip(self.pixels.chunks(2)) {
                *sum += u16::from(pair[0]) + u16::from(pair[pair.len() - 1]);
            }
        }
        let each = match kind {
            PlaneKind::Luma(n) | PlaneKind::Chroma(n) => n,
            PlaneKind::Packed422 { .. } => 2,
        };
        let count = match subsampled {
            true => self.chroma.len(),
            false => self.pixels.len(),
        };
        let pairs = self.weights.iter_mut().zip(samples).take(each * count);
        for (i, (weight, &m)) in pairs.enumerate() {
            let behind = match subsampled {
                true => u32::from(self.chroma[i / each]) * 2 / rows as u32,
                false => 4 * u32::from(self.pixels[i / each]),
            };
            *weight = share(m, behind);
        }
        // The frame's own alpha is no colour.
        let bytes = self.layout.info().sample_bytes();
        let own = self.layout.info().components.get(3);
        if let Some(own) = own.filter(|c| c.step == 4 * bytes) {
            let slots = self.weights[own.offset / bytes..].iter_mut().step_by(4);
            slots.for_each(|slot| *slot = 255);
        }
    }

    /// Reads the background's alpha of a row of pixels; that of the last one beyond `height`.
    fn read(&mut self, back: &mut BackgroundRows, y: usize, height: usize) {
        let info = self.layout.info();
        debug_assert!(info.alpha && info.model != ColorModel::Gray);
        let Some(alpha) = info.components.get(3) else {
            return;
        };
        let samples = 0..self.width * alpha.step / info.sample_bytes();
        let row = back.row(alpha.plane, y.min(height - 1), samples);
        info.alpha_of(row, &mut self.pixels);
    }

    /// Scales a plane of the frame's own alpha; `back` is the background's, `matte` the subject's.
    pub fn scale_plane(&mut self, back: &[u8], matte: &[u8], row: &mut [u8]) {
        let info = self.layout.info();
        if info.depth == 8 {
            for ((own, &b), &m) in row.iter_mut().zip(back).zip(matte) {
                *own = product(*own, union(m, b));
            }
            return;
        }
        info.alpha_of(back, &mut self.pixels);
        let pairs = self.pixels.iter().zip(matte);
        for (own, (&b, &m)) in row.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *own = scaled(info.word(), *own, union_fine(m, b));
        }
    }

    /// The same for the alpha at `offset` of pixels of four samples, after [`Translucent::weigh`].
    pub fn scale_packed(&mut self, offset: usize, matte: &[u8], row: &mut [u8]) {
        let info = self.layout.info();
        let pairs = self.pixels.iter().zip(matte);
        if info.depth > 8 {
            for (pixel, (&b, &m)) in row.as_chunks_mut::<8>().0.iter_mut().zip(pairs) {
                let own = [pixel[offset], pixel[offset + 1]];
                let own = scaled(info.word(), own, union_fine(m, b));
                pixel[offset..offset + 2].copy_from_slice(&own);
            }
            return;
        }
        let own = row[offset..].iter_mut().step_by(4);
        for (own, (&b, &m)) in own.zip(pairs) {
            *own = product(*own, union(m, b));
        }
    }
}

/// A word times some 65025ths.
fn scaled(word: Word, own: [u8; 2], share: u32) -> [u8; 2] {
    let scaled = u64::from(word.code(own)) * u64::from(share) + 32512;
    word.bytes((scaled / 65025) as u16)
}

/// [`union`] in 65025ths.
fn union_fine(m: u8, b: u8) -> u32 {
    65025 - u32::from(255 - m) * u32::from(255 - b)
}

/// How much is seen of the subject and of what is behind it, together.
fn union(m: u8, b: u8) -> u8 {
    255 - product(255 - m, 255 - b)
}

fn product(a: u8, b: u8) -> u8 {
    div255(u16::from(a) * u16::from(b))
}

/// The subject's share of a colour, 0 to 255; `behind` is the background's alpha times 4.
fn share(m: u8, behind: u32) -> u8 {
    let (front, rest) = (4 * 255 * u32::from(m), u32::from(255 - m) * behind);
    let whole = front + rest;
    if whole == 0 {
        return 0;
    }
    ((255 * front + whole / 2) / whole) as u8
}
