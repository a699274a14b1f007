// SPDX-License-Identifier: MPL-2.0

//! Whether a network's input has another size for another stream.

use super::guess;

/// What the size of the picture input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputSize {
    /// The model or its description: it is the same for every stream.
    #[default]
    Fixed,
    /// The stream: sides near this many pixels in its aspect.
    Stream {
        /// Width and height, where one of them is given.
        sides: (Option<usize>, Option<usize>),
        /// Pixels to aim at.
        pixels: usize,
        /// What open sides are a multiple of.
        multiple: usize,
    },
}

impl InputSize {
    /// Whether the input is of one size for streams of two sizes (width and height).
    pub fn suits_both(&self, a: (usize, usize), b: (usize, usize)) -> bool {
        match *self {
            InputSize::Fixed => true,
            InputSize::Stream {
                sides,
                pixels,
                multiple,
            } => {
                let size = |stream| guess::size(sides, pixels, multiple, stream);
                size(a) == size(b)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_sizes_follow_the_aspect() {
        let open = InputSize::Stream {
            sides: (None, None),
            pixels: 256 * 144,
            multiple: 16,
        };
        for (size, same) in [
            ((1280, 720), true),
            ((640, 360), true),
            ((854, 480), true),
            ((640, 480), false),
            ((1080, 1920), false),
        ] {
            assert_eq!(open.suits_both((1920, 1080), size), same, "{size:?}");
            assert!(InputSize::Fixed.suits_both((1920, 1080), size));
        }
    }
}
