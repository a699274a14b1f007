// SPDX-License-Identifier: MPL-2.0

//! The background picture while the stream plays: its file changes, it moves, it is broken.

use crate::common;
use common::pipeline::scratch;
use common::{attach, bytes, frame, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;
use std::path::Path;
use std::time::{Duration, Instant};

/// For what happens beside the stream; there for hangs, not for speed.
const LONG: Duration = Duration::from_secs(60);

const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [20, 40, 210];

fn picture(color: [u8; 3]) -> image::RgbImage {
    // Noise, so that files are long enough to be cut anywhere.
    image::RgbImage::from_fn(64, 48, |x, y| {
        let noise = |c: u8| c + ((x * 7 + y * 13 + x * y) % 6) as u8;
        image::Rgb(color.map(noise))
    })
}

struct Rig {
    harness: gst_check::Harness,
    info: gst_video::VideoInfo,
    time: gst::ClockTime,
}

/// Messages hold their element, and the element the bus: what nobody has read would keep both.
impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(bus) = self.harness.element().and_then(|element| element.bus()) {
            bus.set_flushing(true);
        }
    }
}

impl Rig {
    fn new(file: &Path) -> Self {
        Self::with("image", file.to_str().expect("a plain path"))
    }

    /// With a property of mattecompose.
    fn with(property: &str, value: &str) -> Self {
        init();
        let element = gst::ElementFactory::make("mattecompose")
            .property_from_str(property, value)
            .build()
            .expect("the element is there");
        let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
        let info = info(VideoFormat::Bgrx, 64, 48);
        harness.set_src_caps(info.to_caps().expect("valid caps"));
        Self {
            harness,
            info,
            time: gst::ClockTime::ZERO,
        }
    }

    /// What the element says from now on is kept for `warnings`.
    fn listen(&self) {
        let element = self.harness.element().expect("it has one");
        element.set_bus(Some(&gst::Bus::new()));
    }

    /// Frames have another size from now on.
    fn resize(&mut self, width: u32, height: u32) {
        self.info = info(VideoFormat::Bgrx, width, height);
        let caps = self.info.to_caps().expect("valid caps");
        self.harness.set_src_caps(caps);
    }

    /// The background of the next frame, all room, at a time: red, green, blue in the middle.
    fn next_at(&mut self, time: gst::ClockTime) -> [u8; 3] {
        let mut buffer = frame(&self.info, |_| 90);
        attach(&mut buffer, &self.info, (16, 12), |_, _| 0);
        buffer.make_mut().set_pts(time);
        self.harness.push(buffer).expect("the frame goes through");
        let out = bytes(&self.harness.pull().expect("no frame is missing"));
        let (width, height) = (self.info.width() as usize, self.info.height() as usize);
        let at = (height / 2 * width + width / 2) * 4;
        [out[at + 2], out[at + 1], out[at]]
    }

    fn next(&mut self) -> [u8; 3] {
        self.time += gst::ClockTime::from_mseconds(33);
        self.next_at(self.time)
    }

    fn next_until(&mut self, what: &str, done: impl Fn([u8; 3]) -> bool) {
        let start = Instant::now();
        while !done(self.next()) {
            assert!(start.elapsed() < LONG, "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn warnings(&self) -> Vec<String> {
        let bus = self.harness.element().and_then(|e| e.bus());
        let mut found = Vec::new();
        while let Some(message) = bus.as_ref().and_then(gst::Bus::pop) {
            if let gst::MessageView::Warning(warning) = message.view() {
                found.push(warning.error().to_string());
            }
        }
        found
    }
}

fn near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 16)
}

#[test]
fn a_changed_file_is_read_again() {
    for kind in ["png", "jpg", "webp"] {
        let file = scratch("reload").join(format!("behind.{kind}"));
        picture(RED).save(&file).expect("the folder can be written");
        let mut stream = Rig::new(&file);
        assert!(near(stream.next(), RED), "{kind}");
        picture(BLUE)
            .save(&file)
            .expect("the folder can be written");
        stream.next_until("the new picture is not shown", |found| near(found, BLUE));
    }
}

/// Writes a file at one stroke: on a busy machine an empty one in between would be one more change.
fn put(file: &std::path::Path, data: &[u8]) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, data).expect("the folder can be written");
    std::fs::rename(&beside, file).expect("both are in one folder");
}

#[test]
fn a_half_written_file_breaks_nothing() {
    for kind in ["png", "jpg", "webp"] {
        let folder = scratch("half");
        let (file, whole) = (
            folder.join(format!("a.{kind}")),
            folder.join(format!("b.{kind}")),
        );
        picture(BLUE)
            .save(&whole)
            .expect("the folder can be written");
        let whole = std::fs::read(&whole).expect("just written");
        for share in [1, 2, 3] {
            picture(RED).save(&file).expect("the folder can be written");
            let mut stream = Rig::new(&file);
            stream.listen();
            assert!(near(stream.next(), RED), "{kind}");
            let half = &whole[..whole.len() * share / 4];
            put(&file, half);
            let start = Instant::now();
            let mut warned = Vec::new();
            while warned.is_empty() {
                assert!(
                    near(stream.next(), RED),
                    "{kind} {share}: half a picture is seen"
                );
                assert!(start.elapsed() < LONG, "{kind} {share}: no warning");
                std::thread::sleep(Duration::from_millis(20));
                warned = stream.warnings();
            }
            assert!(warned[0].contains("has changed"), "{warned:?}");
            // It is said once, and the rest of the file makes it a picture.
            std::thread::sleep(Duration::from_millis(700));
            assert!(stream.warnings().is_empty());
            put(&file, &whole);
            stream.next_until("the whole picture is not shown", |found| near(found, BLUE));
        }
    }
}

#[test]
fn a_file_that_is_gone_leaves_its_picture() {
    let file = scratch("gone").join("behind.png");
    picture(RED).save(&file).expect("the folder can be written");
    let mut stream = Rig::new(&file);
    std::fs::remove_file(&file).expect("it is there");
    for _ in 0..40 {
        assert!(near(stream.next(), RED));
        std::thread::sleep(Duration::from_millis(20));
    }
    picture(BLUE)
        .save(&file)
        .expect("the folder can be written");
    stream.next_until("the new picture is not shown", |found| near(found, BLUE));
}

/// A GIF of frames of one colour each, 100 ms long.
fn animation(file: &Path, colors: &[[u8; 3]]) {
    let data = std::fs::File::create(file).expect("the folder can be written");
    let mut encoder = image::codecs::gif::GifEncoder::new(data);
    for &[r, g, b] in colors {
        let image = image::RgbaImage::from_pixel(32, 24, image::Rgba([r, g, b, 255]));
        let delay = image::Delay::from_numer_denom_ms(100, 1);
        let frame = image::Frame::from_parts(image, 0, 0, delay);
        encoder.encode_frame(frame).expect("it can be written");
    }
}

const COLORS: [[u8; 3]; 5] = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
    [0, 0, 0],
];

#[test]
fn animations_play_by_the_frames_times() {
    let file = scratch("moving").join("behind.gif");
    animation(&file, &COLORS);
    let mut stream = Rig::new(&file);
    assert!(near(stream.next_at(gst::ClockTime::ZERO), COLORS[0]));
    // Forwards frame by frame, forwards by a leap, backwards, into a late repetition and back.
    for ms in [
        40, 99, 101, 250, 310, 499, 501, 1_430, 120, 0, 1_000_150, 420, 410, 90,
    ] {
        // Frames are decoded beside the stream, and the one before stays until then.
        let start = Instant::now();
        let wanted = COLORS[ms as usize / 100 % 5];
        while !near(stream.next_at(gst::ClockTime::from_mseconds(ms)), wanted) {
            assert!(start.elapsed() < LONG, "{ms} ms: {wanted:?} is not shown");
            std::thread::yield_now();
        }
    }
    // Set while playing, it begins with a frame at once.
    let element = stream
        .harness
        .element()
        .expect("the harness holds the element");
    let still = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    element.set_property("image", still);
    assert!(!near(stream.next_at(gst::ClockTime::ZERO), COLORS[0]));
    element.set_property("image", file.to_str().expect("a plain path"));
    assert!(near(stream.next_at(gst::ClockTime::ZERO), COLORS[0]));
}

#[test]
fn an_animation_plays_through_changes() {
    let file = scratch("changes").join("behind.gif");
    animation(&file, &COLORS);
    let mut stream = Rig::new(&file);
    let element = stream.harness.element().expect("it has one");
    stream.next_until("it does not play", |found| near(found, COLORS[3]));
    for round in 0..4 {
        let (width, height) = [(80, 60), (64, 48)][round % 2];
        stream.resize(width, height);
        stream.next_until("not after new caps", |found| near(found, COLORS[2]));
        element.set_property_from_str("image-fit", ["contain", "tile", "stretch", "cover"][round]);
        stream.next_until("not after a new fit", |found| near(found, COLORS[1]));
    }
    // Another file under the same name takes over while it plays, and the other way round.
    picture(BLUE)
        .save(file.with_extension("png"))
        .expect("the folder can be written");
    std::fs::rename(file.with_extension("png"), &file).expect("it is there");
    stream.next_until("the still picture is not shown", |found| near(found, BLUE));
    animation(&file, &COLORS[..2]);
    stream.next_until("the animation is not shown", |found| near(found, COLORS[1]));
    stream.next_until("it does not play", |found| near(found, COLORS[0]));
}

#[test]
fn an_animation_that_breaks_off_is_told_once_and_its_last_good_frame_stays() {
    let file = scratch("breaks").join("behind.gif");
    animation(&file, &COLORS[..4]);
    let whole = std::fs::read(&file).expect("just written");
    std::fs::write(&file, &whole[..whole.len() * 5 / 8]).expect("it can be written");
    let mut stream = Rig::new(&file);
    stream.listen();
    let start = Instant::now();
    let mut warned = Vec::new();
    while warned.is_empty() {
        stream.next();
        assert!(start.elapsed() < LONG, "nothing is said");
        std::thread::sleep(Duration::from_millis(5));
        warned = stream.warnings();
    }
    assert!(
        warned.len() == 1 && warned[0].contains("breaks off after frame 2"),
        "{warned:?}"
    );
    stream.next_until("the second frame is gone", |found| near(found, COLORS[1]));
    for _ in 0..60 {
        assert!(near(stream.next(), COLORS[1]));
    }
    assert!(stream.warnings().is_empty(), "it is said twice");
}

#[test]
fn a_picture_that_cannot_be_read_changes_nothing() {
    let file = scratch("broken").join("behind.png");
    std::fs::write(&file, "no picture").expect("the folder can be written");
    let mut stream = Rig::with("color", "0xffc81e1e");
    let element = stream.harness.element().expect("it has one");
    element.set_property_from_str("background", "color");
    stream.listen();
    assert!(near(stream.next(), RED));
    element.set_property("image", file.to_str());
    let warned = stream.warnings();
    assert!(
        warned.len() == 1 && warned[0].contains("behind.png"),
        "{warned:?}"
    );
    assert_eq!(element.property::<Option<String>>("image"), None);
    assert!(near(stream.next(), RED));
    stream.resize(80, 60);
    assert!(near(stream.next(), RED));
}

#[test]
fn pictures_are_named_by_address_too() {
    let folder = scratch("address").join("Mein Bild ä 日本");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let file = folder.join("Strand (1)#%.png");
    picture(BLUE)
        .save(&file)
        .expect("the folder can be written");
    let path = file.to_str().expect("it is UTF-8");
    let escape = |byte: u8| match byte {
        b'/' => "/".to_string(),
        byte => format!("%{byte:02x}"),
    };
    let escaped: String = path.bytes().map(escape).collect();
    for address in [
        path.into(),
        format!("file://{escaped}"),
        format!("file://localhost{escaped}"),
    ] {
        let mut stream = Rig::with("image", &address);
        assert!(near(stream.next(), BLUE), "{address}");
        let element = stream.harness.element().expect("it has one");
        stream.listen();
        for (other, said) in [
            ("http://example.org/a.png", "only files are"),
            ("file://nas/a.png", "another machine"),
        ] {
            element.set_property("image", other);
            let warned = stream.warnings();
            assert!(warned.len() == 1 && warned[0].contains(said), "{warned:?}");
            assert!(near(stream.next(), BLUE), "{other}");
        }
    }
}

#[test]
fn sizes_change_while_a_picture_is_read() {
    // Large enough that reading it takes a while.
    let file = scratch("large").join("behind.png");
    let [r, g, b] = BLUE;
    image::RgbImage::from_fn(4000, 3000, |x, y| {
        image::Rgb([r + (x % 7) as u8, g + (y % 5) as u8, b + (x * y % 6) as u8])
    })
    .save(&file)
    .expect("the folder can be written");
    let mut stream = Rig::with("background", "blur");
    assert!(!near(stream.next(), BLUE));
    let element = stream.harness.element().expect("it has one");
    let reader = std::thread::spawn(move || element.set_property("image", file.to_str()));
    while !reader.is_finished() {
        for (width, height) in [(80, 60), (64, 48)] {
            stream.resize(width, height);
            stream.next();
        }
    }
    reader.join().expect("it is set");
    assert!(near(stream.next(), BLUE));
}
