// SPDX-License-Identifier: MPL-2.0

//! What changes between two frames: properties, the picture behind, the way that frames stand.

use super::fitted::Fitted;
use super::imp::{CAT, MatteCompose, lock};
use super::settings::Settings;
use super::stage::Stage;
use super::{Background, ImageFit};
use crate::blend::Setting;
use gst::glib;
use gst::subclass::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl MatteCompose {
    /// The picture that the settings ask for, converted on this thread if it is not yet. None where
    /// none is asked for, or before there are caps.
    pub(super) fn picture(&self, settings: &Settings) -> Result<Option<Arc<Fitted>>, String> {
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

    /// Before a property changes, on the thread that changes it: readies a new picture, or an old one
    /// that is to be fitted otherwise; the streaming thread goes on with what it has until it is
    /// ready. An element at rest reads its picture when it starts.
    pub(super) fn prepare(&self, name: &str, value: &glib::Value) -> Result<(), String> {
        let mut next = lock(&self.settings).clone();
        if !self.started.load(Ordering::Acquire) || !next.concerns_picture(name) {
            return Ok(());
        }
        next.apply(name, value).map_err(|error| error.to_string())?;
        if name == "image" {
            self.loader.open(next.image.as_deref())?;
        }
        self.picture(&next).map(|_| ())
    }

    /// Takes over into the stage what properties and tags have changed, between two frames.
    pub(super) fn refresh(&self, stage: &mut Stage) {
        let orientation = self.direction.orientation();
        let turned = stage.orientation() != orientation;
        if !self.changed.swap(false, Ordering::AcqRel) && !turned {
            return;
        }
        if let (true, Some((_, view))) = (turned, &mut *lock(&self.format)) {
            view.orientation = orientation;
        }
        let settings = lock(&self.settings).clone();
        // Not ready where caps have changed after the picture was prepared.
        let ready = (*lock(&self.format)).and_then(|format| self.loader.ready(format));
        let picture = match ready {
            Some(fitted) => Ok(Some(fitted)),
            None => self.picture(&settings),
        };
        if turned {
            stage.turn(orientation);
        }
        let configured = picture.and_then(|picture| stage.configure(settings, picture));
        if let Err(error) = configured {
            gst::element_imp_warning!(
                self,
                gst::LibraryError::Settings,
                ("{error}; the background stays as it was")
            );
        }
    }

    /// The file of the picture has changed and been read again, or could not be.
    pub(super) fn heard(&self, news: Result<(), String>) {
        match news {
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
