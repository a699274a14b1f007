// SPDX-License-Identifier: MPL-2.0

//! Finding ONNX Runtime: everything that can be there instead of it, and that no failure stands in
//! the way of a later success. One process can load it once only, so each case that loads it is a
//! process of its own: this same program, started again with `MATTE_TEST_CASE` set.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use gstmatte::model::{Runtime, Search};

const CASE: &str = "MATTE_TEST_CASE";
const FOLDER: &str = "MATTE_TEST_FOLDER";

/// A library with ONNX Runtime's entry point; `body` is what that does.
fn fake(folder: &Path, name: &str, body: &str) -> PathBuf {
    let source = folder.join(name).with_extension("c");
    let library = folder.join(name).with_extension("so");
    let code = format!(
        "struct base {{ const void *(*get_api)(unsigned); const char *(*version)(void); }};\n\
         static const void *get_api(unsigned version) {{ (void)version; return 0; }}\n\
         {body}\n"
    );
    std::fs::write(&source, code).unwrap();
    let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    let status = compiler
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status()
        .expect("a C compiler is needed, as to link Rust programs");
    assert!(status.success());
    library
}

fn versioned(version: &str) -> String {
    format!(
        "static const char *version(void) {{ return \"{version}\"; }}\n\
         static struct base base = {{ get_api, version }};\n\
         struct base *OrtGetApiBase(void) {{ return &base; }}"
    )
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("matte-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Starts this program again for one test only, as `case`.
fn child(test: &str, case: &str, folder: &Path, variable: Option<&Path>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CASE, case)
        .env(FOLDER, folder)
        .env_remove("ORT_DYLIB_PATH")
        .env_remove("LD_LIBRARY_PATH");
    if let Some(variable) = variable {
        command.env("ORT_DYLIB_PATH", variable);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case}: {text}");
}

/// The library that this test run uses.
fn real() -> PathBuf {
    let runtime = Runtime::get(&Search::default()).unwrap_or_else(|error| panic!("{error}"));
    if runtime.path().is_absolute() {
        return runtime.path().to_path_buf();
    }
    // Found by the system's loader: the process's own memory map tells where.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps
        .lines()
        .find(|line| line.contains("libonnxruntime.so"))
        .unwrap();
    line[line.find('/').unwrap()..].into()
}

fn error(library: &Path) -> String {
    let search = Search {
        library: Some(library.to_path_buf()),
        ..Search::default()
    };
    Runtime::get(&search)
        .map(|_| ())
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn failures_are_explained_and_do_not_stand_in_the_way() {
    const TEST: &str = "failures_are_explained_and_do_not_stand_in_the_way";
    if std::env::var_os(CASE).is_none() {
        let folder = folder("failures");
        let library = real();
        std::os::unix::fs::symlink(&library, folder.join("real.so")).unwrap();
        child(TEST, "failures", &folder, None);
        std::fs::remove_dir_all(folder).unwrap();
        return;
    }
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let text = folder.join("text.so");
    std::fs::write(&text, "no library").unwrap();
    let empty = folder.join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (library, expected) in [
        (folder.join("none.so"), "none.so: no such file"),
        (empty, "libonnxruntime.so.1: no such file"),
        (text, "text.so: "),
        (
            fake(&folder, "other", "int other(void) { return 0; }"),
            "other.so: it is not ONNX Runtime",
        ),
        (
            fake(&folder, "old", &versioned("1.10.2")),
            "old.so: it is ONNX Runtime 1.10.2, too old: 1.17 or newer is needed",
        ),
        (
            fake(&folder, "odd", &versioned("beta")),
            "odd.so: it is ONNX Runtime beta, too old",
        ),
        (
            fake(
                &folder,
                "null",
                "struct base *OrtGetApiBase(void) { return 0; }",
            ),
            "null.so: it is no working ONNX Runtime",
        ),
    ] {
        let message = error(&library);
        assert!(message.contains(expected), "{expected}: {message}");
        for part in [
            "no usable ONNX Runtime (1.17 or newer)",
            "Install",
            "ORT_DYLIB_PATH",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    let search = Search {
        library: Some(folder.join("real.so")),
        ..Search::default()
    };
    Runtime::get(&search).unwrap_or_else(|error| panic!("after all that: {error}"));
}

#[test]
fn a_library_beside_the_plugin_is_found() {
    const TEST: &str = "a_library_beside_the_plugin_is_found";
    let Some(case) = std::env::var_os(CASE) else {
        let folder = folder("beside").join("plugins");
        std::fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(real(), folder.join("libonnxruntime.so.1.99.0")).unwrap();
        // Nobody takes an older one, or another file, for it.
        fake(&folder, "old", &versioned("1.2.0"));
        std::fs::rename(
            folder.join("old.so"),
            folder.join("libonnxruntime.so.1.2.0"),
        )
        .unwrap();
        std::fs::write(folder.join("libonnxruntime_providers_shared.so"), "").unwrap();
        child(TEST, "beside", &folder, None);
        child(TEST, "folder", &folder, None);
        child(
            TEST,
            "variable",
            &folder,
            Some(&folder.join("libonnxruntime.so.1.99.0")),
        );
        std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
        return;
    };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let search = match case.to_str() {
        Some("beside") => Search {
            plugin_folder: Some(folder.clone()),
            ..Search::default()
        },
        Some("folder") => Search {
            library: Some(folder.clone()),
            ..Search::default()
        },
        _ => Search::default(),
    };
    let runtime = Runtime::get(&search).unwrap_or_else(|error| panic!("{case:?}: {error}"));
    assert_eq!(runtime.path(), folder.join("libonnxruntime.so.1.99.0"));
    assert!(runtime.mismatch(&search).is_none());
}
