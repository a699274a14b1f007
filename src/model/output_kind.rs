// SPDX-License-Identifier: MPL-2.0

//! What an output's values can mean.

/// What the output's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// 0 (background) to 1 (subject); bytes from 0 to 255.
    Alpha,
    /// One channel before the sigmoid.
    Logits,
    /// One channel per class, probabilities that add up to 1.
    Softmax,
    /// One channel per class, before the softmax.
    Classes,
    /// The index of the most likely class.
    Labels,
    /// Any scale; the picture's own lowest and highest value become 0 and 1.
    MinMax,
    /// Boxes with coefficients, and prototypes of masks, in two outputs.
    Instances,
}

impl OutputKind {
    /// All of them.
    pub(super) const ALL: [Self; 7] = [
        Self::Alpha,
        Self::Logits,
        Self::Softmax,
        Self::Classes,
        Self::Labels,
        Self::MinMax,
        Self::Instances,
    ];

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word that `output.kind` has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Logits => "logits",
            Self::Softmax => "softmax",
            Self::Classes => "classes",
            Self::Labels => "labels",
            Self::MinMax => "minmax",
            Self::Instances => "instances",
        }
    }
}
