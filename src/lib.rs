// SPDX-License-Identifier: MPL-2.0

pub mod frame;
pub mod model;
pub mod simd;
