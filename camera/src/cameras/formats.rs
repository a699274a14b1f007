// SPDX-License-Identifier: MPL-2.0

//! What of a camera's formats is asked for, and the colour of its video.

use crate::settings::Size;
use gst::prelude::*;

/// Names the colour of a camera's raw video if its caps do not, as PipeWire's never do: bt601 in
/// limited range, which webcams send (it is the default of the USB video class) and every viewer
/// expects. GStreamer itself would take 720p for bt709.
pub fn name_colour(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &info.data
            && let gst::EventView::Caps(caps) = event.view()
            && let Some(named) = with_colour(caps.caps())
        {
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&named)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// The caps with their colour; None if they name it, or are no raw video of luma and chroma.
fn with_colour(caps: &gst::CapsRef) -> Option<gst::Caps> {
    let structure = caps.structure(0)?;
    if structure.name() != "video/x-raw" || structure.has_field("colorimetry") {
        return None;
    }
    let format = structure.get::<&str>("format").ok()?;
    let info = gst_video::VideoFormatInfo::from_format(gst_video::VideoFormat::from_string(format));
    if !info.is_yuv() {
        return None;
    }
    let mut named = caps.to_owned();
    named.make_mut().set("colorimetry", "bt601");
    Some(named)
}

/// Of all that a camera can do, what is nearest to a size and rate: first the size, then a rate
/// that is high enough, then raw video before JPEG, which costs decoding.
pub(super) fn nearest(caps: &gst::CapsRef, size: Size, rate: i32) -> Option<gst::Caps> {
    let wanted_rate = gst::Fraction::new(rate, 1);
    let candidates = caps.iter_with_features().filter(|(structure, features)| {
        ["video/x-raw", "image/jpeg"].contains(&structure.name().as_str())
            && features.contains(gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY)
    });
    let scored = candidates.filter_map(|(structure, _)| {
        let mut fixed = structure.to_owned();
        fixed.fixate_field_nearest_int("width", size.width);
        fixed.fixate_field_nearest_int("height", size.height);
        fixed.fixate_field_nearest_fraction("framerate", wanted_rate);
        let (width, height): (i32, i32) = (fixed.get("width").ok()?, fixed.get("height").ok()?);
        let found_rate: gst::Fraction = fixed.get("framerate").ok()?;
        let distance = (width - size.width).abs() + (height - size.height).abs();
        let too_slow = (wanted_rate - found_rate).max(gst::Fraction::new(0, 1));
        let jpeg = structure.name() != "video/x-raw";
        let asked = gst::Caps::builder(structure.name().as_str())
            .field("width", width)
            .field("height", height)
            .field("framerate", found_rate)
            .build();
        Some(((distance, too_slow, jpeg), asked))
    });
    scored
        .min_by(|(one, _), (other, _)| one.cmp(other))
        .map(|(_, asked)| asked)
}
