// SPDX-License-Identifier: MPL-2.0

//! Objects of PipeWire in JSON.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An object of PipeWire, as far as it matters here.
#[derive(Deserialize)]
pub struct Object {
    /// Its number.
    pub id: u64,
    /// Null if the object is gone.
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    state: Option<String>,
    props: Option<Map<String, Value>>,
    params: Option<Map<String, Value>>,
}

impl Object {
    /// A property, numbers as text.
    pub fn property(&self, name: &str) -> Option<String> {
        match self.info.as_ref()?.props.as_ref()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// `running`, `idle`, `suspended`: of nodes.
    pub fn state(&self) -> Option<&str> {
        self.info.as_ref()?.state.as_deref()
    }

    /// The formats that a node offers.
    pub fn formats(&self) -> &[Value] {
        let params = self.info.as_ref().and_then(|info| info.params.as_ref());
        let formats = params.and_then(|params| params.get("EnumFormat"));
        formats.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

/// The objects of one array, or of several, one after another.
///
/// # Errors
/// If it is something else.
pub fn read(text: &[u8]) -> Result<Vec<Object>, serde_json::Error> {
    let arrays = serde_json::Deserializer::from_slice(text).into_iter::<Vec<Object>>();
    let mut objects = Vec::new();
    for array in arrays {
        objects.extend(array?);
    }
    Ok(objects)
}
