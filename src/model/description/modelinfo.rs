// SPDX-License-Identifier: MPL-2.0

//! `NAME.onnx.modelinfo`: GStreamer's own description of a model's tensors (since 1.28).
//!
//! An ini-like file: a `[modelinfo]` section with `version=1.x`, then one section per tensor, named
//! as in the model: `dir` (input or output), `type`, `dims` (-1 if open), `ranges` (what 0 and 255
//! become, `min,max;min,max;...`) and, from version 1.1 on, `caps` of the input.
//! Source: the documentation of `GstAnalyticsModelInfo`. Keys that say nothing about a matte
//! (`group-id`, `dims-order=row-major`) are passed over, as GStreamer does; the `id` of an output
//! is what other elements know it by.

use toml::Value;

use super::super::ModelError;
use super::{DescriptionKeys, Origin};

/// One tensor's section.
#[derive(Debug, Default)]
struct Section<'a> {
    name: &'a str,
    line: usize,
    entries: Vec<(&'a str, &'a str, usize)>,
}

impl<'a> Section<'a> {
    /// A value and its line; a value that GStreamer's generator left open counts as absent.
    fn get(&self, key: &str) -> Option<(&'a str, usize)> {
        let (_, value, line) = self.entries.iter().find(|(k, ..)| *k == key)?;
        (!value.starts_with("PLACEHOLDER")).then_some((*value, *line))
    }

    fn is(&self, dir: &str) -> bool {
        self.get("dir").is_some_and(|(value, _)| value == dir)
    }
}

/// Reads the text of a `.modelinfo` file; `source` is its name in errors.
///
/// # Errors
/// No `[modelinfo]` section, an unknown version, a line that is none, a value of the wrong form.
pub fn parse(text: &str, source: &str) -> Result<DescriptionKeys, ModelError> {
    let origin = Origin::new(source);
    let sections = sections(text, &origin)?;
    check_version(&sections, &origin)?;
    let tensors = || {
        sections
            .iter()
            .filter(|section| section.name != "modelinfo")
    };
    for tensor in tensors() {
        if let Some((dir, line)) = tensor.get("dir")
            && !matches!(dir, "input" | "output")
        {
            let problem = format!("[{}]: expected input or output, found {dir}", tensor.name);
            return Err(origin.at(Some(line)).error("dir", problem));
        }
    }
    let mut keys = DescriptionKeys::default();
    // The picture is the one input, or else the one input whose range is given.
    let inputs = || tensors().filter(|section| section.is("input"));
    let image = match (
        inputs().count(),
        inputs().find(|s| s.get("ranges").is_some()),
    ) {
        (1, _) => inputs().next(),
        (_, found) => found,
    };
    if let Some(image) = image {
        read_image(image, &origin, &mut keys)?;
    }
    let mut outputs = tensors().filter(|section| section.is("output"));
    if let (Some(output), None) = (outputs.next(), outputs.next()) {
        let at = origin.at(Some(output.line));
        keys.insert("output.name", Value::String(output.name.into()), &at)?;
    }
    Ok(keys)
}

/// The outputs of a `.modelinfo` file, in its order: name and tensor id, by which other elements find
/// them; without an id the name stands for it.
///
/// # Errors
/// A line that is none.
pub fn output_ids(text: &str, source: &str) -> Result<Vec<(String, String)>, ModelError> {
    let sections = sections(text, &Origin::new(source))?;
    let outputs = sections.iter().filter(|section| section.is("output"));
    let ids = outputs.map(|section| {
        let id = section.get("id").map_or(section.name, |(id, _)| id);
        (section.name.to_owned(), id.to_owned())
    });
    Ok(ids.collect())
}

fn sections<'a>(text: &'a str, origin: &Origin) -> Result<Vec<Section<'a>>, ModelError> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            sections.push(Section {
                name,
                line: number,
                entries: Vec::new(),
            });
            continue;
        }
        match (sections.last_mut(), line.split_once('=')) {
            (Some(section), Some((key, value))) => {
                section
                    .entries
                    .push((key.trim_end(), value.trim_start(), number));
            }
            _ => {
                let problem = "expected `[tensor name]` or, inside of a section, `key=value`";
                return Err(origin.at(Some(number)).error(line, problem));
            }
        }
    }
    Ok(sections)
}

fn check_version(sections: &[Section], origin: &Origin) -> Result<(), ModelError> {
    let version = sections
        .iter()
        .find(|section| section.name == "modelinfo")
        .and_then(|section| section.get("version"));
    let Some((version, line)) = version else {
        let problem = "expected a section [modelinfo] with version=1.0 or newer; \
                       GStreamer's modelinfo-generator.py writes one";
        return Err(origin.error("version", problem));
    };
    let numbers = version
        .split_once('.')
        .map(|(a, b)| (a.parse::<u32>(), b.parse::<u32>()));
    match numbers {
        Some((Ok(1), Ok(_))) => Ok(()),
        _ => Err(origin.at(Some(line)).error(
            "version",
            format!("expected 1.0 or another 1.x, found {version}"),
        )),
    }
}

/// What the picture's section says.
fn read_image(
    image: &Section,
    origin: &Origin,
    keys: &mut DescriptionKeys,
) -> Result<(), ModelError> {
    let at = |line: usize| origin.at(Some(line));
    let name = Value::String(image.name.into());
    keys.insert("input.name", name, &at(image.line))?;
    if let Some((value, line)) = image.get("type") {
        let word = element(value).ok_or_else(|| {
            let problem = format!(
                "[{}]: expected float32, float16, float64, uint8, int8 or int32 for a picture, \
                 found {value}",
                image.name
            );
            at(line).error("type", problem)
        })?;
        keys.insert("input.type", Value::String(word.into()), &at(line))?;
    }
    if let Some((value, line)) = image.get("ranges") {
        let pairs = ranges(value).ok_or_else(|| {
            let problem = format!("expected min,max or min,max;min,max;min,max, found {value}");
            at(line).error("ranges", problem)
        })?;
        keys.insert("input.range", Value::Array(pairs), &at(line))?;
    }
    if let Some((value, line)) = image.get("dims") {
        let sides = value.split(',').map(|side| side.trim().parse());
        let sides: Result<Vec<i64>, _> = sides.collect();
        let sides = sides.map_err(|_| {
            let problem = format!("expected whole numbers with commas, found {value}");
            at(line).error("dims", problem)
        })?;
        read_dims(&sides, &at(line), keys)?;
    }
    if let Some((value, line)) = image.get("caps") {
        let word = order(value).ok_or_else(|| {
            let problem = format!(
                "expected video/x-raw with format RGB, BGR or GRAY8 (or a relative of these), \
                 found {value}"
            );
            at(line).error("caps", problem)
        })?;
        keys.insert("input.order", Value::String(word.into()), &at(line))?;
    }
    Ok(())
}

/// Our word for an element type.
fn element(value: &str) -> Option<&'static str> {
    Some(match value {
        "float32" => "f32",
        "float16" => "f16",
        "float64" => "f64",
        "uint8" => "u8",
        "int8" => "i8",
        "int32" => "i32",
        _ => return None,
    })
}

/// Pairs of numbers; none if it holds anything else or nothing at all.
fn ranges(value: &str) -> Option<Vec<Value>> {
    let number = |text: &str| text.trim().parse::<f64>().ok().map(Value::Float);
    let pairs = value.split(';').filter(|pair| !pair.trim().is_empty());
    let pairs = pairs.map(|pair| {
        let (low, high) = pair.split_once(',')?;
        let pair = [number(low)?, number(high)?];
        // GStreamer's are `min,max`.
        (pair[0].as_float() < pair[1].as_float()).then(|| Value::Array(pair.to_vec()))
    });
    let pairs: Option<Vec<Value>> = pairs.collect();
    pairs.filter(|pairs| !pairs.is_empty())
}

/// Our word for the order of the channels in caps.
fn order(caps: &str) -> Option<&'static str> {
    let mut fields = caps.split(',').filter_map(|field| field.split_once('='));
    let (_, format) = fields.find(|(key, _)| key.trim() == "format")?;
    Some(match format.trim().trim_start_matches("(string)").trim() {
        "RGB" | "RGBP" | "RGBx" | "RGBA" => "rgb",
        "BGR" | "BGRP" | "BGRx" | "BGRA" => "bgr",
        "GRAY8" => "gray",
        _ => return None,
    })
}

/// Layout and size, as far as the dimensions tell them without doubt.
fn read_dims(dims: &[i64], at: &Origin, keys: &mut DescriptionKeys) -> Result<(), ModelError> {
    let channels = |side: i64| side == 1 || side == 3;
    let &[_, a, b, c] = dims else { return Ok(()) };
    let (layout, height, width) = match (channels(a), channels(c)) {
        (true, false) => ("nchw", b, c),
        (false, true) => ("nhwc", a, b),
        _ => return Ok(()),
    };
    keys.insert("input.layout", Value::String(layout.into()), at)?;
    for (key, side) in [("input.height", height), ("input.width", width)] {
        if side > 0 {
            keys.insert(key, Value::Integer(side), at)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "modelinfo_tests.rs"]
mod tests;
