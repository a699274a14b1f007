// SPDX-License-Identifier: MPL-2.0

//! What is reported about the screen that `key` asks for.
//!
//! | element message | fields | when |
//! | --- | --- | --- |
//! | `matte-screen-missing` | `pts` | it was not seen for a second: the network is alone |
//! | `matte-screen-found` | `pts` | it is seen, for the first time or again |
//!
//! The first time that it is missing is a warning, too.

use crate::filter::Screen;
use gst::prelude::*;
use std::time::Duration;

/// How long the screen may be out of sight.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is to be reported of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenReport {
    /// Nothing.
    Nothing,
    /// The screen is seen.
    Found,
    /// The screen is missing; with a warning the first time.
    Missing { warns: bool },
}

/// Watches whether the screen is seen.
#[derive(Debug, Default)]
pub struct ScreenWatch {
    /// How long it has been missing.
    missing: Duration,
    /// What was reported last.
    reported: Option<Screen>,
    warned: bool,
}

impl ScreenWatch {
    /// Notes what is known of the screen in a frame, `elapsed` after the frame before.
    pub fn note(&mut self, screen: Screen, elapsed: Duration) -> ScreenReport {
        match screen {
            Screen::Off => {
                *self = Self::default();
                return ScreenReport::Nothing;
            }
            Screen::Seen => self.missing = Duration::ZERO,
            Screen::Missing => {
                self.missing = self.missing.saturating_add(elapsed);
                if self.missing < PATIENCE {
                    return ScreenReport::Nothing;
                }
            }
        }
        if self.reported.replace(screen) == Some(screen) {
            return ScreenReport::Nothing;
        }
        match screen {
            Screen::Missing => ScreenReport::Missing {
                warns: !std::mem::replace(&mut self.warned, true),
            },
            _ => ScreenReport::Found,
        }
    }
}

impl ScreenReport {
    /// Posts it on the bus.
    pub fn post(self, element: &gst::Element, pts: Option<gst::ClockTime>) {
        let name = match self {
            Self::Nothing => return,
            Self::Found => "matte-screen-found",
            Self::Missing { warns } => {
                if warns {
                    gst::element_warning!(
                        element,
                        gst::StreamError::Failed,
                        ("No screen of the colour that key asks for is in the picture"),
                        ["Until it is seen, the network's matte alone counts; this is said once"]
                    );
                }
                "matte-screen-missing"
            }
        };
        let pts = pts.map_or(u64::MAX, |t| t.nseconds());
        let structure = gst::Structure::builder(name).field("pts", pts).build();
        let message = gst::message::Element::builder(structure).src(element);
        // Fails only if there is no bus, and so no listener.
        let _ = element.post_message(message.build());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_reported_when_it_comes_and_goes_and_warned_of_once() {
        let mut watch = ScreenWatch::default();
        let mut note = |screen, ms| watch.note(screen, Duration::from_millis(ms));
        assert_eq!(note(Screen::Off, 33), ScreenReport::Nothing);
        assert_eq!(note(Screen::Missing, 33), ScreenReport::Nothing);
        assert_eq!(note(Screen::Missing, 900), ScreenReport::Nothing);
        assert_eq!(
            note(Screen::Missing, 100),
            ScreenReport::Missing { warns: true }
        );
        assert_eq!(note(Screen::Missing, 9000), ScreenReport::Nothing);
        assert_eq!(note(Screen::Seen, 33), ScreenReport::Found);
        assert_eq!(note(Screen::Seen, 33), ScreenReport::Nothing);
        assert_eq!(note(Screen::Missing, 500), ScreenReport::Nothing);
        assert_eq!(
            note(Screen::Seen, 33),
            ScreenReport::Nothing,
            "a blink is no news"
        );
        assert_eq!(
            note(Screen::Missing, 1000),
            ScreenReport::Missing { warns: false }
        );
    }

    #[test]
    fn a_screen_that_is_there_from_the_start_is_told() {
        let mut watch = ScreenWatch::default();
        assert_eq!(
            watch.note(Screen::Seen, Duration::ZERO),
            ScreenReport::Found
        );
    }
}
