// SPDX-License-Identifier: MPL-2.0

//! The keys of a model description, whatever they are read from. Each source (element properties,
//! TOML, `.modelinfo`, ONNX metadata) becomes one [`DescriptionKeys`]; they are merged key by key,
//! the first source that has a key wins.

mod keys;
mod metadata;
mod modelinfo;
mod sources;
mod toml_file;

use std::collections::BTreeMap;
use std::fmt;

use toml::Value;

pub use keys::{KEYS, Kind};
pub(in crate::model) use metadata::parse as parse_metadata;
pub(in crate::model) use modelinfo::parse as parse_modelinfo;
pub(in crate::model) use sources::{gather, gather_alone, output_ids};
pub(in crate::model) use toml_file::parse as parse_toml;

use super::ModelError;
use keys::{as_number, kind_of, numbers, suggestion};

/// Where a key was set: a file and a line, or something that stands for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// File name, or what stands for it ("property", "metadata of x.onnx", "guess").
    pub source: String,
    /// Line, counted from 1, if the source has lines.
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
    /// Shape of the first, all-zero state, if the model leaves it open.
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

/// What a fourth channel of the picture gets, besides red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fourth {
    /// The same number everywhere.
    Number(f32),
    /// The matte of the frame before, 0 to 1; 0 at first.
    LastMatte,
    /// A trimap of the matte of the frame before: 0 and 1 where it is sure, 0.5 along edges; 0.5
    /// everywhere at first.
    Trimap,
}

/// Checked values of some of the [`KEYS`], each with the place that it comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DescriptionKeys {
    entries: BTreeMap<String, (Value, Origin)>,
}

impl DescriptionKeys {
    /// Whether there is not a single key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in one key. A key that is there already keeps its value.
    ///
    /// # Errors
    /// An unknown key, or a value that is not of the key's kind.
    pub fn insert(&mut self, key: &str, value: Value, origin: &Origin) -> Result<(), ModelError> {
        let kind = kind_of(key).ok_or_else(|| {
            let close =
                suggestion(key).map_or(String::new(), |known| format!(", did you mean `{known}`?"));
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
    /// else a bare word that needs no quotes (`rgb`). Lists of classes need no brackets either
    /// (`person, 15`).
    ///
    /// # Errors
    /// As [`DescriptionKeys::insert`].
    pub fn insert_text(
        &mut self,
        key: &str,
        text: &str,
        origin: &Origin,
    ) -> Result<(), ModelError> {
        let text = text.trim();
        let toml = || {
            let mut table = format!("v = {text}").parse::<toml::Table>().ok()?;
            // A line break would let more keys in.
            (table.len() == 1).then(|| table.remove("v")).flatten()
        };
        let bare = || Value::String(text.to_owned());
        let value = match kind_of(key) {
            Some(Kind::Text | Kind::Sha256) => toml().filter(Value::is_str).unwrap_or_else(bare),
            Some(Kind::Classes | Kind::Texts) => {
                toml().filter(Value::is_array).unwrap_or_else(|| {
                    let word = |word: &str| match word.parse::<i64>() {
                        Ok(index) => Value::Integer(index),
                        Err(_) => Value::String(word.to_owned()),
                    };
                    Value::Array(text.split(',').map(|part| word(part.trim())).collect())
                })
            }
            _ => toml().unwrap_or_else(bare),
        };
        self.insert(key, value, origin)
    }

    /// Adds the keys of `other` that are not here yet.
    pub fn merge(&mut self, other: DescriptionKeys) {
        for (key, entry) in other.entries {
            self.entries.entry(key).or_insert(entry);
        }
    }

    /// Takes a key out.
    pub(in crate::model) fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// The keys from some sources as `key = value`, in the order of their names.
    pub(in crate::model) fn words(&self, from: impl Fn(&Origin) -> bool) -> Vec<String> {
        let entries = self.entries.iter();
        let entries = entries.filter(|(_, (_, origin))| from(origin));
        entries
            .map(|(key, (value, _))| format!("{key} = {value}"))
            .collect()
    }

    /// The keys from some sources as the text of a description.
    pub(in crate::model) fn to_toml(&self, from: impl Fn(&Origin) -> bool) -> String {
        let mut table = toml::Table::new();
        for (key, (value, origin)) in &self.entries {
            if !from(origin) {
                continue;
            }
            let Some((section, name)) = key.split_once('.') else {
                table.insert(key.clone(), value.clone());
                continue;
            };
            let empty = || Value::Table(toml::Table::new());
            let section = table.entry(section).or_insert_with(empty);
            if let Some(section) = section.as_table_mut() {
                section.insert(name.to_owned(), value.clone());
            }
        }
        // A table of plain values can always be written.
        toml::to_string(&table).unwrap_or_default()
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

    /// What a fourth channel gets.
    pub fn fourth(&self) -> Option<Fourth> {
        let value = self.value("input.fourth")?;
        Some(match (as_number(value), value.as_str()) {
            (Some(number), _) => Fourth::Number(number as f32),
            (None, Some("trimap")) => Fourth::Trimap,
            _ => Fourth::LastMatte,
        })
    }

    /// One number per channel: a single number stands for all.
    pub fn per_channel(&self, key: &str) -> Option<[f64; 3]> {
        self.value(key).map(|value| {
            let list = numbers(value);
            std::array::from_fn(|c| list[c.min(list.len() - 1)])
        })
    }

    /// One pair per channel: a single pair stands for all.
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

    /// What background and subject are in an alpha.
    pub fn output_range(&self) -> Option<[f32; 2]> {
        let list = self.value("output.range")?.as_array()?;
        Some([0, 1].map(|i| as_number(&list[i]).unwrap_or_default() as f32))
    }

    /// What the whole numbers of a quantised output stand for: scale and zero point, as far as they
    /// are given.
    pub fn quantised(&self) -> [Option<f32>; 2] {
        ["output.scale", "output.zero"].map(|key| {
            let number = self.value(key).and_then(as_number)?;
            Some(number as f32)
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
