// SPDX-License-Identifier: MPL-2.0

//! The part of the frame that follows the subject: a motion model that knows no pixels.
//!
//! The subject's box, averaged over [`SMOOTHING`], gives the part that should be seen. Around the
//! part that is aimed at lies a dead zone: as long as the subject stays inside of it, nothing
//! moves. Past it, the aim is the subject anew, and the part moves there as a critically damped
//! spring, which is exact for any time between frames and swings over nowhere. Without a subject
//! the part waits for [`PATIENCE`], then drifts back to the whole frame.
//!
//! Source: the spring is the closed form of "Critically Damped Ease-In/Ease-Out Smoothing" (Lowe,
//! Game Programming Gems 4, 2004), which approximates the exponential that is used here.

mod subject_box;

pub use subject_box::SubjectBox;

use super::rescale::Place;

/// Time over which the subject's box is averaged, in seconds.
const SMOOTHING: f32 = 0.3;
/// How far the subject may move without being followed, as a share of the part; and how much its
/// size may change.
const DEAD_ZONE: f32 = 0.08;
const DEAD_SIZE: f32 = 0.15;
/// How near to the subject, as a share of the part, it has arrived: then the dead zone begins anew.
const ARRIVED: f32 = 0.01;
/// Seconds that the subject must be smaller before the part shrinks: who leans back for a moment is
/// not drawn nearer.
const CLOSER: f32 = 1.5;
/// Seconds without a subject before the part grows again.
const PATIENCE: f32 = 2.0;
/// Angular frequency of the spring in 1/s, at speed 1: it has gone nine tenths of its way after
/// about 1.9 s.
const FREQUENCY: f32 = 2.0;
/// The same on the way back to the whole frame.
const DRIFT: f32 = 0.8;
/// Below this distance and speed, in shares of the frame, the part rests.
const REST: f32 = 2e-4;

/// How the subject is followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramingParams {
    /// Most that the frame is enlarged; 1 or more.
    pub zoom: f32,
    /// Room around the subject, as a share of its larger side; 0 or more.
    pub margin: f32,
    /// How fast it is followed, 1 being usual; above 0.
    pub speed: f32,
}

impl Default for FramingParams {
    fn default() -> Self {
        Self {
            zoom: 2.0,
            margin: 0.15,
            speed: 1.0,
        }
    }
}

/// The part of the frame that is seen: its centre, and its side as a share of the frame's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part([f32; 3]);

impl Part {
    const WHOLE: Self = Self([0.5, 0.5, 1.0]);

    /// The same, inside of the frame and no smaller than `least`.
    fn inside(self, least: f32) -> Self {
        let Self([x, y, side]) = self;
        let side = side.clamp(least.clamp(0.0, 1.0), 1.0);
        let along = |centre: f32| centre.clamp(side * 0.5, 1.0 - side * 0.5);
        Self([along(x), along(y), side])
    }
}

/// Follows a subject.
#[derive(Debug)]
pub struct Framing {
    /// The averaged box; none before the first.
    subject: Option<SubjectBox>,
    /// Seconds without a subject, and seconds in which a smaller part would do.
    absent: f32,
    closer: f32,
    /// The subject left the dead zone, and the part has not reached it yet.
    follows: bool,
    aim: Part,
    part: Part,
    velocity: [f32; 3],
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            subject: None,
            absent: 0.0,
            closer: 0.0,
            follows: false,
            aim: Part::WHOLE,
            part: Part::WHOLE,
            velocity: [0.0; 3],
        }
    }
}

impl Framing {
    /// Moves on by `seconds` to a frame whose subject is in `subject`, if there is one.
    pub fn advance(&mut self, subject: Option<SubjectBox>, seconds: f32, params: &FramingParams) {
        let seconds = if seconds.is_finite() {
            seconds.max(0.0)
        } else {
            0.0
        };
        match subject {
            Some(subject) => {
                self.absent = 0.0;
                self.average(subject, seconds);
                self.take_aim(params, seconds);
            }
            None => self.miss(seconds),
        }
        let frequency = match self.absent {
            0.0 => FREQUENCY * params.speed,
            _ => DRIFT * params.speed.min(1.0),
        };
        self.move_on(frequency, seconds);
        self.part = self.part.inside(least(params));
    }

    /// Where the frame of `size` is drawn in itself, in whole eighths of a pixel.
    pub fn place(&self, size: (usize, usize)) -> Place {
        if self.part == Part::WHOLE {
            return Place::default();
        }
        let Part([x, y, side]) = self.part;
        // A side of whole pairs of pixels, so that slow changes are few.
        let eighths =
            |length: f32, side: usize| f64::from((length * side as f32 * 8.0).round()) / 8.0;
        let height = eighths(side, size.1).min(size.1 as f64);
        let scale = size.1 as f64 / height.max(1.0);
        let corner = |centre: f32, side: usize| {
            let part = side as f64 / scale;
            let start = eighths(centre, side) - part * 0.5;
            // In -(side - part) to 0: nothing but the frame is seen.
            -start.clamp(0.0, side as f64 - part) * scale
        };
        Place {
            x: corner(x, size.0),
            y: corner(y, size.1),
            scale,
        }
    }

    fn average(&mut self, new: SubjectBox, seconds: f32) {
        let weight = 1.0 - (-seconds / SMOOTHING).exp();
        let toward = |from: f32, to: f32| from + (to - from) * weight;
        self.subject = Some(match self.subject {
            None => new,
            Some(old) => SubjectBox {
                left: toward(old.left, new.left),
                top: toward(old.top, new.top),
                right: toward(old.right, new.right),
                bottom: toward(old.bottom, new.bottom),
            },
        });
    }

    /// Aims at the subject if it has left the dead zone.
    fn take_aim(&mut self, params: &FramingParams, seconds: f32) {
        let Some(subject) = self.subject else { return };
        let Part([x, y, side]) = around(&subject, params);
        let Part([ax, ay, aimed]) = self.aim;
        let farther = side > aimed * (1.0 + DEAD_SIZE);
        let smaller = side < aimed / (1.0 + DEAD_SIZE);
        self.closer = if smaller { self.closer + seconds } else { 0.0 };
        let resized = farther || self.closer >= CLOSER;
        // Not nearer before its time: only the place changes.
        let side = if resized { side } else { aimed };
        let wanted = Part([x, y, side]).inside(least(params));
        let Part([x, y, _]) = wanted;
        let away = (x - ax).abs().max((y - ay).abs()) > DEAD_ZONE * aimed;
        self.follows |= away || resized;
        if resized {
            self.closer = 0.0;
        }
        if self.follows {
            self.aim = wanted;
            let distances = self.part.0.iter().zip(wanted.0);
            let arrived = |(part, aim): (&f32, f32)| (part - aim).abs() < ARRIVED * side;
            self.follows = !distances.into_iter().all(arrived);
        }
    }

    fn miss(&mut self, seconds: f32) {
        self.absent += seconds;
        self.closer = 0.0;
        if self.absent >= PATIENCE {
            (self.subject, self.aim) = (None, Part::WHOLE);
        }
    }

    /// The critically damped spring.
    fn move_on(&mut self, frequency: f32, seconds: f32) {
        let decay = (-frequency * seconds).exp();
        let mut farthest = 0.0f32;
        for k in 0..3 {
            let distance = self.part.0[k] - self.aim.0[k];
            let pull = (self.velocity[k] + frequency * distance) * seconds;
            self.velocity[k] = (self.velocity[k] - frequency * pull) * decay;
            let left = (distance + pull) * decay;
            self.part.0[k] = self.aim.0[k] + left;
            farthest = farthest.max(left.abs()).max(self.velocity[k].abs());
        }
        if farthest < REST {
            (self.part, self.velocity) = (self.aim, [0.0; 3]);
        }
    }
}

/// The smallest part.
fn least(params: &FramingParams) -> f32 {
    1.0 / params.zoom.max(1.0)
}

/// The part that shows a subject with its margin.
fn around(subject: &SubjectBox, params: &FramingParams) -> Part {
    let (width, height) = (subject.right - subject.left, subject.bottom - subject.top);
    let margin = params.margin.max(0.0);
    let side = width.max(height) * (1.0 + 2.0 * margin);
    let x = (subject.left + subject.right) * 0.5;
    // More room above the head than below the feet is of no use: the box stands in the middle.
    let y = (subject.top + subject.bottom) * 0.5;
    let part = Part([x, y, side]).inside(least(params));
    // Of somebody taller than the part, the head is seen.
    let Part([x, y, side]) = part;
    let head = subject.top - height * margin.min(0.5) * 0.5 + side * 0.5;
    let y = if height > side { head } else { y };
    Part([x, y, side]).inside(least(params))
}

#[cfg(test)]
mod tests;
