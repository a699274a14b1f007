// SPDX-License-Identifier: MPL-2.0

//! Pixel layouts: where each component of each pixel lies in memory.
//!
//! One table describes every layout, so that a scalar reference can be written once for all of
//! them and a fast kernel is needed only per family.

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

/// How a row lies in memory where its samples are not whole bytes. [`LayoutInfo::components`] then
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
    /// How a row lies in memory where its samples are not whole bytes; there is one plane then.
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

    /// Where the byte of a pixel of four stands that is no component's (the x of RGBx). It counts for
    /// nothing here, but others take it for alpha: it is 255 in all that takes the room's place.
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

    /// Whether rows have bits that are no pixel's: in words that hold several samples, and, at odd
    /// widths, behind the last pixel of packed 4:2:2.
    pub fn has_spare_bits(&self) -> bool {
        let shared = self.planes == 1 && self.components.iter().any(|c| c.w_sub > 0);
        self.packing.is_some() || shared
    }

    /// The alpha of pixels out of a row of its plane with samples of whole bytes, rounded to 0 to 255.
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

    /// The component that is alpha and has a plane of its own, where there is one.
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

macro_rules! component {
    ($plane:literal, $offset:literal, $step:literal) => {
        component!($plane, $offset, $step, 0, 0)
    };
    ($plane:literal, $offset:literal, $step:literal, $w_sub:literal, $h_sub:literal) => {
        Component {
            plane: $plane,
            offset: $offset,
            step: $step,
            w_sub: $w_sub,
            h_sub: $h_sub,
        }
    };
}

macro_rules! packing {
    () => {
        None
    };
    (Tens) => {
        Some(Packing::Tens)
    };
    ($kind:ident $($at:literal $bits:literal),+) => {
        Some(Packing::$kind([$(Field { at: $at, bits: $bits }),+]))
    };
}

macro_rules! layouts {
    ($($(#[$doc:meta])* $variant:ident $name:literal $model:ident planes $planes:literal
        depth $depth:literal shift $shift:literal alpha $alpha:literal
        [$($component:expr),+] $(packed($($packing:tt)+))?;)+) => {
        /// The pixel layouts that every part of the plugin takes.
        ///
        /// 16-bit samples are little endian.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum PixelLayout { $($(#[$doc])* $variant,)+ }

        impl PixelLayout {
            /// All layouts, for tables and tests.
            pub const ALL: &'static [PixelLayout] = &[$(PixelLayout::$variant,)+];

            /// The description of this layout.
            pub const fn info(self) -> &'static LayoutInfo {
                match self {
                    $(PixelLayout::$variant => {
                        const INFO: LayoutInfo = LayoutInfo {
                            name: $name,
                            model: ColorModel::$model,
                            components: &[$($component),+],
                            planes: $planes,
                            depth: $depth,
                            shift: $shift,
                            alpha: $alpha,
                            packing: packing!($($($packing)+)?),
                        };
                        &INFO
                    })+
                }
            }
        }
    };
}

layouts! {
    /// 4:2:0, Y plane then interleaved U, V.
    Nv12 "NV12" Yuv planes 2 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 2, 1, 1), component!(1, 1, 2, 1, 1)];
    /// 4:2:0, Y plane then interleaved V, U.
    Nv21 "NV21" Yuv planes 2 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 1, 2, 1, 1), component!(1, 0, 2, 1, 1)];
    /// 4:2:2, Y plane then interleaved U, V.
    Nv16 "NV16" Yuv planes 2 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 2, 1, 0), component!(1, 1, 2, 1, 0)];
    /// 4:2:2, Y plane then interleaved V, U.
    Nv61 "NV61" Yuv planes 2 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 1, 2, 1, 0), component!(1, 0, 2, 1, 0)];
    /// 4:4:4, Y plane then interleaved U, V.
    Nv24 "NV24" Yuv planes 2 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 2), component!(1, 1, 2)];
    /// 4:2:0, planes Y, U, V.
    I420 "I420" Yuv planes 3 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 1, 1, 1), component!(2, 0, 1, 1, 1)];
    /// 4:2:0, planes Y, V, U.
    Yv12 "YV12" Yuv planes 3 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(2, 0, 1, 1, 1), component!(1, 0, 1, 1, 1)];
    /// 4:2:2, planes Y, U, V.
    Y42b "Y42B" Yuv planes 3 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 1, 1, 0), component!(2, 0, 1, 1, 0)];
    /// 4:4:4, planes Y, U, V.
    Y444 "Y444" Yuv planes 3 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 1), component!(2, 0, 1)];
    /// 4:2:2 packed, Y U Y V.
    Yuy2 "YUY2" Yuv planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 2), component!(0, 1, 4, 1, 0), component!(0, 3, 4, 1, 0)];
    /// 4:2:2 packed, U Y V Y.
    Uyvy "UYVY" Yuv planes 1 depth 8 shift 0 alpha false
        [component!(0, 1, 2), component!(0, 0, 4, 1, 0), component!(0, 2, 4, 1, 0)];
    /// 4:2:2 packed, Y V Y U.
    Yvyu "YVYU" Yuv planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 2), component!(0, 3, 4, 1, 0), component!(0, 1, 4, 1, 0)];
    /// 4:2:2 packed, V Y U Y.
    Vyuy "VYUY" Yuv planes 1 depth 8 shift 0 alpha false
        [component!(0, 1, 2), component!(0, 2, 4, 1, 0), component!(0, 0, 4, 1, 0)];
    /// 24-bit R G B.
    Rgb "RGB" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 3), component!(0, 1, 3), component!(0, 2, 3)];
    /// 24-bit B G R.
    Bgr "BGR" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 2, 3), component!(0, 1, 3), component!(0, 0, 3)];
    /// 32-bit R G B and padding.
    Rgbx "RGBx" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4)];
    /// 32-bit B G R and padding.
    Bgrx "BGRx" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 2, 4), component!(0, 1, 4), component!(0, 0, 4)];
    /// 32-bit padding and R G B.
    Xrgb "xRGB" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 1, 4), component!(0, 2, 4), component!(0, 3, 4)];
    /// 32-bit padding and B G R.
    Xbgr "xBGR" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 3, 4), component!(0, 2, 4), component!(0, 1, 4)];
    /// 32-bit R G B A, straight alpha.
    Rgba "RGBA" Rgb planes 1 depth 8 shift 0 alpha true
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4), component!(0, 3, 4)];
    /// 32-bit B G R A, straight alpha.
    Bgra "BGRA" Rgb planes 1 depth 8 shift 0 alpha true
        [component!(0, 2, 4), component!(0, 1, 4), component!(0, 0, 4), component!(0, 3, 4)];
    /// 32-bit A R G B, straight alpha.
    Argb "ARGB" Rgb planes 1 depth 8 shift 0 alpha true
        [component!(0, 1, 4), component!(0, 2, 4), component!(0, 3, 4), component!(0, 0, 4)];
    /// 32-bit A B G R, straight alpha.
    Abgr "ABGR" Rgb planes 1 depth 8 shift 0 alpha true
        [component!(0, 3, 4), component!(0, 2, 4), component!(0, 1, 4), component!(0, 0, 4)];
    /// Planes G, B, R.
    Gbr "GBR" Rgb planes 3 depth 8 shift 0 alpha false
        [component!(2, 0, 1), component!(0, 0, 1), component!(1, 0, 1)];
    /// Planes G, B, R, A, straight alpha.
    Gbra "GBRA" Rgb planes 4 depth 8 shift 0 alpha true
        [component!(2, 0, 1), component!(0, 0, 1), component!(1, 0, 1), component!(3, 0, 1)];
    /// Planes R, G, B.
    Rgbp "RGBP" Rgb planes 3 depth 8 shift 0 alpha false
        [component!(0, 0, 1), component!(1, 0, 1), component!(2, 0, 1)];
    /// Planes B, G, R.
    Bgrp "BGRP" Rgb planes 3 depth 8 shift 0 alpha false
        [component!(2, 0, 1), component!(1, 0, 1), component!(0, 0, 1)];
    /// Planes G, B, R, 10-bit in the low bits of 16.
    Gbr10Le "GBR_10LE" Rgb planes 3 depth 10 shift 0 alpha false
        [component!(2, 0, 2), component!(0, 0, 2), component!(1, 0, 2)];
    /// 8-bit luma.
    Gray8 "GRAY8" Gray planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 1)];
    /// 16-bit luma.
    Gray16Le "GRAY16_LE" Gray planes 1 depth 16 shift 0 alpha false
        [component!(0, 0, 2)];
    /// 16-bit R 5, G 6, B 5 bits, red in the highest.
    Rgb16 "RGB16" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4)]
        packed(Pixels16 11 5, 5 6, 0 5);
    /// 16-bit B 5, G 6, R 5 bits, blue in the highest.
    Bgr16 "BGR16" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4)]
        packed(Pixels16 0 5, 5 6, 11 5);
    /// 16-bit R 5, G 5, B 5 bits below an empty one, red in the highest.
    Rgb15 "RGB15" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4)]
        packed(Pixels16 10 5, 5 5, 0 5);
    /// 16-bit B 5, G 5, R 5 bits below an empty one, blue in the highest.
    Bgr15 "BGR15" Rgb planes 1 depth 8 shift 0 alpha false
        [component!(0, 0, 4), component!(0, 1, 4), component!(0, 2, 4)]
        packed(Pixels16 0 5, 5 5, 10 5);
    /// 32-bit A 2, B 10, G 10, R 10 bits, red in the lowest, straight alpha.
    Rgb10a2Le "RGB10A2_LE" Rgb planes 1 depth 10 shift 0 alpha true
        [component!(0, 0, 8), component!(0, 2, 8), component!(0, 4, 8), component!(0, 6, 8)]
        packed(Pixels32 0 10, 10 10, 20 10, 30 2);
    /// 32-bit A 2, R 10, G 10, B 10 bits, blue in the lowest, straight alpha.
    Bgr10a2Le "BGR10A2_LE" Rgb planes 1 depth 10 shift 0 alpha true
        [component!(0, 0, 8), component!(0, 2, 8), component!(0, 4, 8), component!(0, 6, 8)]
        packed(Pixels32 20 10, 10 10, 0 10, 30 2);
    /// 4:2:0, planes Y, U, V and a full-size plane A.
    A420 "A420" Yuv planes 4 depth 8 shift 0 alpha true
        [component!(0, 0, 1), component!(1, 0, 1, 1, 1), component!(2, 0, 1, 1, 1),
         component!(3, 0, 1)];
    /// 4:2:0, Y plane, interleaved U, V, and a full-size plane A.
    Av12 "AV12" Yuv planes 3 depth 8 shift 0 alpha true
        [component!(0, 0, 1), component!(1, 0, 2, 1, 1), component!(1, 1, 2, 1, 1),
         component!(2, 0, 1)];
    /// 4:4:4 packed, A Y U V.
    Ayuv "AYUV" Yuv planes 1 depth 8 shift 0 alpha true
        [component!(0, 1, 4), component!(0, 2, 4), component!(0, 3, 4), component!(0, 0, 4)];
    /// 4:2:0 10-bit in the high bits of 16, Y plane then interleaved U, V.
    P010Le "P010_10LE" Yuv planes 2 depth 10 shift 6 alpha false
        [component!(0, 0, 2), component!(1, 0, 4, 1, 1), component!(1, 2, 4, 1, 1)];
    /// 4:2:0 10-bit in the low bits of 16, planes Y, U, V.
    I42010Le "I420_10LE" Yuv planes 3 depth 10 shift 0 alpha false
        [component!(0, 0, 2), component!(1, 0, 2, 1, 1), component!(2, 0, 2, 1, 1)];
    /// 4:2:2 10-bit in the low bits of 16, planes Y, U, V.
    I42210Le "I422_10LE" Yuv planes 3 depth 10 shift 0 alpha false
        [component!(0, 0, 2), component!(1, 0, 2, 1, 0), component!(2, 0, 2, 1, 0)];
    /// 4:4:4 10-bit in the low bits of 16, planes Y, U, V.
    Y44410Le "Y444_10LE" Yuv planes 3 depth 10 shift 0 alpha false
        [component!(0, 0, 2), component!(1, 0, 2), component!(2, 0, 2)];
    /// 4:2:2 packed, Y U Y V, 10-bit in the high bits of 16.
    Y210 "Y210" Yuv planes 1 depth 10 shift 6 alpha false
        [component!(0, 0, 4), component!(0, 2, 8, 1, 0), component!(0, 6, 8, 1, 0)];
    /// 4:2:2 packed, U Y V Y, 10 bits each, three in a 32-bit word.
    V210 "v210" Yuv planes 1 depth 10 shift 0 alpha false
        [component!(0, 2, 4), component!(0, 0, 8, 1, 0), component!(0, 4, 8, 1, 0)]
        packed(Tens);
    /// 4:2:0 10-bit in the low bits of 16, planes Y, U, V and a full-size plane A.
    A42010Le "A420_10LE" Yuv planes 4 depth 10 shift 0 alpha true
        [component!(0, 0, 2), component!(1, 0, 2, 1, 1), component!(2, 0, 2, 1, 1),
         component!(3, 0, 2)];
    /// 4:2:2 10-bit in the low bits of 16, planes Y, U, V and a full-size plane A.
    A42210Le "A422_10LE" Yuv planes 4 depth 10 shift 0 alpha true
        [component!(0, 0, 2), component!(1, 0, 2, 1, 0), component!(2, 0, 2, 1, 0),
         component!(3, 0, 2)];
    /// 4:4:4 10-bit in the low bits of 16, planes Y, U, V, A.
    A44410Le "A444_10LE" Yuv planes 4 depth 10 shift 0 alpha true
        [component!(0, 0, 2), component!(1, 0, 2), component!(2, 0, 2), component!(3, 0, 2)];
    /// Planes G, B, R, A, 10-bit in the low bits of 16, straight alpha.
    Gbra10Le "GBRA_10LE" Rgb planes 4 depth 10 shift 0 alpha true
        [component!(2, 0, 2), component!(0, 0, 2), component!(1, 0, 2), component!(3, 0, 2)];
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
