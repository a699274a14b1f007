// SPDX-License-Identifier: MPL-2.0

//! The command line.

use crate::settings::{Background, Settings};
use lexopt::prelude::*;
use std::path::PathBuf;
use std::str::FromStr;

/// What `--help` prints.
pub const HELP: &str = "\
matte-camera: your camera with another background, for every program

usage: matte-camera [OPTION...]

  --list                   cameras and outputs, then end
  --device NAME            the camera: a part of its name, or a path
  --source FRAGMENT        a gst-launch fragment in the place of the camera
  --output OUTPUT          auto, pipewire, or a v4l2loopback device such as /dev/video10
  --name NAME              as other programs show it (Matte)
  --size WxH, --rate N     of the published video (1280x720, 30)
  --flip KIND              horizontal (as a mirror) or vertical
  --rotate DEGREES         0, 90, 180 or 270, clockwise, before --flip
  --background KIND        blur, picture, video or color
  --picture FILE           a picture behind you (sets the background, too, as do the next two)
  --video FILE             a video, again and again
  --color '#RRGGBB'        one colour
  --blur-strength N        0 to 100 (50)
  --set PROPERTY=VALUE     any property of the element mattebackground
  --preview                a window with what the others see
  --always                 the camera runs also while nobody looks
  --no-keys                read no keys from the terminal
  --settings FILE          instead of ~/.config/matte/camera.toml
  --show-settings          print what is in force, then end
  --help, --version
";

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Publish the camera.
    Run,
    /// Name cameras and outputs.
    List,
    /// Print the settings.
    Show,
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// The command line, understood.
#[derive(Debug)]
pub struct Options {
    /// What to do.
    pub task: Task,
    /// The settings file and the command line together.
    pub settings: Settings,
    /// The settings file.
    pub path: PathBuf,
    /// Whether keys are read.
    pub keys: bool,
}

type Change = Box<dyn FnOnce(&mut Settings)>;

/// Understands the arguments (without the program's name) and reads the settings file.
///
/// # Errors
/// With what is wrong in either.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Options, String> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut task, mut keys, mut path) = (Task::Run, true, None);
    // The file comes first, what changes it afterwards, wherever --settings stands.
    let mut changes: Vec<Change> = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        let change: Change = match argument {
            Long("help") | Short('h') => {
                task = Task::Help;
                continue;
            }
            Long("version") => {
                task = Task::Version;
                continue;
            }
            Long("list") => {
                task = Task::List;
                continue;
            }
            Long("show-settings") => {
                task = Task::Show;
                continue;
            }
            Long("no-keys") => {
                keys = false;
                continue;
            }
            Long("settings") => {
                path = Some(PathBuf::from(value(&mut parser)?));
                continue;
            }
            Long("preview") => Box::new(|settings| settings.preview = true),
            Long("always") => Box::new(|settings| settings.on_demand = false),
            Long("device") => set(text(&mut parser)?, |s, v| {
                (s.device, s.source) = (Some(v), None)
            }),
            Long("source") => set(text(&mut parser)?, |s, v| s.source = Some(v)),
            Long("output") => set(text(&mut parser)?, |s, v| s.output = v),
            Long("name") => set(text(&mut parser)?, |s, v| s.name = v),
            Long("size") => set(parsed(&mut parser)?, |s, v| s.size = v),
            Long("rate") => set(number(&mut parser, "--rate")?, |s, v| s.rate = v),
            Long("flip") => set(parsed(&mut parser)?, |s, v| s.flip = Some(v)),
            Long("rotate") => set(parsed(&mut parser)?, |s, v| s.rotate = Some(v)),
            Long("background") => set(parsed(&mut parser)?, |s, v| s.background = v),
            Long("picture") => set(value(&mut parser)?, |s, v| {
                (s.picture, s.background) = (Some(v.into()), Background::Picture);
            }),
            Long("video") => set(value(&mut parser)?, |s, v| {
                (s.video, s.background) = (Some(v.into()), Background::Video);
            }),
            Long("color") => set(parsed(&mut parser)?, |s, v| {
                (s.color, s.background) = (v, Background::Color);
            }),
            Long("blur-strength") => set(number(&mut parser, "--blur-strength")?, |s, v| {
                s.blur_strength = v
            }),
            Long("set") => {
                let text = text(&mut parser)?;
                let (property, value) = text
                    .split_once('=')
                    .ok_or_else(|| format!("--set {text}: PROPERTY=VALUE is wanted"))?;
                let pair = (property.to_string(), toml::Value::String(value.into()));
                set(pair, |s, (property, value)| {
                    s.properties.insert(property, value);
                })
            }
            other => {
                return Err(format!(
                    "{}: --help names what there is",
                    other.unexpected()
                ));
            }
        };
        changes.push(change);
    }
    let asked = path.is_some();
    let path = path.map_or_else(Settings::default_path, Ok)?;
    let mut settings = if matches!(task, Task::Help | Task::Version) {
        Settings::default()
    } else {
        Settings::read(&path, asked)?
    };
    for change in changes {
        change(&mut settings);
    }
    settings.check()?;
    Ok(Options {
        task,
        settings,
        path,
        keys,
    })
}

fn set<T: 'static>(value: T, apply: impl FnOnce(&mut Settings, T) + 'static) -> Change {
    Box::new(move |settings| apply(settings, value))
}

fn value(parser: &mut lexopt::Parser) -> Result<std::ffi::OsString, String> {
    parser.value().map_err(|error| error.to_string())
}

fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    value(parser)?
        .into_string()
        .map_err(|text| format!("{}: not UTF-8", text.display()))
}

fn parsed<T: FromStr<Err = String>>(parser: &mut lexopt::Parser) -> Result<T, String> {
    text(parser)?.parse()
}

fn number<T: FromStr>(parser: &mut lexopt::Parser, option: &str) -> Result<T, String> {
    let text = text(parser)?;
    text.parse()
        .map_err(|_| format!("{option} {text}: a number is wanted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Color, Size};

    fn parse_words(words: &str) -> Result<Options, String> {
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
            ("--sise 1x1", "--sise"),
            ("--size 1x1", "1280x720"),
            ("--rate many", "a number is wanted"),
            ("--rate 1000", "1 to 240"),
            ("--background beach", "blur, picture, video or color"),
            ("--flip sideways", "horizontal or vertical"),
            ("--rotate 45", "0, 90, 180 or 270"),
            ("--picture /nowhere.jpg", "no such file"),
            ("--set preset", "PROPERTY=VALUE"),
            ("beach.jpg", "beach.jpg"),
        ] {
            let error = parse_words(words).expect_err(words);
            assert!(error.contains(said), "{words}: {error}");
        }
    }
}
