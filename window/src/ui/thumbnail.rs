// SPDX-License-Identifier: MPL-2.0

//! Small pictures of backgrounds: drawn ones, and those of files.

use gtk::cairo;
use gtk::gdk;
use gtk::gdk_pixbuf::Pixbuf;
use gtk::prelude::*;
use std::cell::{Cell, RefCell};
use std::f64::consts::TAU;
use std::rc::Rc;

/// Their size.
pub const WIDTH: i32 = 128;
pub const HEIGHT: i32 = 72;

/// Draws into a small picture.
fn drawn(
    draw: impl Fn(&cairo::Context, f64, f64) -> Result<(), cairo::Error> + 'static,
) -> gtk::DrawingArea {
    let area = gtk::DrawingArea::builder()
        .content_width(WIDTH)
        .content_height(HEIGHT)
        .halign(gtk::Align::Center)
        .build();
    area.set_draw_func(move |_, context, width, height| {
        // What cannot be drawn stays empty.
        let _ = draw(context, width.into(), height.into());
    });
    area
}

/// A room out of focus: soft circles of light.
pub fn blur() -> gtk::DrawingArea {
    drawn(|context, width, height| {
        context.set_source_rgb(0.36, 0.42, 0.50);
        context.paint()?;
        for (x, y, size, (red, green, blue)) in [
            (0.2, 0.3, 0.5, (0.85, 0.75, 0.60)),
            (0.55, 0.75, 0.6, (0.45, 0.60, 0.55)),
            (0.85, 0.25, 0.45, (0.75, 0.80, 0.90)),
        ] {
            let (x, y, size) = (x * width, y * height, size * height);
            let light = cairo::RadialGradient::new(x, y, 0.0, x, y, size);
            light.add_color_stop_rgba(0.0, red, green, blue, 0.9);
            light.add_color_stop_rgba(1.0, red, green, blue, 0.0);
            context.set_source(&light)?;
            context.paint()?;
        }
        Ok(())
    })
}

/// The room as it is: a window, and a line through it.
pub fn room() -> gtk::DrawingArea {
    drawn(|context, width, height| {
        context.set_source_rgb(0.93, 0.91, 0.87);
        context.paint()?;
        context.set_source_rgb(0.35, 0.35, 0.35);
        context.set_line_width(2.0);
        context.rectangle(0.32 * width, 0.2 * height, 0.36 * width, 0.6 * height);
        context.move_to(0.5 * width, 0.2 * height);
        context.line_to(0.5 * width, 0.8 * height);
        context.move_to(0.32 * width, 0.5 * height);
        context.line_to(0.68 * width, 0.5 * height);
        context.stroke()
    })
}

/// A picture, once there is one: its middle, as the camera's frame shows it.
pub fn picture() -> (gtk::DrawingArea, Rc<RefCell<Option<Pixbuf>>>) {
    let shown: Rc<RefCell<Option<Pixbuf>>> = Rc::default();
    let picture = shown.clone();
    let area = drawn(move |context, width, height| {
        context.set_source_rgb(0.5, 0.5, 0.5);
        context.paint()?;
        let picture = picture.borrow();
        let Some(picture) = picture.as_ref() else {
            return Ok(());
        };
        let (across, down) = (f64::from(picture.width()), f64::from(picture.height()));
        let scale = (width / across).max(height / down);
        context.translate(
            (width - across * scale) / 2.0,
            (height - down * scale) / 2.0,
        );
        context.scale(scale, scale);
        context.set_source_pixbuf(picture, 0.0, 0.0);
        context.paint()
    });
    (area, shown)
}

/// One colour, which may change: draw it again then.
pub fn color(color: Rc<Cell<gdk::RGBA>>) -> gtk::DrawingArea {
    drawn(move |context, width, height| {
        let color = color.get();
        context.set_source_rgb(
            color.red().into(),
            color.green().into(),
            color.blue().into(),
        );
        context.paint()?;
        context.set_source_rgba(1.0, 1.0, 1.0, 0.25);
        context.arc(width, 0.0, 0.8 * height, 0.0, TAU);
        context.fill()
    })
}
