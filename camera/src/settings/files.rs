// SPDX-License-Identifier: MPL-2.0

//! How the files of a background are named: by a path, by `~/path`, by an address.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// Whether a file is named by an address such as `file:///path`.
pub fn is_address(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with("file:") || text.contains("://")
}

/// Where a file is: `~` is the user's home, other paths are seen from a folder. Addresses stay as they
/// are.
pub fn locate(path: &Path, folder: &Path) -> PathBuf {
    if is_address(path) {
        return path.into();
    }
    let home = env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => folder.join(path),
    }
}

/// A file of the command line as it can be named from everywhere.
///
/// # Errors
/// If the current folder is gone.
pub fn from_everywhere(path: &Path) -> io::Result<PathBuf> {
    match is_address(path) || path.starts_with("~") {
        true => Ok(path.into()),
        false => std::path::absolute(path),
    }
}
