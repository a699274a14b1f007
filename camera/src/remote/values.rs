// SPDX-License-Identifier: MPL-2.0

//! Values that come over the bus, checked as options of the command line are.

use super::error::Refusal;
use clap::ValueEnum;
use gst::glib::Variant;
use gst::glib::variant::FromVariant;
use gstmatte::picture::path_of;
use std::path::PathBuf;

/// A value of a type.
///
/// # Errors
/// With the type that is wanted.
pub fn typed<T: FromVariant>(name: &str, value: &Variant) -> Result<T, Refusal> {
    value.get().ok_or_else(|| {
        let wanted = T::static_variant_type();
        Refusal::Value(format!("{name} is {value}: the type {wanted} is wanted"))
    })
}

/// The value that a word stands for.
///
/// # Errors
/// With the words that there are.
pub fn named<T: ValueEnum>(property: &str, word: &str) -> Result<T, Refusal> {
    T::from_str(word, false).map_err(|_| {
        let names: Vec<String> = T::value_variants().iter().map(name_of).collect();
        Refusal::Value(format!("{property} is '{word}': {}", names.join(", ")))
    })
}

/// A value as options name it.
pub fn name_of(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().into())
}

/// The file that a text names, from everywhere; None for an empty one.
///
/// # Errors
/// If it names none, or the file is gone.
pub fn file(property: &str, text: &str) -> Result<Option<PathBuf>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let path = path_of(text, std::env::var_os("HOME")).map_err(Refusal::value)?;
    let why = match () {
        () if !path.is_absolute() => "a path from the root, ~/path or file:///path",
        () if !path.is_file() => "there is no such file",
        () => return Ok(Some(path)),
    };
    Err(Refusal::Value(format!("{property} is '{text}': {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Background, Place};
    use gst::glib::prelude::*;

    fn said<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> String {
        match refused.expect_err("it does not fit") {
            Refusal::Value(why) | Refusal::Failed(why) => why,
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused_with_those_that_do() {
        assert_eq!(named("Background", "blur"), Ok(Background::Blur));
        let error = said(named::<Place>("Place", "beach"));
        assert_eq!(error, "Place is 'beach': camera, right, left");
        assert_eq!(typed("Enabled", &true.to_variant()), Ok(true));
        let error = said(typed::<f64>("BlurStrength", &"much".to_variant()));
        assert_eq!(error, "BlurStrength is 'much': the type d is wanted");
    }

    #[test]
    fn files_are_named_from_everywhere() {
        for (text, expected) in [
            ("beach.jpg", "a path from the root"),
            ("/nowhere.jpg", "no such file"),
            ("/dev/null", "no such file"),
            ("http://host/beach.jpg", "http"),
        ] {
            let error = said(file("Picture", text));
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(file("Picture", ""), Ok(None));
        let here = std::env::current_exe().expect("it is a file");
        let address = format!("file://{}", here.display());
        assert_eq!(file("Picture", &address), Ok(Some(here)));
    }
}
