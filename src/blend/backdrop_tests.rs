// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn red_has_the_published_code_values() {
    let red = |_, _| [1.0, 0.0, 0.0, 1.0];
    let color = Colorimetry::default();
    let nv12 = Backdrop::render(PixelLayout::Nv12, color, 3, 3, red).unwrap();
    assert_eq!(nv12.view().row(0, 2), [81, 81, 81]);
    assert_eq!(nv12.view().row(1, 1), [90, 240, 90, 240]);
    let bgra = Backdrop::render(PixelLayout::Bgra, color, 1, 1, red).unwrap();
    assert_eq!(bgra.view().row(0, 0), [0, 0, 255, 255]);
    let p010 = Backdrop::render(PixelLayout::P010Le, color, 1, 1, red).unwrap();
    assert_eq!(p010.view().row(0, 0), (326u16 << 6).to_le_bytes());
}

#[test]
fn cosited_chroma_weighs_one_two_one() {
    let mut color = Colorimetry::default();
    color.site.cosited_x = true;
    let white_at_2 = |x, _| {
        if x == 2 {
            [1.0; 4]
        } else {
            [0.0, 0.0, 1.0, 1.0]
        }
    };
    let y42b = Backdrop::render(PixelLayout::Y42b, color, 6, 1, white_at_2).unwrap();
    // Blue has U = 240, white 128: half of it white at the sample on column 2, none at 4.
    assert_eq!(y42b.view().row(1, 0), [240, 184, 240]);
}
