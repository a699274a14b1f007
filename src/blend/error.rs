// SPDX-License-Identifier: MPL-2.0

//! Why frames cannot be composed.

use crate::frame::{FrameError, PixelLayout};

/// Why frames cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlendError {
    /// A frame is not what the compositor was made for.
    #[error(
        "{what} is {found}, but the compositor was made for {needed}; make a new one when caps change"
    )]
    Mismatch {
        /// Which picture.
        what: &'static str,
        /// Its layout and size.
        found: String,
        /// What was expected.
        needed: String,
    },
    /// A layout without alpha was asked to be transparent.
    #[error(
        "{layout} has no alpha, or too few bits of it; transparency needs A420, AV12, AYUV, RGBA, BGRA, ARGB, ABGR or GBRA, \
         or A420_10LE, A422_10LE, A444_10LE or GBRA_10LE"
    )]
    NoAlpha {
        /// Format name.
        layout: &'static str,
    },
    /// No conversion to this alpha layout.
    #[error("{from} cannot become {to}: {hint}")]
    NoConversion {
        /// Format name of the input.
        from: &'static str,
        /// Format name of the output.
        to: &'static str,
        /// What to use instead.
        hint: &'static str,
    },
    /// A size or a view is impossible.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl BlendError {
    /// Compares what a frame is with what it must be.
    pub(crate) fn check(
        what: &'static str,
        found: (PixelLayout, usize, usize),
        needed: (PixelLayout, usize, usize),
    ) -> Result<(), Self> {
        if found == needed {
            return Ok(());
        }
        let name = |(layout, width, height): (PixelLayout, usize, usize)| {
            format!("{} {width}x{height}", layout.info().name)
        };
        Err(Self::Mismatch {
            what,
            found: name(found),
            needed: name(needed),
        })
    }
}
