// SPDX-License-Identifier: MPL-2.0

//! `subject-select`: of several people, one is shown, also through the whole chain, with the memory
//! of the scene and with frames that have a matte of an earlier one.

use crate::common;
use common::pipeline::{Run, run};
use common::{attach, frame, info, init, matte_rows};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};

const WIDTH: usize = 128;
const HEIGHT: usize = 72;

/// Somebody: first column, columns, first row, and the luma of their clothes.
#[derive(Clone, Copy)]
struct Person(usize, usize, usize, u8);

impl Person {
    fn holds(self, x: usize, y: usize) -> bool {
        (self.0..self.0 + self.1).contains(&x) && y >= self.2
    }
}

const LEFT: Person = Person(10, 30, 20, 40);
const RIGHT: Person = Person(90, 20, 34, 220);

/// A frame with people, the first in front, and their matte.
fn scene(info: &VideoInfo, index: usize, people: &[Person]) -> gst::Buffer {
    let mut buffer = frame(info, |i| {
        let (x, y) = (i % WIDTH, i / WIDTH);
        if i >= WIDTH * HEIGHT {
            return 128;
        }
        let person = people.iter().find(|person| person.holds(x, y));
        person.map_or(110 + ((x * 7 + y * 13) % 23) as u8, |person| {
            person.3 + ((x + 3 * y + index) % 5) as u8
        })
    });
    attach(&mut buffer, info, (WIDTH, HEIGHT), |x, y| {
        if people.iter().any(|person| person.holds(x, y)) {
            255
        } else {
            0
        }
    });
    let pts = gst::ClockTime::from_mseconds(index as u64 * 33);
    buffer.get_mut().unwrap().set_pts(pts);
    buffer
}

/// The refined mattes of such scenes.
fn refined(properties: &str, scenes: &[Vec<Person>]) -> Vec<Vec<Vec<u8>>> {
    init();
    let info = info(VideoFormat::I420, WIDTH as u32, HEIGHT as u32);
    let frames = scenes.iter().enumerate();
    let frames = frames.map(|(index, people)| scene(&info, index, people));
    let Run { buffers, error } = run(&info, &format!("matterefine {properties}"), frames);
    assert_eq!((error, buffers.len()), (None, scenes.len()), "{properties}");
    let rows = buffers
        .iter()
        .map(|buffer| matte_rows(buffer).expect("a matte"));
    rows.collect()
}

/// The mean matte inside of somebody, three pixels from their outline.
fn inside(matte: &[Vec<u8>], person: Person) -> f64 {
    let Person(left, width, top, _) = person;
    let rows = matte[top + 3..].iter();
    let values = rows.flat_map(|row| &row[left + 3..left + width - 3]);
    let (sum, count) = values.fold((0, 0), |(s, n), v| (s + u64::from(*v), n + 1));
    sum as f64 / f64::from(count)
}

#[test]
fn one_person_is_shown_whole_and_the_other_not_at_all() {
    let scenes = vec![vec![LEFT, RIGHT]; 20];
    for preset in ["fast", "balanced", "quality", "off"] {
        for (choice, left, right) in [
            ("all", true, true),
            ("largest", true, false),
            ("point subject-point=0.8,0.7", false, true),
            ("point subject-point-x=0.2 subject-point-y=0.7", true, false),
            ("point subject-point=0.55,0.1", false, false),
            ("nearest", false, true),
        ] {
            let properties = format!("preset={preset} subject-select={choice}");
            for (n, matte) in refined(&properties, &scenes).iter().enumerate() {
                for (person, seen) in [(LEFT, left), (RIGHT, right)] {
                    let mean = inside(matte, person);
                    let right = if seen { mean > 250.0 } else { mean == 0.0 };
                    assert!(right, "{properties}, frame {n}: {mean}");
                }
            }
        }
    }
}

#[test]
fn the_chosen_one_is_hidden_for_a_moment_and_nobody_else_is_shown() {
    let mut scenes = vec![vec![LEFT, RIGHT]; 20];
    scenes.extend(vec![vec![RIGHT]; 40]);
    scenes.extend(vec![vec![LEFT, RIGHT]; 20]);
    let mattes = refined("subject-select=largest", &scenes);
    for matte in &mattes {
        assert_eq!(inside(matte, RIGHT), 0.0);
    }
    assert!(inside(&mattes[19], LEFT) > 250.0);
    assert!(inside(&mattes[79], LEFT) > 250.0);
}

#[test]
fn a_point_that_moves_chooses_anew() {
    init();
    let info = info(VideoFormat::I420, WIDTH as u32, HEIGHT as u32);
    let mut stream = common::stream::Stream::new(
        "matterefine name=refine subject-select=point subject-point=0.2,0.7",
    );
    let refine = stream.element("refine");
    stream.play();
    let mut shown = Vec::new();
    for index in 0..20 {
        if index == 10 {
            refine.set_property("subject-point", "0.8,0.7");
        }
        stream.push(&info, scene(&info, index, &[LEFT, RIGHT]));
        let sample = stream.pull().expect("a frame");
        let matte = matte_rows(sample.buffer().expect("a buffer")).expect("a matte");
        shown.push((inside(&matte, LEFT) > 128.0, inside(&matte, RIGHT) > 128.0));
    }
    assert_eq!(shown[9], (true, false));
    assert_eq!(shown[10], (false, true));
    assert_eq!(shown[19], (false, true));
    assert_eq!(refine.property::<f32>("subject-point-x"), 0.8);
}

#[test]
fn the_bin_hands_the_choice_on_and_nonsense_is_refused() {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .build()
        .unwrap();
    bin.set_property_from_str("subject-select", "nearest");
    bin.set_property("subject-point", "0.25,0.5");
    let bin = bin.downcast::<gst::Bin>().unwrap();
    let refine = bin.by_name("refine").unwrap();
    assert_eq!(refine.property::<String>("subject-point"), "0.25,0.5");
    bin.set_property("subject-point-y", 0.75f32);
    assert_eq!(refine.property::<String>("subject-point"), "0.25,0.75");
    refine.set_property("subject-point", "in the middle");
    assert!(
        refine.set_state(gst::State::Paused).is_err(),
        "told at the start"
    );
    refine.set_state(gst::State::Null).unwrap();
}
