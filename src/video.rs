// SPDX-License-Identifier: MPL-2.0

//! The border between GStreamer and the rooms that do not know it: caps become layouts and
//! colorimetry, mapped buffers become checked views.

use crate::frame::{ChromaSite, Colorimetry, FrameError, FrameFormat, FrameMut, FrameRef};
use crate::frame::{Matrix, PixelLayout, Range};
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoFrameRef};

/// Why a buffer cannot be used as a frame.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The buffer's memory cannot be mapped, or does not hold the frame of the caps.
    #[error("cannot map a buffer of {size} bytes as {format} {width}x{height}")]
    Map {
        /// Format of the caps.
        format: &'static str,
        /// Width of the caps.
        width: u32,
        /// Height of the caps.
        height: u32,
        /// Bytes in the buffer.
        size: usize,
    },
    /// A row stride that is negative or zero (a picture stored upside down).
    #[error(
        "{format} with a row stride of {stride} bytes is not supported; put videoconvert before this element"
    )]
    Stride {
        /// Format of the caps.
        format: &'static str,
        /// Stride found.
        stride: i32,
    },
    /// The memory does not hold the frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

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

/// The pads of elements that take and give frames of every layout.
pub fn pad_templates() -> Vec<gst::PadTemplate> {
    let caps = caps_of(PixelLayout::ALL.iter().copied());
    [
        ("sink", gst::PadDirection::Sink),
        ("src", gst::PadDirection::Src),
    ]
    .map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
            .expect("the template is valid")
    })
    .into()
}

/// Matrix, range and chroma siting of caps. What the caps leave open gets GStreamer's defaults.
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
    Colorimetry {
        matrix,
        range,
        site,
    }
}

fn name_of(layout: PixelLayout) -> &'static str {
    layout.info().name
}

/// What a stream's caps say, in the words of the lower rooms.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The caps as GStreamer sees them.
    pub info: gst_video::VideoInfo,
    /// Pixel layout.
    pub layout: PixelLayout,
    /// Matrix, range and chroma siting.
    pub color: Colorimetry,
}

impl Stream {
    /// Reads caps.
    ///
    /// # Errors
    /// Where the caps are no raw video of a layout that the plugin takes.
    pub fn from_caps(caps: &gst::CapsRef) -> Result<Self, gst::LoggableError> {
        let info = gst_video::VideoInfo::from_caps(caps)
            .map_err(|_| gst::loggable_error!(gst::CAT_NEGOTIATION, "not raw video: {caps}"))?;
        let layout = layout_of(info.format()).ok_or_else(|| {
            gst::loggable_error!(gst::CAT_NEGOTIATION, "format not supported: {caps}")
        })?;
        let color = colorimetry_of(&info);
        Ok(Self {
            info,
            layout,
            color,
        })
    }

    /// The frames' layout, colorimetry and size.
    pub fn frame_format(&self) -> FrameFormat {
        FrameFormat {
            layout: self.layout,
            color: self.color,
            width: self.width(),
            height: self.height(),
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.info.width() as usize
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.info.height() as usize
    }

    /// Display aspect ratio: width over height as shown, pixel aspect ratio applied.
    pub fn display_aspect(&self) -> gst::Fraction {
        let par = self.info.par();
        gst::Fraction::approximate_f64(
            f64::from(self.info.width()) * f64::from(par.numer())
                / (f64::from(self.info.height()) * f64::from(par.denom())),
        )
        .unwrap_or_else(|| gst::Fraction::new(1, 1))
    }

    fn map_error(&self, size: usize) -> MapError {
        MapError::Map {
            format: name_of(self.layout),
            width: self.info.width(),
            height: self.info.height(),
            size,
        }
    }

    fn check_strides(&self, strides: &[i32]) -> Result<(), MapError> {
        match strides
            .iter()
            .take(self.layout.info().planes)
            .find(|s| **s <= 0)
        {
            Some(stride) => Err(MapError::Stride {
                format: name_of(self.layout),
                stride: *stride,
            }),
            None => Ok(()),
        }
    }

    /// Maps a buffer to read and runs `work` on it.
    ///
    /// # Errors
    /// [`MapError`] where the buffer does not hold a frame of these caps.
    pub fn read<T>(
        &self,
        buffer: &gst::BufferRef,
        work: impl FnOnce(&FrameRef) -> T,
    ) -> Result<T, MapError> {
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &self.info)
            .map_err(|_| self.map_error(buffer.size()))?;
        self.check_strides(frame.plane_stride())?;
        let mut planes: [(&[u8], usize); 4] = [(&[], 0); 4];
        let n = self.layout.info().planes;
        let data = frame.planes_data();
        for (i, slot) in planes.iter_mut().enumerate().take(n) {
            *slot = (data[i], frame.plane_stride()[i] as usize);
        }
        let view = FrameRef::new(
            self.layout,
            self.color,
            self.width(),
            self.height(),
            &planes[..n],
        )?;
        Ok(work(&view))
    }

    /// Maps a buffer to write in place and runs `work` on it. Memory that others hold too is
    /// copied by GStreamer first.
    ///
    /// # Errors
    /// [`MapError`] where the buffer does not hold a frame of these caps.
    pub fn write<T>(
        &self,
        buffer: &mut gst::BufferRef,
        work: impl FnOnce(&mut FrameMut) -> T,
    ) -> Result<T, MapError> {
        let size = buffer.size();
        let mut frame = VideoFrameRef::from_buffer_ref_writable(buffer, &self.info)
            .map_err(|_| self.map_error(size))?;
        let n = self.layout.info().planes;
        self.check_strides(frame.plane_stride())?;
        let mut strides = [0usize; 4];
        for (slot, stride) in strides.iter_mut().zip(frame.plane_stride()) {
            *slot = *stride as usize;
        }
        let [a, b, c, d] = frame.planes_data_mut();
        let planes = [
            (a, strides[0]),
            (b, strides[1]),
            (c, strides[2]),
            (d, strides[3]),
        ];
        let mut view = FrameMut::new(
            self.layout,
            self.color,
            self.width(),
            self.height(),
            planes.into_iter().take(n),
        )?;
        Ok(work(&mut view))
    }
}
