// SPDX-License-Identifier: MPL-2.0

//! The subject somewhere else, and smaller or larger: a frame and its matte are moved together,
//! before anything is composed.

use super::axis::Along;
use super::conversion::{Conversion, copy_rows};
use crate::blend::PRIVACY_FILL;
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::frame::{
    Colorimetry, FrameFormat, FrameMut, FrameRef, GrayRef, PixelLayout, Range, Unpacked, View,
};
use crate::simd::Level;

/// Where a frame is drawn within its own picture, for the viewer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its left edge, in pixels from the left.
    pub x: f64,
    /// Its upper edge, in pixels from the top.
    pub y: f64,
    /// Its size, 1 being as it is. Above 0.
    pub scale: f64,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            scale: 1.0,
        }
    }
}

impl Place {
    /// Whether it stays where it is.
    pub fn is_identity(self) -> bool {
        self == Self::default()
    }

    /// A place between where the frame is by itself (0) and here (1).
    pub fn share(self, share: f64) -> Self {
        Self {
            x: self.x * share,
            y: self.y * share,
            scale: 1.0 + (self.scale - 1.0) * share,
        }
    }

    /// Where a picture lies that has this place in another one, which has the place `outer`.
    pub fn within(self, outer: Self) -> Self {
        Self {
            x: outer.x + outer.scale * self.x,
            y: outer.y + outer.scale * self.y,
            scale: outer.scale * self.scale,
        }
    }

    /// The upper left corner in the stored frame of `size`, (width, height), which the viewer sees as
    /// `view` says.
    fn stored(self, view: View, size: (usize, usize)) -> (f64, f64) {
        let (width, height) = view.orientation.size((size.0 as f64, size.1 as f64));
        let far = |from: f64, side: f64| side - from - self.scale * side;
        let (mirror_x, mirror_y) = view.orientation.mirrors();
        let x = if mirror_x { far(self.x, width) } else { self.x };
        let y = if mirror_y {
            far(self.y, height)
        } else {
            self.y
        };
        view.orientation.size((x, y))
    }
}

/// Moves frames of one layout and their mattes. Memory is taken when the size changes, and little of it
/// when the place does.
#[derive(Debug)]
pub struct Placer {
    level: Level,
    plan: Option<Plan>,
}

/// What a plan is for: the place, the viewer's view, the frame with its margin, the matte's size.
type Job = (Place, View, FrameFormat, (usize, usize), (usize, usize));

#[derive(Debug)]
struct Plan {
    job: Job,
    /// None if nothing of it is in the picture.
    ways: Option<[Conversion; 2]>,
    frame: Backdrop,
    matte: Backdrop,
    /// Memory for frames whose samples are not whole bytes.
    target: Option<Unpacked>,
}

impl Placer {
    /// One that has no plan yet.
    pub fn new(level: Level) -> Self {
        Self { level, plan: None }
    }

    /// Draws a frame at another place in itself, and returns its matte there, which is 0 outside. What
    /// the frame no longer covers is one colour. Its first `margin` columns and rows are not covered
    /// by the matte, neither before nor after.
    ///
    /// # Errors
    /// [`BlendError`] if a side is zero.
    pub fn apply(
        &mut self,
        (place, view): (Place, View),
        frame: &mut FrameMut,
        margin: (usize, usize),
        matte: GrayRef<'_>,
    ) -> Result<GrayRef<'_>, BlendError> {
        let format = FrameFormat {
            layout: frame.layout(),
            color: frame.color(),
            width: frame.width(),
            height: frame.height(),
        };
        let job = (place, view, format, margin, (matte.width(), matte.height()));
        let plan = match self.plan.take() {
            Some(plan) if plan.job == job => plan,
            Some(plan) if plan.fits(&job) => plan.moved(job, self.level)?,
            _ => Plan::new(job, self.level)?,
        };
        let plan = self.plan.insert(plan);
        if let Some([frames, mattes]) = &mut plan.ways {
            frames.convert(&frame.as_ref(), &mut plan.frame)?;
            let (width, height) = (matte.width(), matte.height());
            let planes = [(matte.data(), matte.stride())];
            let matte = FrameRef::new(PixelLayout::Gray8, gray(), width, height, &planes)?;
            mattes.convert(&matte, &mut plan.matte)?;
        }
        match &mut plan.target {
            Some(target) => {
                target.take(&plan.frame.view());
                target.give(frame);
            }
            None => copy_rows(&plan.frame.view(), frame),
        }
        let matte = plan.matte.view();
        Ok(GrayRef::new(
            matte.plane(0),
            matte.width(),
            matte.height(),
            matte.stride(0),
        )?)
    }
}

/// The colorimetry of mattes.
fn gray() -> Colorimetry {
    Colorimetry {
        range: Range::Full,
        ..Colorimetry::default()
    }
}

impl Plan {
    fn new(job: Job, level: Level) -> Result<Self, BlendError> {
        let (_, _, format, margin, _) = job;
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = format;
        let size = (width - margin.0, height - margin.1);
        let mut frame = Backdrop::new(layout, color, width, height)?;
        frame.fill(PRIVACY_FILL);
        Ok(Self {
            job,
            ways: ways(job, level)?,
            frame,
            matte: Backdrop::new(PixelLayout::Gray8, gray(), size.0, size.1)?,
            target: Unpacked::new(layout, color, width, height, level),
        })
    }

    /// Whether the pictures of this plan do for a job that differs in the place and the view only.
    fn fits(&self, job: &Job) -> bool {
        (self.job.2, self.job.3, self.job.4) == (job.2, job.3, job.4)
    }

    /// The same for such a job, with the memory of its pictures.
    fn moved(mut self, job: Job, level: Level) -> Result<Self, BlendError> {
        self.frame.fill(PRIVACY_FILL);
        self.matte.fill(0);
        Ok(Self {
            job,
            ways: ways(job, level)?,
            ..self
        })
    }
}

/// How a frame and its matte are drawn; none if nothing of them is in the picture.
fn ways(job: Job, level: Level) -> Result<Option<[Conversion; 2]>, BlendError> {
    let (place, view, format, margin, from) = job;
    let size = (format.width - margin.0, format.height - margin.1);
    let corner = place.stored(view, size);
    let mattes = |(width, height): (usize, usize)| FrameFormat {
        layout: PixelLayout::Gray8,
        color: gray(),
        width,
        height,
    };
    // With its margin, a frame begins earlier.
    let outer = |corner: f64, margin: usize| corner + margin as f64 * (1.0 - place.scale);
    let x = along(
        outer(corner.0, margin.0),
        place.scale,
        (format.width, 1.0),
        format.width,
    );
    let y = along(
        outer(corner.1, margin.1),
        place.scale,
        (format.height, 1.0),
        format.height,
    );
    let share = (size.0 as f64 / from.0 as f64, size.1 as f64 / from.1 as f64);
    let mx = along(corner.0, place.scale, (from.0, share.0), size.0);
    let my = along(corner.1, place.scale, (from.1, share.1), size.1);
    match (x.zip(y), mx.zip(my)) {
        (Some(frames), Some(over)) => Ok(Some([
            Conversion::along((format, format), frames, PRIVACY_FILL, level)?,
            Conversion::along((mattes(from), mattes(size)), over, 0, level)?,
        ])),
        _ => Ok(None),
    }
}

/// One axis: where a picture of `samples` samples, each `share` pixels long, lies on `target` pixels if
/// its edge is at `start` and it is drawn `scale` times as large. None if it lies outside.
fn along(start: f64, scale: f64, (samples, share): (usize, f64), target: usize) -> Option<Along> {
    let pixels = scale * share;
    let inside = |at: f64| at.clamp(0.0, target as f64);
    let first = (inside(start).round() as usize) & !1;
    let end = inside(start + pixels * samples as f64).round() as usize;
    let end = (end + (end & 1)).min(target);
    (first < end).then(|| Along {
        start: first,
        len: end - first,
        origin: (first as f64 - start) / pixels,
        scale: 1.0 / pixels,
        period: None,
        mirrored: false,
    })
}

#[cfg(test)]
#[path = "placer_tests.rs"]
mod tests;
