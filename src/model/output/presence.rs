// SPDX-License-Identifier: MPL-2.0

//! Which classes are in a picture.

use std::collections::HashMap;

use ort::value::TensorElementType as E;

use super::super::tensors::Tensor;
use super::sample::Sample;
use super::{OutputKind, OutputPlan};

/// The classes that are the likeliest one of some pixels, those of the most pixels first.
pub(in crate::model) fn classes_by_presence(plan: &OutputPlan, value: &Tensor) -> Vec<usize> {
    macro_rules! with {
        ($type:ty) => {
            count(plan, value.values::<$type>())
        };
    }
    match value.element() {
        E::Float32 => with!(f32),
        E::Float64 => with!(f64),
        E::Float16 => with!(half::f16),
        E::Bfloat16 => with!(half::bf16),
        E::Uint16 => with!(u16),
        E::Int16 => with!(i16),
        E::Uint8 => with!(u8),
        E::Int8 => with!(i8),
        E::Int32 => with!(i32),
        E::Int64 => with!(i64),
        _ => Vec::new(),
    }
}

fn count<T: Sample>(plan: &OutputPlan, values: &[T]) -> Vec<usize> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    if plan.kind == OutputKind::Instances {
        // Every detection has a score for each class.
        return (0..plan.classes).collect();
    }
    let Ok(values) = plan.view(values) else {
        return Vec::new();
    };
    for pixel in values.columns() {
        let class = match plan.kind {
            OutputKind::Labels => pixel[0].value().max(0.0) as usize,
            _ => {
                let scores = pixel.iter().map(|x| x.value()).enumerate();
                let best = scores.max_by(|(_, a), (_, b)| a.total_cmp(b));
                best.map_or(0, |(class, _)| class)
            }
        };
        *counts.entry(class).or_default() += 1;
    }
    let mut classes: Vec<(usize, usize)> = counts.into_iter().collect();
    classes.sort_by_key(|(class, count)| (usize::MAX - count, *class));
    classes.into_iter().map(|(class, _)| class).collect()
}
