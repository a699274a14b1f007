// SPDX-License-Identifier: MPL-2.0

//! `NAME.onnx.modelinfo`: GStreamer's own description of a model's tensors (since 1.28).
//!
//! An ini-like file: a `[modelinfo]` section with `version=1.x`, then one section a tensor, named as
//! in the model: `dir` (input or output), `type`, `dims` (-1 where open), `ranges` (what 0 and 255
//! become, `min,max;min,max;...`) and, from version 1.1 on, `caps` of the input.
//! Source: the documentation of `GstAnalyticsModelInfo`. Keys that say nothing about a matte (`id`,
//! `group-id`, `dims-order=row-major`) are passed over, as GStreamer does.

use toml::Value;

use super::ModelError;
use super::settings::{Origin, Settings};

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
pub fn parse(text: &str, source: &str) -> Result<Settings, ModelError> {
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
    let mut settings = Settings::default();
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
        read_image(image, &origin, &mut settings)?;
    }
    let mut outputs = tensors().filter(|section| section.is("output"));
    if let (Some(output), None) = (outputs.next(), outputs.next()) {
        let at = origin.at(Some(output.line));
        settings.insert("output.name", Value::String(output.name.into()), &at)?;
    }
    Ok(settings)
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

fn read_image(image: &Section, origin: &Origin, settings: &mut Settings) -> Result<(), ModelError> {
    let at = |line: usize| origin.at(Some(line));
    settings.insert(
        "input.name",
        Value::String(image.name.into()),
        &at(image.line),
    )?;
    if let Some((value, line)) = image.get("type") {
        let word = match value {
            "float32" => "f32",
            "float16" => "f16",
            "uint8" => "u8",
            other => {
                let problem = format!(
                    "[{}]: expected float32, float16 or uint8 for a picture, found {other}",
                    image.name
                );
                return Err(at(line).error("type", problem));
            }
        };
        settings.insert("input.type", Value::String(word.into()), &at(line))?;
    }
    if let Some((value, line)) = image.get("ranges") {
        let pairs = value
            .split(';')
            .filter(|pair| !pair.trim().is_empty())
            .map(|pair| {
                let (low, high) = pair.split_once(',')?;
                let number = |text: &str| text.trim().parse::<f64>().ok().map(Value::Float);
                Some(Value::Array(vec![number(low)?, number(high)?]))
            });
        let pairs: Option<Vec<Value>> = pairs.collect();
        let pairs = pairs.filter(|list| !list.is_empty()).ok_or_else(|| {
            at(line).error(
                "ranges",
                format!("expected min,max or min,max;min,max;min,max, found {value}"),
            )
        })?;
        settings.insert("input.range", Value::Array(pairs), &at(line))?;
    }
    if let Some((value, line)) = image.get("dims") {
        let dims: Option<Vec<i64>> = value
            .split(',')
            .map(|side| side.trim().parse().ok())
            .collect();
        let dims = dims.ok_or_else(|| {
            at(line).error(
                "dims",
                format!("expected whole numbers with commas, found {value}"),
            )
        })?;
        read_dims(&dims, &at(line), settings)?;
    }
    if let Some((value, line)) = image.get("caps") {
        let order = value
            .split(',')
            .filter_map(|field| field.split_once('='))
            .find(|(key, _)| key.trim() == "format")
            .map(|(_, format)| format.trim().trim_start_matches("(string)").trim());
        let word = match order {
            Some("RGB" | "RGBP" | "RGBx" | "RGBA") => "rgb",
            Some("BGR" | "BGRP" | "BGRx" | "BGRA") => "bgr",
            Some("GRAY8") => "gray",
            _ => {
                let problem = format!(
                    "expected video/x-raw with format RGB, BGR or GRAY8 (or a relative of these), found {value}"
                );
                return Err(at(line).error("caps", problem));
            }
        };
        settings.insert("input.order", Value::String(word.into()), &at(line))?;
    }
    Ok(())
}

/// Layout and size, as far as the dimensions tell them without doubt.
fn read_dims(dims: &[i64], at: &Origin, settings: &mut Settings) -> Result<(), ModelError> {
    let channels = |side: i64| side == 1 || side == 3;
    let &[_, a, b, c] = dims else { return Ok(()) };
    let (layout, height, width) = match (channels(a), channels(c)) {
        (true, false) => ("nchw", b, c),
        (false, true) => ("nhwc", a, b),
        _ => return Ok(()),
    };
    settings.insert("input.layout", Value::String(layout.into()), at)?;
    for (key, side) in [("input.height", height), ("input.width", width)] {
        if side > 0 {
            settings.insert(key, Value::Integer(side), at)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
# made by hand
[modelinfo]
version=1.0
group-id=selfie

[input]
type = float32
dims=-1,3,144,256
dir=input
ranges=-1.0,1.0;0.0,1.0;0.0,255.0

[alpha]
id=PLACEHOLDER_ID
type=float32
dims=-1,1,144,256
dir=output
";

    #[test]
    fn tensors_become_settings() {
        let s = parse(GOOD, "m.onnx.modelinfo").unwrap();
        assert_eq!(s.text("input.name"), Some("input"));
        assert_eq!(s.text("input.type"), Some("f32"));
        assert_eq!(s.text("input.layout"), Some("nchw"));
        assert_eq!(
            (s.side("input.width"), s.side("input.height")),
            (Some(256), Some(144))
        );
        assert_eq!(s.range(), Some([[-1.0, 1.0], [0.0, 1.0], [0.0, 255.0]]));
        assert_eq!(s.text("output.name"), Some("alpha"));
        assert_eq!(
            s.origin("input.range").unwrap().to_string(),
            "m.onnx.modelinfo:10"
        );
    }

    #[test]
    fn caps_give_the_order() {
        let text = GOOD.replace("version=1.0", "version=1.1").replace(
            "dir=input",
            "dir=input\ncaps=video/x-raw, format=(string)BGR",
        );
        assert_eq!(parse(&text, "m").unwrap().text("input.order"), Some("bgr"));
    }

    #[test]
    fn a_range_left_open_is_no_range() {
        let text = GOOD.replace("ranges=-1.0,1.0;0.0,1.0;0.0,255.0", "ranges=PLACEHOLDER");
        assert_eq!(parse(&text, "m").unwrap().range(), None);
    }

    #[test]
    fn bad_lines_are_named() {
        for (from, to, expected) in [
            ("[modelinfo]", "[other]", "m: version: "),
            ("version=1.0", "version=2.0", "m:3: version: expected 1.0"),
            ("version=1.0", "version=x", "m:3: version: "),
            ("float32", "int64", "m:7: type: [input]: expected float32"),
            ("dims=-1,3", "dims=a,3", "m:8: dims: "),
            (
                "dir=input",
                "dir=in",
                "m:9: dir: [input]: expected input or output",
            ),
            ("-1.0,1.0;", "-1.0;", "m:10: ranges: "),
            (
                "-1.0,1.0;",
                "2.0,1.0;",
                "m:10: input.range: expected a pair",
            ),
            (
                "group-id=selfie",
                "group-id",
                "m:4: group-id: expected `[tensor name]`",
            ),
            (
                "[input]\n",
                "[input]\ncaps=audio\n",
                "m:7: caps: expected video/x-raw",
            ),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = parse(&text, "m").expect_err(to).to_string();
            assert!(error.starts_with(expected), "{to}: {error}");
        }
    }
}
