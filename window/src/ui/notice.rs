// SPDX-License-Identifier: MPL-2.0

//! What is shown while matte-camera does not run.

use super::named::write_on;
use crate::texts::tr;
use gtk::prelude::*;

/// A page with the reason and a button.
pub struct Notice {
    /// The page.
    pub widget: gtk::Box,
    why: gtk::Label,
    start: gtk::Button,
}

impl Notice {
    /// A page that says that matte-camera is looked for.
    pub fn new(again: async_channel::Sender<()>) -> Self {
        let widget = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(12)
            .valign(gtk::Align::Center)
            .halign(gtk::Align::Center)
            .build();
        let why = gtk::Label::builder()
            .label(tr("Starting matte-camera…"))
            .wrap(true)
            .max_width_chars(60)
            .selectable(true)
            .accessible_role(gtk::AccessibleRole::Alert)
            .build();
        let start = gtk::Button::builder()
            .halign(gtk::Align::Center)
            .css_classes(["suggested-action"])
            .visible(false)
            .build();
        write_on(&start, &tr("_Start matte-camera"));
        let text = why.clone();
        start.connect_clicked(move |start| {
            start.set_visible(false);
            text.set_text(&tr("Starting matte-camera…"));
            // If it is full, it is being started already.
            let _ = again.try_send(());
        });
        widget.append(&why);
        widget.append(&start);
        Self { widget, why, start }
    }

    /// Says why matte-camera does not run, and offers to start it.
    pub fn show(&self, why: &str) {
        self.why.set_text(why);
        self.start.set_visible(true);
    }
}
