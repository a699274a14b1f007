// SPDX-License-Identifier: MPL-2.0

//! Frames without a usable matte: why, and what is reported about them.

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
const WARNING_AFTER: Duration = Duration::from_secs(2);

/// Mattes that come and go are reported no more often than this; their return is reported at once.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// What is to be reported when a frame has or lacks a matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReport {
    /// Nothing.
    Nothing,
    /// Mattes went missing.
    Began,
    /// They have been missing for long: something is wrong with the pipeline or the network.
    Lasts,
    /// They are back.
    Ended,
}

/// Watches whether mattes are missing.
#[derive(Debug, Default)]
pub struct Gap {
    missing: bool,
    /// Time since `missing` changed.
    lasted: Duration,
    warned: bool,
    /// Whether the last report said that mattes are missing.
    reported: bool,
    /// Time since the last report of a gap, if there was one.
    since_report: Option<Duration>,
}

impl Gap {
    /// Notes whether a frame lacked its matte, `elapsed` after the frame before, and says what is
    /// to be reported about it.
    pub fn note(&mut self, missing: bool, elapsed: Duration) -> GapReport {
        self.since_report = self.since_report.map(|time| time.saturating_add(elapsed));
        self.lasted = self.lasted.saturating_add(elapsed);
        if std::mem::replace(&mut self.missing, missing) != missing {
            (self.lasted, self.warned) = (Duration::ZERO, false);
        }
        let may_report = self.since_report.is_none_or(|time| time >= REPORT_INTERVAL);
        if missing && !self.reported && may_report {
            (self.reported, self.since_report) = (true, Some(Duration::ZERO));
            return GapReport::Began;
        }
        if !missing && std::mem::replace(&mut self.reported, false) {
            return GapReport::Ended;
        }
        if missing && self.lasted >= WARNING_AFTER && !std::mem::replace(&mut self.warned, true) {
            return GapReport::Lasts;
        }
        GapReport::Nothing
    }
}

/// The matte that covers a frame of a display aspect ratio, or why there is none.
///
/// # Errors
/// [`Missing`]; whether the matte's picture can be read shows only when it is.
pub fn usable_matte(
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

/// Warns of a buffer that contradicts its caps.
pub fn warn_of_contradiction(element: &gst::Element, contradiction: &MapError) {
    gst::element_warning!(
        element,
        gst::StreamError::Format,
        ("A frame is not what its caps say: {contradiction}"),
        ["Such frames are treated as frames without a matte (on-missing-matte); this is said once"]
    );
}

/// Reports on the bus what is to be reported about a frame's matte, or the error that `policy` asks
/// for.
///
/// # Errors
/// [`gst::FlowError::Error`] if the matte is missing and that is to end the stream.
pub fn report(
    element: &gst::Element,
    policy: OnMissingMatte,
    report: GapReport,
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
    match (report, missing) {
        (GapReport::Began | GapReport::Ended, _) => {
            let structure = Missing::structure(missing, pts);
            let message = gst::message::Element::builder(structure)
                .src(element)
                .build();
            // Without a bus, nobody listens.
            let _ = element.post_message(message);
        }
        (GapReport::Lasts, Some(missing)) => gst::element_warning!(
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
    fn note_at(gap: &mut Gap, last: &mut u64, missing: bool, ms: u64) -> GapReport {
        gap.note(
            missing,
            Duration::from_millis(ms - std::mem::replace(last, ms)),
        )
    }

    #[test]
    fn a_gap_is_reported_once_when_it_begins_lasts_and_ends() {
        let (mut gap, mut last) = (Gap::default(), 0);
        let mut note = |missing, ms| note_at(&mut gap, &mut last, missing, ms);
        assert_eq!(note(false, 0), GapReport::Nothing);
        assert_eq!(note(true, 33), GapReport::Began);
        assert_eq!(note(true, 1000), GapReport::Nothing);
        assert_eq!(note(true, 2100), GapReport::Lasts);
        assert_eq!(note(true, 9000), GapReport::Nothing);
        assert_eq!(note(false, 9033), GapReport::Ended);
        assert_eq!(note(true, 9066), GapReport::Began);
        assert_eq!(note(false, 9100), GapReport::Ended);
        assert_eq!(note(true, 9133), GapReport::Nothing, "a second must pass");
        assert_eq!(note(true, 10_066), GapReport::Began);
        assert_eq!(note(true, 10_100), GapReport::Nothing);
    }

    #[test]
    fn mattes_that_come_and_go_are_no_flood() {
        let (mut gap, mut last) = (Gap::default(), 0);
        let report = |frame: u64| note_at(&mut gap, &mut last, frame % 2 == 1, 33 * frame);
        let reports = (0..300)
            .map(report)
            .filter(|report| *report != GapReport::Nothing);
        assert!((18..=20).contains(&reports.count()), "in ten seconds");
        // The last report says how it stays.
        let after = [10_000, 10_033, 11_033, 12_033];
        let reports = after.map(|ms| note_at(&mut gap, &mut last, true, ms));
        assert!(gap.reported && !reports.contains(&GapReport::Ended));
    }
}
