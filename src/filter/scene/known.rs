// SPDX-License-Identifier: MPL-2.0

//! What is known of the scene.

use super::appearance::Appearance;
use super::subject_colors::SubjectColors;

/// How the room and the subject look.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub room: Appearance,
    pub subject: Appearance,
    /// The subject's colours around every pixel, of the newest picture.
    pub colors: SubjectColors,
}
