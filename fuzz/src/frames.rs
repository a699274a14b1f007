// SPDX-License-Identifier: MPL-2.0

//! Frames and gray pictures in memory that is exactly as large as it must be.

use arbitrary::{Result, Unstructured};
use gstmatte::frame::{
    ChromaSite, Colorimetry, FrameFormat, FrameMut, FrameRef, GrayRef, Matrix, PixelLayout,
    Primaries, Range, Transfer,
};
use gstmatte::simd::{self, Level};

/// A vector level of this machine.
pub fn level(u: &mut Unstructured) -> Result<Level> {
    Ok(*u.choose(&simd::levels())?)
}

/// A side of a picture, mostly small.
pub fn side(u: &mut Unstructured) -> Result<usize> {
    let most = if u.ratio(1, 8)? { 300 } else { 40 };
    u.int_in_range(1..=most)
}

/// What frames may be.
pub fn format(u: &mut Unstructured) -> Result<FrameFormat> {
    let layout = *u.choose(PixelLayout::ALL)?;
    let mut color = Colorimetry {
        matrix: *u.choose(&[
            Matrix::Bt601,
            Matrix::Bt709,
            Matrix::Bt2020,
            Matrix::Fcc,
            Matrix::Smpte240m,
        ])?,
        range: *u.choose(&[Range::Limited, Range::Full])?,
        site: ChromaSite {
            cosited_x: u.arbitrary()?,
            cosited_y: u.arbitrary()?,
        },
        ..Default::default()
    };
    if color.matrix == Matrix::Bt2020 {
        color.transfer = *u.choose(&[Transfer::Sdr, Transfer::Pq, Transfer::Hlg])?;
        color.primaries = *u.choose(&[Primaries::Bt709, Primaries::Bt2020])?;
    }
    Ok(FrameFormat {
        layout,
        color,
        width: side(u)?,
        height: side(u)?,
    })
}

/// Bytes from a few: noise, one value, or steps.
pub fn fill(u: &mut Unstructured, data: &mut [u8]) -> Result<()> {
    let (kind, value, seed) = (
        u.int_in_range(0..=3u8)?,
        u.arbitrary::<u8>()?,
        u.arbitrary::<u32>()?,
    );
    let mut state = u64::from(seed) << 1 | 1;
    for (i, byte) in data.iter_mut().enumerate() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = match kind {
            0 => value,
            1 => (state >> 32) as u8,
            2 => {
                if (i / (usize::from(value) + 1)) % 2 == 0 {
                    0
                } else {
                    255
                }
            }
            _ => (i as u8).wrapping_mul(value),
        };
    }
    Ok(())
}

/// A frame's memory: planes of their own, each at an odd place and with a stride of its own.
#[derive(Debug, Clone)]
pub struct Frame {
    pub format: FrameFormat,
    planes: Vec<Plane>,
}

#[derive(Debug, Clone)]
struct Plane {
    memory: Vec<u8>,
    offset: usize,
    stride: usize,
    row: usize,
}

impl Frame {
    pub fn new(u: &mut Unstructured, format: FrameFormat) -> Result<Self> {
        let info = format.layout.info();
        let mut planes = Vec::new();
        for plane in 0..info.planes {
            let (row, rows) = info.plane_extent(plane, format.width, format.height);
            let stride = row + u.int_in_range(0..=40)?;
            let offset = u.int_in_range(0..=17)?;
            // The last row has no padding: one byte too far is out of the memory.
            let mut memory = vec![0; offset + stride * (rows - 1) + row];
            fill(u, &mut memory)?;
            planes.push(Plane {
                memory,
                offset,
                stride,
                row,
            });
        }
        Ok(Self { format, planes })
    }

    pub fn view(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self
            .planes
            .iter()
            .map(|p| (&p.memory[p.offset..], p.stride))
            .collect();
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.format;
        FrameRef::new(layout, color, width, height, &planes).expect("memory was sized for it")
    }

    pub fn view_mut(&mut self) -> FrameMut<'_> {
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.format;
        let planes: Vec<_> = self
            .planes
            .iter_mut()
            .map(|p| (&mut p.memory[p.offset..], p.stride))
            .collect();
        FrameMut::new(layout, color, width, height, planes).expect("memory was sized for it")
    }

    /// Changes every byte that belongs to no row.
    pub fn spoil_padding(&mut self) {
        for_padding(&mut self.planes, |byte| *byte = !*byte);
    }

    /// The bytes that belong to no row.
    pub fn padding(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for_padding(&mut self.planes, |byte| bytes.push(*byte));
        bytes
    }

    /// Whether every byte is the same.
    pub fn same(&self, other: &Self) -> bool {
        let planes = self.planes.iter().zip(&other.planes);
        planes.into_iter().all(|(a, b)| a.memory == b.memory)
    }
}

fn for_padding(planes: &mut [Plane], mut each: impl FnMut(&mut u8)) {
    for Plane {
        memory,
        offset,
        stride,
        row,
    } in planes
    {
        let (before, rows) = memory.split_at_mut(*offset);
        before.iter_mut().for_each(&mut each);
        for padded in rows.chunks_mut(*stride) {
            padded.iter_mut().skip(*row).for_each(&mut each);
        }
    }
}

/// A gray picture in memory of its own.
#[derive(Debug, Clone)]
pub struct Gray {
    memory: Vec<u8>,
    pub width: usize,
    pub height: usize,
    stride: usize,
}

impl Gray {
    pub fn new(u: &mut Unstructured, width: usize, height: usize) -> Result<Self> {
        let stride = width + u.int_in_range(0..=40)?;
        let mut memory = vec![0; stride * (height - 1) + width];
        fill(u, &mut memory)?;
        Ok(Self {
            memory,
            width,
            height,
            stride,
        })
    }

    pub fn any(u: &mut Unstructured) -> Result<Self> {
        let (width, height) = (side(u)?, side(u)?);
        Self::new(u, width, height)
    }

    pub fn view(&self) -> GrayRef<'_> {
        GrayRef::new(&self.memory, self.width, self.height, self.stride).expect("sized for it")
    }
}
