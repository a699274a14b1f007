// SPDX-License-Identifier: MPL-2.0

//! Regions as text: four numbers are a rectangle (left, top, width, height), six or more the
//! corners of a polygon; all in fractions of the frame, with commas or spaces between them.

use crate::filter::Region;

/// Why a text is no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// One of its words.
    #[error("`{0}` is no number from 0 to 1 (a share of the frame)")]
    Word(String),
    /// How many numbers it has.
    #[error(
        "{0} numbers are no region; a rectangle has 4 (left, top, width, height), a polygon an even \
         number of 6 or more (x, y of each corner)"
    )]
    Count(usize),
}

/// Reads a region; an empty text is none.
///
/// # Errors
/// [`RegionError`]: what was found and what was expected.
pub fn parse(text: &str) -> Result<Option<Region>, RegionError> {
    let numbers = shares(text)?;
    match numbers[..] {
        [] => Ok(None),
        [left, top, width, height] => Ok(Some(Region::rectangle(left, top, width, height))),
        _ if numbers.len() >= 6 && numbers.len().is_multiple_of(2) => Ok(Some(Region {
            corners: numbers.as_chunks::<2>().0.into(),
        })),
        _ => Err(RegionError::Count(numbers.len())),
    }
}

/// Reads shares of the frame, with commas or spaces between them.
///
/// # Errors
/// [`RegionError::Word`]: what is no share.
pub fn shares(text: &str) -> Result<Vec<f32>, RegionError> {
    let share = |word: &str| match word.parse::<f32>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(RegionError::Word(word.into())),
    };
    // GStreamer's presets give texts back with a backslash before each comma and space.
    let words = text.split([',', ' ', ';', '\\']).map(str::trim);
    let words = words.filter(|word| !word.is_empty());
    words.map(share).collect()
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
        assert_eq!(parse(r"0\,0\,\ .5\,1").unwrap(), parse("0,0,.5,1").unwrap());
        assert_eq!(parse(" ").unwrap(), None);
        assert_eq!(parse("0,0,1"), Err(RegionError::Count(3)));
        assert_eq!(parse("0,0,nan,1"), Err(RegionError::Word("nan".into())));
        assert_eq!(parse("0,0,7,1"), Err(RegionError::Word("7".into())));
    }
}
