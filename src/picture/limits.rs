// SPDX-License-Identifier: MPL-2.0

//! What pictures may take.

use image::Limits;

/// Longest side of a picture that is accepted.
pub(super) const MAX_SIDE: u32 = 16_384;
/// Most memory that a picture may take, decoded.
pub(super) const MAX_BYTES: u64 = 512 << 20;
/// Longest file that is given to a decoder of the system, which wants it whole.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// What a decoder may take.
pub(super) fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_BYTES);
    limits
}
