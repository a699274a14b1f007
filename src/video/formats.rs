// SPDX-License-Identifier: MPL-2.0

//! Formats and colorimetry: GStreamer's names for what `frame/` knows.

use crate::frame::{ChromaSite, Colorimetry, Matrix, PixelLayout, Primaries, Range, Transfer};
use gst_video::VideoFormat;

/// The layout of a GStreamer format, where the plugin takes it.
pub fn layout_of(format: VideoFormat) -> Option<PixelLayout> {
    PixelLayout::ALL
        .iter()
        .copied()
        .find(|layout| format_of(*layout) == format)
}

/// The GStreamer format of a layout.
pub const fn format_of(layout: PixelLayout) -> VideoFormat {
    match layout {
        PixelLayout::Nv12 => VideoFormat::Nv12,
        PixelLayout::Nv21 => VideoFormat::Nv21,
        PixelLayout::I420 => VideoFormat::I420,
        PixelLayout::Yv12 => VideoFormat::Yv12,
        PixelLayout::Y42b => VideoFormat::Y42b,
        PixelLayout::Y444 => VideoFormat::Y444,
        PixelLayout::Yuy2 => VideoFormat::Yuy2,
        PixelLayout::Uyvy => VideoFormat::Uyvy,
        PixelLayout::Rgb => VideoFormat::Rgb,
        PixelLayout::Bgr => VideoFormat::Bgr,
        PixelLayout::Rgbx => VideoFormat::Rgbx,
        PixelLayout::Bgrx => VideoFormat::Bgrx,
        PixelLayout::Xrgb => VideoFormat::Xrgb,
        PixelLayout::Xbgr => VideoFormat::Xbgr,
        PixelLayout::Rgba => VideoFormat::Rgba,
        PixelLayout::Bgra => VideoFormat::Bgra,
        PixelLayout::Argb => VideoFormat::Argb,
        PixelLayout::Abgr => VideoFormat::Abgr,
        PixelLayout::Nv16 => VideoFormat::Nv16,
        PixelLayout::Nv61 => VideoFormat::Nv61,
        PixelLayout::Nv24 => VideoFormat::Nv24,
        PixelLayout::Yvyu => VideoFormat::Yvyu,
        PixelLayout::Vyuy => VideoFormat::Vyuy,
        PixelLayout::Gbr => VideoFormat::Gbr,
        PixelLayout::Gbra => VideoFormat::Gbra,
        PixelLayout::Rgbp => VideoFormat::Rgbp,
        PixelLayout::Bgrp => VideoFormat::Bgrp,
        PixelLayout::Gbr10Le => VideoFormat::Gbr10le,
        PixelLayout::Gray16Le => VideoFormat::Gray16Le,
        PixelLayout::Rgb16 => VideoFormat::Rgb16,
        PixelLayout::Bgr16 => VideoFormat::Bgr16,
        PixelLayout::Rgb15 => VideoFormat::Rgb15,
        PixelLayout::Bgr15 => VideoFormat::Bgr15,
        PixelLayout::I42210Le => VideoFormat::I42210le,
        PixelLayout::Y44410Le => VideoFormat::Y44410le,
        PixelLayout::Y210 => VideoFormat::Y210,
        PixelLayout::V210 => VideoFormat::V210,
        PixelLayout::Rgb10a2Le => VideoFormat::Rgb10a2Le,
        PixelLayout::Bgr10a2Le => VideoFormat::Bgr10a2Le,
        PixelLayout::A42010Le => VideoFormat::A42010le,
        PixelLayout::A42210Le => VideoFormat::A42210le,
        PixelLayout::A44410Le => VideoFormat::A44410le,
        PixelLayout::Gbra10Le => VideoFormat::Gbra10le,
        PixelLayout::Gray8 => VideoFormat::Gray8,
        PixelLayout::A420 => VideoFormat::A420,
        PixelLayout::Av12 => VideoFormat::Av12,
        PixelLayout::Ayuv => VideoFormat::Ayuv,
        PixelLayout::P010Le => VideoFormat::P01010le,
        PixelLayout::I42010Le => VideoFormat::I42010le,
    }
}

/// Caps for raw video of any size and rate in the given layouts, in their order.
pub fn caps_of(layouts: impl IntoIterator<Item = PixelLayout>) -> gst::Caps {
    gst_video::VideoCapsBuilder::new()
        .format_list(layouts.into_iter().map(format_of))
        .build()
}

/// The strings of a field of caps that holds one or a list of them; none if it holds neither.
pub fn strings(structure: &gst::StructureRef, field: &str) -> Option<Vec<String>> {
    if let Ok(one) = structure.get::<String>(field) {
        return Some(vec![one]);
    }
    let list = structure.get::<gst::List>(field).ok()?;
    Some(list.iter().filter_map(|value| value.get().ok()).collect())
}

/// Matrix, range, chroma siting, transfer and primaries of caps. What the caps leave open gets GStreamer's defaults.
pub fn colorimetry_of(info: &gst_video::VideoInfo) -> Colorimetry {
    let color = info.colorimetry();
    let matrix = match color.matrix() {
        gst_video::VideoColorMatrix::Bt709 => Matrix::Bt709,
        gst_video::VideoColorMatrix::Bt2020 => Matrix::Bt2020,
        gst_video::VideoColorMatrix::Fcc => Matrix::Fcc,
        gst_video::VideoColorMatrix::Smpte240m => Matrix::Smpte240m,
        _ => Matrix::Bt601,
    };
    let is_yuv = info.format_info().is_yuv();
    let range = match color.range() {
        gst_video::VideoColorRange::Range0_255 => Range::Full,
        gst_video::VideoColorRange::Range16_235 => Range::Limited,
        _ if is_yuv => Range::Limited,
        _ => Range::Full,
    };
    let site = info.chroma_site();
    let site = ChromaSite {
        cosited_x: site.contains(gst_video::VideoChromaSite::H_COSITED),
        cosited_y: site.contains(gst_video::VideoChromaSite::V_COSITED),
    };
    let transfer = match color.transfer() {
        gst_video::VideoTransferFunction::Smpte2084 => Transfer::Pq,
        gst_video::VideoTransferFunction::AribStdB67 => Transfer::Hlg,
        _ => Transfer::Sdr,
    };
    let primaries = match color.primaries() {
        gst_video::VideoColorPrimaries::Bt2020 => Primaries::Bt2020,
        _ => Primaries::Bt709,
    };
    Colorimetry {
        matrix,
        range,
        site,
        transfer,
        primaries,
    }
}
