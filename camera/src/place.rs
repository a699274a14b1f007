// SPDX-License-Identifier: MPL-2.0

//! Where the person stands before a video: properties of a pad of `mattemix`, which
//! `mattebackground` contains while it has a background video.

use crate::settings::Place;
use gst::glib;
use gst::prelude::*;
use gst_video::VideoInfo;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// The person stands at a place from the first frame on, whatever size frames have.
pub fn keep(matte: &gst::Element, place: Place) {
    let Some(pad) = pad(matte) else {
        return;
    };
    // Frames of other sizes come from another camera: the pipeline is built anew for it.
    let waits = AtomicBool::new(true);
    pad.connect_caps_notify(move |pad| {
        if let Some(size) = size(pad)
            && waits.swap(false, Ordering::Relaxed)
        {
            standing(place, size).set(pad);
        }
    });
}

/// The person walks to a place.
pub fn go(matte: &gst::Element, place: Place) {
    let Some((pad, size)) = pad(matte).and_then(|pad| size(&pad).map(|size| (pad, size))) else {
        return;
    };
    let (from, to) = (Standing::of(&pad), standing(place, size));
    let pad = pad.downgrade();
    let step = Cell::new(0);
    glib::timeout_add_local(STEP, move || {
        step.set(step.get() + 1);
        let Some(pad) = pad.upgrade() else {
            return glib::ControlFlow::Break;
        };
        from.towards(to, f64::from(step.get()) / f64::from(STEPS))
            .set(&pad);
        match step.get() < STEPS {
            true => glib::ControlFlow::Continue,
            false => glib::ControlFlow::Break,
        }
    });
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
