// SPDX-License-Identifier: MPL-2.0

//! Which programs hold a device.

use std::fs;
use std::path::Path;

/// Whether a process other than this one has a file open.
pub fn is_open_elsewhere(path: &Path) -> bool {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let others = processes.filter(|process| {
        let name = process.file_name();
        let name = name.to_string_lossy();
        name.bytes().all(|byte| byte.is_ascii_digit()) && name != own
    });
    others
        // Processes of others, and those that have just ended, tell nothing.
        .filter_map(|process| fs::read_dir(process.path().join("fd")).ok())
        .flat_map(|files| files.flatten())
        .any(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))
}
