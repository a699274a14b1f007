// SPDX-License-Identifier: MPL-2.0

//! What is known about a pixel layout: its components, planes and words.

/// What the components of a layout mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorModel {
    /// Components are R, G, B (and A).
    Rgb,
    /// Components are Y, U (Cb), V (Cr) (and A).
    Yuv,
    /// One luma component.
    Gray,
}

/// A few neighbouring bits of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The lowest one.
    pub at: u32,
    /// How many.
    pub bits: u32,
}

impl Field {
    /// The greatest value.
    pub const fn top(self) -> u32 {
        (1 << self.bits) - 1
    }

    /// Its value in a word.
    pub const fn of(self, word: u32) -> u32 {
        (word >> self.at) & self.top()
    }

    /// The word with another value in it.
    pub const fn with(self, word: u32, value: u32) -> u32 {
        word & !(self.top() << self.at) | (value & self.top()) << self.at
    }
}

/// How a row lies in memory if its samples are not whole bytes. [`LayoutInfo::components`] then
/// says where they lie once they are spread out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Samples of 10 bits, three in each 32-bit little-endian word from the lowest bit on.
    Tens,
    /// A 16-bit little-endian word for each pixel, spread out to four bytes.
    Pixels16([Field; 3]),
    /// A 32-bit little-endian word for each pixel with alpha, spread out to four words of 10 bits.
    Pixels32([Field; 4]),
}

/// Where one component lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// Index of the plane that holds it.
    pub plane: usize,
    /// Bytes from the start of a row to the first sample.
    pub offset: usize,
    /// Bytes from one sample to the next.
    pub step: usize,
    /// log2 of horizontal subsampling: 0 or 1, `blend` knows no other.
    pub w_sub: u32,
    /// log2 of vertical subsampling: 0 or 1.
    pub h_sub: u32,
}

/// Everything that the code needs to know about one layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutInfo {
    /// GStreamer's name of the format, for messages.
    pub name: &'static str,
    /// Meaning of the components.
    pub model: ColorModel,
    /// The components in the order R, G, B, A or Y, U, V, A; as many as the layout has.
    pub components: &'static [Component],
    /// Number of planes.
    pub planes: usize,
    /// Significant bits of a sample: 8, 10 or 16.
    pub depth: u32,
    /// Bits by which a sample is shifted up in its 16-bit word (6 for P010, else 0).
    pub shift: u32,
    /// Whether the last component is alpha.
    pub alpha: bool,
    /// How a row lies in memory if its samples are not whole bytes; there is one plane then.
    pub packing: Option<Packing>,
}

impl LayoutInfo {
    /// Bytes of one sample: 1 or 2 (little endian).
    pub const fn sample_bytes(&self) -> usize {
        if self.depth > 8 { 2 } else { 1 }
    }

    /// The greatest code value.
    pub const fn top(&self) -> u16 {
        ((1u32 << self.depth) - 1) as u16
    }

    /// How code values stand in 16-bit words; of no meaning for samples of one byte.
    pub const fn word(&self) -> Word {
        Word {
            shift: self.shift,
            depth: self.depth,
        }
    }

    /// Bytes and rows that a plane needs for a picture of `width` x `height`:
    /// `(bytes of a row, number of rows)`.
    pub fn plane_extent(&self, plane: usize, width: usize, height: usize) -> (usize, usize) {
        let components = self.components.iter().filter(|c| c.plane == plane);
        let rows = components.map(|c| subsampled(height, c.h_sub)).max();
        let row = match self.packing {
            None => self.row_bytes(plane, width),
            Some(Packing::Tens) => 4 * self.row_samples(plane, width).div_ceil(3),
            Some(Packing::Pixels16(_)) => 2 * width,
            Some(Packing::Pixels32(_)) => 4 * width,
        };
        (row, rows.unwrap_or(0))
    }

    /// Bytes of a plane's row of `width` pixels with its samples spread out.
    pub fn row_bytes(&self, plane: usize, width: usize) -> usize {
        let components = self.components.iter().filter(|c| c.plane == plane);
        let end = |c: &Component| {
            let samples = subsampled(width, c.w_sub);
            c.offset + (samples - 1) * c.step + self.sample_bytes()
        };
        if self.filler().is_some() {
            return 4 * width;
        }
        match self.packing {
            // Whole pixels, whether their last sample counts or not.
            Some(Packing::Pixels16(_)) => 4 * width,
            Some(Packing::Pixels32(_)) => 8 * width,
            Some(Packing::Tens) | None => components.map(end).max().unwrap_or(0),
        }
    }

    /// Offset of the byte of a four-byte pixel that is no component's (the x of RGBx), if there is
    /// one. Nothing here reads it, but other programs take it for alpha: it is 255 in every picture
    /// that takes the room's place.
    pub fn filler(&self) -> Option<usize> {
        let [first, .., last] = self.components else {
            return None;
        };
        let four = self.packing.is_none() && first.step == 4 && self.components.len() == 3;
        let rgb = four && self.model == ColorModel::Rgb && self.depth == 8;
        rgb.then_some(if first.offset.min(last.offset) == 0 {
            3
        } else {
            0
        })
    }

    /// Whether rows have bits that belong to no pixel: in words that hold several samples, and, at
    /// odd widths, behind the last pixel of packed 4:2:2.
    pub fn has_spare_bits(&self) -> bool {
        let shared = self.planes == 1 && self.components.iter().any(|c| c.w_sub > 0);
        self.packing.is_some() || shared
    }

    /// The alpha of pixels out of a row of its plane with samples of whole bytes, rounded to 0 to
    /// 255.
    pub fn alpha_of(&self, row: &[u8], out: &mut [u8]) {
        let Some(c) = self.components.get(3) else {
            return;
        };
        let samples = row[c.offset..].chunks(c.step);
        if self.depth == 8 {
            return out.iter_mut().zip(samples).for_each(|(a, at)| *a = at[0]);
        }
        let (word, top) = (self.word(), u32::from(self.top()));
        for (out, at) in out.iter_mut().zip(samples) {
            *out = ((u32::from(word.code([at[0], at[1]])) * 255 + top / 2) / top) as u8;
        }
    }

    /// The component that is alpha and has a plane of its own, if there is one.
    pub fn alpha_plane(&self) -> Option<&'static Component> {
        let alpha = self.components.get(3)?;
        (alpha.step == self.sample_bytes()).then_some(alpha)
    }

    /// Samples of a plane's row of `width` pixels, those of all its components.
    pub fn row_samples(&self, plane: usize, width: usize) -> usize {
        self.row_bytes(plane, width) / self.sample_bytes()
    }
}

/// How a code value stands in its 16-bit little-endian word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    shift: u32,
    depth: u32,
}

impl Word {
    /// Significant bits.
    #[inline(always)]
    pub const fn depth(self) -> u32 {
        self.depth
    }

    /// The greatest code value.
    #[inline(always)]
    pub const fn top(self) -> u16 {
        ((1u32 << self.depth) - 1) as u16
    }

    /// The code value of a word. What stands in its other bits is not the picture's.
    #[inline(always)]
    pub const fn code(self, bytes: [u8; 2]) -> u16 {
        (u16::from_le_bytes(bytes) >> self.shift) & self.top()
    }

    /// The word of a code value, with nothing in its other bits.
    #[inline(always)]
    pub const fn bytes(self, code: u16) -> [u8; 2] {
        (code << self.shift).to_le_bytes()
    }
}

/// Number of samples of a subsampled component along `size` pixels (rounded up), at least 1.
pub fn subsampled(size: usize, sub: u32) -> usize {
    ((size + (1 << sub) - 1) >> sub).max(1)
}
