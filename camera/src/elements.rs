// SPDX-License-Identifier: MPL-2.0

//! What the pipelines share: elements that may not be installed, and what they say when they fail.

use gst::glib::{self, object::ObjectClass};
use gst::prelude::*;

/// An element that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("GStreamer's element {element} is missing: install {package}")]
pub struct MissingElement {
    /// Its name.
    pub element: &'static str,
    /// The package that has it, as Debian names it.
    pub package: &'static str,
}

/// GStreamer does not find the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the GStreamer plugin matte is not found: GST_PLUGIN_PATH must name the folder of \
     libgstmatte.so"
)]
pub struct NoPlugin;

const MATTE: &str = "mattebackground";

/// The element that puts something else behind the person.
///
/// # Errors
/// Without the plugin.
pub fn matte() -> Result<gst::Element, NoPlugin> {
    gst::ElementFactory::make(MATTE)
        .build()
        .map_err(|_| NoPlugin)
}

/// A property of that element, in whatever spelling GLib takes.
///
/// # Errors
/// Without the plugin.
pub fn matte_property(name: &str) -> Result<Option<glib::ParamSpec>, NoPlugin> {
    let factory = gst::ElementFactory::find(MATTE).and_then(|factory| factory.load().ok());
    let class = factory.and_then(|factory| ObjectClass::from_type(factory.element_type()));
    Ok(class.ok_or(NoPlugin)?.find_property(name))
}

/// The error that a pipeline which does not start has put on its bus.
pub fn error_on(bus: &gst::Bus) -> Option<String> {
    said_on(bus, gst::MessageType::Error)
}

/// The first warning on a bus.
pub fn warning_on(bus: &gst::Bus) -> Option<String> {
    said_on(bus, gst::MessageType::Warning)
}

fn said_on(bus: &gst::Bus, kind: gst::MessageType) -> Option<String> {
    match bus.pop_filtered(&[kind])?.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
        _ => None,
    }
}

/// The same, of a pipeline.
pub fn error_of(pipeline: &gst::Pipeline) -> Option<String> {
    error_on(&pipeline.bus()?)
}
