// SPDX-License-Identifier: MPL-2.0

//! Frames without a usable matte: why, and how the application is told.

use super::OnMissingMatte;
use crate::meta::Matte;
use gst::prelude::*;

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

/// How long mattes may be missing before the user is warned: longer than any network takes to give
/// its first one.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(2);

/// Mattes that come and go are told of no more often than this; that they are back is told at once.
const PAUSE: gst::ClockTime = gst::ClockTime::SECOND;

/// What is worth saying when a frame has or lacks a matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing.
    Nothing,
    /// Mattes went missing.
    Began,
    /// They have been missing for long: something is wrong with the pipeline or the network.
    Lasts,
    /// They are back.
    Ended,
}

/// Follows whether mattes are missing.
#[derive(Debug, Default)]
pub struct Gap {
    missing: bool,
    since: Option<gst::ClockTime>,
    warned: bool,
    /// The application believes so, and when it was told last.
    told: bool,
    told_at: Option<gst::ClockTime>,
}

impl Gap {
    /// Notes whether a frame lacked its matte, and says what is news about it.
    pub fn note(&mut self, missing: bool, pts: Option<gst::ClockTime>) -> News {
        if std::mem::replace(&mut self.missing, missing) != missing {
            (self.since, self.warned) = (pts, false);
        }
        let rested = match (self.told_at, pts) {
            (Some(last), Some(now)) => now < last || now - last >= PAUSE,
            _ => true,
        };
        if missing && !self.told && rested {
            (self.told, self.told_at) = (true, pts);
            return News::Began;
        }
        if !missing && std::mem::replace(&mut self.told, false) {
            return News::Ended;
        }
        let lasted = match (self.since, pts) {
            (Some(since), Some(now)) => now.saturating_sub(since),
            _ => gst::ClockTime::ZERO,
        };
        if missing && lasted >= PATIENCE && !std::mem::replace(&mut self.warned, true) {
            return News::Lasts;
        }
        News::Nothing
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

/// Tells the application about a frame's matte: nothing where there is no news, an error where
/// `policy` asks for one.
///
/// # Errors
/// [`gst::FlowError::Error`] where the matte is missing and that is to end the stream.
pub fn tell(
    element: &gst::Element,
    policy: OnMissingMatte,
    news: News,
    missing: Option<Missing>,
    pts: Option<gst::ClockTime>,
) -> Result<(), gst::FlowError> {
    if let (Some(missing), OnMissingMatte::Fail) = (missing, policy) {
        gst::element_error!(
            element,
            gst::StreamError::Failed,
            ("No matte: {}", missing.reason()),
            ["on-missing-matte=fail asks for this error; mattesegment must come before"]
        );
        return Err(gst::FlowError::Error);
    }
    match (news, missing) {
        (News::Began | News::Ended, _) => {
            let structure = Missing::structure(missing, pts);
            let message = gst::message::Element::builder(structure)
                .src(element)
                .build();
            // Nobody listens where there is no bus.
            let _ = element.post_message(message);
        }
        (News::Lasts, Some(missing)) => gst::element_warning!(
            element,
            gst::StreamError::Failed,
            (
                "No matte for seconds ({}): only the background is shown",
                missing.reason()
            ),
            ["mattesegment must come before this element, and its network must work"]
        ),
        _ => (),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_once_when_it_begins_lasts_and_ends() {
        let mut gap = Gap::default();
        let mut note = |missing, ms| gap.note(missing, Some(gst::ClockTime::from_mseconds(ms)));
        assert_eq!(note(false, 0), News::Nothing);
        assert_eq!(note(true, 33), News::Began);
        assert_eq!(note(true, 1000), News::Nothing);
        assert_eq!(note(true, 2100), News::Lasts);
        assert_eq!(note(true, 9000), News::Nothing);
        assert_eq!(note(false, 9033), News::Ended);
        assert_eq!(note(true, 9066), News::Began);
        assert_eq!(note(false, 9100), News::Ended);
        assert_eq!(note(true, 9133), News::Nothing, "a second must pass");
        assert_eq!(note(true, 10_066), News::Began);
        assert_eq!(note(true, 10_100), News::Nothing);
    }

    #[test]
    fn mattes_that_come_and_go_are_no_flood() {
        let mut gap = Gap::default();
        let news = |frame: u64| {
            let pts = gst::ClockTime::from_mseconds(33 * frame);
            gap.note(frame % 2 == 1, Some(pts))
        };
        let told = (0..300).map(news).filter(|news| *news != News::Nothing);
        assert!((18..=20).contains(&told.count()), "in ten seconds");
        // What is told last is how it stays.
        let mut note = |missing, ms| gap.note(missing, Some(gst::ClockTime::from_mseconds(ms)));
        let last = [10_000, 10_033, 11_033, 12_033].map(|ms| note(true, ms));
        assert!(gap.told && !last.contains(&News::Ended));
    }
}
