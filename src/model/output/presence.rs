// SPDX-License-Identifier: MPL-2.0

//! Which classes are in a picture.

use std::collections::HashMap;

use ort::value::DynValue;
use ort::value::TensorElementType as E;

use super::sample::Sample;
use super::{OutputKind, OutputPlan};

/// The classes that are the likeliest one of some pixels, those of the most pixels first.
pub(in crate::model) fn classes_by_presence(plan: &OutputPlan, value: &DynValue) -> Vec<usize> {
    macro_rules! with {
        ($type:ty) => {
            match value.try_extract_tensor::<$type>() {
                Ok((_, values)) => count(plan, values),
                Err(_) => Vec::new(),
            }
        };
    }
    match value.dtype().tensor_type() {
        Some(E::Float32) => with!(f32),
        Some(E::Float64) => with!(f64),
        Some(E::Float16) => with!(half::f16),
        Some(E::Bfloat16) => with!(half::bf16),
        Some(E::Uint16) => with!(u16),
        Some(E::Int16) => with!(i16),
        Some(E::Uint8) => with!(u8),
        Some(E::Int8) => with!(i8),
        Some(E::Int32) => with!(i32),
        Some(E::Int64) => with!(i64),
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
