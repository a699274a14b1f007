// SPDX-License-Identifier: MPL-2.0

//! Keys of a description that a survey tries.

use crate::model::ModelError;
use crate::model::description::{DescriptionKeys, Origin};
use toml::Value;

/// What the keys' origin is called.
pub(super) const SOURCE: &str = "survey";

/// The same keys and one more.
pub(super) fn and(
    keys: &DescriptionKeys,
    more: &[(&str, Value)],
) -> Result<DescriptionKeys, ModelError> {
    let (mut keys, origin) = (keys.clone(), Origin::new(SOURCE));
    for (key, value) in more {
        keys.insert(key, value.clone(), &origin)?;
    }
    Ok(keys)
}

/// Two numbers as a value.
pub(super) fn pair([low, high]: [f32; 2]) -> Value {
    Value::Array(vec![f64::from(low).into(), f64::from(high).into()])
}
