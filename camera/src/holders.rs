// SPDX-License-Identifier: MPL-2.0

//! Which programs hold a device.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether a process other than this one has a file open.
pub fn is_open_elsewhere(path: &Path) -> bool {
    others(path).next().is_some()
}

/// The programs other than this one that have a file open, as `cheese (process 1234)`. Those of other
/// users are not seen.
pub fn names(path: &Path) -> Vec<String> {
    let named = others(path).map(|process| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        let number = process.file_name().unwrap_or_default().to_string_lossy();
        format!("{} (process {number})", name.trim())
    });
    named.collect()
}

/// The folders in `/proc` of those processes.
fn others(path: &Path) -> impl Iterator<Item = PathBuf> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.map(|entry| entry.path()).filter(move |process| {
        let name = process.file_name().unwrap_or_default().to_string_lossy();
        name.bytes().all(|byte| byte.is_ascii_digit()) && name != own
    });
    processes.filter(move |process| {
        // Processes of others, and those that have just ended, tell nothing.
        let files = fs::read_dir(process.join("fd")).into_iter().flatten();
        files
            .flatten()
            .any(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn others_are_named_and_this_process_is_not() {
        let path = std::env::temp_dir().join(format!("matte-held-{}", std::process::id()));
        let own = fs::File::create(&path).expect("it can be written");
        assert_eq!(names(&path), Vec::<String>::new());
        let file = fs::File::open(&path).expect("it is there");
        // Reads from a pipe until this process has ended it, whatever happens.
        let mut other = Command::new("cat")
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("there is cat");
        let found = names(&path);
        let expected = format!("cat (process {})", other.id());
        drop(other.stdin.take());
        other.wait().expect("it ends");
        assert_eq!(found, [expected]);
        assert!(!is_open_elsewhere(&path));
        drop(own);
        fs::remove_file(&path).expect("it is there");
    }
}
