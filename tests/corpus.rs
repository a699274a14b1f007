// SPDX-License-Identifier: MPL-2.0

//! The committed corpus of the fuzz targets, and a little of what they would try next, with the
//! stable toolchain: inputs that once broke something must not do so again.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

/// Mutants of each input of the corpus.
const MUTANTS: usize = 20;

fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut inputs: Vec<_> = files
        .map(|file| file.expect("the folder can be read").path())
        .map(|path| {
            let data = std::fs::read(&path).expect("the corpus can be read");
            (path.display().to_string(), data)
        })
        .collect();
    inputs.sort();
    inputs
}

/// Names the input that a target breaks on.
struct Current<'a>(&'a str, usize);

impl Drop for Current<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}, mutant {}", self.0, self.1);
        }
    }
}

fn replay(target: &str) {
    let (_, run) = fuzz::TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .expect("a target");
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "no corpus for {target}");
    for (path, data) in &inputs {
        let _current = Current(path, 0);
        run(data);
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        for mutant in 1..=MUTANTS {
            let _current = Current(path, mutant);
            let mut data = data.clone();
            for _ in 0..mutant % 4 + 1 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = state as usize % data.len().max(1);
                if let Some(byte) = data.get_mut(at) {
                    *byte = (state >> 32) as u8;
                }
            }
            run(&data);
        }
    }
}

macro_rules! replays {
    ($($target:ident)+) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })+

        #[test]
        fn every_target_is_replayed() {
            let here = [$(stringify!($target)),+];
            assert!(fuzz::TARGETS.iter().all(|(name, _)| here.contains(name)));
            assert_eq!(here.len(), fuzz::TARGETS.len());
        }
    };
}

replays!(describe outline sample blend picture refine stages pipeline);
