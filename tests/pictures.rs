// SPDX-License-Identifier: MPL-2.0

//! The background picture while the stream plays: its file changes, it moves, it is broken.

mod common;

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

struct Stream {
    harness: gst_check::Harness,
    info: gst_video::VideoInfo,
    time: gst::ClockTime,
}

/// Messages hold their element, and the element the bus: what nobody has read would keep both.
impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(bus) = self.harness.element().and_then(|element| element.bus()) {
            bus.set_flushing(true);
        }
    }
}

impl Stream {
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
        let mut stream = Stream::new(&file);
        assert!(near(stream.next(), RED), "{kind}");
        picture(BLUE)
            .save(&file)
            .expect("the folder can be written");
        stream.next_until("the new picture is not shown", |found| near(found, BLUE));
    }
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
            let mut stream = Stream::new(&file);
            stream.listen();
            assert!(near(stream.next(), RED), "{kind}");
            let half = &whole[..whole.len() * share / 4];
            std::fs::write(&file, half).expect("the folder can be written");
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
            std::fs::write(&file, &whole).expect("the folder can be written");
            stream.next_until("the whole picture is not shown", |found| near(found, BLUE));
        }
    }
}

#[test]
fn a_file_that_is_gone_leaves_its_picture() {
    let file = scratch("gone").join("behind.png");
    picture(RED).save(&file).expect("the folder can be written");
    let mut stream = Stream::new(&file);
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

#[test]
fn animations_play_by_the_frames_times() {
    let file = scratch("moving").join("behind.gif");
    let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
    let data = std::fs::File::create(&file).expect("the folder can be written");
    let mut encoder = image::codecs::gif::GifEncoder::new(data);
    for [r, g, b] in colors {
        let image = image::RgbaImage::from_pixel(32, 24, image::Rgba([r, g, b, 255]));
        let delay = image::Delay::from_numer_denom_ms(100, 1);
        let frame = image::Frame::from_parts(image, 0, 0, delay);
        encoder.encode_frame(frame).expect("it can be written");
    }
    drop(encoder);
    let mut stream = Stream::new(&file);
    assert!(near(stream.next_at(gst::ClockTime::ZERO), colors[0]));
    // Frames are converted beside the stream; the last is the last.
    let start = Instant::now();
    while !near(
        stream.next_at(gst::ClockTime::from_mseconds(350)),
        colors[3],
    ) {
        assert!(start.elapsed() < LONG, "the animation stands");
    }
    for ms in [0, 40, 99, 101, 199, 201, 250, 310, 399, 401, 555, 1_000_150] {
        let found = stream.next_at(gst::ClockTime::from_mseconds(ms));
        let wanted = colors[ms as usize / 100 % 4];
        assert!(near(found, wanted), "{ms} ms: {found:?} for {wanted:?}");
    }
    // Set while playing, it begins with a frame at once.
    let element = stream
        .harness
        .element()
        .expect("the harness holds the element");
    let still = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    element.set_property("image", still);
    assert!(!near(stream.next_at(gst::ClockTime::ZERO), colors[0]));
    element.set_property("image", file.to_str().expect("a plain path"));
    assert!(near(stream.next_at(gst::ClockTime::ZERO), colors[0]));
}

#[test]
fn a_picture_that_cannot_be_read_changes_nothing() {
    let file = scratch("broken").join("behind.png");
    std::fs::write(&file, "no picture").expect("the folder can be written");
    let mut stream = Stream::with("color", "0xffc81e1e");
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
fn sizes_change_while_a_picture_is_read() {
    // Large enough that reading it takes a while.
    let file = scratch("large").join("behind.png");
    let [r, g, b] = BLUE;
    image::RgbImage::from_fn(4000, 3000, |x, y| {
        image::Rgb([r + (x % 7) as u8, g + (y % 5) as u8, b + (x * y % 6) as u8])
    })
    .save(&file)
    .expect("the folder can be written");
    let mut stream = Stream::with("background", "blur");
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
