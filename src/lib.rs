// SPDX-License-Identifier: MPL-2.0

pub mod frame;
pub mod meta;
pub mod simd;
pub mod video;
