// SPDX-License-Identifier: MPL-2.0

//! Joint bilateral upsampling: every value of the larger matte is the mean of the small matte's
//! around it, those counting whose luma is alike.
//!
//! J. Kopf et al., "Joint Bilateral Upsampling" (SIGGRAPH 2007):
//! `q(x) = sum_k p(k) f(|x - k|) g(|I(x) - I(k)|) / sum_k f g`, f and g Gaussian, over 5x5 pixels
//! of the small matte.

use super::Plane;

/// Pixels of the small matte around a place that are looked at, on each side.
const AROUND: isize = 2;
/// Deviation of `f` in pixels of the small matte.
const SPREAD: f32 = 0.8;

/// Upsamples `matte` to the size of `out`. `luma` is the guide at the matte's size, `guide` at the
/// size of `out`; `deviation` is that of `g`, in luma of 0 to 1.
pub fn upsample(matte: &Plane, luma: &Plane, guide: &Plane, deviation: f32, out: &mut Plane) {
    let (width, height) = guide.size();
    out.resize(width, height);
    let (columns, rows) = (matte.width() as isize, matte.height() as isize);
    let scale = (columns as f32 / width as f32, rows as f32 / height as f32);
    let (near, alike) = (
        -0.5 / (SPREAD * SPREAD),
        -0.5 / (deviation * deviation).max(1e-8),
    );
    for y in 0..height {
        let v = (y as f32 + 0.5) * scale.1 - 0.5;
        let middle = v.round() as isize;
        for x in 0..width {
            let u = (x as f32 + 0.5) * scale.0 - 0.5;
            let centre = u.round() as isize;
            let (mut low, mut high) = (f32::MAX, f32::MIN);
            for row in middle - AROUND..=middle + AROUND {
                let row = matte.row(row.clamp(0, rows - 1) as usize);
                for column in centre - AROUND..=centre + AROUND {
                    let p = row[column.clamp(0, columns - 1) as usize];
                    (low, high) = (low.min(p), high.max(p));
                }
            }
            // Most places see one value only: no need to weigh it.
            if high - low < 1e-3 {
                out.row_mut(y)[x] = low;
                continue;
            }
            let here = guide.row(y)[x];
            let (mut sum, mut weights) = (0.0, 0.0);
            for row in middle - AROUND..=middle + AROUND {
                let at = row.clamp(0, rows - 1) as usize;
                let (p, i) = (matte.row(at), luma.row(at));
                for column in centre - AROUND..=centre + AROUND {
                    let at = column.clamp(0, columns - 1) as usize;
                    let (dx, dy, di) = (u - column as f32, v - row as f32, here - i[at]);
                    // A floor, so that a colour that nothing has takes its surroundings' mean.
                    let w = (near * (dx * dx + dy * dy)).exp() * ((alike * di * di).exp() + 1e-4);
                    sum += w * p[at];
                    weights += w;
                }
            }
            out.row_mut(y)[x] = sum / weights;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::{noise, sizes};

    #[test]
    fn stays_between_what_is_there_at_every_size() {
        for (i, (width, height)) in sizes().into_iter().enumerate() {
            let (w, h) = sizes()[(i * 17) % 70];
            let (matte, luma) = (noise(w, h, 1), noise(w, h, 2));
            let (guide, mut out) = (noise(width, height, 3), Plane::default());
            upsample(&matte, &luma, &guide, 0.1, &mut out);
            assert_eq!(out.size(), (width, height));
            assert!(out.data().iter().all(|v| (0.0..=1.0).contains(v)));
        }
    }

    #[test]
    fn the_edge_goes_where_the_luma_changes() {
        // Luma's edge at 24 of 64, the small matte's at 1.5 of 4.
        let (mut guide, mut luma, mut matte) =
            (Plane::new(64, 4), Plane::new(8, 4), Plane::new(8, 4));
        for y in 0..4 {
            guide.row_mut(y)[..24].fill(1.0);
            luma.row_mut(y)[..3].fill(1.0);
            matte.row_mut(y)[..3].fill(1.0);
        }
        let mut out = Plane::default();
        upsample(&matte, &luma, &guide, 0.1, &mut out);
        assert!(out.row(2)[23] > 0.95 && out.row(2)[24] < 0.05);
    }
}
