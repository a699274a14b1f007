// SPDX-License-Identifier: MPL-2.0

//! How wrong a moved matte may be: what the motion does not explain, weighed by where it is.
//!
//! With `e` = a square's mean difference of luma along the motion ([`Warp::misfit`]), less what
//! noise makes, the number of pixels that may be on the wrong side is
//! `EDGE` x the sum of `e` over pixels near the matte's edge or where it is unsure, plus
//! `ELSEWHERE` x the number of pixels elsewhere whose `e` is plain: new things, uncovered ground.
//! Both factors were fitted to the pixels that a network's new matte and the moved one disagree
//! about, over filmed clips (correlation 0.7 to 0.9).
//!
//! [`Warp::misfit`]: crate::filter::motion::warp::Warp::misfit

use crate::filter::motion::squares::UNIT;
use crate::frame::GrayRef;

/// Misfit that noise and bends make, and the most that counts.
const FIT: (u16, u16) = (2 * UNIT, 40 * UNIT);
/// Misfit away from the edge that is plain.
const PLAIN: u16 = 6 * UNIT;
/// Wrong pixels per pixel and unit of luma near the edge.
const EDGE: f32 = 0.015;
/// Wrong pixels per pixel of plain misfit elsewhere.
const ELSEWHERE: f32 = 0.08;
/// The edge is near a square if there, or in the squares around it, some value is below the second
/// and some above the first.
const EDGE_BETWEEN: (u8, u8) = (64, 192);
/// Least share of the picture that a subject counts as, so that none is no division by nothing.
const LEAST_SUBJECT: f32 = 0.02;

/// The judge. Owns its scratch memory.
#[derive(Debug, Default)]
pub struct Risk {
    /// The least and the greatest value of each square.
    ranges: Vec<(u8, u8)>,
}

impl Risk {
    /// Pixels that may be wrong, as a share of the subject's. `misfit` holds `columns` squares in
    /// each row; the matte covers the same picture at any size.
    pub fn of(&mut self, misfit: &[u16], columns: usize, matte: GrayRef<'_>) -> f32 {
        if misfit.iter().all(|e| *e < FIT.0) {
            return 0.0;
        }
        let subject = self.find_ranges((columns, misfit.len() / columns), matte);
        let (mut near, mut elsewhere) = (0.0, 0.0);
        for (index, e) in misfit.iter().enumerate() {
            if *e <= FIT.0 {
                continue;
            }
            if self.is_near(index, columns) {
                near += f32::from(e.min(&FIT.1) - FIT.0) / f32::from(UNIT);
            } else if *e >= PLAIN {
                elsewhere += 1.0;
            }
        }
        let wrong = (EDGE * near + ELSEWHERE * elsewhere) / misfit.len() as f32;
        wrong / subject.max(LEAST_SUBJECT)
    }

    /// Finds the squares' ranges; returns the subject's share of the picture.
    fn find_ranges(&mut self, (columns, rows): (usize, usize), matte: GrayRef<'_>) -> f32 {
        let (width, height) = (matte.width(), matte.height());
        self.ranges.clear();
        let mut subject = 0usize;
        for sy in 0..rows {
            let lines = sy * height / rows..((sy + 1) * height / rows).max(sy * height / rows + 1);
            for sx in 0..columns {
                let (from, to) = (sx * width / columns, (sx + 1) * width / columns);
                let (mut least, mut most) = (u8::MAX, 0);
                for y in lines.clone() {
                    for value in &matte.row(y)[from..to.max(from + 1)] {
                        (least, most) = (least.min(*value), most.max(*value));
                        subject += usize::from(*value >= 128);
                    }
                }
                self.ranges.push((least, most));
            }
        }
        subject as f32 / (width * height) as f32
    }

    /// Whether the edge crosses a square or the squares around it, or lies between them.
    fn is_near(&self, index: usize, columns: usize) -> bool {
        let (x, y) = (index % columns, index / columns);
        let rows = self.ranges.len() / columns;
        let (mut least, mut most) = (u8::MAX, 0);
        for v in y.saturating_sub(1)..(y + 2).min(rows) {
            let line = &self.ranges[v * columns..][..columns];
            for range in &line[x.saturating_sub(1)..(x + 2).min(columns)] {
                (least, most) = (least.min(range.0), most.max(range.1));
            }
        }
        least < EDGE_BETWEEN.1 && most > EDGE_BETWEEN.0
    }
}

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
