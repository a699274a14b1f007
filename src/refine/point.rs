// SPDX-License-Identifier: MPL-2.0

//! A place in the frame as properties: two numbers that a controller can move, and both as one
//! text.

use super::region::{self, RegionError};
use crate::properties::{About, BoxError, Properties, PropertyType, Refused, properties};
use gst::glib;
use gst::prelude::*;

properties! {
    /// The two numbers.
    #[derive(Debug, Clone, Copy)]
    struct Numbers {
        /// Where subject-point lies: share of the width that the viewer sees, from the left
        subject_point_x: f32 [0.0, 1.0] = 0.5, "Subject point x", CONTROLLABLE;
        /// Where subject-point lies: share of the height that the viewer sees, from the top
        subject_point_y: f32 [0.0, 1.0] = 0.5, "Subject point y", CONTROLLABLE;
    }
}

properties! {
    /// The text.
    #[derive(Debug)]
    struct Text {
        /// Where the person of subject-select=point is, as x,y in shares of the frame as the viewer
        /// sees it, from the top left. Another point chooses anew
        subject_point: Point = Point([0.5; 2]), "Subject point", PLAYING;
    }
}

/// The place that `subject-point` names.
#[derive(Debug, Clone, Copy, Default)]
pub struct PointSettings(Numbers);

impl PointSettings {
    /// Shares of the frame, from the top left.
    pub fn place(&self) -> [f32; 2] {
        [self.0.subject_point_x, self.0.subject_point_y]
    }
}

impl Properties for PointSettings {
    fn specs() -> Vec<glib::ParamSpec> {
        [Text::specs(), Numbers::specs()].concat()
    }

    fn get(&self, name: &str) -> Option<glib::Value> {
        let text = Text {
            subject_point: Point(self.place()),
        };
        self.0.get(name).or_else(|| text.get(name))
    }

    fn set(&mut self, name: &str, value: &glib::Value) -> Result<bool, Refused> {
        let mut text = Text::default();
        if text.set(name, value)? {
            let Point([x, y]) = text.subject_point;
            (self.0.subject_point_x, self.0.subject_point_y) = (x, y);
            return Ok(true);
        }
        self.0.set(name, value)
    }
}

/// A place as a text: two shares with a comma or spaces between them.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point([f32; 2]);

/// Why a text is no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PointError {
    /// One of its words.
    #[error(transparent)]
    Word(#[from] RegionError),
    /// How many numbers it has.
    #[error("{0} numbers are no point; write x,y in shares of the frame, such as 0.5,0.5")]
    Count(usize),
}

impl PropertyType for Point {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        let spec = glib::ParamSpecString::builder(&about.name);
        let default = default.text();
        about.describe(spec.default_value(Some(&*default))).build()
    }

    fn to_property(&self) -> glib::Value {
        self.text().to_value()
    }

    fn from_property(value: &glib::Value, default: Self) -> Result<Self, BoxError> {
        let numbers = region::shares(value.get::<Option<&str>>()?.unwrap_or_default());
        match numbers.map_err(PointError::from)?[..] {
            [] => Ok(default),
            [x, y] => Ok(Self([x, y])),
            ref other => Err(PointError::Count(other.len()).into()),
        }
    }
}

impl Point {
    fn text(self) -> String {
        format!("{},{}", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_are_the_same_place() {
        let mut point = PointSettings::default();
        assert_eq!(point.place(), [0.5, 0.5]);
        assert!(point.set("subject-point", &"0.25, .75".to_value()).unwrap());
        assert_eq!(point.place(), [0.25, 0.75]);
        assert!(point.set("subject-point-x", &1.0f32.to_value()).unwrap());
        let text = point.get("subject-point").unwrap();
        assert_eq!(text.get::<&str>().unwrap(), "1,0.75");
        assert!(!point.set("subject-region", &"".to_value()).unwrap());
        // What a preset gives back.
        point.set("subject-point", &r"0.1\,0.2".to_value()).unwrap();
        assert_eq!(point.place(), [0.1, 0.2]);
        point.set("subject-point", &"".to_value()).unwrap();
        assert_eq!(point.place(), [0.5, 0.5]);
    }

    #[test]
    fn what_is_no_point_is_named_and_the_old_one_stays() {
        let mut point = PointSettings::default();
        for (text, says) in [
            ("0.3", "1 numbers are no point"),
            ("0.1,0.2,0.3", "3 numbers are no point"),
            ("left,0.2", "`left` is no number from 0 to 1"),
            ("0.2,1.5", "`1.5` is no number from 0 to 1"),
        ] {
            let refused = point.set("subject-point", &text.to_value());
            let said = refused.unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
            assert_eq!(point.place(), [0.5, 0.5]);
        }
    }
}
