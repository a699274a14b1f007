// SPDX-License-Identifier: MPL-2.0

//! `mattebackground` in a [`Stream`].

use super::stream::Stream;
use std::ops::{Deref, DerefMut};

/// A running pipeline around `mattebackground`.
pub struct Live {
    pub element: gst::Element,
    stream: Stream,
}

impl Live {
    /// With these properties of the element.
    pub fn new(properties: &[(&str, &str)]) -> Self {
        let stream = Stream::live("mattebackground name=matte", "matte", properties);
        Self {
            element: stream.element("matte"),
            stream,
        }
    }
}

impl Deref for Live {
    type Target = Stream;

    fn deref(&self) -> &Stream {
        &self.stream
    }
}

impl DerefMut for Live {
    fn deref_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }
}
