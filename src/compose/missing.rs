// SPDX-License-Identifier: MPL-2.0

//! Frames without a usable matte: why, and how the application is told.

use crate::meta::Matte;

/// Why a frame has no usable matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It carries none.
    NoMatte,
    /// The matte was made for a frame of another shape: borders were added, or it was cropped.
    OtherAspect,
    /// The matte's sample is broken.
    Unreadable,
}

impl Missing {
    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Missing::NoMatte => "the frame carries no matte",
            Missing::OtherAspect => "the matte belongs to a frame of another aspect ratio",
            Missing::Unreadable => "the matte cannot be read",
        }
    }

    /// The structure of the element message that says that mattes went missing
    /// (`matte-missing`, with `reason` and `pts`) or came back (`matte-recovered`, with `pts`).
    pub fn structure(missing: Option<Self>, pts: Option<gst::ClockTime>) -> gst::Structure {
        let structure = match missing {
            Some(missing) => {
                gst::Structure::builder("matte-missing").field("reason", missing.reason())
            }
            None => gst::Structure::builder("matte-recovered"),
        };
        structure
            .field("pts", pts.map_or(u64::MAX, |t| t.nseconds()))
            .build()
    }
}

/// A matte that lies on frames of a display aspect ratio, or why there is none.
///
/// # Errors
/// [`Missing`]; whether the matte's picture can be read shows only when it is.
pub fn fitting(matte: Option<Matte>, aspect: gst::Fraction) -> Result<Matte, Missing> {
    let matte = matte.ok_or(Missing::NoMatte)?;
    if matte.fits(aspect) {
        Ok(matte)
    } else {
        Err(Missing::OtherAspect)
    }
}
