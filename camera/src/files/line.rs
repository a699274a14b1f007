// SPDX-License-Identifier: MPL-2.0

//! Elements in a row, added to a pipeline that runs already.

use super::error::FileError;
use gst::prelude::*;

/// A row of elements that grows at its end.
pub struct Line {
    pipeline: gst::Pipeline,
    end: gst::Pad,
}

impl Line {
    /// Begins at a pad.
    pub fn new(pipeline: &gst::Pipeline, begin: gst::Pad) -> Self {
        Self {
            pipeline: pipeline.clone(),
            end: begin,
        }
    }

    /// Another one in the same pipeline.
    pub fn branch(&self, begin: gst::Pad) -> Self {
        Self::new(&self.pipeline, begin)
    }

    /// The last pad.
    pub fn end(&self) -> &gst::Pad {
        &self.end
    }

    /// An element of GStreamer.
    ///
    /// # Errors
    /// If it is not installed or does not fit.
    pub fn make(&mut self, name: &str) -> Result<gst::Element, FileError> {
        let element = gst::ElementFactory::make(name).build()?;
        self.add(&element)?;
        Ok(element)
    }

    /// An element that is there already; it may be in the pipeline.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn add(&mut self, element: &gst::Element) -> Result<(), FileError> {
        if element.parent().is_none() {
            self.pipeline.add(element)?;
        }
        let sink = element.static_pad("sink").ok_or(FileError::Part("sink"))?;
        self.end.link(&sink)?;
        if let Some(source) = element.static_pad("src") {
            self.end = source;
        }
        Ok(())
    }

    /// Some frames that wait, so that what is before and behind may work at the same time.
    ///
    /// # Errors
    /// If there is no such element.
    pub fn queue(&mut self) -> Result<(), FileError> {
        let queue = self.make("queue")?;
        queue.set_property("max-size-buffers", 3u32);
        queue.set_property("max-size-bytes", 0u32);
        queue.set_property("max-size-time", 0u64);
        Ok(())
    }

    /// Only these caps.
    ///
    /// # Errors
    /// If there is no such element.
    pub fn filter(&mut self, caps: &gst::Caps) -> Result<(), FileError> {
        let filter = gst::ElementFactory::make("capsfilter").build()?;
        filter.set_property("caps", caps);
        self.add(&filter)
    }

    /// Ends at a pad of another element.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn finish(self, sink: &gst::Pad) -> Result<(), FileError> {
        self.end.link(sink)?;
        Ok(())
    }
}
