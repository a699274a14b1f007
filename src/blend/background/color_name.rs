// SPDX-License-Identifier: MPL-2.0

//! Colours as people write them.

use std::fmt;
use std::str::FromStr;

/// A colour as a text: a name of CSS (`green`), `#rrggbb`, `#rrggbbaa`, or a function of CSS such as
/// `rgb(0, 177, 64)`. Written as `#rrggbb`, with the alpha behind it if the colour is not opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorName(
    /// The colour, 0xAARRGGBB.
    pub u32,
);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no color: a color is a name of CSS, such as green, or #rrggbb")]
pub struct ColorNameError(String);

impl FromStr for ColorName {
    type Err = ColorNameError;

    fn from_str(text: &str) -> Result<Self, ColorNameError> {
        let error = || ColorNameError(text.into());
        // The crate reads digits without their # too: a number, such as 112233, would be taken for
        // what it does not mean.
        if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(error());
        }
        let color = csscolorparser::parse(text).map_err(|_| error())?;
        let [red, green, blue, alpha] = color.to_rgba8();
        Ok(Self(u32::from_be_bytes([alpha, red, green, blue])))
    }
}

impl fmt::Display for ColorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [alpha, red, green, blue] = self.0.to_be_bytes();
        write!(f, "#{red:02x}{green:02x}{blue:02x}")?;
        match alpha {
            u8::MAX => Ok(()),
            _ => write!(f, "{alpha:02x}"),
        }
    }
}

impl From<u32> for ColorName {
    fn from(color: u32) -> Self {
        Self(color)
    }
}

impl From<ColorName> for u32 {
    fn from(ColorName(color): ColorName) -> Self {
        color
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_digits_are_read_and_digits_are_written() {
        for (text, color, written) in [
            ("green", 0xff00_8000, "#008000"),
            ("RebeccaPurple", 0xff66_3399, "#663399"),
            ("#00b140", 0xff00_b140, "#00b140"),
            ("#0f8", 0xff00_ff88, "#00ff88"),
            ("#00b14080", 0x8000_b140, "#00b14080"),
            ("transparent", 0x0000_0000, "#00000000"),
            ("rgb(1, 2, 3)", 0xff01_0203, "#010203"),
        ] {
            let name: ColorName = text.parse().expect(text);
            assert_eq!(name, ColorName(color), "{text}");
            assert_eq!(name.to_string(), written);
            assert_eq!(written.parse(), Ok(name));
        }
    }

    #[test]
    fn what_is_no_color_is_named() {
        for text in [
            "beach",
            "",
            "00b140",
            "4278235456",
            "0xff00b140",
            "#00b14",
            "green;",
        ] {
            let error = text.parse::<ColorName>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("\"{text}\" is no color")),
                "{error}"
            );
        }
    }
}
