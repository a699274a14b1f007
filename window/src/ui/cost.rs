// SPDX-License-Identifier: MPL-2.0

//! What the camera costs.

use crate::status::Status;
use crate::texts::{tr, tr_with};
use gtk::prelude::*;

/// A line of text.
pub struct Cost {
    /// The line.
    pub widget: gtk::Label,
}

impl Cost {
    /// An empty line.
    pub fn new() -> Self {
        let widget = gtk::Label::builder().xalign(0.0).wrap(true).build();
        widget.set_tooltip_text(Some(&tr(
            "Processor time of matte-camera, finished frames, and the time from the camera to them",
        )));
        Self { widget }
    }

    /// Shows what it costs now.
    pub fn show(&self, status: &Status) {
        self.widget.set_text(&text(status));
    }
}

fn text(status: &Status) -> String {
    if !status.enabled {
        return tr("Off: others see a dark picture, and your camera is closed");
    }
    if status.open_camera.is_empty() {
        return tr("Your camera is closed");
    }
    let (processor, rate, latency) = status.cost;
    let [processor, rate, latency] = [processor, rate, latency].map(|value| format!("{value:.0}"));
    tr_with(
        "{processor} % of a processor core, {rate} frames per second, {latency} ms late",
        &[
            ("processor", &processor),
            ("rate", &rate),
            ("latency", &latency),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_shown_while_the_camera_is_open() {
        let mut status = Status {
            enabled: true,
            cost: (23.4, 29.7, 20.6),
            ..Status::default()
        };
        assert_eq!(text(&status), "Your camera is closed");
        status.open_camera = "HD".into();
        let expected = "23 % of a processor core, 30 frames per second, 21 ms late";
        assert_eq!(text(&status), expected);
        status.enabled = false;
        assert!(text(&status).starts_with("Off"));
    }
}
