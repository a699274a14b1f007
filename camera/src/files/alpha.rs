// SPDX-License-Identifier: MPL-2.0

//! The alpha of frames as frames of their own, for codecs that have none: what was alpha is luma.

use super::error::FileError;
use super::line::Line;
use gst::prelude::*;
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoFrameRef, VideoInfo};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// How the message begins that an encoder gets frames without alpha.
pub const LOST: &str = "no alpha reaches";
/// Gray: a chroma of no colour.
const NO_COLOUR: u8 = 128;
/// Frames between two that need no other. The streams have theirs together, so that a reader may
/// begin at any of them.
const KEY_FRAMES: u64 = 60;

/// Makes the frames of a line (A420) those of their alpha (I420).
///
/// # Errors
/// If the elements are missing.
pub fn only(line: &mut Line) -> Result<(), FileError> {
    let setter = line.make("capssetter")?;
    setter.set_property("caps", gst::Caps::from_str("video/x-raw,format=I420")?);
    let sink = setter.static_pad("sink").ok_or(FileError::Part("sink"))?;
    let plan = Mutex::new(None::<Extractor>);
    sink.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(gst::PadProbeData::Buffer(frame)) = &info.data else {
            return gst::PadProbeReturn::Ok;
        };
        let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
        match alpha(pad, frame, &mut plan) {
            Some(alpha) => {
                info.data = Some(gst::PadProbeData::Buffer(alpha));
                gst::PadProbeReturn::Ok
            }
            None => {
                if let Some(element) = pad.parent_element() {
                    gst::element_error!(element, gst::StreamError::Format, ("{LOST} the encoder"));
                }
                info.flow_res = Err(gst::FlowError::Error);
                gst::PadProbeReturn::Handled
            }
        }
    });
    Ok(())
}

/// Lets no frames without alpha into an encoder, nor into those in a bin: a converter before them
/// may take it away, and nobody would notice.
///
/// # Errors
/// If an encoder has no sink.
pub fn demand(encoder: &gst::Element) -> Result<(), FileError> {
    for element in encoders(encoder) {
        let sink = element.static_pad("sink").ok_or(FileError::Part("sink"))?;
        sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |pad, info| {
            let Some(gst::PadProbeData::Event(event)) = &info.data else {
                return gst::PadProbeReturn::Ok;
            };
            let gst::EventView::Caps(caps) = event.view() else {
                return gst::PadProbeReturn::Ok;
            };
            let format = VideoInfo::from_caps(caps.caps()).map(|info| info.format_info());
            let format = match format {
                Ok(format) if format.has_alpha() => return gst::PadProbeReturn::Ok,
                Ok(format) => format.name(),
                Err(_) => "frames that are not in memory",
            };
            if let Some(element) = pad.parent_element() {
                let name = element.factory().map(|factory| factory.name());
                let name = name.as_deref().unwrap_or("the encoder");
                gst::element_error!(
                    element,
                    gst::StreamError::Format,
                    ("{LOST} {name}, only {format}: give it frames with alpha")
                );
            }
            gst::PadProbeReturn::Handled
        });
    }
    Ok(())
}

/// An element, or what encodes video in a bin.
fn encoders(encoder: &gst::Element) -> Vec<gst::Element> {
    let Some(bin) = encoder.downcast_ref::<gst::Bin>() else {
        return vec![encoder.clone()];
    };
    let elements = bin.iterate_recurse().into_iter().filter_map(Result::ok);
    let encodes = |element: &gst::Element| {
        let factory = element.factory();
        factory.is_some_and(|own| own.has_type(gst::ElementFactoryType::VIDEO_ENCODER))
    };
    elements.filter(encodes).collect()
}

/// How frames of some caps are taken apart.
struct Extractor {
    caps: gst::Caps,
    from: VideoInfo,
    to: VideoInfo,
    pool: gst_video::VideoBufferPool,
}

impl Extractor {
    fn new(caps: gst::Caps) -> Option<Self> {
        let from = VideoInfo::from_caps(&caps).ok()?;
        if from.format() != VideoFormat::A420 {
            return None;
        }
        let to = VideoInfo::builder(VideoFormat::I420, from.width(), from.height());
        let to = to.colorimetry(&from.colorimetry()).build().ok()?;
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        config.set_params(
            Some(&to.to_caps().ok()?),
            u32::try_from(to.size()).ok()?,
            0,
            0,
        );
        pool.set_config(config).ok()?;
        pool.set_active(true).ok()?;
        Some(Self {
            caps,
            from,
            to,
            pool,
        })
    }
}

impl Drop for Extractor {
    fn drop(&mut self) {
        // Deactivation only fails for pools that were never active.
        let _ = self.pool.set_active(false);
    }
}

fn alpha(
    pad: &gst::Pad,
    frame: &gst::BufferRef,
    plan: &mut Option<Extractor>,
) -> Option<gst::Buffer> {
    let caps = pad.current_caps()?;
    if plan.as_ref().is_none_or(|plan| plan.caps != caps) {
        *plan = Some(Extractor::new(caps)?);
    }
    let plan = plan.as_ref()?;
    let from = VideoFrameRef::from_buffer_ref_readable(frame, &plan.from).ok()?;
    let mut alpha = plan.pool.acquire_buffer(None).ok()?;
    let new = alpha.get_mut()?;
    frame
        .copy_into(
            new,
            gst::BufferCopyFlags::TIMESTAMPS | gst::BufferCopyFlags::FLAGS,
            ..,
        )
        .ok()?;
    let mut to = VideoFrameRef::from_buffer_ref_writable(new, &plan.to).ok()?;
    let (width, stride) = (from.width() as usize, from.plane_stride()[3] as usize);
    let to_stride = to.plane_stride()[0] as usize;
    let rows = from.plane_data(3).ok()?.chunks(stride);
    let target = to.plane_data_mut(0).ok()?.chunks_mut(to_stride);
    for (to, from) in target.zip(rows) {
        to.get_mut(..width)?.copy_from_slice(from.get(..width)?);
    }
    for plane in [1, 2] {
        to.plane_data_mut(plane).ok()?.fill(NO_COLOUR);
    }
    drop(to);
    Some(alpha)
}

/// Asks an encoder for frames that need no other, at the same frames of each stream.
///
/// # Errors
/// If it is no encoder.
pub fn key_frames(encoder: &gst::Element) -> Result<(), FileError> {
    for (name, value) in [("keyframe-mode", "disabled"), ("auto-alt-ref", "false")] {
        if encoder.has_property(name) {
            encoder.set_property_from_str(name, value);
        }
    }
    let sink = encoder.static_pad("sink").ok_or(FileError::Part("sink"))?;
    let source = encoder.static_pad("src").ok_or(FileError::Part("src"))?;
    let source = source.downgrade();
    let count = std::sync::atomic::AtomicU64::new(0);
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let frame = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if frame.is_multiple_of(KEY_FRAMES)
            && let Some(source) = source.upgrade()
        {
            // For the frame that comes next, which is this one.
            source.send_event(gst_video::UpstreamForceKeyUnitEvent::builder().build());
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}
