// SPDX-License-Identifier: MPL-2.0

//! Which formats go in and come out, by kind of background.

use super::Background;
use crate::frame::PixelLayout;
use crate::video::{as_plain, caps_of, format_of, layout_of, strings, with_dmabuf};
use gst_video::VideoFormat;

/// Caps of the sink pad: everything that can be composed in place or given an alpha channel.
pub fn sink_caps() -> gst::Caps {
    with_dmabuf(&src_caps())
}

/// Caps of the source pad: the same formats, in plain memory. A frame that came in DMABuf memory
/// goes out in the same memory, but as plain video: if others hold it, too, it is copied, and
/// the copy is no DMABuf.
pub fn src_caps() -> gst::Caps {
    caps_of(PixelLayout::ALL.iter().copied())
}

/// The layouts with alpha that a layout can become, best first; a layout with enough of it stays
/// itself. Subsampling is kept if a format allows it, colour is never converted between RGB and
/// YUV.
pub fn alpha_layouts(layout: PixelLayout) -> &'static [PixelLayout] {
    use PixelLayout::*;
    match layout {
        Nv12 => &[Av12, A420, Ayuv],
        Nv21 => &[A420, Av12, Ayuv],
        I420 | Yv12 => &[A420, Av12, Ayuv],
        Y42b | Nv16 | Nv61 | Yuy2 | Uyvy | Yvyu | Vyuy | Y444 | Nv24 | Gray8 => &[Ayuv],
        P010Le | I42010Le => &[A42010Le, A44410Le, Ayuv],
        I42210Le | Y210 | V210 => &[A42210Le, A44410Le, Ayuv],
        Y44410Le | Gray16Le => &[A44410Le, Ayuv],
        Rgb | Rgbx | Rgbp | Rgb16 | Rgb15 => &[Rgba, Bgra, Argb, Abgr, Gbra],
        Bgr | Bgrx | Bgrp | Bgr16 | Bgr15 => &[Bgra, Rgba, Argb, Abgr, Gbra],
        Gbr => &[Gbra, Rgba, Bgra, Argb, Abgr],
        // Two bits of alpha are four steps: an edge would be a staircase.
        Gbr10Le | Rgb10a2Le | Bgr10a2Le => &[Gbra10Le, Gbra, Rgba, Bgra, Argb, Abgr],
        Xrgb => &[Argb, Rgba, Bgra, Abgr, Gbra],
        Xbgr => &[Abgr, Rgba, Bgra, Argb, Gbra],
        Rgba => &[Rgba],
        Bgra => &[Bgra],
        Argb => &[Argb],
        Abgr => &[Abgr],
        A420 => &[A420],
        Av12 => &[Av12],
        Ayuv => &[Ayuv],
        A42010Le => &[A42010Le],
        A42210Le => &[A42210Le],
        A44410Le => &[A44410Le],
        Gbra => &[Gbra],
        Gbra10Le => &[Gbra10Le],
    }
}

/// How the formats of the two pads go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The same on both.
    Same,
    /// The source pad's has alpha.
    Alpha,
    /// The source pad's is the matte.
    Gray,
}

/// How the formats go together with a background.
pub fn kind(background: Background) -> Kind {
    match background {
        Background::Transparent => Kind::Alpha,
        Background::Matte => Kind::Gray,
        _ => Kind::Same,
    }
}

/// What the other pad may have, given what one pad may have.
pub fn transform(
    background: Background,
    direction: gst::PadDirection,
    caps: &gst::Caps,
) -> gst::Caps {
    match direction {
        gst::PadDirection::Sink => transform_plain(background, direction, &as_plain(caps)),
        _ => with_dmabuf(&transform_plain(background, direction, caps)),
    }
}

fn transform_plain(
    background: Background,
    direction: gst::PadDirection,
    caps: &gst::CapsRef,
) -> gst::Caps {
    match kind(background) {
        Kind::Alpha => map_formats(caps, false, |format| {
            let Some(layout) = layout_of(format) else {
                return Vec::new();
            };
            match direction {
                gst::PadDirection::Sink => alpha_layouts(layout)
                    .iter()
                    .copied()
                    .map(format_of)
                    .collect(),
                _ => PixelLayout::ALL
                    .iter()
                    .filter(|input| alpha_layouts(**input).contains(&layout))
                    .copied()
                    .map(format_of)
                    .collect(),
            }
        }),
        Kind::Gray => map_formats(caps, true, |format| match direction {
            gst::PadDirection::Sink => vec![VideoFormat::Gray8],
            _ if format == VideoFormat::Gray8 => {
                PixelLayout::ALL.iter().copied().map(format_of).collect()
            }
            _ => Vec::new(),
        }),
        Kind::Same => caps.to_owned(),
    }
}

/// Replaces the formats of every structure; what maps to nothing falls away.
fn map_formats(
    caps: &gst::CapsRef,
    drop_color: bool,
    map: impl Fn(VideoFormat) -> Vec<VideoFormat>,
) -> gst::Caps {
    let mut result = gst::Caps::new_empty();
    let target = result.make_mut();
    for (structure, features) in caps.iter_with_features() {
        let mut formats: Vec<VideoFormat> = Vec::new();
        for format in formats_of(structure).into_iter().flat_map(&map) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        if formats.is_empty() {
            continue;
        }
        let mut structure = structure.to_owned();
        if drop_color {
            // A matte has no colour; its range is full whatever the video's is.
            structure.remove_fields(["colorimetry", "chroma-site"]);
        }
        let names = formats.iter().map(|f| f.to_str());
        structure.set("format", gst::List::new(names));
        target.append_structure_full(structure, Some(features.to_owned()));
    }
    result
}

fn formats_of(structure: &gst::StructureRef) -> Vec<VideoFormat> {
    match strings(structure, "format") {
        Some(names) => names.iter().map(|n| VideoFormat::from_string(n)).collect(),
        None => PixelLayout::ALL.iter().copied().map(format_of).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::AlphaOut;
    use crate::frame::Colorimetry;
    use crate::simd::level;

    #[test]
    fn transparent_keeps_the_colour_family() {
        gst::init().unwrap();
        let input = gst_video::VideoCapsBuilder::new()
            .format(VideoFormat::I420)
            .build();
        let output = transform(Background::Transparent, gst::PadDirection::Sink, &input);
        let first = formats_of(output.structure(0).unwrap());
        assert_eq!(first[0], VideoFormat::A420);
        assert!(!first.contains(&VideoFormat::Rgba));
        let back = transform(Background::Transparent, gst::PadDirection::Src, &output);
        assert!(back.can_intersect(&input));
    }

    #[test]
    fn every_alpha_layout_that_is_offered_can_be_written() {
        for from in PixelLayout::ALL.iter().copied() {
            for to in alpha_layouts(from).iter().copied().filter(|&to| to != from) {
                let way = AlphaOut::new(from, to, Colorimetry::default(), 8, 6, level());
                assert!(way.is_ok(), "{:?}", way.err());
            }
        }
    }

    #[test]
    fn matte_is_gray_without_colorimetry() {
        gst::init().unwrap();
        let input = gst::Caps::builder("video/x-raw")
            .field("format", "NV12")
            .field("colorimetry", "bt709")
            .build();
        let output = transform(Background::Matte, gst::PadDirection::Sink, &input);
        let structure = output.structure(0).unwrap();
        assert_eq!(formats_of(structure), [VideoFormat::Gray8]);
        assert!(!structure.has_field("colorimetry"));
    }
}
