// SPDX-License-Identifier: MPL-2.0

//! The border between GStreamer and the rooms that do not know it: caps become layouts and
//! colorimetry, mapped buffers become checked views.

pub mod allocation;
pub mod direction;
mod dmabuf;
#[cfg(test)]
mod dmabuf_tests;
mod error;
mod formats;
mod map;
mod refused;
#[cfg(test)]
mod refused_tests;
mod scratch;
mod templates;
mod visible;

pub use dmabuf::{as_plain, with_dmabuf};
pub use error::MapError;
pub use formats::{caps_of, colorimetry_of, format_of, layout_of, strings};
pub use refused::{allow_any_link, report_refused};
pub use templates::{pad_template, pad_templates};
pub use visible::{Metas, Visible, visible};

use crate::frame::{
    Colorimetry, FrameFormat, FrameMut, FrameRef, Orientation, PixelLayout, View, shift,
};
use scratch::Scratch;
use std::ops::Range;

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
    /// Memory for crops that must be copied.
    copy: Scratch,
}

impl Stream {
    /// Reads caps. Linear DMABuf memory is described as plain memory is.
    ///
    /// # Errors
    /// Where the caps are no raw video of a layout that the plugin takes.
    pub fn from_caps(caps: &gst::CapsRef) -> Result<Self, gst::LoggableError> {
        let plain = as_plain(caps);
        let info = match plain.is_fixed() {
            // The binding panics on a picture of no size.
            true => gst_video::VideoInfo::from_caps(&plain)
                .ok()
                .filter(|info| info.is_valid()),
            false => None,
        };
        let info = info
            .ok_or_else(|| gst::loggable_error!(gst::CAT_NEGOTIATION, "not raw video: {caps}"))?;
        let layout = layout_of(info.format()).ok_or_else(|| {
            gst::loggable_error!(gst::CAT_NEGOTIATION, "format not supported: {caps}")
        })?;
        let color = colorimetry_of(&info);
        Ok(Self {
            info,
            layout,
            color,
            copy: Scratch::default(),
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

    /// Width and height of what the viewer sees, in rows; see [`View::screen`].
    pub fn seen(&self, orientation: Orientation) -> (usize, usize) {
        self.view(orientation).screen((self.width(), self.height()))
    }

    /// How the viewer sees the frames, whose tags or user say how they stand.
    pub fn view(&self, orientation: Orientation) -> View {
        let par = self.info.par();
        let aspect = f64::from(par.numer()) / f64::from(par.denom());
        View::new(orientation, aspect)
    }

    fn map_error(&self, size: usize) -> MapError {
        MapError::Map {
            format: name_of(self.layout),
            width: self.info.width(),
            height: self.info.height(),
            size,
        }
    }

    /// Where the frame lies within the picture that a buffer holds.
    ///
    /// # Errors
    /// [`MapError`] where the buffer's metas contradict the caps.
    pub fn visible(&self, buffer: &gst::BufferRef) -> Result<Visible, MapError> {
        let size = (self.width(), self.height());
        visible(self.info.format(), size, Metas::of(buffer))
    }

    /// Maps a buffer to read and runs `work` on the frame. A crop that splits chroma samples is
    /// copied out first: no view can begin there.
    ///
    /// # Errors
    /// [`MapError`] where the buffer does not hold a frame of these caps.
    pub fn read<T>(
        &self,
        buffer: &gst::BufferRef,
        work: impl FnOnce(&FrameRef) -> T,
    ) -> Result<T, MapError> {
        self.read_part(buffer, |part, before| {
            if before == (0, 0) {
                return Ok(work(part));
            }
            // Nobody else waits for it but a thread that reads another frame of this stream.
            let mut copy = self.copy.lock();
            let planes = copy.planes(self.layout, (self.width(), self.height()));
            let (width, height) = (self.width(), self.height());
            let mut frame = FrameMut::new(self.layout, self.color, width, height, planes)?;
            shift(part, (before.0 as isize, before.1 as isize), &mut frame);
            Ok(work(&frame.as_ref()))
        })
    }

    /// Maps a buffer to read and runs `work` on the frame from its first chroma sample on, and the
    /// number of columns and rows of it that come before the frame.
    ///
    /// # Errors
    /// As [`Stream::read`], and those of `work`.
    pub fn read_part<T>(
        &self,
        buffer: &gst::BufferRef,
        work: impl FnOnce(&FrameRef, (usize, usize)) -> Result<T, MapError>,
    ) -> Result<T, MapError> {
        let visible = self.visible(buffer)?;
        self.map(buffer, &visible, |picture| {
            if visible.is_all() {
                return work(picture, (0, 0));
            }
            let (part, before) = visible.from_whole_samples(self.layout);
            work(&picture.part(part)?, before)
        })
    }

    /// Maps a buffer to write in place and runs `work` on the frame. Memory that others hold too is
    /// copied by GStreamer first. What lies outside of the frame is black afterwards: elements that
    /// come later may know nothing of the crop, change it, or hand the memory to another process.
    ///
    /// # Errors
    /// [`MapError`] where the buffer does not hold a frame of these caps, or one whose crop splits
    /// chroma samples.
    pub fn write<T>(
        &self,
        buffer: &mut gst::BufferRef,
        work: impl FnOnce(&mut FrameMut) -> T,
    ) -> Result<T, MapError> {
        self.write_part(buffer, |frame, before| match before {
            (0, 0) => Ok(work(frame)),
            _ => Err(self.map_error(0)),
        })
    }

    /// Like [`Stream::write`], but with the frame from its first chroma sample on, and the number
    /// of columns and rows of it that come before the frame. All of it is to be written.
    ///
    /// # Errors
    /// [`MapError`] where the buffer does not hold a frame of these caps, and those of `work`.
    pub fn write_part<T>(
        &self,
        buffer: &mut gst::BufferRef,
        work: impl FnOnce(&mut FrameMut, (usize, usize)) -> Result<T, MapError>,
    ) -> Result<T, MapError> {
        let visible = self.visible(buffer)?;
        self.map_mut(buffer, &visible, |picture| {
            if visible.is_all() {
                return work(picture, (0, 0));
            }
            let (part, before) = visible.from_whole_samples(self.layout);
            let result = work(&mut picture.part(part)?, before)?;
            picture.clear_outside(part);
            Ok(result)
        })
    }

    /// Copies a buffer's frame over another's, wherever in their memory they lie.
    ///
    /// # Errors
    /// [`MapError`] where one of the buffers does not hold a frame of these caps.
    pub fn copy(&self, from: &gst::BufferRef, to: &mut gst::BufferRef) -> Result<(), MapError> {
        self.read_part(from, |from, (from_x, from_y)| {
            self.write_part(to, |to, (to_x, to_y)| {
                let moved = (
                    from_x as isize - to_x as isize,
                    from_y as isize - to_y as isize,
                );
                if self.layout.info().has_spare_bits() {
                    to.clear();
                }
                shift(from, moved, to);
                Ok(())
            })
        })
    }

    /// Whether a buffer can hold a frame of these caps, as far as its metas and its size tell.
    ///
    /// # Errors
    /// [`MapError`] where it cannot: nothing of it may be shown.
    pub fn check(&self, buffer: &gst::BufferRef) -> Result<Visible, MapError> {
        let visible = self.visible(buffer)?;
        let size = buffer.size();
        let short = || MapError::Map {
            format: name_of(self.layout),
            width: self.info.width(),
            height: self.info.height(),
            size,
        };
        let Some(meta) = buffer.meta::<gst_video::VideoMeta>() else {
            return if size < self.info.size() {
                Err(short())
            } else {
                Ok(visible)
            };
        };
        let info = self.layout.info();
        if meta.n_planes() as usize != info.planes {
            return Err(MapError::Planes {
                found: meta.n_planes() as usize,
                expected: info.planes,
            });
        }
        let (width, height) = visible.stored;
        // Unused ones are empty, and overlap with nothing.
        let mut planes: [Range<usize>; 4] = std::array::from_fn(|_| 0..0);
        for (plane, (&offset, &stride)) in meta.offset().iter().zip(meta.stride()).enumerate() {
            let format = info.name;
            let Some(pitch) = usize::try_from(stride).ok().filter(|pitch| *pitch > 0) else {
                return Err(MapError::Stride { format, stride });
            };
            let (row, rows) = info.plane_extent(plane, width, height);
            if pitch < row {
                return Err(MapError::Pitch {
                    format,
                    stride,
                    row,
                });
            }
            let end = offset.saturating_add(pitch.saturating_mul(rows - 1).saturating_add(row));
            if end > size {
                return Err(short());
            }
            planes[plane] = offset..end;
        }
        let overlap = |(i, a): (usize, &Range<usize>)| {
            let mut before = planes[..i].iter();
            before.any(|b| a.start < b.end && b.start < a.end)
        };
        if planes.iter().enumerate().any(overlap) {
            return Err(MapError::Overlap { format: info.name });
        }
        Ok(visible)
    }

    /// A black frame to be shown in the place of a buffer that holds none, at the same time.
    ///
    /// # Errors
    /// [`MapError`] where there is no memory.
    pub fn replacement(&self, buffer: &gst::BufferRef) -> Result<gst::Buffer, MapError> {
        let size = self.info.size();
        let mut black = gst::Buffer::with_size(size).map_err(|_| MapError::Memory { size })?;
        if let Some(black) = black.get_mut() {
            buffer
                .copy_into(black, gst::BufferCopyFlags::TIMESTAMPS, ..)
                .map_err(|_| MapError::Memory { size })?;
            self.write(black, |frame| frame.clear())?;
        }
        Ok(black)
    }
}
