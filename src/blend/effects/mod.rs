// SPDX-License-Identifier: MPL-2.0

//! Effects: what changes the subject before it is laid over a background, so that it looks as if it
//! stood there. Each is a stage behind [`Effect`].

mod aim;
mod clean_kernels;
mod color_fit;
mod decontamination;
mod light_wrap;
mod spill;
mod spill_edge;
mod tone_match;

pub(super) use decontamination::Decontamination;
pub(super) use light_wrap::LightWrap;
pub(super) use spill::SpillRemoval;
pub(super) use tone_match::ToneMatch;

use super::alpha::{AlphaRows, MattedFrame, PlaneRow, Remap, RowSpans};
use super::background::BackgroundRows;
use super::cells::Cell;
use super::geometry::Geometry;

/// A row of a plane on its way through the effects.
pub(super) struct EffectRow<'a> {
    /// Which row.
    pub plane_row: PlaneRow,
    /// The spans of its pixels; those of the background are replaced already.
    pub spans: RowSpans<'a>,
    /// One alpha for each sample, in the mixed spans.
    pub alpha: &'a [u8],
    /// Its samples.
    pub row: &'a mut [u8],
}

/// A stage that changes the subject, row by row.
pub(super) trait Effect {
    /// Looks at a frame before anything in it is changed. `alpha` is used for its rows and left to
    /// be started again. Not called for frames of a scene that stands still.
    fn prepare(&mut self, _: &MattedFrame, _: Remap, _: &mut AlphaRows) {}

    /// Begins a frame.
    fn start(&mut self, _: &MattedFrame, _: &BackgroundRows) {}

    /// Begins a luma row; all rows come in order.
    fn advance(&mut self, _y: usize) {}

    /// Changes a row of a plane.
    fn apply(&mut self, row: &mut EffectRow, background: &mut BackgroundRows);

    /// Whether it changes by alpha also what is wholly subject.
    fn needs_all_alpha(&self) -> bool {
        false
    }
}

/// The effects that are on.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The subject's own colour at its edge.
    pub decontamination: Option<Box<Decontamination>>,
    /// A green screen's light on the subject.
    pub spill: Option<Box<SpillRemoval>>,
    /// The subject's tone.
    pub tone: Option<Box<ToneMatch>>,
    /// The background's light on the subject's rim.
    pub wrap: Option<Box<LightWrap>>,
}

impl Effects {
    /// The effects that are on, in their order.
    pub fn stages(&mut self) -> impl Iterator<Item = &mut dyn Effect> {
        fn stage<E: Effect>(effect: &mut Option<Box<E>>) -> Option<&mut dyn Effect> {
            effect
                .as_deref_mut()
                .map(|effect| effect as &mut dyn Effect)
        }
        let stages = [
            stage(&mut self.decontamination),
            stage(&mut self.spill),
            stage(&mut self.tone),
            stage(&mut self.wrap),
        ];
        stages.into_iter().flatten()
    }

    /// Lets all look at a frame before anything in it is changed, as [`Effect::prepare`] does.
    pub fn prepare(&mut self, matted: &MattedFrame, remap: Remap, alpha: &mut AlphaRows) {
        for effect in self.stages() {
            effect.prepare(matted, remap, alpha);
        }
        if let (Some(spill), Some(edge)) = (&mut self.spill, &self.decontamination) {
            spill.measure(matted, remap, edge.colors());
        }
    }

    /// Takes the old background's colour out of edges by `amount`, 0 (not at all) to 255; `black`
    /// as in [`Decontamination::set_doubt`].
    pub fn set_decontamination(&mut self, geometry: Geometry, amount: u8, black: Option<Cell>) {
        if amount == 0 {
            self.decontamination = None;
            return;
        }
        let new = || Box::new(Decontamination::new(geometry, amount));
        let edge = self.decontamination.get_or_insert_with(new);
        edge.set_amount(amount);
        edge.set_doubt(black);
    }

    /// Takes the light of a screen of this colour out of the subject by `amount`, 0 (not at all) to
    /// 255. Needs decontamination, which says what of the edge is the screen itself.
    pub fn set_spill(&mut self, geometry: Geometry, screen: Option<[i8; 2]>, amount: u8) {
        let Some(screen) = screen.filter(|_| amount > 0) else {
            self.spill = None;
            return;
        };
        match &mut self.spill {
            Some(spill) => spill.set(screen, amount),
            // Half the size of frames that can be composed is never out of range.
            slot => {
                *slot = SpillRemoval::new(geometry, screen, amount)
                    .ok()
                    .map(Box::new)
            }
        }
    }
}
