// SPDX-License-Identifier: MPL-2.0

//! What the others see: in a window, or as frames in a pipe for a program with a window of its own.

use crate::distributor::{FrameDistributor, frames_source};
use crate::elements::{error_of, error_on};
use crate::settings::Size;
use gst::glib;
use gst::prelude::*;
use rustix::fs::{OFlags, fcntl_setfl};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The element that chooses an element. Without a display it tries what needs none, DirectFB among
/// others, which ends the program.
const AUTOMATIC: &str = "autovideosink";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The element that the settings name cannot be made.
    #[error("{0}")]
    Launch(#[from] glib::Error),
    /// The elements do not fit together.
    #[error("{0}")]
    Link(#[from] glib::BoolError),
    /// The pipeline has no bus.
    #[error("a pipeline without a bus")]
    NoBus,
    /// The pipe is none.
    #[error("pipe: {0}")]
    Pipe(#[from] io::Error),
    /// No display answers.
    #[error("there is no display: {0}")]
    NoDisplay(String),
    /// The window does not open.
    #[error("{sink}: {said}")]
    Start {
        /// The element that makes it.
        sink: String,
        /// What it says.
        said: String,
    },
}

/// The window or the pipe; it is closed when this is dropped.
pub struct Preview {
    pipeline: gst::Pipeline,
    frames: gst_app::AppSrc,
    distributor: FrameDistributor,
    _bus: gst::bus::BusWatchGuard,
    /// The pipeline writes to it, but leaves it open.
    _pipe: Option<OwnedFd>,
}

/// The frames in a pipe. GTK draws these as they are.
pub fn frames_caps(Size { width, height }: Size) -> String {
    format!("video/x-raw,format=BGRA,width={width},height={height},pixel-aspect-ratio=1/1")
}

impl Preview {
    /// Opens a window by an element. `failed` is called from the main loop, at most once.
    ///
    /// # Errors
    /// If there is no such element, or no display.
    pub fn open(
        sink: &str,
        distributor: &FrameDistributor,
        failed: impl Fn(String) + 'static,
    ) -> Result<Self, PreviewError> {
        if sink == AUTOMATIC {
            check_display()?;
        }
        Self::start(
            &format!("videoconvert ! {sink}"),
            sink,
            None,
            distributor,
            failed,
        )
    }

    /// Writes frames of a size to a pipe until its reader closes it. `failed` is called from the
    /// main loop, at most once.
    ///
    /// # Errors
    /// If it is no pipe, or an element is missing.
    pub fn pipe(
        pipe: OwnedFd,
        size: Size,
        distributor: &FrameDistributor,
        failed: impl Fn(String) + 'static,
    ) -> Result<Self, PreviewError> {
        // A reader that stands still must not hold the pipeline when it stops.
        fcntl_setfl(&pipe, OFlags::NONBLOCK).map_err(io::Error::from)?;
        let (caps, fd) = (frames_caps(size), pipe.as_raw_fd());
        let line = format!("videoscale ! videoconvert ! {caps} ! fdsink fd={fd} sync=false");
        Self::start(&line, "fdsink", Some(pipe), distributor, failed)
    }

    fn start(
        line: &str,
        sink: &str,
        pipe: Option<OwnedFd>,
        distributor: &FrameDistributor,
        failed: impl Fn(String) + 'static,
    ) -> Result<Self, PreviewError> {
        let bin = gst::parse::bin_from_description(line, true)?;
        let (pipeline, frames) = (gst::Pipeline::with_name("preview"), frames_source());
        let chain: [&gst::Element; 2] = [frames.upcast_ref(), bin.upcast_ref()];
        pipeline.add_many(chain)?;
        gst::Element::link_many(chain)?;
        let bus = pipeline.bus().ok_or(PreviewError::NoBus)?;
        let guard = bus.add_watch_local(move |_, message| {
            let gst::MessageView::Error(error) = message.view() else {
                return glib::ControlFlow::Continue;
            };
            failed(error.error().to_string());
            glib::ControlFlow::Break
        })?;
        distributor.add(frames.clone());
        let preview = Self {
            pipeline,
            frames,
            distributor: distributor.clone(),
            _bus: guard,
            _pipe: pipe,
        };
        if preview.pipeline.set_state(gst::State::Playing).is_err() {
            let said = error_of(&preview.pipeline);
            return Err(PreviewError::Start {
                sink: sink.into(),
                said: said.unwrap_or_else(|| "it does not start".into()),
            });
        }
        Ok(preview)
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        self.distributor.remove(&self.frames);
        // A window that cannot be closed is left to the end of the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Checks that a display answers.
fn check_display() -> Result<(), PreviewError> {
    let mut said = "neither WAYLAND_DISPLAY nor DISPLAY is set".to_string();
    for (variable, sink) in [
        ("WAYLAND_DISPLAY", "waylandsink"),
        ("DISPLAY", "ximagesink"),
    ] {
        if std::env::var_os(variable).is_none_or(|display| display.is_empty()) {
            continue;
        }
        // If the element is not installed, another one may know the display.
        let Ok(sink) = gst::ElementFactory::make(sink).build() else {
            return Ok(());
        };
        let bus = gst::Bus::new();
        sink.set_bus(Some(&bus));
        let opened = sink.set_state(gst::State::Ready);
        let error = error_on(&bus);
        // It was only tried.
        let _ = sink.set_state(gst::State::Null);
        if opened.is_ok() {
            return Ok(());
        }
        said = error.unwrap_or_else(|| format!("{variable} does not answer"));
    }
    Err(PreviewError::NoDisplay(said))
}
