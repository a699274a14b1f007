// SPDX-License-Identifier: MPL-2.0

//! Where a subject is, from its matte.

use crate::frame::{GrayRef, Orientation};

/// Matte value from which a pixel is of the subject.
const SUBJECT: u8 = 128;
/// One in so many rows is read; few subjects are less high.
const STEP: usize = 4;

/// A box in shares of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SubjectBox {
    /// First column.
    pub left: f32,
    /// First row.
    pub top: f32,
    /// Column after the last.
    pub right: f32,
    /// Row after the last.
    pub bottom: f32,
}

impl SubjectBox {
    /// The box of all that a matte shows, within a few rows; none if it shows nothing.
    pub fn of(matte: GrayRef<'_>) -> Option<Self> {
        let (mut left, mut right) = (usize::MAX, 0);
        let (mut top, mut bottom) = (usize::MAX, 0);
        let step = STEP.min(matte.height().div_ceil(64)).max(1);
        for (y, row) in matte.rows().enumerate().step_by(step) {
            let Some(first) = row.iter().position(|&alpha| alpha >= SUBJECT) else {
                continue;
            };
            let last = row.iter().rposition(|&alpha| alpha >= SUBJECT);
            left = left.min(first);
            right = right.max(last.unwrap_or(first) + 1);
            top = top.min(y);
            bottom = (y + step).min(matte.height());
        }
        let share = |at: usize, side: usize| at as f32 / side as f32;
        (right > 0).then(|| Self {
            left: share(left, matte.width()),
            top: share(top, matte.height()),
            right: share(right, matte.width()),
            bottom: share(bottom, matte.height()),
        })
    }

    /// The box of a stored frame as the viewer sees it, who sees the frame turned by `orientation`.
    pub fn upright(self, orientation: Orientation) -> Self {
        let back = orientation.inverse();
        let [x0, y0] = back.stored_share([self.left, self.top]);
        let [x1, y1] = back.stored_share([self.right, self.bottom]);
        Self {
            left: x0.min(x1),
            top: y0.min(y1),
            right: x0.max(x1),
            bottom: y0.max(y1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::GrayImage;

    #[test]
    fn the_box_holds_all_that_is_seen_and_nothing_is_none() {
        let mut matte = GrayImage::new(40, 20);
        assert_eq!(SubjectBox::of(matte.as_ref()), None);
        for (x, y) in [(10, 5), (29, 14)] {
            matte.data_mut()[y * 40 + x] = 128;
        }
        matte.data_mut()[0] = 127;
        let found = SubjectBox::of(matte.as_ref());
        let expected = SubjectBox {
            left: 0.25,
            top: 0.25,
            right: 0.75,
            bottom: 0.75,
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn turned_frames_have_their_box_where_the_viewer_sees_it() {
        let stored = SubjectBox {
            left: 0.0,
            top: 0.0,
            right: 0.25,
            bottom: 0.5,
        };
        for orientation in Orientation::ALL {
            let upright = stored.upright(orientation);
            let middle = |b: SubjectBox| [(b.left + b.right) / 2.0, (b.top + b.bottom) / 2.0];
            let back = orientation.stored_share(middle(upright));
            assert_eq!(back, middle(stored), "{orientation:?}");
            assert!(upright.left < upright.right && upright.top < upright.bottom);
        }
    }
}
