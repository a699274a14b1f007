// SPDX-License-Identifier: MPL-2.0

use super::*;

fn exact(source: &[u8], w: usize, h: usize, x: f64, y: f64) -> f64 {
    let (x, y) = (x.clamp(0.0, (w - 1) as f64), y.clamp(0.0, (h - 1) as f64));
    let (x0, y0) = (x.floor() as usize, y.floor() as usize);
    let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
    let (fx, fy) = (x - x0 as f64, y - y0 as f64);
    let at = |x, y| f64::from(source[y * w + x]);
    (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy)
        + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy
}

#[test]
fn within_one_of_exact_bilinear_for_any_sizes() {
    for level in crate::simd::levels() {
        for (sw, sh, w, h) in [
            (1, 1, 7, 5),
            (2, 3, 70, 33),
            (16, 9, 64, 36),
            (13, 7, 61, 50),
            (33, 20, 32, 19),
            (70, 41, 9, 6),
            (24, 14, 97, 55),
        ] {
            let source: Vec<u8> = (0..sw * sh).map(|i| (i * 89 % 256) as u8).collect();
            let (rx, ry) = (w as f64 / sw as f64, h as f64 / sh as f64);
            let mut scaler = Upscaler::new(
                level,
                1,
                (sw, sh),
                (0..w).map(|x| (centre(x, 0.5, 1.0, rx), 0)),
                (0..h).map(|y| centre(y, 0.5, 1.0, ry)),
            );
            let mut out = vec![0; w];
            for y in 0..h {
                let whole = |_| std::iter::once(0..w);
                scaler.part(|r| &source[r * sw..][..sw], whole, y, 0..w, &mut out);
                for (x, &found) in out.iter().enumerate() {
                    let position = (centre(x, 0.5, 1.0, rx), centre(y, 0.5, 1.0, ry));
                    let wanted = exact(&source, sw, sh, position.0, position.1);
                    assert!(
                        (f64::from(found) - wanted).abs() <= 1.1,
                        "{sw}x{sh} to {w}x{h} at {x},{y}: {found}, exactly {wanted}"
                    );
                }
            }
        }
    }
}

#[test]
fn flat_pictures_stay_exactly_flat() {
    for value in [0u8, 1, 128, 254, 255] {
        let source = [value; 35];
        let mut scaler = Upscaler::new(
            crate::simd::level(),
            1,
            (7, 5),
            (0..50).map(|x| (centre(x, 0.5, 1.0, 50.0 / 7.0), 0)),
            (0..37).map(|y| centre(y, 0.5, 1.0, 37.0 / 5.0)),
        );
        let mut out = [0; 50];
        for y in 0..37 {
            let whole = |_| std::iter::once(0..usize::MAX);
            scaler.part(|r| &source[r * 7..][..7], whole, y, 0..50, &mut out);
            assert_eq!(out, [value; 50]);
        }
    }
}
