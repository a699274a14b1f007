// SPDX-License-Identifier: MPL-2.0

//! Takes the sources that are modelled out of the plugin, with loom's locks and threads in the place
//! of the standard library's. Nothing else of them changes.

use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    for (file, name) in [
        ("segment/worker.rs", "worker.rs"),
        ("segment/loader/interrupt.rs", "interrupt.rs"),
        ("bus_gate.rs", "bus_gate.rs"),
        ("model/run_slot.rs", "run_slot.rs"),
    ] {
        let path = root.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let source = std::fs::read_to_string(&path).expect("the plugin's sources are there");
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let replaced = source
            // What is included begins with no inner comment.
            .replace("//!", "//")
            .replace(
                "use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};",
                "use loom::sync::{Condvar, Mutex, MutexGuard};\nuse std::sync::{Arc, PoisonError};",
            )
            .replace(
                "use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};",
                "use loom::sync::{Condvar, Mutex, MutexGuard};\nuse std::sync::{OnceLock, PoisonError};",
            )
            .replace(
                "use std::sync::{Mutex, MutexGuard, PoisonError};",
                "use loom::sync::{Mutex, MutexGuard};\nuse std::sync::PoisonError;",
            )
            .replace("use std::thread;", "use loom::thread;");
        assert!(
            replaced.contains("use loom::sync::"),
            "{file}: its imports are new to build.rs"
        );
        std::fs::write(Path::new(&out).join(name), replaced)
            .expect("cargo's folder can be written");
    }
}
