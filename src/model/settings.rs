// SPDX-License-Identifier: MPL-2.0

//! The keys of a model description, whatever they are read from. Each source (element properties,
//! TOML, `.modelinfo`, ONNX metadata) becomes one [`Settings`]; they are merged key by key, the
//! first source that has a key wins.

use std::collections::BTreeMap;
use std::fmt;

use toml::Value;

use super::ModelError;

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
    /// One number, or one a channel.
    PerChannel,
    /// Like [`Kind::PerChannel`], and none of them 0.
    Divisor,
    /// A pair `[low, high]`, or one pair a channel.
    Range,
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
        Kind::Choice(&["f32", "f16", "u8"]),
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
        Kind::Choice(&["alpha", "logits", "softmax", "classes", "labels", "minmax"]),
        "what the output's values mean",
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
    fn expected(self) -> String {
        match self {
            Kind::Text => "a text in quotes".into(),
            Kind::Sha256 => "64 hexadecimal digits in quotes".into(),
            Kind::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
            Kind::Side => format!("a whole number from 1 to {MAX_SIDE}"),
            Kind::Area => "a whole number of pixels, 256 or more".into(),
            Kind::PerChannel => "a number or a list of one number a channel".into(),
            Kind::Divisor => "a number other than 0, or a list of one a channel".into(),
            Kind::Range => {
                "a pair [low, high] with low below high, or a list of one pair a channel".into()
            }
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
    fn accepts(self, value: &Value) -> bool {
        let number = |v: &Value| as_number(v).is_some_and(f64::is_finite);
        let channels = |n: usize| n == 1 || n == 3;
        match self {
            Kind::Text => value.as_str().is_some_and(|s| !s.is_empty()),
            Kind::Sha256 => value
                .as_str()
                .is_some_and(|s| s.len() == 64 && s.bytes().all(|b| b.is_ascii_hexdigit())),
            Kind::Choice(words) => value.as_str().is_some_and(|s| words.contains(&s)),
            Kind::Side => value
                .as_integer()
                .is_some_and(|i| (1..=MAX_SIDE).contains(&i)),
            Kind::Area => value
                .as_integer()
                .is_some_and(|i| (256..=MAX_SIDE * MAX_SIDE).contains(&i)),
            Kind::PerChannel => match value.as_array() {
                Some(list) => channels(list.len()) && list.iter().all(number),
                None => number(value),
            },
            Kind::Divisor => {
                Kind::PerChannel.accepts(value) && numbers(value).iter().all(|&n| n as f32 != 0.0)
            }
            Kind::Range => value.as_array().is_some_and(|list| {
                let pair = |v: &[Value]| {
                    v.len() == 2 && v.iter().all(number) && as_number(&v[0]) < as_number(&v[1])
                };
                pair(list)
                    || channels(list.len())
                        && list.iter().all(|v| v.as_array().is_some_and(|v| pair(v)))
            }),
            Kind::Texts => value
                .as_array()
                .is_some_and(|list| list.iter().all(|v| v.as_str().is_some())),
            Kind::Classes => value.as_array().is_some_and(|list| {
                !list.is_empty()
                    && list.iter().all(|v| match v {
                        Value::String(name) => !name.is_empty(),
                        Value::Integer(index) => (0..=i64::from(u16::MAX)).contains(index),
                        _ => false,
                    })
            }),
            Kind::States => value.as_array().is_some_and(|list| {
                list.iter().all(|v| {
                    v.as_table().is_some_and(|table| {
                        ["input", "output"]
                            .iter()
                            .all(|k| table.get(*k).is_some_and(|v| Kind::Text.accepts(v)))
                            && table.iter().all(|(k, v)| match k.as_str() {
                                "input" | "output" => true,
                                "shape" => v
                                    .as_array()
                                    .is_some_and(|s| s.iter().all(|v| Kind::Side.accepts(v))),
                                _ => false,
                            })
                    })
                })
            }),
            Kind::Numbers => match value.as_array() {
                Some(list) => !list.is_empty() && list.iter().all(number),
                None => number(value),
            },
        }
    }
}

/// A TOML number, whole or not.
fn as_number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|i| i as f64))
}

/// The numbers of a value of kind [`Kind::PerChannel`] or [`Kind::Numbers`].
fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().filter_map(as_number).collect(),
        None => as_number(value).into_iter().collect(),
    }
}

/// Where a setting comes from: a file and a line, or something that stands for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// File name, or what stands for it ("property", "metadata of x.onnx", "guess").
    pub source: String,
    /// Line, counted from 1, where the source has lines.
    pub line: Option<usize>,
}

impl Origin {
    /// A source without lines.
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            line: None,
        }
    }

    /// The same source at a line.
    pub fn at(&self, line: Option<usize>) -> Self {
        Self {
            source: self.source.clone(),
            line,
        }
    }

    /// An error about `key` at this place.
    pub fn error(&self, key: &str, problem: impl Into<String>) -> ModelError {
        ModelError::Descriptor {
            at: self.to_string(),
            key: key.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// A recurrent state: an output that becomes an input of the next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePair {
    /// Input that takes the state.
    pub input: String,
    /// Output that gives it.
    pub output: String,
    /// Shape of the first, all-zero state, where the model leaves it open.
    pub shape: Option<Vec<usize>>,
}

/// A class, by index or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Index from 0.
    Index(usize),
    /// Name, to be found in `output.labels`.
    Name(String),
}

/// Checked values of some of the [`KEYS`], each with the place that it comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    entries: BTreeMap<String, (Value, Origin)>,
}

impl Settings {
    /// Whether there is not a single key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in one key. A key that is there already keeps its value.
    ///
    /// # Errors
    /// An unknown key, or a value that is not of the key's kind.
    pub fn insert(&mut self, key: &str, value: Value, origin: &Origin) -> Result<(), ModelError> {
        let kind = Self::kind(key).ok_or_else(|| {
            let close = KEYS
                .iter()
                .map(|(name, ..)| (distance(key, name), name))
                .min()
                .filter(|(far, _)| *far <= 3)
                .map_or(String::new(), |(_, name)| {
                    format!(", did you mean `{name}`?")
                });
            origin.error(key, format!("unknown key{close}"))
        })?;
        if !kind.accepts(&value) {
            let found = value.to_string();
            return Err(origin.error(key, format!("expected {}, found {found}", kind.expected())));
        }
        self.entries
            .entry(key.to_owned())
            .or_insert_with(|| (value, origin.clone()));
        Ok(())
    }

    /// Takes in one key whose value is written as text: a TOML value (`[0.0, 1.0]`, `256`), or
    /// else a bare word that needs no quotes (`rgb`).
    ///
    /// # Errors
    /// As [`Settings::insert`].
    pub fn insert_text(
        &mut self,
        key: &str,
        text: &str,
        origin: &Origin,
    ) -> Result<(), ModelError> {
        let text = text.trim();
        let wants_text = matches!(Self::kind(key), Some(Kind::Text | Kind::Sha256));
        let value = match format!("v = {text}").parse::<toml::Table>() {
            Ok(mut table) if table.len() == 1 && (!wants_text || table["v"].is_str()) => {
                table.remove("v")
            }
            _ => None,
        };
        let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
        self.insert(key, value, origin)
    }

    /// Adds the keys of `other` that are not here yet.
    pub fn merge(&mut self, other: Settings) {
        for (key, entry) in other.entries {
            self.entries.entry(key).or_insert(entry);
        }
    }

    fn kind(key: &str) -> Option<Kind> {
        let name = match key.strip_prefix("extra.") {
            Some(name) if !name.is_empty() => "extra",
            _ if key == "extra" => return None,
            _ => key,
        };
        KEYS.iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, kind, _)| *kind)
    }

    /// Where a key was set.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.entries.get(key).map(|(_, origin)| origin)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// The value of a text or a choice.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(Value::as_str)
    }

    /// The value of a side or an area.
    pub fn side(&self, key: &str) -> Option<usize> {
        self.value(key)
            .and_then(Value::as_integer)
            .and_then(|i| usize::try_from(i).ok())
    }

    /// One number a channel: a single number stands for all.
    pub fn per_channel(&self, key: &str) -> Option<[f64; 3]> {
        self.value(key).map(|value| {
            let list = numbers(value);
            std::array::from_fn(|c| list[c.min(list.len() - 1)])
        })
    }

    /// One pair a channel: a single pair stands for all.
    pub fn range(&self) -> Option<[[f64; 2]; 3]> {
        let list = self.value("input.range")?.as_array()?;
        let pair = |value: &[Value]| [0, 1].map(|i| as_number(&value[i]).unwrap_or_default());
        Some(match list[0].as_array() {
            None => [pair(list); 3],
            Some(_) => std::array::from_fn(|c| {
                list[c.min(list.len() - 1)]
                    .as_array()
                    .map_or([0.0, 1.0], |v| pair(v))
            }),
        })
    }

    /// The classes' names.
    pub fn labels(&self) -> Vec<String> {
        let list = self.value("output.labels").and_then(Value::as_array);
        let names = list.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    }

    /// The classes that are kept.
    pub fn subject(&self) -> Option<Vec<Class>> {
        let list = self.value("output.subject")?.as_array()?;
        Some(
            list.iter()
                .filter_map(|value| match value {
                    Value::String(name) => Some(Class::Name(name.clone())),
                    Value::Integer(index) => usize::try_from(*index).ok().map(Class::Index),
                    _ => None,
                })
                .collect(),
        )
    }

    /// The recurrent states.
    pub fn states(&self) -> Option<Vec<StatePair>> {
        let list = self.value("state")?.as_array()?;
        let text = |table: &toml::Table, key: &str| {
            table
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Some(
            list.iter()
                .filter_map(Value::as_table)
                .map(|table| StatePair {
                    input: text(table, "input"),
                    output: text(table, "output"),
                    shape: table.get("shape").and_then(Value::as_array).map(|sides| {
                        sides
                            .iter()
                            .filter_map(Value::as_integer)
                            .map(|i| i as usize)
                            .collect()
                    }),
                })
                .collect(),
        )
    }

    /// The constants for further inputs: name and values.
    pub fn extras(&self) -> impl Iterator<Item = (&str, Vec<f32>, &Origin)> {
        self.entries.iter().filter_map(|(key, (value, origin))| {
            let name = key.strip_prefix("extra.")?;
            let list = numbers(value).into_iter().map(|n| n as f32).collect();
            Some((name, list, origin))
        })
    }
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
