// SPDX-License-Identifier: MPL-2.0

//! The contact sheet: the picture with green for the room, once for each reading, with its number.

use gstmatte::model::Surveyed;
use image::imageops::{self, FilterType};
use image::{GrayImage, Rgb, RgbImage, RgbaImage};

/// The longer side of a cell.
const CELL: u32 = 240;
/// Pixels between cells.
const GAP: u32 = 4;
/// Cells beside each other.
const COLUMNS: u32 = 6;
/// In place of the room.
const GREEN: [u8; 3] = [0, 177, 64];
/// Pixels of a dot of the numbers.
const DOT: u32 = 4;

/// Digits of 3x5 dots, the top row first, the left dot in the highest bit.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

/// Draws the sheet.
pub fn draw(picture: &RgbaImage, readings: &[Surveyed]) -> RgbImage {
    let longer = picture.width().max(picture.height());
    let side = |side: u32| (side * CELL / longer).max(1);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let small = imageops::resize(picture, width, height, FilterType::Triangle);
    let count = readings.len() as u32;
    let columns = count.clamp(1, COLUMNS);
    let across = |cells: u32, cell: u32| cells * (cell + GAP) + GAP;
    let mut sheet = RgbImage::new(
        across(columns, width),
        across(count.div_ceil(columns).max(1), height),
    );
    for (number, reading) in (1..).zip(readings) {
        let place = number - 1;
        let left = across(place % columns, width);
        let top = across(place / columns, height);
        draw_cell(&mut sheet, (left, top), &small, reading);
        draw_number(&mut sheet, (left, top), number);
    }
    sheet
}

fn draw_cell(sheet: &mut RgbImage, (left, top): (u32, u32), small: &RgbaImage, reading: &Surveyed) {
    let (width, height) = small.dimensions();
    let matte = &reading.matte;
    let (across, down) = (matte.width() as u32, matte.height() as u32);
    let matte = GrayImage::from_raw(across, down, matte.data().to_vec()).unwrap_or_default();
    let matte = imageops::resize(&matte, width, height, FilterType::Triangle);
    for (x, y, pixel) in small.enumerate_pixels() {
        let share = u32::from(matte.get_pixel(x, y).0[0]);
        let channel = |c: usize| {
            let (front, back) = (u32::from(pixel.0[c]), u32::from(GREEN[c]));
            ((front * share + back * (255 - share) + 127) / 255) as u8
        };
        sheet.put_pixel(left + x, top + y, Rgb([channel(0), channel(1), channel(2)]));
    }
}

/// White on black, as far as the sheet reaches.
fn draw_number(sheet: &mut RgbImage, (left, top): (u32, u32), number: u32) {
    let digits = number.to_string().into_bytes();
    let (across, down) = (4 * digits.len() as u32 + 1, 7);
    for y in 0..down * DOT {
        for x in 0..across * DOT {
            let (column, row) = (x / DOT, y / DOT);
            let digit = usize::from(digits[((column / 4) as usize).min(digits.len() - 1)] - b'0');
            let inside = column % 4 > 0 && (1..6).contains(&row);
            let white = inside && DIGITS[digit][row as usize - 1] >> (3 - column % 4) & 1 == 1;
            let shade = if white { 255 } else { 0 };
            if let Some(pixel) = sheet.get_pixel_mut_checked(left + x, top + y) {
                *pixel = Rgb([shade; 3]);
            }
        }
    }
}
