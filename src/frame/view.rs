// SPDX-License-Identifier: MPL-2.0

//! Views of a frame in somebody else's memory. The bounds are checked once, when a view is made;
//! rows are then taken without surprises.

use super::{Colorimetry, FrameError, Packing, PixelLayout};

/// Most planes that a layout has.
const MAX_PLANES: usize = 4;

fn check<'a>(
    (layout, packed): (PixelLayout, bool),
    width: usize,
    height: usize,
    planes: impl ExactSizeIterator<Item = (usize, usize)> + 'a,
) -> Result<(), FrameError> {
    let info = layout.info();
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if planes.len() != info.planes {
        return Err(FrameError::Planes {
            layout: info.name,
            found: planes.len(),
            needed: info.planes,
        });
    }
    for (plane, (found, stride)) in planes.enumerate() {
        let (packed_row, rows) = info.plane_extent(plane, width, height);
        let row = match packed {
            true => packed_row,
            false => info.row_bytes(plane, width),
        };
        if stride < row && rows > 1 {
            return Err(FrameError::Stride {
                layout: info.name,
                width,
                height,
                plane,
                stride,
                row,
            });
        }
        // The last row need not be padded to the stride.
        let needed = stride.saturating_mul(rows - 1).saturating_add(row);
        if found < needed {
            return Err(FrameError::Short {
                layout: info.name,
                width,
                height,
                plane,
                found,
                needed,
            });
        }
    }
    Ok(())
}

/// Bytes of a row of each plane; none of planes that a layout lacks.
fn row_bytes((layout, packed): (PixelLayout, bool), width: usize) -> [usize; MAX_PLANES] {
    let info = layout.info();
    std::array::from_fn(|plane| match (plane < info.planes, packed) {
        (true, true) => info.plane_extent(plane, width, 1).0,
        (true, false) => info.row_bytes(plane, width),
        (false, _) => 0,
    })
}

/// A frame to read.
#[derive(Debug, Clone, Copy)]
pub struct FrameRef<'a> {
    layout: PixelLayout,
    packed: bool,
    color: Colorimetry,
    width: usize,
    height: usize,
    planes: [&'a [u8]; MAX_PLANES],
    strides: [usize; MAX_PLANES],
    /// Bytes of a row's samples in each plane: asked for too often to be worked out each time.
    row_bytes: [usize; MAX_PLANES],
}

impl<'a> FrameRef<'a> {
    /// Views `planes`, each a slice and the bytes from one row to the next, as a frame.
    ///
    /// # Errors
    /// [`FrameError`] if the memory does not hold `width` x `height` pixels of `layout`.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        planes: &[(&'a [u8], usize)],
    ) -> Result<Self, FrameError> {
        let packed = layout.info().packing.is_some();
        Self::of((layout, packed), color, (width, height), planes)
    }

    /// Views `planes` as a frame whose samples are spread out, whatever the layout does in memory.
    ///
    /// # Errors
    /// [`FrameError`] if the memory does not hold it.
    pub(crate) fn unpacked(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        planes: &[(&'a [u8], usize)],
    ) -> Result<Self, FrameError> {
        Self::of((layout, false), color, (width, height), planes)
    }

    fn of(
        kind: (PixelLayout, bool),
        color: Colorimetry,
        (width, height): (usize, usize),
        planes: &[(&'a [u8], usize)],
    ) -> Result<Self, FrameError> {
        let sizes = planes.iter().map(|(d, s)| (d.len(), *s));
        check(kind, width, height, sizes)?;
        let mut view = Self {
            layout: kind.0,
            packed: kind.1,
            color,
            width,
            height,
            planes: [&[]; MAX_PLANES],
            strides: [0; MAX_PLANES],
            row_bytes: row_bytes(kind, width),
        };
        for (i, (data, stride)) in planes.iter().enumerate() {
            view.planes[i] = data;
            view.strides[i] = *stride;
        }
        Ok(view)
    }

    /// Pixel layout.
    pub fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// Whether samples are not whole bytes, so that rows must be spread out to be read.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// The own alpha of a row of pixels, 0 to 255; false if the layout has none.
    pub fn alpha_row(&self, y: usize, out: &mut [u8]) -> bool {
        let info = self.layout.info();
        let Some(c) = info.components.get(3) else {
            return false;
        };
        let row = self.row(c.plane, y);
        match self.packing() {
            Some(Packing::Pixels32([.., alpha])) => {
                for (out, word) in out.iter_mut().zip(row.as_chunks::<4>().0) {
                    let alpha = alpha.of(u32::from_le_bytes(*word)) * 255 / alpha.top();
                    *out = alpha as u8;
                }
            }
            _ => info.alpha_of(row, out),
        }
        true
    }

    /// How rows are packed, if they are.
    pub(super) fn packing(&self) -> Option<Packing> {
        self.layout.info().packing.filter(|_| self.packed)
    }

    /// Matrix, range and chroma siting.
    pub fn color(&self) -> Colorimetry {
        self.color
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// A plane's bytes.
    pub fn plane(&self, plane: usize) -> &'a [u8] {
        self.planes[plane]
    }

    /// Bytes from one row of a plane to the next.
    pub fn stride(&self, plane: usize) -> usize {
        self.strides[plane]
    }

    /// Row `y` of a plane: exactly the bytes that hold samples, without padding.
    pub fn row(&self, plane: usize, y: usize) -> &'a [u8] {
        let start = y * self.strides[plane];
        &self.planes[plane][start..start + self.row_bytes[plane]]
    }

    /// The bytes where row `y` of a plane would be, if the plane's memory goes so far: for hints
    /// about what is needed next.
    pub(crate) fn row_ahead(&self, plane: usize, y: usize) -> Option<&'a [u8]> {
        let start = y * self.strides[plane];
        self.planes[plane].get(start..start + self.row_bytes[plane])
    }
}

/// A frame to change in place.
#[derive(Debug)]
pub struct FrameMut<'a> {
    layout: PixelLayout,
    packed: bool,
    color: Colorimetry,
    width: usize,
    height: usize,
    planes: [&'a mut [u8]; MAX_PLANES],
    strides: [usize; MAX_PLANES],
    /// Bytes of a row's samples in each plane: asked for too often to be worked out each time.
    row_bytes: [usize; MAX_PLANES],
}

impl<'a> FrameMut<'a> {
    /// Views `planes`, each a slice and the bytes from one row to the next, as a frame.
    ///
    /// # Errors
    /// [`FrameError`] if the memory does not hold `width` x `height` pixels of `layout`.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        planes: impl IntoIterator<Item = (&'a mut [u8], usize), IntoIter: ExactSizeIterator>,
    ) -> Result<Self, FrameError> {
        let packed = layout.info().packing.is_some();
        Self::of((layout, packed), color, (width, height), planes)
    }

    /// Views `planes` as a frame whose samples are spread out, whatever the layout does in memory.
    ///
    /// # Errors
    /// [`FrameError`] if the memory does not hold it.
    pub(crate) fn unpacked(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        planes: impl IntoIterator<Item = (&'a mut [u8], usize), IntoIter: ExactSizeIterator>,
    ) -> Result<Self, FrameError> {
        Self::of((layout, false), color, (width, height), planes)
    }

    fn of(
        kind: (PixelLayout, bool),
        color: Colorimetry,
        (width, height): (usize, usize),
        planes: impl IntoIterator<Item = (&'a mut [u8], usize), IntoIter: ExactSizeIterator>,
    ) -> Result<Self, FrameError> {
        let layout = kind.0;
        let planes = planes.into_iter();
        let found = planes.len();
        let needed = layout.info().planes;
        if found != needed {
            return Err(FrameError::Planes {
                layout: layout.info().name,
                found,
                needed,
            });
        }
        let mut view = Self {
            layout,
            packed: kind.1,
            color,
            width,
            height,
            planes: [&mut [], &mut [], &mut [], &mut []],
            strides: [0; MAX_PLANES],
            row_bytes: [0; MAX_PLANES],
        };
        for (i, (data, stride)) in planes.enumerate() {
            view.planes[i] = data;
            view.strides[i] = stride;
        }
        let sizes = (0..needed).map(|i| (view.planes[i].len(), view.strides[i]));
        check(kind, width, height, sizes)?;
        view.row_bytes = row_bytes(kind, width);
        Ok(view)
    }

    /// The same frame to read.
    pub fn as_ref(&self) -> FrameRef<'_> {
        FrameRef {
            layout: self.layout,
            packed: self.packed,
            color: self.color,
            width: self.width,
            height: self.height,
            planes: [
                &*self.planes[0],
                &*self.planes[1],
                &*self.planes[2],
                &*self.planes[3],
            ],
            strides: self.strides,
            row_bytes: self.row_bytes,
        }
    }

    /// Pixel layout.
    pub fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// Matrix, range and chroma siting.
    pub fn color(&self) -> Colorimetry {
        self.color
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bytes from one row of a plane to the next.
    pub fn stride(&self, plane: usize) -> usize {
        self.strides[plane]
    }

    /// All planes' bytes at once, for kernels that write several; unused ones are empty.
    pub fn planes_mut(&mut self) -> [&mut [u8]; MAX_PLANES] {
        let [a, b, c, d] = &mut self.planes;
        [a, b, c, d]
    }

    /// Row `y` of a plane: exactly the bytes that hold samples, without padding.
    pub fn row_mut(&mut self, plane: usize, y: usize) -> &mut [u8] {
        let start = y * self.strides[plane];
        &mut self.planes[plane][start..start + self.row_bytes[plane]]
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
