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

/// Every level that this machine can run, lowest first, for tests that compare them all.
pub fn levels() -> Vec<Level> {
    let best = level();
    let mut levels = vec![Level::baseline()];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        levels.extend(best.as_avx2().map(Level::Avx2));
        levels.extend(best.as_avx512().map(Level::Avx512));
    }
    #[cfg(target_arch = "aarch64")]
    levels.extend(best.as_neon().map(Level::Neon));
    levels
}
