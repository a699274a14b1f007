// SPDX-License-Identifier: MPL-2.0

use super::values::ColorError;
use super::*;

#[test]
fn what_is_written_is_read() {
    let mut settings = Settings {
        device: Some("HD".into()),
        color: Color(0x12_34_56),
        ..Settings::default()
    };
    settings
        .properties
        .insert("preset".into(), toml::Value::String("fast".into()));
    let text = settings.to_toml().expect("it is plain data");
    assert_eq!(toml::from_str::<Settings>(&text), Ok(settings));
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, said) in [
        ("rate = 30\nbackgruond = \"blur\"", "backgruond"),
        ("size = \"1281x720\"", "1281x720"),
        ("color = \"beach\"", "#rrggbb"),
        ("background = \"beach\"", "beach"),
        ("rate = \"fast\"", "line 1"),
    ] {
        let error = toml::from_str::<Settings>(text)
            .expect_err(text)
            .to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (settings, said) in [
        (
            Settings {
                rate: 0,
                ..Settings::default()
            },
            "1 to 240",
        ),
        (
            Settings {
                blur_strength: f64::NAN,
                ..Settings::default()
            },
            "0 to 100",
        ),
        (
            Settings {
                name: "a,b".into(),
                ..Settings::default()
            },
            "without comma",
        ),
        (
            Settings {
                background: Background::Picture,
                ..Settings::default()
            },
            "no picture is named",
        ),
        (
            Settings {
                background: Background::Video,
                video: Some("/nowhere.mp4".into()),
                ..Settings::default()
            },
            "no such file",
        ),
    ] {
        let error = settings.check().expect_err(said).to_string();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(Settings::default().check(), Ok(()));
    for address in ["file:///beach.jpg", "http://host/beach.jpg"] {
        let settings = Settings {
            background: Background::Picture,
            picture: Some(address.into()),
            ..Settings::default()
        };
        assert_eq!(
            settings.check(),
            Ok(()),
            "left to mattebackground: {address}"
        );
    }
}

#[test]
fn colours_are_read_as_css_writes_them() {
    for (text, expected) in [
        ("#00b140", 0x00_b1_40),
        ("#0f8", 0x00_ff_88),
        ("green", 0x00_80_00),
        ("RebeccaPurple", 0x66_33_99),
        ("rgb(1, 2, 3)", 0x01_02_03),
    ] {
        let color: Color = text.parse().expect(text);
        assert_eq!(color, Color(expected), "{text}");
        let written = String::from(color);
        assert_eq!(written.parse(), Ok(color), "{written}");
    }
    for text in [
        "beach",
        "",
        "#00b14",
        "#00b14080",
        "transparent",
        "00b140",
        "112233",
    ] {
        assert_eq!(text.parse::<Color>(), Err(ColorError), "{text}");
    }
}

#[test]
fn files_are_seen_from_the_settings_or_from_home() {
    let located = |path: &str| files::locate(path.as_ref(), "/etc/matte".as_ref());
    assert_eq!(located("beach.jpg"), Path::new("/etc/matte/beach.jpg"));
    assert_eq!(located("/beach.jpg"), Path::new("/beach.jpg"));
    assert_eq!(located("file:///beach.jpg"), Path::new("file:///beach.jpg"));
    assert_eq!(located("~beach.jpg"), Path::new("/etc/matte/~beach.jpg"));
    let home = std::env::var("HOME").expect("who tests has a home");
    assert_eq!(located("~/beach.jpg"), Path::new(&home).join("beach.jpg"));
}
