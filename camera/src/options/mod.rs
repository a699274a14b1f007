// SPDX-License-Identifier: MPL-2.0

//! The command line.

mod arguments;
mod error;
mod pages;
#[cfg(test)]
mod tests;

pub use error::OptionsError;

use crate::background_arguments::position;
use crate::describe::Describe;
use crate::files::Convert;
use crate::settings::{Settings, SettingsError};
use arguments::{Arguments, Command};
use clap::parser::ArgMatches;
use clap::{CommandFactory, FromArgMatches};
use pages::Page;
use std::ffi::OsString;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Publish the camera.
    Run,
    /// Name cameras and outputs.
    List,
    /// Print the settings.
    Show,
    /// Show the readings of a model.
    Describe(Describe),
    /// Convert a file, with the settings of the command line.
    Convert(Box<Convert>),
    /// Print this: the help, the version, the manual page or a shell's completions.
    Print(String),
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

/// Understands the arguments (without the program's name) and reads the settings file.
///
/// # Errors
/// With what is wrong in either.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, OptionsError> {
    let name = OsString::from(arguments::NAME);
    let words = std::iter::once(name).chain(arguments);
    let matches = match Arguments::command()
        .arg(Page::option())
        .try_get_matches_from(words)
    {
        Ok(matches) => matches,
        // The help and the version come as errors, too.
        Err(asked) if !asked.use_stderr() => return Ok(print(asked.to_string())),
        Err(error) => return Err(OptionsError::Usage(error.into())),
    };
    let arguments =
        Arguments::from_arg_matches(&matches).map_err(|error| OptionsError::Usage(error.into()))?;
    if let Some(page) = matches.get_one::<Page>("generate") {
        return Ok(print(page.text(Arguments::command())?));
    }
    // They need no settings of the camera, which may be wrong.
    match arguments.command {
        Some(Command::Describe(describe)) => return Ok(only(Task::Describe(describe))),
        Some(Command::Convert(convert)) => {
            let own = matches.subcommand_matches("convert").unwrap_or(&matches);
            return file(convert, own);
        }
        None => (),
    }
    let (path, asked) = match &arguments.settings {
        Some(path) => (path.clone(), true),
        None => (Settings::default_path()?, false),
    };
    let mut settings = Settings::read(&path, asked)?;
    let in_file = settings.check().err();
    let task = match () {
        () if arguments.list => Task::List,
        () if arguments.show_settings => Task::Show,
        () => Task::Run,
    };
    let keys = !arguments.no_keys;
    arguments.background.choose(&mut settings, &matches);
    choose_source(&mut settings, &arguments, &matches);
    arguments.apply(&mut settings)?;
    settings.check().map_err(|error| match in_file {
        Some(first) if first == error => SettingsError::InFile {
            path: path.clone(),
            error,
        },
        _ => SettingsError::Check(error),
    })?;
    Ok(Options {
        task,
        settings,
        path,
        keys,
    })
}

/// Options that only print.
fn print(text: String) -> Options {
    only(Task::Print(text.trim_end().into()))
}

/// Something that no settings change.
fn only(task: Task) -> Options {
    Options {
        task,
        settings: Settings::default(),
        path: PathBuf::new(),
        keys: false,
    }
}

/// A file, and the background that is asked for.
fn file(convert: Box<Convert>, matches: &ArgMatches) -> Result<Options, OptionsError> {
    let mut settings = Settings::default();
    convert.background.choose(&mut settings, matches);
    let background = convert.background.clone();
    background
        .apply(&mut settings)
        .map_err(OptionsError::Folder)?;
    convert.choose(&mut settings);
    settings.check().map_err(SettingsError::Check)?;
    Ok(Options {
        settings,
        ..only(Task::Convert(convert))
    })
}

/// A camera that is named replaces a source that was named before it, here or in the file.
fn choose_source(settings: &mut Settings, arguments: &Arguments, matches: &ArgMatches) {
    let (device, source) = (position(matches, "device"), position(matches, "source"));
    if device > source {
        settings.source = None;
    } else if source.is_some() {
        settings.source.clone_from(&arguments.source);
    }
}
