// SPDX-License-Identifier: MPL-2.0

//! The table of pixel layouts: where each component of each pixel lies in memory.
//!
//! One table describes every layout, so that a scalar reference can be written once for all of
//! them and a fast kernel is needed only per family. `layout_info` has the types of a row.

use super::layout_info::{ColorModel, Component, Field, LayoutInfo, Packing};

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
