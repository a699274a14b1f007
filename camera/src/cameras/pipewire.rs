// SPDX-License-Identifier: MPL-2.0

//! Cameras that PipeWire has: those of libcamera, those of other programs, and those whose device
//! file this program cannot see.

use super::camera::{Camera, Reader};
use crate::output::PROCESS;
use crate::pipewire::{self, Object};
use serde_json::Value;
use std::str::FromStr;

/// The cameras of PipeWire, without those that this program publishes. None if PipeWire does not
/// run or does not answer.
pub fn list() -> Vec<Camera> {
    if !pipewire::runs() {
        return Vec::new();
    }
    match pipewire::dump() {
        Ok(objects) => objects.iter().filter_map(camera).collect(),
        Err(error) => {
            eprintln!("matte-camera: no cameras of PipeWire: {error}");
            Vec::new()
        }
    }
}

/// The camera that an object is.
pub(super) fn camera(object: &Object) -> Option<Camera> {
    let is_camera = object.property("media.class").as_deref() == Some("Video/Source");
    if !is_camera || object.property(PROCESS).is_some() {
        return None;
    }
    let name = object
        .property("node.description")
        .or_else(|| object.property("node.name"));
    let target = object.property("object.serial");
    Some(Camera {
        name: name.unwrap_or_else(|| "PipeWire".into()),
        path: object.property("api.v4l2.path"),
        reader: Reader::PipeWire {
            target: target.unwrap_or_else(|| object.id.to_string()),
        },
        caps: caps(object.formats()),
    })
}

/// PipeWire's formats as caps, without the pixel format: a size and a rate are what is asked for.
fn caps(formats: &[Value]) -> Option<gst::Caps> {
    let mut caps = gst::Caps::new_empty();
    for format in formats {
        let name = match format["mediaSubtype"].as_str() {
            Some("raw") => "video/x-raw",
            Some("mjpg") => "image/jpeg",
            _ => continue,
        };
        let (Some(rate), sizes) = (
            values(&format["framerate"], fraction),
            sizes(&format["size"]),
        ) else {
            continue;
        };
        for size in sizes {
            caps.merge(gst::Caps::from_str(&format!("{name},{size},framerate={rate}")).ok()?);
        }
    }
    (!caps.is_empty()).then_some(caps)
}

/// The sizes of a format as fields of caps.
fn sizes(size: &Value) -> Vec<String> {
    let side = |name: &'static str| move |size: &Value| Some(size[name].as_u64()?.to_string());
    let fields = |size: &Value| {
        let (width, height) = (values(size, side("width"))?, values(size, side("height"))?);
        Some(format!("width={width},height={height}"))
    };
    if is_range(size) {
        return fields(size).into_iter().collect();
    }
    // One by one: width and height belong together.
    choices(size).into_iter().filter_map(fields).collect()
}

fn fraction(value: &Value) -> Option<String> {
    let (numerator, denominator) = (value["num"].as_u64()?, value["denom"].as_u64()?);
    Some(format!("{numerator}/{denominator}"))
}

/// A value of PipeWire as GStreamer writes it: one, a list, or a range.
fn values(value: &Value, one: impl Fn(&Value) -> Option<String>) -> Option<String> {
    if is_range(value) {
        let (least, most) = (one(&value["min"])?, one(&value["max"])?);
        return Some(match least == most {
            true => least,
            false => format!("[{least},{most}]"),
        });
    }
    let choices: Option<Vec<String>> = choices(value).into_iter().map(one).collect();
    let choices = choices.filter(|choices| !choices.is_empty())?;
    Some(match choices.as_slice() {
        [only] => only.clone(),
        many => format!("{{{}}}", many.join(",")),
    })
}

fn is_range(value: &Value) -> bool {
    value["min"].is_object() && value["max"].is_object()
}

/// What can be chosen: `default` and its alternatives, or the value itself.
fn choices(value: &Value) -> Vec<&Value> {
    let choices = value.as_object().filter(|map| map.contains_key("default"));
    choices.map_or_else(
        || vec![value],
        |map| {
            let alternative = |key: &str| key == "default" || key.starts_with("alt");
            let found = map.iter().filter(|(key, _)| alternative(key));
            found.map(|(_, value)| value).collect()
        },
    )
}
