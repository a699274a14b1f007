// SPDX-License-Identifier: MPL-2.0

//! What is written: a file, or a row of pictures. A file has another name until it is whole, so
//! that nobody takes a part of one for all of it, and a failure leaves what was there before.

use super::containers::Container;
use super::error::FileError;
use super::webm;
use gst::prelude::*;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;

/// Names of pictures with a number in them: `out/%05d.png`.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    folder: PathBuf,
    before: String,
    /// Digits at least; `%d` has one.
    digits: usize,
    after: String,
}

impl Pattern {
    /// None if the name has no number.
    fn of(path: &Path) -> Result<Option<Self>, FileError> {
        let wrong = || FileError::Pattern(path.into());
        let text = path.to_str().ok_or(FileError::NotUtf8(path.into()))?;
        if !text.contains('%') {
            return Ok(None);
        }
        let (folder, name) = match text.rsplit_once('/') {
            Some(("", name)) => ("/", name),
            Some(both) => both,
            None => (".", text),
        };
        let (before, rest) = name.split_once('%').ok_or_else(wrong)?;
        let (digits, after) = rest.split_once('d').ok_or_else(wrong)?;
        let number = digits.strip_prefix('0').unwrap_or(digits);
        let digits = match number {
            "" => 1,
            number => number.parse().map_err(|_| wrong())?,
        };
        // multifilesink would read more of them.
        if [folder, before, after]
            .iter()
            .any(|part| part.contains('%'))
            || digits > 9
        {
            return Err(wrong());
        }
        Ok(Some(Self {
            folder: folder.into(),
            before: before.into(),
            digits,
            after: after.into(),
        }))
    }

    /// Whether a file of the folder is one of the row.
    fn has(&self, name: &str) -> bool {
        let middle = name
            .strip_prefix(&self.before)
            .and_then(|rest| rest.strip_suffix(&self.after));
        middle.is_some_and(|number| {
            number.len() >= self.digits && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    /// All pictures of the row that are there.
    fn there(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .filter(|entry| {
                entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| self.has(name))
            })
            .map(|entry| entry.path())
            .collect()
    }

    /// For multifilesink.
    fn location(&self) -> String {
        let Self {
            before,
            digits,
            after,
            ..
        } = self;
        let folder = self.folder.display();
        format!("{folder}/{before}%0{digits}d{after}")
    }
}

/// What is written. Dropping it removes it, unless it was kept.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    pattern: Option<Pattern>,
    /// Where the file is until it is whole.
    part: PathBuf,
    /// Where its alpha is until then, if that is a file of its own.
    alpha: Option<PathBuf>,
    /// Whether the pictures' folder was made for them.
    new_folder: bool,
    /// Whether there is something to remove.
    begun: bool,
}

impl Target {
    /// Checks that the output may be written. Nothing is written yet.
    ///
    /// # Errors
    /// If it is the input, or is there already and `force` is not given.
    pub fn new(
        path: &Path,
        input: Option<&Path>,
        container: &Container,
        force: bool,
    ) -> Result<Self, FileError> {
        let pattern = match container.muxer {
            Some(_) => None,
            None => Pattern::of(path)?,
        };
        let there = match &pattern {
            Some(pattern) => pattern.there(),
            None => Vec::from_iter(path.symlink_metadata().is_ok().then(|| path.to_path_buf())),
        };
        let same = |there: &PathBuf| input.is_some_and(|input| is_same(input, there));
        if there.iter().any(same) {
            return Err(FileError::Same(path.into()));
        }
        if let Some(first) = there.iter().min() {
            if !force {
                return Err(FileError::Exists(first.clone()));
            }
            if path.is_dir() {
                return Err(FileError::NotAFile(path.into()));
            }
        }
        let name = path
            .file_name()
            .ok_or_else(|| FileError::NotAFile(path.into()))?;
        let name = name
            .to_str()
            .ok_or_else(|| FileError::NotUtf8(path.into()))?;
        let part = path.with_file_name(format!(".{name}.{}.part", process::id()));
        Ok(Self {
            path: path.into(),
            pattern,
            part,
            alpha: None,
            new_folder: false,
            begun: false,
        })
    }

    /// As the user has named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether each frame becomes a file.
    pub fn is_row(&self) -> bool {
        self.pattern.is_some()
    }

    /// The element that writes it. From now on there is something to remove.
    ///
    /// # Errors
    /// If the folder is not there or cannot be written to.
    pub fn sink(&mut self) -> Result<gst::Element, FileError> {
        let wrong = |path: &Path| {
            let path = path.to_path_buf();
            move |source| FileError::Write { path, source }
        };
        self.begun = true;
        let Some(pattern) = &self.pattern else {
            // GStreamer's own message names no reason.
            drop(fs::File::create(&self.part).map_err(wrong(&self.path))?);
            return file_sink(&self.part);
        };
        if !pattern.folder.is_dir() {
            fs::create_dir(&pattern.folder).map_err(wrong(&pattern.folder))?;
            self.new_folder = true;
        }
        for old in pattern.there() {
            fs::remove_file(&old).map_err(wrong(&old))?;
        }
        let sink = gst::ElementFactory::make("multifilesink").build()?;
        sink.set_property("location", pattern.location());
        sink.set_property("index", 1);
        Ok(sink)
    }

    /// The element that writes the alpha, to be put into the file at the end.
    ///
    /// # Errors
    /// If there is no such element.
    pub fn alpha_sink(&mut self) -> Result<gst::Element, FileError> {
        let path = self.part.with_extension("alpha");
        let sink = file_sink(&path);
        self.alpha = Some(path);
        sink
    }

    /// The file is whole: it gets its name.
    ///
    /// # Errors
    /// If it cannot be named so.
    pub fn keep(mut self) -> Result<(), FileError> {
        let wrong = |source| FileError::Write {
            path: self.path.clone(),
            source,
        };
        if let Some(alpha) = &self.alpha {
            let both = self.part.with_extension("both");
            let merged = webm::merge(&self.part, alpha, &both);
            let _ = fs::remove_file(alpha);
            // It becomes the part, so that it is removed if something fails.
            fs::rename(&both, &self.part).map_err(wrong)?;
            merged.map_err(|source| FileError::Merge {
                path: self.path.clone(),
                source,
            })?;
        }
        if self.pattern.is_none() {
            fs::rename(&self.part, &self.path).map_err(wrong)?;
        }
        self.begun = false;
        Ok(())
    }

    /// Removes what was written so far, also while more is written.
    pub fn remove(&self) {
        if !self.begun {
            return;
        }
        // What cannot be removed stays.
        match &self.pattern {
            None => {
                let _ = fs::remove_file(&self.part);
                if let Some(alpha) = &self.alpha {
                    let _ = fs::remove_file(alpha);
                }
            }
            Some(pattern) => {
                for picture in pattern.there() {
                    let _ = fs::remove_file(picture);
                }
                if self.new_folder {
                    let _ = fs::remove_dir(&pattern.folder);
                }
            }
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.remove();
    }
}

fn file_sink(path: &Path) -> Result<gst::Element, FileError> {
    let sink = gst::ElementFactory::make("filesink").build()?;
    sink.set_property("location", path.to_str());
    Ok(sink)
}

/// Whether two names lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().map(|data| (data.dev(), data.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests;
