// SPDX-License-Identifier: MPL-2.0

//! 8-bit gray pictures: mattes and guides.

use super::FrameError;

fn check(len: usize, width: usize, height: usize, stride: usize) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if stride < width && height > 1 {
        let (layout, plane, row) = ("GRAY8", 0, width);
        return Err(FrameError::Stride {
            layout,
            width,
            height,
            plane,
            stride,
            row,
        });
    }
    let needed = stride.saturating_mul(height - 1).saturating_add(width);
    if len < needed {
        let (layout, plane, found) = ("GRAY8", 0, len);
        return Err(FrameError::Short {
            layout,
            width,
            height,
            plane,
            found,
            needed,
        });
    }
    Ok(())
}

/// A gray picture to read.
#[derive(Debug, Clone, Copy)]
pub struct GrayRef<'a> {
    data: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> GrayRef<'a> {
    /// Views `data` as `height` rows of `width` bytes, `stride` bytes apart.
    ///
    /// # Errors
    /// [`FrameError`] if the picture is empty or the memory too short.
    pub fn new(
        data: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, FrameError> {
        check(data.len(), width, height, stride)?;
        Ok(Self {
            data,
            stride,
            width,
            height,
        })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The memory that holds it.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Bytes from one row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Row `y` without padding.
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.data[y * self.stride..][..self.width]
    }

    /// All rows, top to bottom, without padding.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let (data, stride, width) = (self.data, self.stride, self.width);
        (0..self.height).map(move |y| &data[y * stride..][..width])
    }
}

/// A gray picture to write.
#[derive(Debug)]
pub struct GrayMut<'a> {
    data: &'a mut [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> GrayMut<'a> {
    /// Views `data` as `height` rows of `width` bytes, `stride` bytes apart.
    ///
    /// # Errors
    /// [`FrameError`] if the picture is empty or the memory too short.
    pub fn new(
        data: &'a mut [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, FrameError> {
        check(data.len(), width, height, stride)?;
        Ok(Self {
            data,
            stride,
            width,
            height,
        })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row `y` without padding.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.data[y * self.stride..][..self.width]
    }

    /// The same picture to read.
    pub fn as_ref(&self) -> GrayRef<'_> {
        GrayRef {
            data: self.data,
            stride: self.stride,
            width: self.width,
            height: self.height,
        }
    }
}

/// A gray picture that owns its memory, rows without padding. Made to be kept and reused:
/// [`GrayImage::resize`] allocates only when the picture grows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrayImage {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl GrayImage {
    /// A black picture; sides are raised to at least 1.
    pub fn new(width: usize, height: usize) -> Self {
        let mut image = Self::default();
        image.resize(width, height);
        image
    }

    /// Changes the size (sides are raised to at least 1); the content is undefined after a change.
    pub fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width.max(1), height.max(1));
        self.data.resize(self.width * self.height, 0);
    }

    /// Width in pixels; 0 only for a default picture that was never sized.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels; 0 only for a default picture that was never sized.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All bytes, rows one after the other.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All bytes to write, rows one after the other.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// A view to read.
    ///
    /// # Panics
    /// Never for a picture that was sized.
    pub fn as_ref(&self) -> GrayRef<'_> {
        debug_assert!(self.width > 0, "the picture was never sized");
        GrayRef {
            data: &self.data,
            stride: self.width,
            width: self.width,
            height: self.height,
        }
    }

    /// A view to write.
    pub fn as_mut(&mut self) -> GrayMut<'_> {
        debug_assert!(self.width > 0, "the picture was never sized");
        GrayMut {
            stride: self.width,
            width: self.width,
            height: self.height,
            data: &mut self.data,
        }
    }
}
