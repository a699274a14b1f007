// SPDX-License-Identifier: MPL-2.0

//! Mapped buffers as views of the whole picture that they hold. The only place where the planes of
//! a mapped frame become slices: the binding's own reach over the end of a plane whose last row is
//! not padded, and overlap where a meta says so.

#![allow(unsafe_code, reason = "see above")]

use super::{MapError, Stream, Visible};
use crate::frame::{FrameMut, FrameRef};
use gst_video::prelude::*;
use gst_video::{VideoFrameRef, VideoMeta};

const MAX_PLANES: usize = 4;

/// Where a plane lies in memory.
#[derive(Debug, Clone, Copy)]
struct Plane {
    start: *mut u8,
    /// Bytes that may be touched, at most as many as the plane needs.
    length: usize,
    stride: usize,
}

/// The planes of a mapped frame, as many as the layout has.
struct Planes([Plane; MAX_PLANES], usize);

impl Planes {
    fn of(
        stream: &Stream,
        frame: &gst_video::ffi::GstVideoFrame,
        (width, height): (usize, usize),
    ) -> Result<Self, MapError> {
        let info = stream.layout.info();
        let none = Plane {
            start: std::ptr::null_mut(),
            length: 0,
            stride: 0,
        };
        let mut planes = [none; MAX_PLANES];
        for (index, plane) in planes.iter_mut().enumerate().take(info.planes) {
            let stride = frame.info.stride[index];
            if stride <= 0 {
                return Err(MapError::Stride {
                    format: info.name,
                    stride,
                });
            }
            let stride = stride as usize;
            // Without a video meta there is one mapping for all planes, and the others hold nothing.
            let map = match frame.meta.is_null() {
                true => &frame.map[0],
                false => &frame.map[index],
            };
            let start = frame.data[index].cast::<u8>();
            let room = (map.data as usize)
                .saturating_add(map.size)
                .saturating_sub(start as usize);
            let within = start as usize >= map.data as usize;
            let (row, rows) = info.plane_extent(index, width, height);
            let needed = stride
                .saturating_mul(rows.saturating_sub(1))
                .saturating_add(row);
            *plane = Plane {
                start,
                length: if within { room.min(needed) } else { 0 },
                stride,
            };
        }
        Ok(Self(planes, info.planes))
    }

    fn as_slice(&self) -> &[Plane] {
        &self.0[..self.1]
    }

    /// Whether two planes share memory.
    fn overlap(&self) -> bool {
        let apart = |a: &Plane, b: &Plane| {
            let (a_start, b_start) = (a.start as usize, b.start as usize);
            a_start + a.length <= b_start || b_start + b.length <= a_start
        };
        let planes = self.as_slice();
        (1..planes.len()).any(|i| planes[..i].iter().any(|a| !apart(a, &planes[i])))
    }
}

/// Whether the buffer's video meta describes as many planes as its format has.
fn check_planes(stream: &Stream, buffer: &gst::BufferRef) -> Result<(), MapError> {
    let expected = stream.layout.info().planes;
    match buffer.meta::<VideoMeta>() {
        Some(meta) if meta.n_planes() as usize != expected => Err(MapError::Planes {
            found: meta.n_planes() as usize,
            expected,
        }),
        _ => Ok(()),
    }
}

impl Stream {
    /// Maps the picture that a buffer holds to read.
    pub(super) fn map<T>(
        &self,
        buffer: &gst::BufferRef,
        visible: &Visible,
        work: impl FnOnce(&FrameRef) -> Result<T, MapError>,
    ) -> Result<T, MapError> {
        check_planes(self, buffer)?;
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &self.info)
            .map_err(|_| self.map_error(buffer.size()))?;
        // SAFETY: the pointer is that of the frame, which lives and stays mapped until the end of
        // this function.
        let planes = Planes::of(self, unsafe { &*frame.as_ptr() }, visible.stored)?;
        let mut slices: [(&[u8], usize); MAX_PLANES] = [(&[], 0); MAX_PLANES];
        for (slice, plane) in slices.iter_mut().zip(planes.as_slice()) {
            if plane.length > 0 {
                // SAFETY: `length` bytes from `start` on lie within one mapping of the frame, which
                // outlives the slice, and nobody writes to it while it is mapped to read.
                let data = unsafe { std::slice::from_raw_parts(plane.start, plane.length) };
                *slice = (data, plane.stride);
            }
        }
        let (width, height) = visible.stored;
        let count = planes.as_slice().len();
        work(&FrameRef::new(
            self.layout,
            self.color,
            width,
            height,
            &slices[..count],
        )?)
    }

    /// Maps the picture that a buffer holds to write. Memory that others hold too is copied by
    /// GStreamer first.
    pub(super) fn map_mut<T>(
        &self,
        buffer: &mut gst::BufferRef,
        visible: &Visible,
        work: impl FnOnce(&mut FrameMut) -> Result<T, MapError>,
    ) -> Result<T, MapError> {
        check_planes(self, buffer)?;
        let size = buffer.size();
        let frame = VideoFrameRef::from_buffer_ref_writable(buffer, &self.info)
            .map_err(|_| self.map_error(size))?;
        // SAFETY: as above.
        let planes = Planes::of(self, unsafe { &*frame.as_ptr() }, visible.stored)?;
        if planes.overlap() {
            return Err(MapError::Overlap {
                format: self.layout.info().name,
            });
        }
        let mut slices: [(&mut [u8], usize); MAX_PLANES] = Default::default();
        for (slice, plane) in slices.iter_mut().zip(planes.as_slice()) {
            if plane.length > 0 {
                // SAFETY: as above; the mapping is writable and ours alone, and no two planes
                // overlap.
                let data = unsafe { std::slice::from_raw_parts_mut(plane.start, plane.length) };
                *slice = (data, plane.stride);
            }
        }
        let (width, height) = visible.stored;
        let count = planes.as_slice().len();
        let slices = slices.into_iter().take(count);
        work(&mut FrameMut::new(
            self.layout,
            self.color,
            width,
            height,
            slices,
        )?)
    }
}
