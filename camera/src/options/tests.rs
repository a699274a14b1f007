// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::settings::{Background, Color, Size};
use std::sync::atomic::{AtomicU32, Ordering};

fn parse_words(words: &str) -> Result<Options, OptionsError> {
    let words = format!("{words} --settings /dev/null");
    parse(words.split_whitespace().map(Into::into))
}

#[test]
fn options_change_settings() {
    let options = parse_words(
        "--size 640x360 --rate 15 --color #102030 --device cam --always --preview --set preset=fast",
    )
    .expect("they are right");
    let settings = options.settings;
    assert_eq!((options.task, options.keys), (Task::Run, true));
    assert_eq!(
        settings.size,
        Size {
            width: 640,
            height: 360
        }
    );
    assert_eq!(
        (settings.rate, settings.on_demand, settings.preview),
        (15, false, true)
    );
    assert_eq!(settings.background, Background::Color);
    assert_eq!(settings.color, Color(0x10_20_30));
    assert_eq!(settings.device.as_deref(), Some("cam"));
    assert_eq!(settings.properties["preset"].as_str(), Some("fast"));
}

#[test]
fn a_turned_camera_is_asked_for_its_own_size() {
    let settings = |words| parse_words(words).expect("they are right").settings;
    let size = |words| {
        let Size { width, height } = settings(words).camera_size();
        (width, height)
    };
    assert_eq!(size("--size 720x1280 --rotate 90"), (1280, 720));
    assert_eq!(
        size("--size 720x1280 --rotate 270 --flip vertical"),
        (1280, 720)
    );
    assert_eq!(size("--size 640x480 --rotate 180"), (640, 480));
    assert_eq!(settings("").direction(), "auto");
    assert_eq!(settings("--flip horizontal").direction(), "horiz");
}

#[test]
fn mistakes_are_named() {
    for (words, said) in [
        ("--sise 1x1", "--size"),
        ("--size 1x1", "1280x720"),
        ("--rate many", "a number is wanted"),
        ("--rate 1000", "1 to 240"),
        ("--background beach", "blur, picture, video, color"),
        ("--flip sideways", "horizontal, vertical"),
        ("--rotate 45", "0, 90, 180, 270"),
        ("--picture /nowhere.jpg", "no such file"),
        ("--set preset", "PROPERTY=VALUE"),
        ("beach.jpg", "beach.jpg"),
    ] {
        let error = parse_words(words).expect_err(words).to_string();
        assert!(error.contains(said), "{words}: {error}");
    }
}

#[test]
fn the_last_option_chooses_the_background() {
    let chosen = |words| parse_words(words).expect(words).settings.background;
    assert_eq!(
        chosen("--color #000000 --background blur"),
        Background::Blur
    );
    assert_eq!(
        chosen("--background blur --color #000000"),
        Background::Color
    );
    assert_eq!(
        chosen("--picture /nowhere --color #000000"),
        Background::Color
    );
}

#[test]
fn a_camera_replaces_a_source_that_was_named_before() {
    let source = |words| parse_words(words).expect(words).settings.source;
    assert_eq!(source("--source videotestsrc --device cam"), None);
    let kept = source("--device cam --source videotestsrc");
    assert_eq!(kept.as_deref(), Some("videotestsrc"));
}

#[test]
fn the_last_value_of_an_option_counts() {
    let settings = parse_words("--rate 15 --preview --set a=1 --rate 25 --preview --set b=2");
    let settings = settings.expect("they are right").settings;
    assert_eq!((settings.rate, settings.properties.len()), (25, 2));
}

#[test]
fn help_and_pages_name_every_option() {
    let text = |words| match parse_words(words).expect(words).task {
        Task::Print(text) => text,
        task => panic!("{task:?}"),
    };
    let version = concat!("matte-camera ", env!("CARGO_PKG_VERSION"));
    assert_eq!(text("--version"), version);
    assert!(text("--help").lines().all(|line| line.len() <= 100));
    for words in [
        "-h",
        "--help",
        "--generate man",
        "--generate bash",
        "--generate zsh",
        "--generate fish",
    ] {
        let page = text(words).replace("\\-", "-");
        for option in Arguments::command()
            .get_arguments()
            .filter(|option| !option.is_hide_set())
        {
            let name = option.get_long().expect("it has one");
            assert!(page.contains(name), "{words}: {name}");
        }
        assert!(page.contains("describe"), "{words}");
        if words.starts_with("--generate") {
            assert!(page.contains("choose"), "{words}");
        }
        assert!(!page.contains("generate"), "{words} names what is hidden");
    }
}

fn parse_words_alone(words: &str) -> Options {
    parse(words.split_whitespace().map(Into::into)).expect(words)
}

#[test]
fn a_model_is_described_without_settings() {
    let words = "describe m.onnx me.jpg --choose 3 --sheet s.png --force";
    let options = parse(words.split_whitespace().map(Into::into)).expect("it is right");
    let expected = Describe {
        choose: Some(3),
        sheet: Some("s.png".into()),
        force: true,
        ..Describe::new("m.onnx".into(), "me.jpg".into())
    };
    assert_eq!(options.task, Task::Describe(expected));
    let error = parse(["describe", "m.onnx"].map(Into::into)).expect_err("no picture");
    assert!(error.to_string().contains("PICTURE"), "{error}");
    for words in ["describe --help", "--generate man"] {
        let Task::Print(text) = parse_words_alone(words).task else {
            panic!("{words}")
        };
        assert!(
            text.contains("choose") && !text.contains("describe(1)"),
            "{text}"
        );
    }
}

#[test]
fn a_file_is_converted_with_the_backgrounds_of_a_camera() {
    let options = |words: &str| {
        let words = format!("convert in.mp4 out.mp4 {words}");
        parse(words.split_whitespace().map(Into::into))
    };
    let right = |words| options(words).expect(words);
    let Options { task, settings, .. } = right("--color green --set preset=fast --force");
    let Task::Convert(convert) = task else {
        panic!("{task:?}")
    };
    assert_eq!(convert.input, std::path::Path::new("in.mp4"));
    assert!(convert.force && !convert.transparent);
    assert_eq!(settings.background, Background::Color);
    assert_eq!(settings.properties["preset"].as_str(), Some("fast"));
    for (words, background) in [("--transparent", "transparent"), ("--matte", "matte")] {
        let settings = right(words).settings;
        assert_eq!(settings.properties["background"].as_str(), Some(background));
    }
    let last = right("--color green --background blur").settings.background;
    assert_eq!(last, Background::Blur);
    for (words, said) in [
        ("--picture /nowhere.jpg", "no such file"),
        ("--transparent --color green", "cannot be used with"),
        ("--matte --transparent", "cannot be used with"),
        ("more.mp4", "more.mp4"),
    ] {
        let error = options(words).expect_err(words).to_string();
        assert!(error.contains(said), "{words}: {error}");
    }
    for words in ["convert --help", "--generate man"] {
        let Task::Print(text) = parse_words_alone(words).task else {
            panic!("{words}")
        };
        assert!(
            text.contains("transparent") && !text.contains("convert(1)"),
            "{text}"
        );
    }
}

/// A settings file of its own for a test, and what options make of it.
fn parse_with(file: &str, words: &str) -> Result<Options, OptionsError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("matte-options-{}-{count}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, file).expect("there is a place for files");
    let words = format!("{words} --settings {}", path.display());
    let parsed = parse(words.split_whitespace().map(Into::into));
    std::fs::remove_file(&path).expect("it is ours");
    parsed
}

#[test]
fn options_win_over_what_the_file_has_wrong() {
    let gone = "background = \"picture\"\npicture = \"/nowhere.jpg\"\n";
    for (file, words) in [
        (gone, "--background blur"),
        (gone, "--color green"),
        (gone, "--picture file:///beach.jpg"),
        ("rate = 1000", "--rate 30"),
        ("name = \"a,b\"", "--name Matte"),
        ("blur-strength = -1.0", "--blur-strength 0"),
    ] {
        parse_with(file, words).expect(words);
        let error = parse_with(file, "--preview").expect_err(file).to_string();
        assert!(error.contains("matte-options"), "names the file: {error}");
    }
    let error = parse_with(gone, "--picture /gone.jpg")
        .expect_err("it is gone")
        .to_string();
    assert!(
        error.starts_with("picture /gone.jpg"),
        "names no file: {error}"
    );
}

#[test]
fn files_of_the_command_line_can_be_saved() {
    let here = std::env::current_dir().expect("there is one");
    for (given, saved) in [
        ("Cargo.toml", here.join("Cargo.toml")),
        ("/dev/../etc/passwd", "/dev/../etc/passwd".into()),
        ("file:///beach.jpg", "file:///beach.jpg".into()),
    ] {
        let settings = parse_with("", &format!("--picture {given}"))
            .expect(given)
            .settings;
        assert_eq!(settings.picture, Some(saved), "{given}");
    }
    // Of the file they stay as they are, seen from its folder.
    let settings = parse_with("picture = \"beach.jpg\"", "")
        .expect("it is right")
        .settings;
    assert_eq!(settings.picture.as_deref(), Some("beach.jpg".as_ref()));
    assert_eq!(settings.folder, std::env::temp_dir());
}
