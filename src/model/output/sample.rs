// SPDX-License-Identifier: MPL-2.0

//! Numbers in tensors.

/// A number in a tensor.
pub(super) trait Sample: Copy {
    /// As a float.
    fn value(self) -> f32;
}

macro_rules! sample {
    ($($type:ty: $x:ident => $value:expr;)*) => {
        $(impl Sample for $type {
            #[inline(always)]
            fn value(self) -> f32 {
                let $x = self;
                $value
            }
        })*
    };
}

sample! {
    f32: x => x;
    f64: x => x as f32;
    half::f16: x => x.to_f32();
    half::bf16: x => x.to_f32();
    u16: x => f32::from(x);
    i16: x => f32::from(x);
    u8: x => f32::from(x);
    i8: x => f32::from(x);
    i32: x => x as f32;
    i64: x => x as f32;
    bool: x => f32::from(u8::from(x));
}
