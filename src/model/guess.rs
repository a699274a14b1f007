// SPDX-License-Identifier: MPL-2.0

//! Careful guesses from names and shapes.

use super::signature::{Signature, TensorInfo};
use crate::frame::TensorLayout;

/// How an input's name and that of the output which feeds it usually differ: how one ends and how
/// the other ends, or how they begin.
const ENDINGS: &[(&str, &str)] = &[
    ("i", "o"),
    ("_in", "_out"),
    ("_i", "_o"),
    (".in", ".out"),
    ("_input", "_output"),
    ("", "_out"),
    ("", "_new"),
    ("0", "n"),
];
const BEGINNINGS: &[(&str, &str)] = &[
    ("in_", "out_"),
    ("prev_", "next_"),
    ("past_", "present_"),
    ("last_", "new_"),
    ("i_", "o_"),
];

/// The layout that a word names.
pub(super) fn layout(word: &str) -> TensorLayout {
    if word == "nhwc" {
        TensorLayout::Nhwc
    } else {
        TensorLayout::Nchw
    }
}

/// The output that feeds `input`, if names and shapes leave exactly one.
pub(super) fn state_output(input: &TensorInfo, signature: &Signature) -> Option<String> {
    if !input.is_float() || input.dims.len() < 2 {
        return None;
    }
    let name = input.name.as_str();
    let by_ending = ENDINGS
        .iter()
        .filter_map(|(a, b)| Some(format!("{}{b}", name.strip_suffix(a)?)));
    let by_beginning = BEGINNINGS
        .iter()
        .filter_map(|(a, b)| Some(format!("{b}{}", name.strip_prefix(a)?)));
    let wanted: Vec<String> = by_ending.chain(by_beginning).collect();
    let compatible = |output: &&TensorInfo| {
        let sides = input.dims.iter().zip(&output.dims);
        wanted.contains(&output.name)
            && output.element == input.element
            && output.dims.len() == input.dims.len()
            && sides
                .into_iter()
                .all(|pair| !matches!(pair, (Some(a), Some(b)) if a != b))
    };
    let mut found = signature.outputs.iter().filter(compatible);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.name.clone()),
        _ => None,
    }
}

/// Sides near `pixels` in the aspect of `stream` (width, height); a side that is given stays, the
/// other ones are multiples of `multiple`.
pub(super) fn size(
    given: (Option<usize>, Option<usize>),
    pixels: usize,
    multiple: usize,
    stream: (usize, usize),
) -> (usize, usize) {
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
mod tests {
    use super::*;
    use ort::value::TensorElementType;

    #[test]
    fn sizes_keep_the_aspect() {
        let open = (None, None);
        let pixels = 256 * 144;
        assert_eq!(size(open, pixels, 16, (1920, 1080)), (256, 144));
        assert_eq!(size(open, pixels, 16, (1080, 1920)), (144, 256));
        assert_eq!(size(open, pixels, 16, (640, 480)), (208, 160));
        assert_eq!(size(open, 512 * 512, 32, (500, 500)), (512, 512));
        assert_eq!(size((Some(320), None), pixels, 32, (16, 9)), (320, 192));
        assert_eq!(size((None, Some(64)), pixels, 16, (1, 1)), (64, 64));
        let (w, h) = size(open, pixels, 16, (100_000, 1));
        assert!(
            w % 16 == 0 && h % 16 == 0 && h >= 16 && w * h < 2 * pixels,
            "{w}x{h}"
        );
    }

    #[test]
    fn states_are_paired_by_name_and_shape() {
        let tensor = |name: &str, dims: &[Option<usize>]| TensorInfo {
            name: name.into(),
            element: Some(TensorElementType::Float32),
            dims: dims.to_vec(),
        };
        let dims = [Some(1), Some(16), None, None];
        let signature = Signature {
            inputs: vec![],
            outputs: vec![
                tensor("pha", &dims),
                tensor("r1o", &dims),
                tensor("r2o", &[Some(1), Some(20), None, None]),
                tensor("out_h", &dims),
            ],
        };
        let guess = |name: &str| state_output(&tensor(name, &dims), &signature);
        assert_eq!(guess("r1i").as_deref(), Some("r1o"));
        assert_eq!(guess("in_h").as_deref(), Some("out_h"));
        assert_eq!(guess("r2i"), None, "other shape");
        assert_eq!(guess("mask"), None);
    }
}
