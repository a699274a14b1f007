// SPDX-License-Identifier: MPL-2.0

//! Numbers in tensors.

/// A number in a tensor.
pub(super) trait Sample: Copy {
    /// Whether it may stand for another number, as whole ones of quantised tensors do.
    const QUANTISED: bool;

    /// As a float.
    fn value(self) -> f32;
}

macro_rules! sample {
    ($($type:ty, $quantised:literal: $x:ident => $value:expr;)*) => {
        $(impl Sample for $type {
            const QUANTISED: bool = $quantised;

            #[inline(always)]
            fn value(self) -> f32 {
                let $x = self;
                $value
            }
        })*
    };
}

sample! {
    f32, false: x => x;
    f64, false: x => x as f32;
    half::f16, false: x => x.to_f32();
    half::bf16, false: x => x.to_f32();
    u16, true: x => f32::from(x);
    i16, true: x => f32::from(x);
    u8, true: x => f32::from(x);
    i8, true: x => f32::from(x);
    i32, true: x => x as f32;
    i64, true: x => x as f32;
    bool, false: x => f32::from(u8::from(x));
}
