// SPDX-License-Identifier: MPL-2.0

//! Finding and loading ONNX Runtime, once per process and not before it is needed.
//!
//! The library is looked for in this order; the first that loads and is new enough is used:
//! 1. the path that the user gave (a library, or a folder that holds one); nothing else is tried,
//! 2. the environment variable `ORT_DYLIB_PATH`; nothing else is tried,
//! 3. beside the plugin itself,
//! 4. the system: the loader's own search, then the usual library folders.
//!
//! A failed attempt leaves nothing behind, so that a later one, with another path, can succeed.
//! Once a library is loaded it stays: ONNX Runtime cannot be exchanged in a running process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use once_cell::sync::OnceCell;
use ort::environment::Environment;
use ort::logging::LogLevel;

use super::super::error::{LibraryError, RuntimeError};

/// Environment variable that names the library.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Official builds of ONNX Runtime for Linux and macOS, from 1.29 on, tell Microsoft about the
/// process, its sessions and its models, and keep an identifier of the machine, unless this is set
/// before the environment is made; ort's switch needs the environment and comes too late for that.
/// Source: ONNX Runtime's pull request 27379, "Add POSIX telemetry".
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// Names that the system's loader is asked for.
const NAMES: &[&str] = if cfg!(target_os = "windows") {
    &["onnxruntime.dll"]
} else if cfg!(target_os = "macos") {
    &["libonnxruntime.1.dylib", "libonnxruntime.dylib"]
} else {
    &["libonnxruntime.so.1", "libonnxruntime.so"]
};

/// Where to look first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// The user's choice: a library or a folder that holds one.
    pub library: Option<PathBuf>,
    /// The folder that the plugin was loaded from.
    pub plugin_folder: Option<PathBuf>,
}

/// The loaded library.
#[derive(Debug)]
pub struct Runtime {
    environment: Environment,
    path: PathBuf,
}

/// Receives ONNX Runtime's own messages: level (0 verbose to 4 fatal), text.
pub type LogSink = fn(level: u8, message: &str);

static RUNTIME: OnceCell<Runtime> = OnceCell::new();
static LOG_SINK: OnceCell<LogSink> = OnceCell::new();

/// Sends ONNX Runtime's warnings and errors to `sink` instead of dropping them. Only the first
/// call in a process has an effect.
pub fn set_log_sink(sink: LogSink) {
    // A second plugin instance registers the same function again; the first one stands.
    let _ = LOG_SINK.set(sink);
}

impl Runtime {
    /// The process's ONNX Runtime, loaded by the first call that finds one.
    ///
    /// # Errors
    /// [`RuntimeError`] if no library was found that loads and is new enough.
    pub fn get(search: &Search) -> Result<&'static Self, RuntimeError> {
        RUNTIME.get_or_try_init(|| Self::find(search))
    }

    fn find(search: &Search) -> Result<Self, RuntimeError> {
        let mut tried = Vec::new();
        for path in candidates(search, std::env::var_os(VARIABLE).map(PathBuf::from)) {
            match load(&path) {
                Ok(environment) => return Ok(Self { environment, path }),
                Err(problem) => tried.push((path, problem)),
            }
        }
        Err(RuntimeError { tried })
    }

    /// The environment that sessions are made in.
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The library in use, as it was asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Words for the log if the user asked for another library than the one in use.
    pub fn mismatch(&self, search: &Search) -> Option<String> {
        let wanted = search.library.as_deref()?;
        let same = |a: &Path, b: &Path| a == b || a.canonicalize().ok() == b.canonicalize().ok();
        if same(wanted, &self.path)
            || self
                .path
                .parent()
                .is_some_and(|folder| same(wanted, folder))
        {
            return None;
        }
        Some(format!(
            "{} is not used: this process has already loaded {}; restart it to change the library",
            wanted.display(),
            self.path.display()
        ))
    }
}

/// Every library to try, in order.
fn candidates(search: &Search, variable: Option<PathBuf>) -> Vec<PathBuf> {
    let variable = variable.filter(|path| !path.as_os_str().is_empty());
    if let Some(given) = search.library.clone().or(variable) {
        return if given.is_dir() {
            let found = libraries_in(&given);
            if found.is_empty() {
                vec![given.join(NAMES[0])]
            } else {
                found
            }
        } else {
            vec![given]
        };
    }
    let mut paths: Vec<PathBuf> = search
        .plugin_folder
        .iter()
        .flat_map(|folder| libraries_in(folder))
        .collect();
    paths.extend(NAMES.iter().map(PathBuf::from));
    for folder in system_folders() {
        for path in libraries_in(&folder) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// Folders where systems keep libraries; distributions name the file after its version, which the
/// loader does not find by a general name.
fn system_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("LD_LIBRARY_PATH")
        .map(|list| {
            std::env::split_paths(&list)
                .filter(|path| path.is_absolute())
                .collect()
        })
        .unwrap_or_default();
    if cfg!(unix) {
        // Debian's names of folders are not always Rust's of processors.
        let triplet = match std::env::consts::ARCH {
            "arm" => "arm-linux-gnueabihf".to_owned(),
            "x86" => "i386-linux-gnu".to_owned(),
            arch => format!("{arch}-linux-gnu"),
        };
        for base in [
            "/usr/local/lib",
            "/usr/lib",
            "/usr/lib64",
            "/opt/homebrew/lib",
        ] {
            folders.push(Path::new(base).join(&triplet));
            folders.push(base.into());
        }
    }
    folders
}

/// Keeps ONNX Runtime from sending anything anywhere. Called when the plugin is loaded and, for
/// programs that use the library without it, before ONNX Runtime is. A value that the user has set
/// stays.
#[allow(unsafe_code)]
pub fn refuse_telemetry() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if std::env::var_os(NO_TELEMETRY).is_none() {
            // SAFETY: the C library's own lock keeps this apart from all other changes of the
            // environment. A thread that reads a variable by `getenv` at the same moment goes
            // through the old list of variables, which glibc leaves alone when the program has set
            // none before, and from 2.41 on always. That leaves a window of one call, once a
            // process, when the plugin is loaded; there is no other way to tell the library, and
            // the alternative is that a program for privacy reports on its user.
            unsafe { std::env::set_var(NO_TELEMETRY, "1") };
        }
    });
}

/// The ONNX Runtime libraries in a folder, newest version first.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((version(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// The version in a library's file name (`libonnxruntime.so.1.21.0` is 1, 21, 0), empty if it
/// has none; `None` for any other file.
fn version(name: &str) -> Option<Vec<u32>> {
    let numbers = if cfg!(target_os = "windows") {
        name.strip_prefix("onnxruntime")?.strip_suffix(".dll")?
    } else if cfg!(target_os = "macos") {
        name.strip_prefix("libonnxruntime")?
            .strip_suffix(".dylib")?
    } else {
        name.strip_prefix("libonnxruntime.so")?
    };
    let numbers = match numbers.strip_prefix('.') {
        Some(numbers) => numbers,
        None if numbers.is_empty() => return Some(Vec::new()),
        None => return None,
    };
    numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

/// Loads one library and makes the environment in it.
fn load(path: &Path) -> Result<Environment, LibraryError> {
    // A name without a folder is the system loader's to find; anything else must be there.
    let path = if path.components().count() == 1 {
        path.to_path_buf()
    } else if path.is_file() {
        path.canonicalize()
            .map_err(|error| LibraryError::Loader(error.to_string()))?
    } else {
        return Err(LibraryError::Missing);
    };
    refuse_telemetry();
    // ort asserts on what it gets from the library; a strange one must not end the process.
    let build = || -> Result<Environment, LibraryError> {
        let logger = |level: LogLevel, _: &str, _: &str, _: &str, message: &str| {
            if let Some(sink) = LOG_SINK.get() {
                sink(level as u8, message);
            }
        };
        let environment = ort::init_from(&path)?
            .with_name("matte")
            .with_telemetry(false)
            .with_logger(Arc::new(logger))
            .build()
            .map_err(|error| LibraryError::Environment(error.to_string()))?;
        environment.set_log_level(LogLevel::Warning);
        Ok(environment)
    };
    catch_unwind(AssertUnwindSafe(build)).unwrap_or(Err(LibraryError::EntryPoint))
}

#[cfg(test)]
#[path = "runtime_tests.rs"]
mod tests;
