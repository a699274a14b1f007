// SPDX-License-Identifier: MPL-2.0

//! Video that an element cannot take, reported by the element itself.
//!
//! GStreamer refuses caps before the element sees them, and all that a user reads then is that
//! something upstream is "not-negotiated". A probe on the sink pad sees three moments of it:
//!
//! - Caps arrive that the element cannot take.
//! - Upstream asks whether caps are taken, or which, and has nothing else to give. Who only tries
//!   one way of several has others to give, and hears nothing but the answer.
//! - A pad is to be linked and its caps do not fit, of which no element is notified. So pads that
//!   nothing can flow through yet say that they link with any format, and one of the other two
//!   follows. With other memory they do not: a player that asks a pad before it links chooses a
//!   decoder's memory by the answer.

use crate::frame::PixelLayout;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

const RAW: &str = "video/x-raw";
/// What `unixfdsrc` sends while the sink at the other end of its socket has no caps yet (GStreamer
/// 1.24 to 1.28); the real ones follow.
const NO_CAPS_YET: &str = "NULL";
/// The plugin's name: the bin speaks for its children.
const PLUGIN: &str = "matte";
/// More elements in a row than any pipeline has: where a search upstream ends.
const DEPTH: usize = 64;

/// Watches a sink pad. Video that does not go with its template becomes an error of the pad's
/// element, or of the bin of ours that it is in: what was found, what is taken, what to do.
/// Once for each stream and reason.
pub fn report_refused(pad: &impl IsA<gst::Pad>) {
    let pad = pad.upcast_ref::<gst::Pad>();
    if is_ghost(pad) {
        // Caps without a frame rate, of an application's appsrc, are for the child to judge.
        pad.set_pad_flags(gst::PadFlags::ACCEPT_INTERSECT);
    }
    let reported = Reported::default();
    let moments = gst::PadProbeType::EVENT_DOWNSTREAM
        | gst::PadProbeType::QUERY_DOWNSTREAM
        | gst::PadProbeType::PUSH
        | gst::PadProbeType::PULL;
    pad.add_probe(moments, move |pad, info| {
        let answered = info.mask.contains(gst::PadProbeType::PULL);
        match &mut info.data {
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::StreamStart(_) => reported.forget(),
                gst::EventView::Caps(event) => arrived(pad, event.caps(), &reported),
                _ => (),
            },
            Some(gst::PadProbeData::Query(query)) if answered => match query.view_mut() {
                gst::QueryViewMut::Caps(query) if is_loose(pad, DEPTH) => {
                    link_with_any_format(query);
                }
                gst::QueryViewMut::Caps(query) => {
                    if let (true, Some(filter)) = (is_empty(query), query.filter()) {
                        asked(pad, filter, &reported);
                    }
                }
                gst::QueryViewMut::AcceptCaps(query) if !query.result() => {
                    asked(pad, query.caps(), &reported);
                }
                _ => (),
            },
            _ => (),
        }
        gst::PadProbeReturn::Ok
    });
}

/// Lets a source pad be linked although its element cannot take what will come: only an element that
/// is linked can report that later.
pub fn allow_any_link(pad: &impl IsA<gst::Pad>) {
    let moments = gst::PadProbeType::QUERY_UPSTREAM | gst::PadProbeType::PULL;
    pad.upcast_ref::<gst::Pad>()
        .add_probe(moments, |pad, info| {
            if let Some(gst::PadProbeData::Query(query)) = &mut info.data
                && let gst::QueryViewMut::Caps(query) = query.view_mut()
                && is_empty(query)
                && is_loose(pad, DEPTH)
            {
                let template = pad.pad_template_caps();
                query.set_result(&filtered(query, &template));
            }
            gst::PadProbeReturn::Ok
        });
}

fn is_empty(query: &gst::query::Caps) -> bool {
    query.result().is_some_and(|caps| caps.is_empty())
}

fn filtered(query: &gst::query::Caps, caps: &gst::Caps) -> gst::Caps {
    match query.filter_owned() {
        Some(filter) => filter.intersect_with_mode(caps, gst::CapsIntersectMode::First),
        None => caps.clone(),
    }
}

/// What was reported last on a pad.
#[derive(Default)]
struct Reported {
    words: Mutex<Option<String>>,
    /// Upstream is being asked what it has: it may ask back.
    asks: AtomicBool,
}

impl Reported {
    fn forget(&self) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn report(&self, pad: &gst::Pad, words: String, caps: &gst::CapsRef) {
        let mut last = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&words) {
            return;
        }
        *last = Some(words.clone());
        drop(last);
        if let Some(element) = speaker(pad) {
            let (name, taken) = (pad.name(), pad.pad_template_caps());
            gst::element_error!(
                element,
                gst::StreamError::Format,
                ("{words}"),
                ["pad {name} was given {caps} and takes {taken}"]
            );
        }
    }
}

/// The element of a pad, or the bin of ours that it is a part of.
fn speaker(pad: &gst::Pad) -> Option<gst::Element> {
    let element = pad.parent_element()?;
    let bin = element.parent().and_downcast::<gst::Element>();
    let ours = bin.filter(|bin| {
        let plugin = bin.factory().and_then(|factory| factory.plugin_name());
        plugin.is_some_and(|name| name == PLUGIN)
    });
    Some(ours.unwrap_or(element))
}

fn arrived(pad: &gst::Pad, caps: &gst::CapsRef, reported: &Reported) {
    if say_nothing_yet(caps) {
        return;
    }
    let refused = refusal(caps, &pad.pad_template_caps());
    if is_ghost(pad) {
        // The bin's child is asked next, and reports if it can know what comes.
        if let Some(words) = refused
            && !is_sent(pad, caps, true)
            && !offers_nothing_else(pad, reported)
        {
            reported.report(pad, words, caps);
        }
        return;
    }
    match refused.or_else(|| unreadable(caps)) {
        Some(words) => reported.report(pad, words, caps),
        None => reported.forget(),
    }
}

fn say_nothing_yet(caps: &gst::CapsRef) -> bool {
    let structure = caps.structure(0);
    structure.is_some_and(|structure| structure.name() == NO_CAPS_YET)
}

fn asked(pad: &gst::Pad, caps: &gst::CapsRef, reported: &Reported) {
    // A bin's child is asked the same.
    if is_ghost(pad) || !pad.is_active() {
        return;
    }
    if let Some(words) = refusal(caps, &pad.pad_template_caps())
        && (is_sent(pad, caps, false) || offers_nothing_else(pad, reported))
    {
        reported.report(pad, words, caps);
    }
}

fn is_ghost(pad: &gst::Pad) -> bool {
    pad.is::<gst::GhostPad>()
}

/// Whether caps come that cannot get here: a pad upstream has sent them, and what lies between, ghost
/// pads and elements that let any caps through, asks first. `between`: whether something lies there
/// that is not to be found from this pad on.
fn is_sent(pad: &gst::Pad, caps: &gst::CapsRef, mut between: bool) -> bool {
    let mut pad = pad.clone();
    for _ in 0..DEPTH {
        let Some(mut peer) = pad.peer() else {
            return false;
        };
        while let Some(ghost) = peer.downcast_ref::<gst::GhostPad>() {
            let Some(inner) = ghost.target() else {
                return false;
            };
            (peer, between) = (inner, true);
        }
        if let Some(sent) = peer.current_caps() {
            return between && *sent == *caps;
        }
        if let Some(outer) = peer.parent().and_downcast::<gst::Pad>() {
            pad = outer;
        } else if peer.pad_flags().contains(gst::PadFlags::PROXY_CAPS)
            && let Some(element) = peer.parent_element()
            && let [input] = &*element.sink_pads()
        {
            pad = input.clone();
        } else {
            return false;
        }
        between = true;
    }
    false
}

/// Whether upstream can give nothing that is taken.
fn offers_nothing_else(pad: &gst::Pad, reported: &Reported) -> bool {
    if reported.asks.swap(true, Ordering::AcqRel) {
        return false;
    }
    let offered = pad.peer_query_caps(None);
    reported.asks.store(false, Ordering::Release);
    !offered.is_empty() && !offered.can_intersect(&pad.pad_template_caps())
}

/// Whether nothing can flow through a pad yet: every way from it, up from a sink pad and down from a
/// source pad, ends at a pad without a link.
fn is_loose(pad: &gst::Pad, depth: usize) -> bool {
    let Some(peer) = pad.peer() else {
        return true;
    };
    if depth == 0 {
        return false;
    }
    // Of a ghost pad, the inner side's parent is the outer side.
    let parent = peer.parent();
    if let Some(outer) = parent.and_downcast_ref::<gst::Pad>() {
        return is_loose(outer, depth - 1);
    }
    let Some(element) = peer.parent_element() else {
        return false;
    };
    let next = match pad.direction() {
        gst::PadDirection::Sink => element.sink_pads(),
        _ => element.src_pads(),
    };
    !next.is_empty() && next.iter().all(|pad| is_loose(pad, depth - 1))
}

fn link_with_any_format(query: &mut gst::query::Caps) {
    let Some(mut caps) = query.result_owned() else {
        return;
    };
    // Last, as nobody should choose it.
    caps.merge(filtered(query, &gst::Caps::new_empty_simple(RAW)));
    query.set_result(&caps);
}

/// Why caps are not among those that are taken, and what to do, in words; none where they are.
pub(super) fn refusal(caps: &gst::CapsRef, taken: &gst::Caps) -> Option<String> {
    if caps.can_intersect(taken) {
        return None;
    }
    let (structure, features) = caps.iter_with_features().next()?;
    let name = structure.name().as_str();
    if say_nothing_yet(caps) {
        return None;
    }
    if name != RAW {
        if ["audio/", "text/"]
            .iter()
            .any(|kind| name.starts_with(kind))
        {
            return Some(format!(
                "{name} is no video, and {RAW} alone is taken; link the stream's video to this element"
            ));
        }
        let remedy = match name {
            "image/jpeg" => "jpegdec",
            "video/x-bayer" => "bayer2rgb",
            _ => "decodebin",
        };
        return Some(format!(
            "{name} is not raw video, and {RAW} alone is taken; put {remedy} before this element"
        ));
    }
    if !features.is_equal(&gst::CAPS_FEATURES_MEMORY_SYSTEM_MEMORY) {
        let layout = structure.get::<&str>("drm-format");
        let layout = layout.map_or_else(|_| String::new(), |name| format!(" as {name}"));
        let remedy = remedy_for(features);
        return Some(format!(
            "video with {features}{layout} cannot be read here: {RAW} in the computer's own memory is taken, \
             and linear DMABuf memory; put {remedy} before this element"
        ));
    }
    let formats = formats(structure);
    let known = taken.iter().any(|structure_taken| {
        let mut format = gst::Structure::new_empty(RAW);
        if let Ok(value) = structure.value("format") {
            format.set_value("format", value.clone());
        }
        structure_taken.can_intersect(&format)
    });
    Some(match known {
        true => format!(
            "this video is not taken: {structure}; put videoconvert ! videoscale before this element"
        ),
        false => format!(
            "video of format {formats} is not taken ({} are, and others of 8 and 10 bits); put videoconvert \
             before this element",
            examples()
        ),
    })
}

/// Why fixed caps that go with the template are no frame all the same.
fn unreadable(caps: &gst::CapsRef) -> Option<String> {
    let plain = super::as_plain(caps);
    if !plain.is_fixed() || gst_video::VideoInfo::from_caps(&plain).is_ok() {
        return None;
    }
    let structure = caps.structure(0)?;
    let side = |name| structure.get::<i32>(name).ok();
    let named = structure.get::<&str>("format").is_ok();
    let interlacing = structure.get::<&str>("interlace-mode");
    Some(match (side("width"), side("height")) {
        (Some(_), Some(_)) if !named => format!(
            "video without a format is not taken: {structure}; the element that made its caps must name \
             one, as format=NV12"
        ),
        (Some(_), Some(_)) if interlacing == Ok("alternate") => {
            "video whose fields come alone (interlace-mode=alternate) is not taken; put deinterlace \
             before this element"
                .to_owned()
        }
        (Some(width), Some(height)) => format!(
            "video of {width}x{height} is larger than GStreamer can describe a frame of its format; \
             put videoscale and smaller caps before this element"
        ),
        _ => format!(
            "video without a width and a height is not taken: {structure}; the element that made its caps \
             must name both"
        ),
    })
}

/// The formats of a structure, some by name where there are many.
fn formats(structure: &gst::StructureRef) -> String {
    const SHOWN: usize = 4;
    let Some(names) = super::strings(structure, "format") else {
        return "unknown".to_owned();
    };
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// A few of the formats that are taken, one of each kind.
fn examples() -> String {
    use PixelLayout::*;
    let layouts = [Nv12, I420, Yuy2, P010Le, Rgb, Bgrx];
    let names = layouts.map(|layout| super::format_of(layout).to_str().as_str());
    names.join(", ")
}

/// The elements that bring video of these features into the computer's own memory.
fn remedy_for(features: &gst::CapsFeaturesRef) -> &'static str {
    const REMEDIES: &[(&str, &str)] = &[
        ("memory:GLMemory", "gldownload"),
        ("memory:VAMemory", "vapostproc ! video/x-raw"),
        ("memory:VASurface", "vaapipostproc ! video/x-raw"),
        ("memory:CUDAMemory", "cudadownload"),
        (
            "memory:NVMM",
            "nvvidconv ! video/x-raw (with DeepStream nvvideoconvert ! video/x-raw)",
        ),
        ("memory:D3D11Memory", "d3d11download"),
        ("memory:D3D12Memory", "d3d12download"),
        ("memory:VulkanImage", "vulkandownload"),
        (
            "memory:DMABuf",
            "vapostproc ! video/x-raw (or glupload ! glcolorconvert ! gldownload)",
        ),
        ("format:Interlaced", "deinterlace"),
    ];
    let found = REMEDIES.iter().find(|(name, _)| features.contains(*name));
    found.map_or("an element that gives plain video/x-raw", |(_, remedy)| {
        remedy
    })
}
