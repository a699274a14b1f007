// SPDX-License-Identifier: MPL-2.0

//! How matte-camera is, as its properties on the bus tell.

use std::collections::HashMap;
use zbus::zvariant::OwnedValue;

/// Changed properties, by their names.
pub type Changes = HashMap<String, OwnedValue>;

/// How matte-camera is; docs/dbus.md explains each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    pub size: (i32, i32),
    pub camera: String,
    pub open_camera: String,
    pub enabled: bool,
    pub background: String,
    pub picture: String,
    pub color: String,
    pub blur_strength: f64,
    pub properties: HashMap<String, String>,
    /// Processor time in percent of a core, frames per second, milliseconds.
    pub cost: (f64, f64, f64),
    pub failure: String,
}

/// Takes a value if it has the right type: a newer matte-camera may have others.
fn take<T: TryFrom<OwnedValue>>(place: &mut T, value: OwnedValue) {
    if let Ok(value) = value.try_into() {
        *place = value;
    }
}

impl Status {
    /// Takes what has changed.
    pub fn apply(&mut self, changes: Changes) {
        for (name, value) in changes {
            match name.as_str() {
                "Size" => take(&mut self.size, value),
                "Camera" => take(&mut self.camera, value),
                "OpenCamera" => take(&mut self.open_camera, value),
                "Enabled" => take(&mut self.enabled, value),
                "Background" => take(&mut self.background, value),
                "Picture" => take(&mut self.picture, value),
                "Color" => take(&mut self.color, value),
                "BlurStrength" => take(&mut self.blur_strength, value),
                "Properties" => take(&mut self.properties, value),
                "Cost" => take(&mut self.cost, value),
                "Failure" => take(&mut self.failure, value),
                _ => (),
            }
        }
    }

    /// Whether the room is shown, as the effect is off.
    pub fn shows_room(&self) -> bool {
        self.properties
            .get("enabled")
            .is_some_and(|on| on == "false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zbus::zvariant::Value;

    fn changes(pairs: [(&str, Value<'static>); 3]) -> Changes {
        let owned = pairs.map(|(name, value)| {
            let value = OwnedValue::try_from(value).expect("it holds no file");
            (name.to_string(), value)
        });
        owned.into()
    }

    #[test]
    fn what_has_changed_is_taken_and_nothing_else() {
        let mut status = Status::default();
        let set = HashMap::from([("enabled".to_string(), "false".to_string())]);
        status.apply(changes([
            ("Cost", (12.5, 30.0, 21.0).into()),
            ("Properties", set.into()),
            ("Tomorrow", true.into()),
        ]));
        assert_eq!(status.cost, (12.5, 30.0, 21.0));
        assert!(status.shows_room());
        let before = status.clone();
        status.apply(changes([
            ("Cost", "much".into()),
            ("Enabled", 1i32.into()),
            ("Size", (1i32, 2i32).into()),
        ]));
        let expected = Status {
            size: (1, 2),
            ..before
        };
        assert_eq!(status, expected);
    }
}
