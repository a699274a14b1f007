// SPDX-License-Identifier: MPL-2.0

//! The table of keys: their names, what their values must be, what they mean.

use toml::Value;

/// Largest side of a model's input that is believed.
const MAX_SIDE: i64 = 16384;

/// What a key's value must be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// 64 hexadecimal digits.
    Sha256,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number from 1 to 16384.
    Side,
    /// A whole number of pixels, at least 256.
    Area,
    /// One number, or one per channel.
    PerChannel,
    /// Like [`Kind::PerChannel`], and none of them 0.
    Divisor,
    /// A pair `[black, white]` of different numbers, or one pair per channel.
    Range,
    /// A pair `[background, subject]` of two different numbers.
    Pair,
    /// A number above 0.
    Scale,
    /// A number.
    Number,
    /// A number, or the word `matte`.
    Fourth,
    /// A list of texts.
    Texts,
    /// A list of class indices and class names.
    Classes,
    /// A list of tables with `input`, `output` and, if wanted, `shape`.
    States,
    /// A number or a list of numbers.
    Numbers,
}

/// Every key: its name, what its value must be, and what it means. `docs/models.md` holds the same.
pub const KEYS: &[(&str, Kind, &str)] = &[
    ("model.name", Kind::Text, "short name, for messages"),
    ("model.version", Kind::Text, "version of the weights"),
    ("model.licence", Kind::Text, "SPDX licence of the weights"),
    ("model.source", Kind::Text, "where the weights come from"),
    (
        "model.sha256",
        Kind::Sha256,
        "SHA-256 of the .onnx file, checked when it is loaded",
    ),
    (
        "input.name",
        Kind::Text,
        "name of the input that takes the picture",
    ),
    (
        "input.layout",
        Kind::Choice(&["nchw", "nhwc"]),
        "order of the input's axes",
    ),
    (
        "input.width",
        Kind::Side,
        "width in pixels, where the model leaves it open",
    ),
    (
        "input.height",
        Kind::Side,
        "height in pixels, where the model leaves it open",
    ),
    (
        "input.multiple",
        Kind::Side,
        "sides must be multiples of this, where they are open",
    ),
    (
        "input.pixels",
        Kind::Area,
        "pixels to aim at, in the stream's aspect, where both sides are open",
    ),
    (
        "input.order",
        Kind::Choice(&["rgb", "bgr", "gray"]),
        "order of the channels",
    ),
    (
        "input.type",
        Kind::Choice(&["f32", "f16", "f64", "u8", "i8", "i32"]),
        "element type (checked)",
    ),
    (
        "input.range",
        Kind::Range,
        "what the code values 0 and 255 become",
    ),
    ("input.mean", Kind::PerChannel, "taken off after `range`"),
    ("input.std", Kind::Divisor, "divided by after `mean`"),
    (
        "input.fourth",
        Kind::Fourth,
        "what a fourth channel gets: the same number everywhere, the last matte, or a trimap of it",
    ),
    (
        "output.name",
        Kind::Text,
        "name of the output that holds the matte",
    ),
    (
        "output.layout",
        Kind::Choice(&["nchw", "nhwc"]),
        "order of the output's axes",
    ),
    (
        "output.kind",
        Kind::Choice(&[
            "alpha",
            "logits",
            "softmax",
            "classes",
            "labels",
            "minmax",
            "instances",
        ]),
        "what the output's values mean",
    ),
    (
        "output.range",
        Kind::Pair,
        "what background and subject are in an alpha",
    ),
    (
        "output.scale",
        Kind::Scale,
        "what one step of a quantised output is worth",
    ),
    (
        "output.zero",
        Kind::Number,
        "the whole number that stands for 0 in a quantised output",
    ),
    (
        "output.subject",
        Kind::Classes,
        "classes that are kept, by index or by name",
    ),
    (
        "output.labels",
        Kind::Texts,
        "names of the classes, in their order",
    ),
    (
        "state",
        Kind::States,
        "recurrent states: which output feeds which input",
    ),
    (
        "extra",
        Kind::Numbers,
        "`extra.NAME`: constant for the further input NAME",
    ),
];

impl Kind {
    /// What is expected, in words.
    pub(super) fn expected(self) -> String {
        match self {
            Kind::Text => "a text in quotes".into(),
            Kind::Sha256 => "64 hexadecimal digits in quotes".into(),
            Kind::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
            Kind::Side => format!("a whole number from 1 to {MAX_SIDE}"),
            Kind::Area => "a whole number of pixels, 256 or more".into(),
            Kind::PerChannel => "a number or a list of one number per channel".into(),
            Kind::Divisor => "a number other than 0, or a list of one per channel".into(),
            Kind::Range => {
                "a pair [black, white] of two different numbers, or a list of one pair per channel"
                    .into()
            }
            Kind::Pair => "a pair [background, subject] of two different numbers".into(),
            Kind::Scale => "a number above 0".into(),
            Kind::Number => "a number".into(),
            Kind::Fourth => "a number, \"matte\" or \"trimap\"".into(),
            Kind::Texts => "a list of texts".into(),
            Kind::Classes => "a list of class indices (from 0) and class names".into(),
            Kind::States => {
                "a list of tables with `input`, `output` and, if wanted, `shape` (a list of sides)"
                    .into()
            }
            Kind::Numbers => "a number or a list of numbers".into(),
        }
    }

    /// Whether `value` is of this kind.
    pub(super) fn accepts(self, value: &Value) -> bool {
        let list = value.as_array();
        let all = |accepts: fn(&Value) -> bool| list.is_some_and(|list| list.iter().all(accepts));
        match self {
            Kind::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Kind::Sha256 => value
                .as_str()
                .is_some_and(|s| s.len() == 64 && s.bytes().all(|b| b.is_ascii_hexdigit())),
            Kind::Choice(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Kind::Side => is_within(value, 1, MAX_SIDE),
            Kind::Area => is_within(value, 256, MAX_SIDE * MAX_SIDE),
            Kind::PerChannel => match list {
                Some(list) => is_per_channel(list) && all(is_number),
                None => is_number(value),
            },
            Kind::Divisor => {
                Kind::PerChannel.accepts(value) && numbers(value).iter().all(|&n| n as f32 != 0.0)
            }
            Kind::Range => list.is_some_and(|list| {
                let is_pair = |value: &Value| value.as_array().is_some_and(|v| is_span(v));
                is_span(list) || is_per_channel(list) && all(is_pair)
            }),
            Kind::Pair => list.is_some_and(|list| is_span(list)),
            Kind::Scale => as_number(value).is_some_and(|x| is_scale(x as f32)),
            Kind::Number => is_number(value),
            Kind::Fourth => is_number(value) || matches!(value.as_str(), Some("matte" | "trimap")),
            Kind::Texts => all(Value::is_str),
            Kind::Classes => list.is_some_and(|list| !list.is_empty()) && all(is_class),
            Kind::States => all(is_state),
            Kind::Numbers => match list {
                Some(list) => !list.is_empty() && all(is_number),
                None => is_number(value),
            },
        }
    }
}

fn is_within(value: &Value, least: i64, most: i64) -> bool {
    value
        .as_integer()
        .is_some_and(|i| (least..=most).contains(&i))
}

fn is_number(value: &Value) -> bool {
    as_number(value).is_some_and(f64::is_finite)
}

/// Whether numbers can be divided by it, as the float that it will be.
fn is_scale(x: f32) -> bool {
    x.is_finite() && x > 0.0 && x.recip().is_finite()
}

fn is_per_channel(list: &[Value]) -> bool {
    matches!(list.len(), 1 | 3)
}

/// Two numbers that differ as the floats that they will be, so that their difference can be divided
/// by.
fn is_span(pair: &[Value]) -> bool {
    let ends: Option<Vec<f64>> = pair.iter().map(as_number).collect();
    ends.is_some_and(|ends| {
        let &[background, subject] = &ends[..] else {
            return false;
        };
        let span = subject as f32 - background as f32;
        span != 0.0 && span.is_finite()
    })
}

/// A class by index or by name.
fn is_class(value: &Value) -> bool {
    match value {
        Value::String(name) => !name.is_empty(),
        Value::Integer(index) => (0..=i64::from(u16::MAX)).contains(index),
        _ => false,
    }
}

/// A table with `input`, `output` and, if wanted, `shape`.
fn is_state(value: &Value) -> bool {
    let is_shape = |sides: &Vec<Value>| sides.iter().all(|side| Kind::Side.accepts(side));
    value.as_table().is_some_and(|table| {
        let named = |key: &str| table.get(key).is_some_and(|v| Kind::Text.accepts(v));
        named("input")
            && named("output")
            && table.iter().all(|(key, value)| match key.as_str() {
                "input" | "output" => true,
                "shape" => value.as_array().is_some_and(is_shape),
                _ => false,
            })
    })
}

/// A TOML number, whole or not.
pub(super) fn as_number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|i| i as f64))
}

/// The numbers of a value of kind [`Kind::PerChannel`] or [`Kind::Numbers`].
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().filter_map(as_number).collect(),
        None => as_number(value).into_iter().collect(),
    }
}

/// What the value of `key` must be; `None` for a key that is not known.
pub(super) fn kind_of(key: &str) -> Option<Kind> {
    let name = match key.strip_prefix("extra.") {
        Some(name) if !name.is_empty() => "extra",
        _ if key == "extra" => return None,
        _ => key,
    };
    KEYS.iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, kind, _)| *kind)
}

/// The known key that an unknown one may be meant as.
pub(super) fn suggestion(key: &str) -> Option<&'static str> {
    let nearest = KEYS
        .iter()
        .map(|(name, ..)| (distance(key, name), *name))
        .min()?;
    (nearest.0 <= 3).then_some(nearest.1)
}

/// Levenshtein distance of two short words, for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
