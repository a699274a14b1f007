// SPDX-License-Identifier: MPL-2.0

//! The size of the picture input, and whether it is another one for another stream.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::tensors::MAX_ELEMENTS;
use crate::frame::MAX_TARGET_SIDE;

/// Pixels to aim at if neither model nor description name a size: 256x144.
const DEFAULT_PIXELS: usize = 256 * 144;
/// Sides are multiples of this if nothing else is said; most networks halve four times.
const DEFAULT_MULTIPLE: usize = 16;

/// Width and height, as far as they are known.
type Sides = (Option<usize>, Option<usize>);

/// What the size of the picture input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputSize {
    /// The model or its description: it is the same for every stream.
    #[default]
    Fixed,
    /// The stream: sides near this many pixels in its aspect.
    Stream {
        /// Width and height, if one of them is given.
        sides: Sides,
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
                let size = |stream| near(sides, pixels, multiple, stream);
                size(a) == size(b)
            }
        }
    }
}

/// Width and height: the model's own, else the description's, else near the wanted number of pixels
/// in the stream's aspect, or a square.
///
/// # Errors
/// A key contradicts the model, or the input is too large.
pub(super) fn resolve(
    context: &ResolveContext,
    width: Option<usize>,
    height: Option<usize>,
    square: bool,
    guesses: &mut Vec<String>,
) -> Result<((usize, usize), InputSize), ModelError> {
    let sides = (
        side(context, "input.width", width)?,
        side(context, "input.height", height)?,
    );
    let asked = context.keys.origin("input.pixels").is_some();
    if let (Some(width), Some(height)) = sides {
        for key in ["input.pixels", "input.multiple"] {
            if context.keys.origin(key).is_some() {
                let problem =
                    format!("the input is {width}x{height} whatever it says; leave it out");
                return Err(context.contradiction(key, problem));
            }
        }
        return Ok((within_limits(context, (width, height))?, InputSize::Fixed));
    }
    let multiple = context.keys.side("input.multiple");
    let multiple = multiple.unwrap_or(DEFAULT_MULTIPLE);
    let pixels = context.keys.side("input.pixels").unwrap_or(DEFAULT_PIXELS);
    let stream = context.stream.filter(|&(w, h)| w > 0 && h > 0);
    let aspect = if square {
        (1, 1)
    } else {
        stream.unwrap_or((16, 9))
    };
    let size = near(sides, pixels, multiple, aspect);
    let size = within_limits(context, size)?;
    if !asked {
        guesses.push(format!(
            "input size {}x{}, since the model leaves it open (set input.width and input.height, \
             or input.pixels)",
            size.0, size.1
        ));
    }
    if square {
        return Ok((size, InputSize::Fixed));
    }
    let from_stream = InputSize::Stream {
        sides,
        pixels,
        multiple,
    };
    Ok((size, from_stream))
}

/// One side: the model's own, else the description's.
fn side(
    context: &ResolveContext,
    key: &str,
    fixed: Option<usize>,
) -> Result<Option<usize>, ModelError> {
    match (fixed, context.keys.side(key)) {
        (Some(fixed), Some(said)) if fixed != said => {
            let problem = format!("the model's is fixed at {fixed}, but {said} is asked for");
            Err(context.contradiction(key, problem))
        }
        (Some(fixed), _) if fixed == 0 || fixed > MAX_TARGET_SIDE => Err(context.unsuitable(
            format!("its picture input has a side of {fixed}; expected 1 to {MAX_TARGET_SIDE}"),
        )),
        (fixed, said) => Ok(fixed.or(said)),
    }
}

fn within_limits(
    context: &ResolveContext,
    (width, height): (usize, usize),
) -> Result<(usize, usize), ModelError> {
    if width.max(height) > MAX_TARGET_SIDE || 3 * width * height > MAX_ELEMENTS {
        return Err(context.unsuitable(format!(
            "an input of {width}x{height} is too large; expected sides up to {MAX_TARGET_SIDE} and \
             up to {MAX_ELEMENTS} values"
        )));
    }
    Ok((width, height))
}

/// Sides near `pixels` in the aspect of `stream` (width, height); a side that is given stays, the
/// other ones are multiples of `multiple`.
fn near(given: Sides, pixels: usize, multiple: usize, stream: (usize, usize)) -> (usize, usize) {
    let aspect = stream.0 as f64 / stream.1 as f64;
    // Nothing is gained from sides beyond those of extreme panoramas.
    let aspect = aspect.clamp(1.0 / 8.0, 8.0);
    let round = |side: f64| ((side / multiple as f64).round().max(1.0) as usize) * multiple;
    match given {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, round(width as f64 / aspect)),
        (None, Some(height)) => (round(height as f64 * aspect), height),
        (None, None) => {
            // Of the heights around the ideal one, the pair that bends aspect and area least.
            let ideal = (pixels as f64 / aspect).sqrt();
            let cost = |&(w, h): &(usize, usize)| {
                let bend = (w as f64 / h as f64 / aspect).ln().abs();
                let area = ((w * h) as f64 / pixels as f64).ln().abs();
                2.0 * bend + area
            };
            (-1..=1)
                .map(|step| {
                    let height = round((ideal + f64::from(step) * multiple as f64).max(1.0));
                    (round(height as f64 * aspect), height)
                })
                .min_by(|a, b| cost(a).total_cmp(&cost(b)))
                .unwrap_or((multiple, multiple))
        }
    }
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod tests;
