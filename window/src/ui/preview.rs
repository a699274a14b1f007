// SPDX-License-Identifier: MPL-2.0

//! What the others see. The frames are those that matte-camera publishes: the camera itself is
//! never opened here.

use super::named::{named, write_on};
use crate::camera::{CallError, Camera};
use crate::frames;
use crate::texts::{complain, tr, tr_with};
use gtk::prelude::*;
use gtk::{gdk, glib};
use std::cell::RefCell;

/// The frames' width; the height follows.
const WIDTH: i32 = 480;

/// The picture, and a button that opens and closes it.
pub struct Preview {
    /// Both.
    pub widget: gtk::Box,
    picture: gtk::Picture,
    button: gtk::ToggleButton,
    task: RefCell<Option<glib::JoinHandle<()>>>,
}

impl Preview {
    /// Closed, but wanted.
    pub fn new() -> Self {
        let picture: gtk::Picture = named(&tr("What the others see"));
        picture.set_size_request(WIDTH, WIDTH * 9 / 16);
        picture.set_can_shrink(true);
        picture.add_css_class("preview");
        let button = gtk::ToggleButton::new();
        write_on(&button, &tr("_Preview"));
        button.set_active(true);
        button.set_halign(gtk::Align::Start);
        button.set_tooltip_text(Some(&tr("Show what the others see; this opens the camera")));
        let widget = gtk::Box::new(gtk::Orientation::Vertical, 6);
        widget.append(&picture);
        widget.append(&button);
        Self {
            widget,
            picture,
            button,
            task: RefCell::default(),
        }
    }

    /// Calls `changed` when somebody wants it or not any more.
    pub fn wanted(&self, changed: impl Fn() + 'static) {
        self.button.connect_toggled(move |_| changed());
    }

    /// Shows the frames of a camera, if they are wanted; without one, none.
    pub fn show(&self, camera: Option<Camera>, size: (i32, i32)) {
        let camera = camera.filter(|_| self.button.is_active());
        let Some(camera) = camera else {
            if let Some(task) = self.task.take() {
                // With it goes the end of the pipe, and the camera is closed.
                task.abort();
            }
            self.picture.set_paintable(gdk::Paintable::NONE);
            return;
        };
        let runs = self
            .task
            .borrow()
            .as_ref()
            .is_some_and(|task| !task.source().is_destroyed());
        if runs {
            return;
        }
        let picture = self.picture.clone();
        let task = glib::spawn_future_local(async move {
            if let Err(error) = play(camera, size, &picture).await {
                let why = error.to_string();
                complain(&tr_with("No preview: {why}", &[("why", &why)]));
            }
        });
        self.task.replace(Some(task));
    }
}

async fn play(camera: Camera, size: (i32, i32), picture: &gtk::Picture) -> Result<(), CallError> {
    let (width, height) = scaled(size);
    let pipe = camera.open_preview(width, height).await?;
    let stride = width as usize * 4;
    let frames = frames::read(pipe, stride * height as usize);
    while let Ok(frame) = frames.recv().await {
        // Opaque, so that no pixel has to be changed.
        let format = gdk::MemoryFormat::B8g8r8a8Premultiplied;
        let texture = gdk::MemoryTexture::new(width, height, format, &frame, stride);
        picture.set_paintable(Some(&texture));
    }
    picture.set_paintable(gdk::Paintable::NONE);
    Ok(())
}

/// The size of the preview of a video: even numbers, at most so wide and high as there is room.
fn scaled((width, height): (i32, i32)) -> (i32, i32) {
    let (width, height) = (width.max(2), height.max(2));
    let scale = f64::from(WIDTH) / f64::from(width.max(height));
    let side = |side: i32| ((f64::from(side) * scale / 2.0).round() as i32 * 2).max(16);
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_keep_the_shape() {
        assert_eq!(scaled((1280, 720)), (480, 270));
        assert_eq!(scaled((640, 480)), (480, 360));
        assert_eq!(scaled((720, 1280)), (270, 480));
        assert_eq!(scaled((8192, 16)), (480, 16));
        assert_eq!(scaled((0, 0)), (480, 480));
    }
}
