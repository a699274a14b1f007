// SPDX-License-Identifier: MPL-2.0

use super::*;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("matte-target-{}-{name}", process::id()));
        fs::create_dir_all(&path).expect("there is a place for files");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, name).expect("it is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn target(path: &Path, input: &Path, force: bool) -> Result<Target, FileError> {
    gst::init().expect("GStreamer is there");
    Target::new(path, Some(input), Container::of(path)?, force)
}

#[test]
fn rows_of_pictures_have_one_number() {
    let pattern = |name: &str| Pattern::of(Path::new(name));
    let found = pattern("out/%05d.png")
        .expect("it is right")
        .expect("it has a number");
    assert_eq!(found.location(), "out/%05d.png");
    for (name, is_one) in [
        ("00001.png", true),
        ("123456.png", true),
        ("0001.png", false),
        ("0000a.png", false),
        ("00001.jpg", false),
        ("x00001.png", false),
    ] {
        assert_eq!(found.has(name), is_one, "{name}");
    }
    let location = |name| pattern(name).map(|found| found.map(|found| found.location()));
    assert_eq!(location("a-%d.png").ok(), Some(Some("./a-%01d.png".into())));
    assert_eq!(location("/%3d").ok(), Some(Some("//%03d".into())));
    assert_eq!(location("plain.png").ok(), Some(None));
    for wrong in [
        "%s.png",
        "%d-%d.png",
        "%n",
        "100%.png",
        "a%/b%d.png",
        "%-5d.png",
        "%99d.png",
    ] {
        let error = location(wrong).expect_err(wrong).to_string();
        assert!(error.contains("%05d"), "{wrong}: {error}");
    }
}

#[test]
fn what_is_there_stays_without_force() {
    let folder = Folder::new("force");
    let (input, output) = (folder.file("in.mp4"), folder.file("out.mp4"));
    let error = target(&output, &input, false)
        .expect_err("it is there")
        .to_string();
    assert!(
        error.ends_with("out.mp4 is there already: --force replaces it"),
        "{error}"
    );
    target(&output, &input, true).expect("it is asked for");
    target(&folder.0.join("new.mp4"), &input, false).expect("it is new");
    folder.file("00007.png");
    let row = folder.0.join("%05d.png");
    let error = target(&row, &input, false)
        .expect_err("one is there")
        .to_string();
    assert!(error.contains("00007.png"), "{error}");
    target(&row, &input, true).expect("it is asked for");
}

#[test]
fn the_input_is_never_the_output() {
    let folder = Folder::new("same");
    let input = folder.file("in.mp4");
    let (hard, soft) = (folder.0.join("hard.mp4"), folder.0.join("soft.mp4"));
    fs::hard_link(&input, &hard).expect("it is ours");
    std::os::unix::fs::symlink(&input, &soft).expect("it is ours");
    for output in [&input, &hard, &soft, &folder.0.join("./in.mp4")] {
        let error = target(output, &input, true).expect_err("it is the input");
        assert!(matches!(error, FileError::Same(_)), "{error}");
    }
    let picture = folder.file("00001.png");
    let error = target(&folder.0.join("%05d.png"), &picture, true).expect_err("it would go");
    assert!(matches!(error, FileError::Same(_)), "{error}");
}

#[test]
fn only_what_is_whole_gets_its_name() {
    let folder = Folder::new("whole");
    let (input, output) = (folder.file("in.mp4"), folder.file("out.mp4"));
    let names = || {
        let entries = fs::read_dir(&folder.0).expect("it is ours").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let mut failed = target(&output, &input, true).expect("it is asked for");
    failed.sink().expect("the folder is ours");
    fs::write(&failed.part, "new").expect("it is ours");
    assert_eq!(names().len(), 3);
    drop(failed);
    assert_eq!(names(), ["in.mp4", "out.mp4"]);
    assert_eq!(fs::read(&output).expect("it is there"), b"out.mp4");
    let mut whole = target(&output, &input, true).expect("it is asked for");
    whole.sink().expect("the folder is ours");
    fs::write(&whole.part, "new").expect("it is ours");
    whole.keep().expect("it is ours");
    assert_eq!(names(), ["in.mp4", "out.mp4"]);
    assert_eq!(fs::read(&output).expect("it is there"), b"new");

    let row = folder.0.join("row/%02d.png");
    let mut failed = target(&row, &input, false).expect("it is new");
    failed.sink().expect("the folder is ours");
    fs::write(folder.0.join("row/01.png"), "1").expect("it is ours");
    drop(failed);
    assert_eq!(names(), ["in.mp4", "out.mp4"]);
    let gone = folder.0.join("gone/out.mp4");
    let mut gone = target(&gone, &input, false).expect("nothing is written yet");
    let error = gone.sink().expect_err("there is no folder").to_string();
    assert!(error.contains("gone/out.mp4: No such file"), "{error}");
}
