// SPDX-License-Identifier: MPL-2.0

//! Frames without a usable matte: why, and how the application is told.

use super::OnMissingMatte;
use crate::meta::Matte;
use crate::video::{MapError, Visible};
use gst::prelude::*;
use std::time::Duration;

/// Why a frame has no usable matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It carries none.
    NoMatte,
    /// The matte was made for a frame of another shape: borders were added, or it was cropped.
    OtherAspect,
    /// The frame was cropped after the matte was made.
    OtherPart,
    /// The matte's sample is broken.
    Unreadable,
    /// The buffer holds no frame of its caps.
    Contradiction,
}

impl Missing {
    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Missing::NoMatte => "the frame carries no matte",
            Missing::OtherAspect => "the matte belongs to a frame of another aspect ratio",
            Missing::OtherPart => "the frame was cropped after its matte was made",
            Missing::Unreadable => "the matte cannot be read",
            Missing::Contradiction => "the buffer is not what its caps say",
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
const PATIENCE: Duration = Duration::from_secs(2);

/// Mattes that come and go are told of no more often than this; that they are back is told at once.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// For how long it has been so.
    lasted: Duration,
    warned: bool,
    /// The application believes so, and how long ago it was told last.
    told: bool,
    rested: Option<Duration>,
}

impl Gap {
    /// Notes whether a frame lacked its matte, `elapsed` after the frame before, and says what is
    /// news about it.
    pub fn note(&mut self, missing: bool, elapsed: Duration) -> News {
        self.rested = self.rested.map(|rested| rested.saturating_add(elapsed));
        self.lasted = self.lasted.saturating_add(elapsed);
        if std::mem::replace(&mut self.missing, missing) != missing {
            (self.lasted, self.warned) = (Duration::ZERO, false);
        }
        let rested = self.rested.is_none_or(|rested| rested >= PAUSE);
        if missing && !self.told && rested {
            (self.told, self.rested) = (true, Some(Duration::ZERO));
            return News::Began;
        }
        if !missing && std::mem::replace(&mut self.told, false) {
            return News::Ended;
        }
        if missing && self.lasted >= PATIENCE && !std::mem::replace(&mut self.warned, true) {
            return News::Lasts;
        }
        News::Nothing
    }
}

/// The matte that covers a frame of a display aspect ratio, or why there is none.
///
/// # Errors
/// [`Missing`]; whether the matte's picture can be read shows only when it is.
pub fn fitting(
    matte: Option<Matte>,
    aspect: gst::Fraction,
    visible: &Result<Visible, MapError>,
) -> Result<Matte, Missing> {
    let visible = visible.as_ref().map_err(|_| Missing::Contradiction)?;
    let matte = matte.ok_or(Missing::NoMatte)?;
    if !matte.lies_on(visible) {
        Err(Missing::OtherPart)
    } else if matte.fits(aspect) {
        Ok(matte)
    } else {
        Err(Missing::OtherAspect)
    }
}

/// Whether the user was told that buffers contradict their caps.
#[derive(Debug, Default)]
pub struct Contradictions(bool);

impl Contradictions {
    /// Notes what a frame's metas say. The first contradiction after good frames is worth a
    /// warning, which this returns.
    pub fn note(&mut self, visible: &Result<Visible, MapError>) -> Option<String> {
        match visible {
            Ok(_) => {
                self.0 = false;
                None
            }
            Err(error) => (!std::mem::replace(&mut self.0, true)).then(|| error.to_string()),
        }
    }
}

/// Warns of a buffer that contradicts its caps.
pub fn warn_of_contradiction(element: &gst::Element, words: &str) {
    gst::element_warning!(
        element,
        gst::StreamError::Format,
        ("A frame is not what its caps say: {words}"),
        ["Such frames are treated as frames without a matte (on-missing-matte); this is said once"]
    );
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

    /// Frames at these times, with or without a matte.
    fn note_at(gap: &mut Gap, last: &mut u64, missing: bool, ms: u64) -> News {
        gap.note(
            missing,
            Duration::from_millis(ms - std::mem::replace(last, ms)),
        )
    }

    #[test]
    fn a_gap_is_told_once_when_it_begins_lasts_and_ends() {
        let (mut gap, mut last) = (Gap::default(), 0);
        let mut note = |missing, ms| note_at(&mut gap, &mut last, missing, ms);
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
        let (mut gap, mut last) = (Gap::default(), 0);
        let news = |frame: u64| note_at(&mut gap, &mut last, frame % 2 == 1, 33 * frame);
        let told = (0..300).map(news).filter(|news| *news != News::Nothing);
        assert!((18..=20).contains(&told.count()), "in ten seconds");
        // What is told last is how it stays.
        let after = [10_000, 10_033, 11_033, 12_033];
        let told = after.map(|ms| note_at(&mut gap, &mut last, true, ms));
        assert!(gap.told && !told.contains(&News::Ended));
    }
}
