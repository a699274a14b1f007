// SPDX-License-Identifier: MPL-2.0

pub mod blend;
pub mod frame;
pub mod simd;
