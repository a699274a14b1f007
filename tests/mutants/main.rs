// SPDX-License-Identifier: MPL-2.0

//! Model files that were changed at random: each is refused with words or works; none hangs. They
//! are loaded and run in child processes, many after one another. Where ONNX Runtime itself
//! crashes, the process is gone, which nobody inside of it can help; such files are listed with
//! the frame that it died in, and a crash whose stack begins in our own code fails the test.
//!
//! MATTE_MUTANTS says how many (60 by default), MATTE_MUTANTS_REPORT a file for the outcomes,
//! MATTE_MUTANTS_KEEP a folder for the files that crash, and MATTE_MUTANTS_ENGINE=embedded that the
//! embedded engine runs them.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod tree;

use common::guard::{CASE, FOLDER, case};
use common::pipeline::scratch;
use common::random::Random;
use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{EngineRequest, ModelSource, Network, Options, Runtime, Search};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const TEST: &str = "mutated_models_are_refused_or_work";
/// Names the engine.
const ENGINE: &str = "MATTE_MUTANTS_ENGINE";
/// Longest time for one file; it is there for hangs, not for speed.
const HANG: Duration = Duration::from_secs(60);
/// Address space of a child.
const MEMORY: u64 = 6 << 30;

/// Descriptions to begin with.
const DESCRIPTIONS: &[&str] = &[
    "",
    "",
    "",
    "",
    "[input]\nrange = [0, 1]\n",
    "[input]\nlayout = \"nchw\"\nwidth = 8\nheight = 6\n[output]\nkind = \"alpha\"\n",
    "[input]\nmean = [0.5, 0.5, 0.5]\nstd = 0.5\norder = \"bgr\"\n[output]\nkind = \"classes\"\nsubject = [1]\n",
    "[output]\nkind = \"labels\"\nlabels = [\"background\", \"person\", \"cat\"]\n",
    "[[state]]\ninput = \"h_in\"\noutput = \"h_out\"\nshape = [1, 1, 1, 1]\n[extra]\nratio = 0.5\n",
    "[input]\nfourth = 0.5\n[output]\nkind = \"alpha\"\nrange = [1, 0]\n",
    "[output]\nscale = 0.5\nzero = 3\nsubject = [0]\n",
    "[output]\nkind = \"instances\"\nsubject = [0, 1]\n",
    "[extra]\nsize = [6, 8]\nroom = 0.5\nids = [0, 1]\n",
];

/// Words that may take the place of others in a description.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "16384",
    "1e400",
    "nan",
    "9223372036854775807",
    "0.0",
    "[]",
    "[0]",
    "[[0, 1]]",
    "\"alpha\"",
    "\"logits\"",
    "\"softmax\"",
    "\"classes\"",
    "\"labels\"",
    "\"minmax\"",
    "\"instances\"",
    "fourth",
    "scale",
    "zero",
    "\"nhwc\"",
    "\"nchw\"",
    "\"\"",
    "true",
    "width",
    "height",
    "range",
    "name",
    "kind",
    "subject",
    "pixels",
    "multiple",
    "= ",
    "\n",
    "[input]",
    "[output]",
    "[[state]]",
    "[extra]",
    "\u{fffd}",
];

fn mutate_text(random: &mut Random, text: &str) -> String {
    let mut words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(words.len() + 1);
        match random.below(4) {
            0 if at < words.len() => drop(words.remove(at)),
            1 if at < words.len() => words[at] = (*random.pick(WORDS)).to_owned(),
            2 if at < words.len() => words.insert(at, words[at].clone()),
            _ => words.insert(at.min(words.len()), format!("{} ", random.pick(WORDS))),
        }
    }
    words.concat()
}

fn mutate_bytes(random: &mut Random, data: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(data.len());
        match random.below(8) {
            0 => data[at] ^= 1 << random.below(8),
            1 => data[at] = random.below(256) as u8,
            2 => data[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 | 4 => data[at] = data[at].wrapping_add(1),
            5 | 6 => data[at] = data[at].wrapping_sub(1),
            _ => data.truncate(at.max(1)),
        }
    }
}

/// Writes mutant `number` and its description.
fn write(folder: &Path, number: u64, models: &[Vec<u8>]) -> PathBuf {
    let mut random = Random::new(number + 1);
    let mut data = models[random.below(models.len())].clone();
    let mut text = (*random.pick(DESCRIPTIONS)).to_owned();
    match random.below(10) {
        0..7 => {
            let parse = |data: &[u8]| tree::parse(data).expect("the models are well-formed");
            let mut fields = parse(&data);
            let other = parse(&models[random.below(models.len())]);
            for _ in 0..=random.below(3) {
                tree::mutate(&mut random, &mut fields, &other);
            }
            data = tree::write(&fields);
        }
        7 => mutate_bytes(&mut random, &mut data),
        _ => text = mutate_text(&mut random, &text),
    }
    let file = folder.join(format!("{number}.onnx"));
    std::fs::write(&file, data).expect("the scratch folder can be written");
    std::fs::write(file.with_extension("toml"), text).expect("the scratch folder can be written");
    file
}

/// The child: loads what is named on its standard input, says what became of it, and goes on.
fn load_all() {
    let limit = Some(MEMORY);
    setrlimit(
        Resource::As,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )
    .expect("lower is allowed");
    let engine = match std::env::var(ENGINE).as_deref() {
        Ok("embedded") => EngineRequest::Embedded,
        _ => EngineRequest::OnnxRuntime,
    };
    if engine == EngineRequest::OnnxRuntime {
        Runtime::get(&Search::default()).unwrap_or_else(|error| panic!("{error}"));
    }
    for file in std::io::stdin().lines() {
        let file = file.expect("names of files");
        let options = Options {
            engine,
            stream: Some((64, 48)),
            ..Options::default()
        };
        let said = match Network::load(&ModelSource::File(file.into()), &options) {
            Ok(mut network) => {
                match network.input_mut() {
                    TensorMut::F32(data) => data.fill(0.5),
                    TensorMut::F16(data) => data.fill(gstmatte::frame::Half(0x3800)),
                    TensorMut::U8(data) => data.fill(128),
                }
                let mut matte = GrayImage::default();
                match network.run().and_then(|()| network.decode(&mut matte)) {
                    Ok(()) => "works".into(),
                    Err(error) => format!("fails: {error}"),
                }
            }
            Err(error) => format!("refused: {error}"),
        };
        println!("\u{1}{}", said.replace('\n', " "));
    }
}

/// What a child came to on a file.
enum End {
    Said(String),
    Crashed(i32),
    Hung,
}

/// Runs children until every file has its end.
fn run(files: &[PathBuf]) -> Vec<End> {
    let mut ends = Vec::new();
    while ends.len() < files.len() {
        let mut child = Command::new(std::env::current_exe().expect("a program knows its file"))
            .args(["--exact", TEST, "--nocapture"])
            .env(CASE, "load")
            .env(FOLDER, ".")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program can be started again");
        let (tell, said) = channel();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // The test harness may have printed before it on the same line.
                if let Some((_, line)) = line.split_once('\u{1}') {
                    let _ = tell.send(line.to_owned());
                }
            }
        });
        let mut names = child.stdin.take().expect("piped");
        let end = loop {
            let Some(file) = files.get(ends.len()) else {
                break None;
            };
            // A child that is gone takes no names; its status tells.
            let _ = writeln!(names, "{}", file.display());
            match said.recv_timeout(HANG) {
                Ok(line) => ends.push(End::Said(line)),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => break Some(End::Hung),
                Err(_) => break Some(End::Crashed(0)),
            }
        };
        drop(names);
        if matches!(end, Some(End::Hung)) {
            let _ = child.kill();
        }
        let status = child.wait().expect("our child");
        reader.join().expect("it only reads");
        match end {
            Some(End::Crashed(_)) => ends.push(End::Crashed(status.signal().unwrap_or(0))),
            Some(end) => ends.push(end),
            None => assert!(
                status.success(),
                "a child failed after its last file: {status}"
            ),
        }
    }
    ends
}

/// The stack of the crash, innermost frame first, by gdb; `None` without gdb.
fn stack(file: &Path) -> Option<Vec<String>> {
    let names = file.with_extension("name");
    std::fs::write(&names, format!("{}\n", file.display())).ok()?;
    let program = std::env::current_exe().ok()?;
    let run = format!(
        "run --exact {TEST} --nocapture < {} > /dev/null",
        names.display()
    );
    let output = Command::new("gdb")
        .args(["-batch", "-nx", "-ex", &run, "-ex", "bt 60"])
        .arg(program)
        .env(CASE, "load")
        .env(FOLDER, ".")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(
        text.lines()
            .filter(|l| l.starts_with('#'))
            .map(str::to_owned)
            .collect(),
    )
}

/// Whether the innermost frame that belongs to us or to ONNX Runtime belongs to ONNX Runtime.
fn is_theirs(stack: &[String]) -> bool {
    let theirs = |frame: &str| frame.contains("libonnxruntime");
    let ours = |frame: &str| frame.contains("gstmatte::") || frame.contains("mutants::");
    stack
        .iter()
        .find(|f| theirs(f) || ours(f))
        .is_some_and(|f| theirs(f))
}

#[test]
fn mutated_models_are_refused_or_work() {
    if case().is_some() {
        load_all();
        return;
    }
    let count = std::env::var("MATTE_MUTANTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(60);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let mut models: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the models are there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        // A loop that was told to take its time does.
        .filter(|path| !path.ends_with("slow.onnx"))
        .collect();
    models.sort();
    let models: Vec<_> = models
        .iter()
        .map(|p| std::fs::read(p).expect("readable"))
        .collect();
    let folder = scratch("mutants");
    let files: Vec<_> = (0..count)
        .map(|number| write(&folder, number, &models))
        .collect();
    let mut report = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut hangs, mut ours) = (Vec::new(), Vec::new());
    for (file, end) in files.iter().zip(run(&files)) {
        let name = file.file_stem().expect("numbered").to_string_lossy();
        let (kind, words) = match end {
            End::Said(words) => {
                let kind = ["works", "fails", "refused"]
                    .into_iter()
                    .find(|k| words.starts_with(k));
                (kind.expect("one of these"), words)
            }
            End::Hung => {
                hangs.push(name.clone().into_owned());
                ("hangs", String::new())
            }
            End::Crashed(signal) => {
                let stack = stack(file);
                if !stack.as_deref().is_some_and(is_theirs) {
                    ours.push(format!("{name}: signal {signal}, {stack:#?}"));
                }
                if let Some(keep) = std::env::var_os("MATTE_MUTANTS_KEEP") {
                    let keep = Path::new(&keep);
                    for extension in ["onnx", "toml"] {
                        let from = file.with_extension(extension);
                        let to = keep.join(from.file_name().expect("a file"));
                        std::fs::copy(from, to).expect("the folder can be written");
                    }
                }
                let theirs = |f: &&String| f.contains("libonnxruntime");
                let frame = stack
                    .iter()
                    .flatten()
                    .find(theirs)
                    .cloned()
                    .unwrap_or_default();
                ("crashes", format!("signal {signal}: {frame}"))
            }
        };
        *counts.entry(kind).or_default() += 1;
        writeln!(report, "{name}\t{kind}\t{words}").expect("text");
    }
    if let Some(file) = std::env::var_os("MATTE_MUTANTS_REPORT") {
        std::fs::write(file, &report).expect("the report can be written");
    }
    println!("{counts:?}");
    assert!(
        hangs.is_empty(),
        "these hang: {hangs:?} in {}",
        folder.display()
    );
    assert!(
        ours.is_empty(),
        "these crash, and not in ONNX Runtime: {ours:#?}"
    );
    assert!(
        counts.contains_key("works") && counts.contains_key("refused"),
        "{counts:?}"
    );
}
