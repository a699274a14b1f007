// SPDX-License-Identifier: MPL-2.0

//! The border between GStreamer and the rooms that do not know it: caps become layouts and
//! colorimetry, mapped buffers become checked views.

mod formats;

pub use formats::{caps_of, colorimetry_of, format_of, layout_of, pad_templates};

use crate::frame::{Colorimetry, FrameError, FrameFormat, FrameMut, FrameRef, PixelLayout};
use gst_video::VideoFrameRef;
use gst_video::prelude::*;

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

    /// Whether frames of another stream are the same but for their rate.
    pub fn differs_in_rate_only(&self, other: &Self) -> bool {
        let still = |info: &gst_video::VideoInfo| {
            let mut caps = info.to_caps().ok()?;
            for structure in caps.make_mut().iter_mut() {
                structure.remove_fields(["framerate", "max-framerate"]);
            }
            Some(caps)
        };
        still(&self.info).is_some_and(|caps| Some(caps) == still(&other.info))
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
