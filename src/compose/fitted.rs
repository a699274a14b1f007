// SPDX-License-Identifier: MPL-2.0

//! A background picture in the output's format: still, or playing.

use super::error::ComposeError;
use super::player::{OnError, Player};
use crate::blend::{Backdrop, Fit, Setting, fitted};
use crate::frame::{FrameFormat, View};
use crate::picture::Picture;
use crate::simd;
use image::imageops::{FilterType, resize};
use std::sync::Arc;
use std::time::Duration;

/// A picture in the output's format.
#[derive(Debug)]
pub struct FittedPicture {
    picture: Arc<Picture>,
    setting: Setting,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Still(Arc<Backdrop>),
    Animation(Player),
}

impl FittedPicture {
    /// Converts a still picture or the first frame of an animation, which then plays; `on_error` is
    /// called if it breaks off.
    ///
    /// # Errors
    /// If the format has no size, or the animation does not start.
    pub fn new(
        picture: Arc<Picture>,
        setting: Setting,
        on_error: OnError,
    ) -> Result<Self, ComposeError> {
        let content = match picture.still() {
            Some(image) => {
                // A drawing has more pixels here than in its file, which tiles are made of.
                let own = picture.own_size().filter(|_| setting.fit == Fit::Tile);
                let own = own.map(|(w, h)| resize(image, w, h, FilterType::Triangle));
                let backdrop = fitted(own.as_ref().unwrap_or(image), setting, simd::level())?;
                Content::Still(Arc::new(backdrop))
            }
            None => Content::Animation(Player::new(Arc::clone(&picture), setting, on_error)?),
        };
        Ok(Self {
            picture,
            setting,
            content,
        })
    }

    /// Whether it is this picture, fitted with this setting.
    pub fn is(&self, picture: &Arc<Picture>, setting: Setting) -> bool {
        Arc::ptr_eq(&self.picture, picture) && self.setting == setting
    }

    /// Whether it was fitted to frames of this format and view.
    pub fn fits(&self, (format, view): (FrameFormat, View)) -> bool {
        self.setting.format == format && self.setting.view == view
    }

    /// What is shown now.
    pub fn shown(&self) -> Arc<Backdrop> {
        match &self.content {
            Content::Still(backdrop) => Arc::clone(backdrop),
            Content::Animation(player) => player.shown(),
        }
    }

    /// Moves an animation on to a time since its start. If another frame is ready and to be shown
    /// from now on, `show` takes it; nothing waits for one.
    ///
    /// # Errors
    /// Those of `show`.
    pub fn advance<E>(
        &self,
        time: Duration,
        show: impl FnOnce(Arc<Backdrop>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.content {
            Content::Still(_) => Ok(()),
            Content::Animation(player) => player.advance(time, show),
        }
    }
}
