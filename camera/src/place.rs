// SPDX-License-Identifier: MPL-2.0

//! Where the person stands before a video: properties of a pad of `mattemix`, which
//! `mattebackground` contains while it has a background video.

use crate::settings::Place;
use gst::glib;
use gst::prelude::*;
use gst_video::VideoInfo;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The size of a person in a corner.
const SMALL: f64 = 0.35;
/// A move takes that many steps.
const STEPS: u32 = 15;
const STEP: Duration = Duration::from_millis(20);

/// What the pad's properties are at a place, in frames of a size.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    x: f64,
    y: f64,
    scale: f64,
}

fn standing(place: Place, (width, height): (u32, u32)) -> Standing {
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = match place {
        Place::Camera => 1.0,
        Place::Left | Place::Right => SMALL,
    };
    Standing {
        x: match place {
            Place::Right => width * (1.0 - scale),
            Place::Camera | Place::Left => 0.0,
        },
        y: height * (1.0 - scale),
        scale,
    }
}

impl Standing {
    fn of(pad: &gst::Pad) -> Self {
        Self {
            x: pad.property::<i32>("xpos").into(),
            y: pad.property::<i32>("ypos").into(),
            scale: pad.property("scale"),
        }
    }

    fn set(self, pad: &gst::Pad) {
        pad.set_property("xpos", self.x.round() as i32);
        pad.set_property("ypos", self.y.round() as i32);
        pad.set_property("scale", self.scale);
    }

    /// The way to `other`: none of it at 0, all of it at 1, slow at both ends.
    fn towards(self, other: Self, share: f64) -> Self {
        let share = share * share * (3.0 - 2.0 * share);
        let between = |from: f64, to: f64| from + (to - from) * share;
        Self {
            x: between(self.x, other.x),
            y: between(self.y, other.y),
            scale: between(self.scale, other.scale),
        }
    }
}

/// The pad that says where the person stands; None without a background video.
fn pad(matte: &gst::Element) -> Option<gst::Pad> {
    let mix = matte.downcast_ref::<gst::Bin>()?.by_name("mix")?;
    mix.static_pad("sink")
}

/// The size of the frames that come to a pad, once they do.
fn size(pad: &gst::Pad) -> Option<(u32, u32)> {
    let caps = pad.current_caps()?;
    let info = VideoInfo::from_caps(&caps).ok()?;
    Some((info.width(), info.height()))
}

/// Where the person stands in a chain, and the way to another place. Without a background video there
/// is none.
#[derive(Debug)]
pub struct Placement {
    pad: Option<gst::Pad>,
    /// The place. It is read on another thread, too, when the first frame's size is known.
    place: Arc<Mutex<Place>>,
    /// The timer of a move that has not arrived.
    walk: Rc<RefCell<Option<glib::SourceId>>>,
}

impl Placement {
    /// The person stands at a place from the first frame on, whatever size frames have.
    pub fn of(matte: &gst::Element, place: Place) -> Self {
        let placement = Self {
            pad: pad(matte),
            place: Arc::new(Mutex::new(place)),
            walk: Rc::default(),
        };
        if let Some(pad) = &placement.pad {
            // Frames of other sizes come from another camera: the pipeline is built anew for it.
            let (waits, place) = (AtomicBool::new(true), placement.place.clone());
            pad.connect_caps_notify(move |pad| {
                if let Some(size) = size(pad)
                    && waits.swap(false, Ordering::Relaxed)
                {
                    standing(*lock(&place), size).set(pad);
                }
            });
        }
        placement
    }

    /// The person walks to a place, from wherever it is; or will stand there from the first frame on.
    pub fn go(&self, place: Place) {
        *lock(&self.place) = place;
        let Some((pad, size)) = self.pad.as_ref().and_then(|pad| Some((pad, size(pad)?))) else {
            return;
        };
        self.stop();
        let (from, to) = (Standing::of(pad), standing(place, size));
        let (pad, walk) = (pad.downgrade(), self.walk.clone());
        let step = Cell::new(0);
        let timer = glib::timeout_add_local(STEP, move || {
            step.set(step.get() + 1);
            if let Some(pad) = pad.upgrade() {
                from.towards(to, f64::from(step.get()) / f64::from(STEPS))
                    .set(&pad);
                if step.get() < STEPS {
                    return glib::ControlFlow::Continue;
                }
            }
            // The timer ends by itself: nobody may remove it.
            walk.take();
            glib::ControlFlow::Break
        });
        self.walk.replace(Some(timer));
    }

    /// Stops a move where it is.
    fn stop(&self) {
        if let Some(timer) = self.walk.take() {
            timer.remove();
        }
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The place; what another thread left half done would still be one.
fn lock(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_touch_the_frames_edges() {
        let size = (1000, 800);
        let place = |place| standing(place, size);
        let whole = Standing {
            x: 0.0,
            y: 0.0,
            scale: 1.0,
        };
        assert_eq!(place(Place::Camera), whole);
        assert_eq!(
            place(Place::Left),
            Standing {
                x: 0.0,
                y: 520.0,
                scale: 0.35
            }
        );
        assert_eq!(
            place(Place::Right),
            Standing {
                x: 650.0,
                y: 520.0,
                scale: 0.35
            }
        );
        assert_eq!(whole.towards(place(Place::Right), 0.0), whole);
        assert_eq!(whole.towards(place(Place::Right), 1.0), place(Place::Right));
    }
}
