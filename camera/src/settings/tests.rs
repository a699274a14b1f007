// SPDX-License-Identifier: MPL-2.0

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
        ("color = \"green\"", "#rrggbb"),
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
    for address in ["~/beach.jpg", "file:///beach.jpg", "http://host/beach.jpg"] {
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
