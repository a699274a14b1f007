// SPDX-License-Identifier: MPL-2.0

//! DMABuf memory by name: caps of `video/x-raw(memory:DMABuf)` with `format=DMA_DRM`, as GStreamer
//! has them from 1.24 on, where the field `drm-format` says how the pixels lie.
//!
//! A DRM format without a modifier is linear: row after row, as in plain memory. These alone can be
//! read with the processor. Maps of such memory go through GStreamer's DMABuf allocator, which
//! tells the kernel when the processor's access begins and ends (`DMA_BUF_IOCTL_SYNC`).

use super::{format_of, layout_of, strings};
use crate::frame::PixelLayout;
use std::borrow::Cow;

/// The feature of the caps.
pub const FEATURE: &str = "memory:DMABuf";
/// The format of the caps; the real one stands in `drm-format`.
const FORMAT: &str = "DMA_DRM";
const DRM_FORMAT: &str = "drm-format";

/// The layout's linear DRM format, as GStreamer writes it (`gst_video_dma_drm_fourcc_to_string`);
/// none if Linux knows no such format.
///
/// Source: the kernel's `drm_fourcc.h`. DRM names packed formats as little-endian words, so that
/// GStreamer's BGRA (in memory order) is DRM's ARGB8888, `AR24`.
const fn drm_format(layout: PixelLayout) -> Option<&'static str> {
    use PixelLayout::*;
    Some(match layout {
        Nv12 => "NV12",
        Nv21 => "NV21",
        Nv16 => "NV16",
        Nv61 => "NV61",
        Nv24 => "NV24",
        I420 => "YU12",
        Yv12 => "YV12",
        Y42b => "YU16",
        Y444 => "YU24",
        Yuy2 => "YUYV",
        Uyvy => "UYVY",
        Yvyu => "YVYU",
        Vyuy => "VYUY",
        Rgb => "BG24",
        Bgr => "RG24",
        Rgbx => "XB24",
        Bgrx => "XR24",
        Xrgb => "BX24",
        Xbgr => "RX24",
        Rgba => "AB24",
        Bgra => "AR24",
        Argb => "BA24",
        Abgr => "RA24",
        Rgb16 => "RG16",
        Bgr16 => "BG16",
        Rgb15 => "XR15",
        P010Le => "P010",
        Y210 => "Y210",
        Rgb10a2Le => "AB30",
        Bgr10a2Le => "AR30",
        Gray8 => "R8  ",
        Gray16Le => "R16 ",
        I42010Le => "S010",
        I42210Le => "S210",
        Y44410Le => "S410",
        // No DRM format, or one that GStreamer gives to no format of its own.
        Bgr15 | Gbr | Gbra | Rgbp | Bgrp | Gbr10Le | Gbra10Le | V210 | A420 | Av12 | Ayuv
        | A42010Le | A42210Le | A44410Le => return None,
    })
}

fn layout_of_drm(name: &str) -> Option<PixelLayout> {
    let mut layouts = PixelLayout::ALL.iter().copied();
    layouts.find(|layout| drm_format(*layout) == Some(name))
}

fn is_dmabuf(structure: &gst::StructureRef, features: &gst::CapsFeaturesRef) -> bool {
    features.size() == 1
        && features.contains(FEATURE)
        && structure.get::<&str>("format") == Ok(FORMAT)
}

fn set_strings(structure: &mut gst::Structure, field: &str, mut strings: Vec<String>) {
    match strings.len() {
        1 => structure.set(field, strings.remove(0)),
        _ => structure.set(field, gst::List::new(strings)),
    }
}

/// The same video in plain memory: what an element gives that reads such memory and hands the
/// frames on as plain ones. What is not DMABuf stays as it is; DMABuf that cannot be read goes.
pub fn as_plain(caps: &gst::CapsRef) -> Cow<'_, gst::CapsRef> {
    if !caps.iter_with_features().any(|(s, f)| is_dmabuf(s, f)) {
        return Cow::Borrowed(caps);
    }
    let mut plain = gst::Caps::new_empty();
    let target = plain.make_mut();
    for (structure, features) in caps.iter_with_features() {
        if !is_dmabuf(structure, features) {
            target.append_structure_full(structure.to_owned(), Some(features.to_owned()));
            continue;
        }
        let names = strings(structure, DRM_FORMAT);
        let formats: Vec<String> = match names {
            Some(names) => names
                .iter()
                .filter_map(|name| layout_of_drm(name))
                .collect(),
            None => all().collect::<Vec<_>>(),
        }
        .into_iter()
        .map(|layout| format_of(layout).to_str().to_string())
        .collect();
        if formats.is_empty() {
            continue;
        }
        let mut structure = structure.to_owned();
        structure.remove_field(DRM_FORMAT);
        set_strings(&mut structure, "format", formats);
        target.append_structure(structure);
    }
    Cow::Owned(plain)
}

fn all() -> impl Iterator<Item = PixelLayout> {
    let layouts = PixelLayout::ALL.iter().copied();
    layouts.filter(|layout| drm_format(*layout).is_some())
}

/// The same video in plain memory and, behind it as the second choice, in linear DMABuf memory.
pub fn with_dmabuf(caps: &gst::CapsRef) -> gst::Caps {
    let mut both = caps.to_owned();
    let target = both.make_mut();
    for (structure, features) in caps.iter_with_features() {
        if !features.is_equal(&gst::CAPS_FEATURES_MEMORY_SYSTEM_MEMORY) {
            continue;
        }
        let names: Vec<String> = match strings(structure, "format") {
            Some(formats) => formats
                .iter()
                .filter_map(|name| layout_of(gst_video::VideoFormat::from_string(name)))
                .filter_map(drm_format)
                .map(str::to_owned)
                .collect(),
            None => all().filter_map(drm_format).map(str::to_owned).collect(),
        };
        if names.is_empty() {
            continue;
        }
        let mut structure = structure.to_owned();
        structure.set("format", FORMAT);
        set_strings(&mut structure, DRM_FORMAT, names);
        target.append_structure_full(structure, Some(gst::CapsFeatures::new([FEATURE])));
    }
    both
}
