// SPDX-License-Identifier: MPL-2.0

//! The committed corpus of the fuzz targets, and a little of what they would try next, with the
//! stable toolchain: inputs that once broke something must not do so again.
//!
//! MATTE_CORPUS_MUTANTS says how many mutants of each input are tried (20 by default), and as many
//! inputs of nothing but noise.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;
#[path = "../common/random.rs"]
#[allow(dead_code, reason = "other programs use the rest")]
mod random;

use random::Random;
use std::path::Path;

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
    let mutants = std::env::var("MATTE_CORPUS_MUTANTS").ok();
    let mutants = mutants.and_then(|n| n.parse().ok()).unwrap_or(20);
    let mut random = Random::new(1);
    for (path, data) in &inputs {
        let _current = Current(path, 0);
        run(data);
        for mutant in 1..=mutants {
            let _current = Current(path, mutant);
            let mut data = data.clone();
            for _ in 0..mutant % 4 + 1 {
                let at = random.below(data.len());
                if let Some(byte) = data.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            run(&data);
            let mut noise = vec![0; random.below(500)];
            noise.fill_with(|| random.next() as u8);
            run(&noise);
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
