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

/// The file that a text names, from everywhere; None for an empty one. Whether it is there is not
/// looked at, which may take its time.
///
/// # Errors
/// If it names none, or one that depends on the folder in which a program runs.
pub fn file(property: &str, text: &str) -> Result<Option<PathBuf>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let path = path_of(text, std::env::var_os("HOME")).map_err(Refusal::value)?;
    match path.is_absolute() {
        true => Ok(Some(path)),
        false => Err(Refusal::Value(format!(
            "{property} is '{text}', which depends on the folder in which a program runs: \
             /path, ~/path or file:///path is wanted"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Background, Place};
    use gst::glib::prelude::*;

    fn said<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> String {
        match refused.expect_err("it does not fit") {
            Refusal::Value(why) | Refusal::Failed(why) | Refusal::Busy(why) => why,
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
            ("beach.jpg", "depends on the folder"),
            ("./beach.jpg", "depends on the folder"),
            ("~beach/beach.jpg", "depends on the folder"),
            ("file:beach.jpg", "file:"),
            ("http://host/beach.jpg", "http"),
        ] {
            let error = said(file("Picture", text));
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(file("Picture", ""), Ok(None));
        let path = "/on a machine/that is gone.jpg";
        for text in [path, "file:///on%20a%20machine/that%20is%20gone.jpg"] {
            assert_eq!(
                file("Picture", text),
                Ok(Some(path.into())),
                "not looked at"
            );
        }
        let home = std::env::var("HOME").expect("who tests has a home");
        let expected = PathBuf::from(home).join("beach.jpg");
        assert_eq!(file("Picture", "~/beach.jpg"), Ok(Some(expected)));
    }
}
