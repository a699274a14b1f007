// SPDX-License-Identifier: MPL-2.0

//! What is known about a tensor without a look at its numbers.

pub use ort::value::TensorElementType as Element;

use super::super::output;

/// A tensor as the element that made it describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorAbout {
    /// Its tensor id; empty if it has none.
    pub id: String,
    /// Type of its numbers; none for one that has no numbers of ours.
    pub element: Option<Element>,
    /// Its sides, the slowest first.
    pub sides: Vec<usize>,
    /// It is said to be stored column by column.
    pub by_columns: bool,
}

impl TensorAbout {
    /// Whether a tensor is such a one.
    pub fn is(
        &self,
        id: &str,
        element: Option<Element>,
        sides: &[usize],
        by_columns: bool,
    ) -> bool {
        self.id == id
            && self.element == element
            && self.sides == sides
            && self.by_columns == by_columns
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> Option<usize> {
        let mut numbers = self.sides.iter();
        let numbers = numbers.try_fold(1usize, |all, side| all.checked_mul(*side))?;
        numbers.checked_mul(output::size(self.element?)?)
    }
}
