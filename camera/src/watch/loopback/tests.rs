// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::cell::RefCell;
use std::fs::{self, File};
use std::process::{Command, Stdio};

#[test]
fn a_reader_is_seen_coming_and_going() {
    let path = std::env::temp_dir().join(format!("matte-watch-{}", std::process::id()));
    fs::write(&path, "device").expect("there is a place for files");
    let context = glib::MainContext::default();
    let _held = context.acquire().expect("no other test uses it");
    let news = Rc::new(RefCell::new(Vec::new()));
    let told = news.clone();
    let watch = Watch::new(&path, move |what| told.borrow_mut().push(what));
    let watch = watch.expect("a file can be watched");
    assert!(matches!(news.borrow()[..], [News::Watched(false)]));
    let until = |count: usize| {
        while news.borrow().len() < count {
            context.iteration(true);
        }
        matches!(news.borrow().last(), Some(News::Watched(true)))
    };
    let file = File::open(&path).expect("it is there");
    let reader = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::from(file))
        .spawn();
    let mut reader = reader.expect("there is a sleep");
    assert!(until(2));
    reader.kill().expect("it is ours");
    reader.wait().expect("it is ours");
    assert!(!until(3));
    drop(watch);
    fs::remove_file(&path).expect("it is ours");
}
