// SPDX-License-Identifier: MPL-2.0

//! What changes between two frames: properties, the background picture, the frames' orientation.

use super::error::ComposeError;
use super::fitted::FittedPicture;
use super::imp::{CAT, MatteCompose};
use super::renderer::Renderer;
use super::settings::Settings;
use super::{Background, ImageFit};
use crate::blend::Setting;
use crate::sync::lock;
use gst::glib;
use gst::subclass::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl MatteCompose {
    /// The picture that the settings ask for, converted on this thread if that is not done yet.
    /// None if none is asked for, or before there are caps.
    pub(super) fn picture(
        &self,
        settings: &Settings,
    ) -> Result<Option<Arc<FittedPicture>>, ComposeError> {
        let format = *lock(&self.format);
        let (Background::Image, Some((format, view))) = (settings.background, format) else {
            return Ok(None);
        };
        let bars = match settings.image_fit {
            ImageFit::Contain => settings.color,
            _ => 0,
        };
        let setting = Setting {
            fit: settings.image_fit.into(),
            bars,
            format,
            view,
        };
        match (self.loader.fitted(setting)?, &settings.image) {
            // Set by another thread just while this one started the element.
            (None, Some(path)) => {
                self.loader.open(Some(&**path))?;
                self.loader.fitted(setting)
            }
            (fitted, _) => Ok(fitted),
        }
    }

    /// Before a property changes, on the thread that changes it: makes a new picture ready, or an
    /// old one that is to be fitted otherwise. Until then the streaming thread goes on with what it
    /// has. An element that is not started reads its picture at the start.
    pub(super) fn prepare(&self, name: &str, value: &glib::Value) -> Result<(), ComposeError> {
        let mut next = lock(&self.settings).clone();
        if !self.started.load(Ordering::Acquire) || !next.concerns_picture(name) {
            return Ok(());
        }
        next.apply(name, value)?;
        if name == "image" {
            self.loader.open(next.image.as_deref())?;
        }
        self.picture(&next).map(|_| ())
    }

    /// Between two frames, hands over to the renderer what properties and tags have changed.
    pub(super) fn refresh(&self, renderer: &mut Renderer) {
        let orientation = self.direction.orientation();
        let turned = renderer.orientation() != orientation;
        if !self.changed.swap(false, Ordering::AcqRel) && !turned {
            return;
        }
        if let (true, Some((_, view))) = (turned, &mut *lock(&self.format)) {
            view.orientation = orientation;
        }
        let settings = lock(&self.settings).clone();
        // Not ready if caps have changed after the picture was prepared.
        let ready = (*lock(&self.format)).and_then(|format| self.loader.ready(format));
        let picture = match ready {
            Some(fitted) => Ok(Some(fitted)),
            None => self.picture(&settings),
        };
        if turned {
            renderer.set_orientation(orientation);
        }
        let configured = picture.and_then(|picture| renderer.configure(settings, picture));
        if let Err(error) = configured {
            gst::element_imp_warning!(
                self,
                gst::LibraryError::Settings,
                ("{error}; the background stays as it was")
            );
        }
    }

    /// The file of the picture has changed and been read again, or could not be.
    pub(super) fn picture_reloaded(&self, result: Result<(), ComposeError>) {
        match result {
            Ok(()) => {
                gst::info!(CAT, imp = self, "the picture was read again");
                self.changed.store(true, Ordering::Release);
            }
            Err(error) => gst::element_imp_warning!(
                self,
                gst::ResourceError::Read,
                ("{error}; the background stays as it was")
            ),
        }
    }
}
