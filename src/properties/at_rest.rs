// SPDX-License-Identifier: MPL-2.0

//! Values that are refused before an element starts.

use super::Refused;
use gst::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Why values were refused while an element was at rest, by property. An element that is in no
/// pipeline yet has no bus for its warning, so it must not start as if nothing had been asked.
#[derive(Debug, Default)]
pub struct AtRest(Mutex<BTreeMap<String, String>>);

impl AtRest {
    /// Notes what became of a value: posts a warning if it was refused, and keeps the reason while
    /// the element is at rest.
    pub fn note(&self, element: &impl IsA<gst::Element>, name: &str, refused: Option<&Refused>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(name);
        let Some(refused) = refused else {
            return;
        };
        let element = element.upcast_ref::<gst::Element>();
        if element.current_state() <= gst::State::Ready {
            kept.insert(name.to_owned(), refused.to_string());
        }
        drop(kept);
        gst::element_warning!(element, gst::LibraryError::Settings, ("{refused}"));
    }

    /// Whether the element may start.
    ///
    /// # Errors
    /// If a value was refused since, and no other one came for its property.
    pub fn check(&self) -> Result<(), gst::ErrorMessage> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.values().next() {
            Some(refused) => Err(gst::error_msg!(gst::LibraryError::Settings, ("{refused}"))),
            None => Ok(()),
        }
    }
}
