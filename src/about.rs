// SPDX-License-Identifier: MPL-2.0

//! What `gst-inspect-1.0` says about an element besides its properties.

use gst::subclass::ElementMetadata;

/// The metadata of an element, with its place in the documentation.
pub fn metadata(element: &str, long_name: &str, class: &str, description: &str) -> ElementMetadata {
    let page = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/elements.md");
    let place = format!("{page}#{element}");
    let further = [(gst::ELEMENT_METADATA_DOC_URI.as_str(), place.as_str())];
    let authors = env!("CARGO_PKG_AUTHORS");
    ElementMetadata::with_additional(long_name, class, description, authors, &further)
}
