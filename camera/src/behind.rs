// SPDX-License-Identifier: MPL-2.0

//! A video file behind the person, again and again.

use crate::settings::Settings;
use gst::glib;
use gst::prelude::*;

/// Adds the video to a pipeline and links it to the pad `background` of `mattebackground`.
///
/// # Errors
/// Where it cannot be built.
pub fn add(
    pipeline: &gst::Pipeline,
    matte: &gst::Element,
    settings: &Settings,
) -> Result<(), String> {
    let path = settings.video.as_deref().ok_or("no video is named")?;
    let path = path.to_str().ok_or("video: the path is not UTF-8")?;
    let description = "filesrc name=file ! decodebin ! videoconvert \
        ! queue name=end max-size-buffers=3 max-size-bytes=0 max-size-time=0";
    // Only the last pad is the bin's: decodebin links to the converter when it has a pad.
    let bin =
        gst::parse::bin_from_description(description, false).map_err(|error| error.to_string())?;
    let end = bin.by_name("end").and_then(|end| end.static_pad("src"));
    let end = end.ok_or("the video has no pad")?;
    let source = gst::GhostPad::with_target(&end).map_err(|error| error.to_string())?;
    bin.add_pad(&source).map_err(|error| error.to_string())?;
    bin.by_name("file")
        .ok_or("no file")?
        .set_property("location", path);
    pipeline.add(&bin).map_err(|error| error.to_string())?;
    let sink = matte
        .request_pad_simple("background")
        .ok_or("mattebackground takes no video")?;
    source.link(&sink).map_err(|error| error.to_string())?;
    source.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |pad, info| {
        let Some(gst::PadProbeData::Event(event)) = &info.data else {
            return gst::PadProbeReturn::Ok;
        };
        if event.type_() != gst::EventType::Eos {
            return gst::PadProbeReturn::Ok;
        }
        // Seeking waits for the streaming thread, which is this one: the main loop does it.
        let pad = pad.downgrade();
        glib::MainContext::default().invoke(move || {
            let Some(pad) = pad.upgrade() else {
                return;
            };
            let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT;
            let start = gst::event::Seek::new(
                1.0,
                flags,
                gst::SeekType::Set,
                gst::ClockTime::ZERO,
                gst::SeekType::None,
                gst::ClockTime::NONE,
            );
            if !pad.send_event(start) {
                eprintln!("matte-camera: the video cannot start again; its last picture stays");
            }
        });
        // Not Drop: the bindings have let go of the event by then, and GStreamer 1.22 complains.
        gst::PadProbeReturn::Handled
    });
    Ok(())
}
