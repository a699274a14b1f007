// SPDX-License-Identifier: MPL-2.0

//! What is known of the scene: how the room and the subject look at every pixel, and what that says
//! about a new matte.

mod appearance;
mod evidence;
mod known;
mod learning;
mod light;
pub mod memory;
mod subject_colors;

use crate::filter::Plane;

/// A picture's colours, 0 to 1 with neutral chroma at 128/255.
#[derive(Debug, Clone, Copy)]
pub struct Colors<'a> {
    /// Luma.
    pub luma: &'a Plane,
    /// Both colour differences, at half the luma's size, rounded up.
    pub chroma: [&'a Plane; 2],
}

/// Least variance of luma that is believed in, 0 to 1 squared.
const LEAST_LUMA: f32 = (3.0 / 255.0) * (3.0 / 255.0);
/// Least variance of a colour difference that is believed in, 0 to 1 squared.
const LEAST_CHROMA: f32 = (2.5 / 255.0) * (2.5 / 255.0);

/// Size of the colour differences that go with luma of this size.
pub fn chroma_size((width, height): (usize, usize)) -> (usize, usize) {
    (width.div_ceil(2), height.div_ceil(2))
}

/// Pixels of a row that are worked on together.
const SEGMENT: usize = 8;

/// The colours of the pixels of a segment.
#[derive(Debug, Clone, Copy)]
struct Colored {
    luma: [f32; SEGMENT],
    u: [f32; SEGMENT],
    v: [f32; SEGMENT],
}

impl Colored {
    /// The pixels of row `y` from `at` on; the last one stands for those beyond it.
    #[inline(always)]
    fn load(colors: Colors<'_>, (at, y): (usize, usize)) -> Self {
        let luma = &colors.luma.row(y)[at..];
        let [u, v] = colors.chroma;
        let (u, v) = (&u.row(y / 2)[at / 2..], &v.row(y / 2)[at / 2..]);
        let mut loaded = Self {
            luma: [0.0; SEGMENT],
            u: [0.0; SEGMENT],
            v: [0.0; SEGMENT],
        };
        if luma.len() >= SEGMENT {
            loaded.luma.copy_from_slice(&luma[..SEGMENT]);
            let (u, v) = (&u[..SEGMENT / 2], &v[..SEGMENT / 2]);
            for x in 0..SEGMENT {
                loaded.u[x] = u[x / 2];
                loaded.v[x] = v[x / 2];
            }
            return loaded;
        }
        for x in 0..SEGMENT {
            let x_in = x.min(luma.len() - 1);
            loaded.luma[x] = luma[x_in];
            loaded.u[x] = u[x_in / 2];
            loaded.v[x] = v[x_in / 2];
        }
        loaded
    }
}

/// The natural logarithm of a number above 0, within 0.06: straight lines between the powers of 2.
#[inline(always)]
fn rough_ln(value: f32) -> f32 {
    const UNIT: f32 = core::f32::consts::LN_2 / (1 << 23) as f32;
    const ONE: i32 = 0x3f80_0000;
    (value.to_bits() as i32 - ONE) as f32 * UNIT
}

/// `exp(value)` for -16 to 16, roughly: at 4 it is a quarter low, at -4 it is half of it.
#[inline(always)]
fn rough_exp(value: f32) -> f32 {
    let mut power = (1.0 + value * (1.0 / 16.0)).max(0.0);
    for _ in 0..4 {
        power *= power;
    }
    power
}
