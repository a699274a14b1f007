// SPDX-License-Identifier: MPL-2.0

//! The network inside the plugin, on a frame of the demo's clip and on a room without anybody.

use super::*;
use gstmatte::model::builtin;
use image::imageops::{self, FilterType};
use image::{ImageReader, Rgb, RgbImage};

fn picture(name: &str) -> RgbImage {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let file = ImageReader::open(data.join(name)).unwrap();
    file.decode().unwrap().to_rgb8()
}

/// Share of the frame's area in percent, rounded: covered by the network's matte, by `truth`, by
/// both.
fn compare(name: &str, frame: &RgbImage, truth: &RgbImage) -> [usize; 3] {
    let (matte, width, height) = run(&inside(name), frame);
    let truth = fit(truth, width, height);
    let count = |is: &dyn Fn(usize) -> bool| {
        100 * (0..matte.len()).filter(|p| is(*p)).count() / matte.len()
    };
    let said = |p: usize| matte[p] >= 128;
    let true_ = |p: usize| truth.as_raw()[3 * p] >= 128;
    [count(&said), count(&true_), count(&|p| said(p) && true_(p))]
}

fn inside(name: &str) -> ModelSource {
    builtin::find(name).expect("inside")
}

fn fit(picture: &RgbImage, width: usize, height: usize) -> RgbImage {
    imageops::resize(picture, width as u32, height as u32, FilterType::Triangle)
}

/// The network's matte of a frame, its width and its height.
fn run(source: &ModelSource, frame: &RgbImage) -> (Vec<u8>, usize, usize) {
    let options = Options {
        stream: Some((frame.width() as usize, frame.height() as usize)),
        ..Options::default()
    };
    let mut network = Network::load(source, &options).unwrap();
    let (width, height) = network.matte_size();
    let small = fit(frame, width, height);
    fill(&mut network, |channel, pixel| {
        f32::from(small.as_raw()[3 * pixel + channel]) / 255.0
    });
    (matte(&mut network), width, height)
}

#[test]
fn the_person_in_the_demo_is_found() {
    for name in ["builtin", "builtin-lite"] {
        let [said, person, both] = compare(
            name,
            &picture("presenter.jpg"),
            &picture("presenter-matte.jpg"),
        );
        assert!(
            100 * both >= 90 * (said + person - both),
            "{name}: {said} % said, {person} % true, {both} % both"
        );
    }
}

#[test]
fn nobody_is_found_where_nobody_is() {
    let room = RgbImage::from_fn(640, 360, |x, y| {
        Rgb([90 + (x / 16) as u8, 110, 100 + (y / 8) as u8])
    });
    let nobody = RgbImage::new(640, 360);
    for name in ["builtin", "builtin-lite"] {
        let [said, _, _] = compare(name, &room, &nobody);
        assert_eq!(said, 0, "{name}");
    }
}

#[test]
fn the_int8_version_says_the_same() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let frame = picture("presenter.jpg");
    for (name, file) in [
        ("builtin", "matte-int8.onnx"),
        ("builtin-lite", "matte-lite-int8.onnx"),
    ] {
        let (float, ..) = run(&inside(name), &frame);
        let (int8, ..) = run(&ModelSource::File(models.join(file)), &frame);
        let other = float.iter().zip(&int8);
        let other = other.filter(|(a, b)| (**a >= 128) != (**b >= 128)).count();
        let all = float.len();
        assert!(200 * other < all, "{file}: {other} of {all} pixels");
    }
}

#[test]
fn other_names_are_files() {
    assert!(builtin::find("builtin-large").is_none());
}
