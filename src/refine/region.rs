// SPDX-License-Identifier: MPL-2.0

//! Regions as text: four numbers are a rectangle (left, top, width, height), six or more the
//! corners of a polygon; all in fractions of the frame, with commas or spaces between them.

use crate::filter::Region;

/// Reads a region; an empty text is none.
///
/// # Errors
/// What was found and what was expected.
pub fn parse(text: &str) -> Result<Option<Region>, String> {
    let words = text
        .split([',', ' ', ';'])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let mut numbers = Vec::new();
    for word in words {
        match word.parse::<f32>() {
            Ok(number) if (0.0..=1.0).contains(&number) => numbers.push(number),
            _ => {
                return Err(format!(
                    "`{word}` is no number from 0 to 1 (a share of the frame)"
                ));
            }
        }
    }
    match numbers[..] {
        [] => Ok(None),
        [left, top, width, height] => Ok(Some(Region::rectangle(left, top, width, height))),
        _ if numbers.len() >= 6 && numbers.len().is_multiple_of(2) => Ok(Some(Region {
            corners: numbers
                .chunks_exact(2)
                .map(|corner| [corner[0], corner[1]])
                .collect(),
        })),
        _ => Err(format!(
            "{} numbers are no region; a rectangle has 4 (left, top, width, height), a polygon an \
             even number of 6 or more (x, y of each corner)",
            numbers.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_polygons_and_nonsense() {
        assert_eq!(
            parse("0,0, .5,1").unwrap(),
            Some(Region::rectangle(0.0, 0.0, 0.5, 1.0))
        );
        assert_eq!(parse("0,0 1,0 0,1").unwrap().unwrap().corners.len(), 3);
        assert_eq!(parse(" ").unwrap(), None);
        assert!(parse("0,0,1").unwrap_err().contains("3 numbers"));
        assert!(parse("0,0,nan,1").unwrap_err().contains("nan"));
        assert!(parse("0,0,7,1").unwrap_err().contains('7'));
    }
}
