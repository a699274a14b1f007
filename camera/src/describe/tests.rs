// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("matte-describe-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("there is a place for folders");
        Self(path)
    }

    /// A model of the project's tests and a picture: `describe` for both.
    fn describe(&self, model: &str) -> Describe {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models");
        std::fs::copy(from.join(model), self.0.join(model)).expect("it is there");
        let pixel = |x: u32, y: u32| image::Rgba([40, (x * 5) as u8, (y * 6) as u8, 255]);
        let picture = self.0.join("picture.png");
        RgbaImage::from_fn(48, 36, pixel)
            .save(&picture)
            .expect("it can be written");
        Describe::new(self.0.join(model), picture)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(describe: &Describe) -> Result<String, DescribeError> {
    let mut said = Vec::new();
    describe.run(|line| said.push(line.to_owned()))?;
    Ok(said.join("\n"))
}

#[test]
fn a_reading_that_is_chosen_becomes_the_description() {
    let folder = Folder::new();
    let mut describe = folder.describe("fed_plain.onnx");
    let toml = folder.0.join("fed_plain.toml");
    let said = run(&describe).expect("it is described");
    assert!(said.contains("--choose N") && !toml.exists(), "{said}");
    // The likeliest first, what all share at the end.
    assert!(
        said.contains("\n  2  input.order = \"rgb\"; input.range"),
        "{said}"
    );
    assert!(said.contains("\nall  output.kind = \"alpha\""), "{said}");
    let sheet = image::open(folder.0.join("fed_plain.readings.png")).expect("it is drawn");
    assert_eq!(sheet.width(), 6 * 244 + 4);

    describe.choose = Some(1);
    let said = run(&describe).expect("it is written");
    assert!(said.ends_with("fed_plain.toml: written"), "{said}");
    let text = std::fs::read_to_string(&toml).expect("it is there");
    assert!(
        text.contains("[input]\n") && text.contains("range = [0.0, 1.0]"),
        "{text}"
    );
    assert!(
        text.contains("[output]\n") && text.contains("kind = \"alpha\""),
        "{text}"
    );
    let network = Network::load(
        &ModelSource::File(describe.model.clone()),
        &Options::default(),
    );
    assert_eq!(network.expect("it loads").warnings(), &[] as &[String]);

    // What is described is not asked again, and not lost.
    let error = run(&describe).expect_err("it is there").to_string();
    assert!(error.contains("--force"), "{error}");
    describe.choose = None;
    describe.force = true;
    run(&describe).expect("there is one reading");
    assert_eq!(std::fs::read_to_string(&toml).expect("it is there"), text);
}

#[test]
fn what_is_wrong_is_named() {
    let folder = Folder::new();
    let describe = folder.describe("fed_plain.onnx");
    let with = |change: fn(&mut Describe)| {
        let mut describe = describe.clone();
        change(&mut describe);
        run(&describe).expect_err("it is wrong").to_string()
    };
    for (change, words) in [
        (
            (|d| d.choose = Some(99)) as fn(&mut Describe),
            "no reading 99: --choose takes 1 to",
        ),
        (|d| d.choose = Some(0), "no reading 0"),
        (|d| d.picture = "/nowhere.jpg".into(), "/nowhere.jpg"),
        (|d| d.model = "/nowhere.onnx".into(), "/nowhere.onnx"),
        (|d| d.sheet = Some("/nowhere/a.png".into()), "--sheet names"),
    ] {
        let error = with(change);
        assert!(error.contains(words), "{error}");
    }
    let error = run(&folder.describe("classifier.onnx")).expect_err("it is no matte");
    assert!(
        error.to_string().contains("has no rows and columns"),
        "{error}"
    );
    // A description that contradicts the network in every reading.
    std::fs::write(
        folder.0.join("fed_plain.toml"),
        "[input]\nrange = [0.0, 1.0]\n[output]\nkind = \"labels\"\nsubject = [1]\n",
    )
    .expect("it can be written");
    let error = run(&describe).expect_err("it is none").to_string();
    assert!(error.contains("contradict all of them"), "{error}");
}

#[test]
fn numbers_can_be_read() {
    let picture = RgbaImage::from_pixel(240, 180, image::Rgba([9, 9, 9, 255]));
    let reading = |value: u8| {
        let folder = Folder::new();
        let describe = folder.describe("fed_plain.onnx");
        let picture = open(&describe.picture).expect("it is there");
        let survey = survey(&ModelSource::File(describe.model.clone()), &picture);
        let mut reading = survey.expect("it works").readings.remove(0);
        reading.matte.data_mut().fill(value);
        reading
    };
    let sheet = sheet::draw(&picture, &[reading(0), reading(255)]);
    assert_eq!(sheet.dimensions(), (2 * 244 + 4, 188));
    // The room is green, the person is not; 2 begins with a whole row of dots, 1 with the middle one.
    assert_eq!(sheet.get_pixel(200, 100).0, [0, 177, 64]);
    assert_eq!(sheet.get_pixel(244 + 200, 100).0, [9, 9, 9]);
    let dots = |left: u32| [6, 10, 14].map(|x| sheet.get_pixel(left + x, 4 + 6).0 == [255; 3]);
    assert_eq!(dots(4), [false, true, false]);
    assert_eq!(dots(248), [true, true, true]);
}
