// SPDX-License-Identifier: MPL-2.0

//! Which vector instructions run. Kernels are written once, generic over
//! [`fearless_simd::Simd`], and dispatched by a [`Level`] that their owner keeps: the machine's
//! best by default, any lower one in tests and benchmarks.

pub use fearless_simd::Level;
use std::sync::OnceLock;

/// The best level of this machine, found once.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(Level::new)
}

/// Asks for memory that is needed soon, a cache line at a time. A hint: on processors other than
/// x86-64, for which stable Rust has no such instruction, nothing happens.
#[inline(always)]
#[allow(
    unsafe_code,
    reason = "a quarter of the time of background=image; stable Rust has no safe way to prefetch"
)]
pub(crate) fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.chunks(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing and never faults, whatever the address, and this one
        // is inside a slice; SSE, which has the instruction, is part of x86-64.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

/// Every level that this machine can run, lowest first, for tests that compare them all.
pub fn levels() -> Vec<Level> {
    #[cfg_attr(
        not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")),
        expect(unused_mut, reason = "the baseline is all that there is")
    )]
    let mut levels = vec![Level::baseline()];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(level().as_sse4_2().map(Level::Sse4_2));
        levels.extend(level().as_avx2().map(Level::Avx2));
        levels.extend(level().as_avx512().map(Level::Avx512));
    }
    #[cfg(target_arch = "aarch64")]
    levels.extend(level().as_neon().map(Level::Neon));
    levels
}
