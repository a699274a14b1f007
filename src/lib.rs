// SPDX-License-Identifier: MPL-2.0

pub mod filter;
pub mod frame;
pub mod simd;
