// SPDX-License-Identifier: MPL-2.0

//! `matte-camera describe`: shows what each way to read a model makes of a picture, and writes the
//! description of the right one.

mod error;
mod sheet;
#[cfg(test)]
mod tests;

pub use error::DescribeError;

use clap::{ArgAction, Args};
use gstmatte::frame::{Colorimetry, FrameRef, PixelLayout, Range};
use gstmatte::model::{ModelSource, Network, Options, Survey, Surveyed};
use gstmatte::picture::Picture;
use image::RgbaImage;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::path::{Path, PathBuf};

/// What is asked of `describe`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Describe {
    /// The model, an .onnx file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A picture of a person in a room
    #[arg(value_name = "PICTURE")]
    pub picture: PathBuf,
    /// Write the description of this reading, by its number in the sheet
    #[arg(long, value_name = "N")]
    pub choose: Option<usize>,
    /// Where the sheet goes (MODEL.readings.png)
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// Replace a description that is there
    #[arg(long)]
    pub force: bool,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    pub help: Option<bool>,
}

impl Describe {
    /// A model and a picture, without options.
    #[cfg(test)]
    pub fn new(model: PathBuf, picture: PathBuf) -> Self {
        Self {
            model,
            picture,
            choose: None,
            sheet: None,
            force: false,
            help: None,
        }
    }

    /// Looks at model and picture, draws the sheet, says what is in it, and writes the description
    /// of the reading that is chosen: by the option, by the answer at a terminal, or because it is the
    /// only one. `say` takes lines.
    ///
    /// # Errors
    /// [`DescribeError`] with what is wrong with a file, or with the choice.
    pub fn run(&self, mut say: impl FnMut(&str)) -> Result<(), DescribeError> {
        let picture = open(&self.picture)?;
        let source = ModelSource::File(self.model.clone());
        let survey = survey(&source, &picture)?;
        let readings = &survey.readings;
        say(&words(&survey));
        let sheet = self.sheet.clone();
        let sheet = sheet.unwrap_or_else(|| self.model.with_extension("readings.png"));
        sheet::draw(&picture, readings)
            .save(&sheet)
            .map_err(|source| DescribeError::Sheet {
                path: sheet.clone(),
                source,
            })?;
        say(&format!(
            "{}: each reading, the room in green",
            sheet.display()
        ));
        let chosen = match (self.choose, readings.len()) {
            (Some(number), _) => Some(number),
            (None, 1) => Some(1),
            (None, count) => ask(count),
        };
        let Some(number) = chosen else {
            say("which one leaves the person and nothing of the room? Once more with --choose N");
            return Ok(());
        };
        let reading = number.checked_sub(1).and_then(|index| readings.get(index));
        let reading = reading.ok_or(DescribeError::NoReading(number, readings.len()))?;
        let path = self.model.with_extension("toml");
        self.write(&path, reading)?;
        // What was written is what the plugin reads.
        Network::load(&source, &options(&picture))?;
        say(&format!("{}: written", path.display()));
        Ok(())
    }

    fn write(&self, path: &Path, reading: &Surveyed) -> Result<(), DescribeError> {
        if path.exists() && !self.force {
            return Err(DescribeError::Exists(path.into()));
        }
        let beside = path.display().to_string();
        std::fs::write(path, reading.to_toml(&beside)).map_err(|source| DescribeError::Write {
            path: path.into(),
            source,
        })
    }
}

/// A still picture.
fn open(path: &Path) -> Result<RgbaImage, DescribeError> {
    let picture = Picture::open(path).map_err(|source| DescribeError::Picture {
        path: path.into(),
        source,
    })?;
    match picture.still() {
        Some(still) => Ok(still.clone()),
        None => Err(DescribeError::Animated(path.into())),
    }
}

fn options(picture: &RgbaImage) -> Options {
    Options {
        stream: Some((picture.width() as usize, picture.height() as usize)),
        ..Options::default()
    }
}

/// All readings of a model.
fn survey(source: &ModelSource, picture: &RgbaImage) -> Result<Survey, DescribeError> {
    let color = Colorimetry {
        range: Range::Full,
        ..Colorimetry::default()
    };
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let planes = [(picture.as_raw().as_slice(), 4 * width)];
    let frame = FrameRef::new(PixelLayout::Rgba, color, width, height, &planes)?;
    let survey = Network::survey(source, &options(picture), &frame)?;
    match survey.readings.is_empty() {
        true => Err(DescribeError::Nothing(survey.contradicted)),
        false => Ok(survey),
    }
}

/// The readings with their numbers: what all of them say, then what each says beside it.
fn words(survey: &Survey) -> String {
    let readings: Vec<Vec<String>> = survey.readings.iter().map(Surveyed::words).collect();
    let mut common = readings.first().cloned().unwrap_or_default();
    if readings.len() > 1 {
        let sets: Vec<HashSet<&String>> = readings
            .iter()
            .map(|words| words.iter().collect())
            .collect();
        common.retain(|word| sets.iter().all(|set| set.contains(word)));
    } else {
        common.clear();
    }
    // Writing to a string cannot fail.
    let mut text = String::new();
    for (index, words) in readings.iter().enumerate() {
        let own: Vec<&str> = words
            .iter()
            .filter(|word| !common.contains(word))
            .map(String::as_str)
            .collect();
        let _ = writeln!(text, "{:3}  {}", index + 1, own.join("; "));
    }
    if !common.is_empty() {
        let _ = writeln!(text, "all  {}", common.join("; "));
    }
    if survey.contradicted > 0 {
        let count = survey.contradicted;
        let _ = writeln!(
            text,
            "{count} more cannot be: the network's numbers contradict them"
        );
    }
    if survey.left_out > 0 {
        let _ = writeln!(text, "{} more are left out", survey.left_out);
    }
    for problem in &survey.problems {
        let _ = writeln!(text, "not possible: {problem}");
    }
    text.trim_end().into()
}

/// Asks for a number, if somebody sits at a terminal.
fn ask(count: usize) -> Option<usize> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return None;
    }
    print!("Which one leaves the person and nothing of the room? 1 to {count}, or nothing: ");
    io::stdout().flush().ok()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    line.trim().parse().ok()
}
