// SPDX-License-Identifier: MPL-2.0

//! `framing`: the picture follows the subject, in the frame's own size, and shows nothing else.

use crate::common;
use common::pipeline::{Run, run};
use common::{attach, bytes, frame, info, init};
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::meta::Matte;

const WIDTH: usize = 160;
const HEIGHT: usize = 90;
const SUBJECT: u8 = 200;
const BEHIND: u8 = 16;

/// A small subject between these columns, on rows 40 to 70; the room is a texture.
fn scene(info: &VideoInfo, index: usize, columns: Option<(usize, usize)>) -> gst::Buffer {
    let inside = |x: usize, y: usize| {
        columns.is_some_and(|(left, right)| (left..right).contains(&x) && (40..70).contains(&y))
    };
    let mut buffer = frame(info, |i| match i < WIDTH * HEIGHT {
        true if inside(i % WIDTH, i / WIDTH) => SUBJECT,
        true => 60 + (i % 29) as u8,
        false => 128,
    });
    attach(&mut buffer, info, (WIDTH, HEIGHT), |x, y| {
        if inside(x, y) { 255 } else { 0 }
    });
    let pts = gst::ClockTime::from_mseconds(index as u64 * 33);
    buffer.get_mut().unwrap().set_pts(pts);
    buffer
}

/// Columns and rows of the picture whose luma is the subject's.
fn subject(picture: &[u8]) -> (usize, usize, usize) {
    let bright = |row: &[u8]| row.iter().filter(|v| v.abs_diff(SUBJECT) < 24).count();
    let rows: Vec<usize> = picture[..WIDTH * HEIGHT]
        .chunks_exact(WIDTH)
        .map(bright)
        .collect();
    let widest = rows.iter().copied().max().unwrap();
    let row = &picture[rows.iter().position(|r| *r == widest).unwrap() * WIDTH..][..WIDTH];
    let first = row
        .iter()
        .position(|v| v.abs_diff(SUBJECT) < 24)
        .unwrap_or(WIDTH);
    let high = rows.iter().filter(|r| **r > 0).count();
    (first, widest, high)
}

fn play(elements: &str, columns: &[Option<(usize, usize)>]) -> Vec<gst::Buffer> {
    init();
    let info = info(VideoFormat::I420, WIDTH as u32, HEIGHT as u32);
    let frames = columns.iter().enumerate();
    let frames = frames.map(|(index, columns)| scene(&info, index, *columns));
    let Run { buffers, error } = run(&info, elements, frames);
    assert_eq!((error, buffers.len()), (None, columns.len()), "{elements}");
    buffers
}

const COMPOSE: &str = "mattecompose background=color color=0xff000000 decontamination=0";

#[test]
fn the_subject_grows_to_the_middle_and_the_room_stays_hidden() {
    let frames = vec![Some((20, 40)); 300];
    let elements = format!("{COMPOSE} framing=follow framing-zoom=2");
    let buffers = play(&elements, &frames);
    assert_eq!(
        subject(&bytes(&buffers[0])),
        (20, 20, 30),
        "it begins with the whole frame"
    );
    let (first, wide, high) = subject(&bytes(&buffers[299]));
    assert!(
        (38..=42).contains(&wide) && (57..=63).contains(&high),
        "{wide} {high}"
    );
    // The frame ends left of the subject: its middle comes as near to the picture's as it can.
    assert!((36..=44).contains(&first), "{first}");
    for (n, buffer) in buffers.iter().enumerate() {
        let picture = bytes(buffer);
        assert_eq!(picture.len(), WIDTH * HEIGHT * 3 / 2);
        let room = picture[..WIDTH * HEIGHT]
            .iter()
            .filter(|v| (40..140).contains(*v));
        // Mixed pixels of the subject's outline.
        assert!(room.count() < 420, "frame {n}");
    }
    assert!(
        Matte::of(&buffers[299]).is_none(),
        "it says where the subject was"
    );
}

#[test]
fn it_follows_smoothly_and_rests_again() {
    let mut frames = vec![Some((30, 50)); 240];
    frames.extend(vec![Some((100, 120)); 240]);
    let elements = format!("{COMPOSE} framing=follow framing-zoom=2");
    let buffers = play(&elements, &frames);
    let firsts: Vec<usize> = buffers.iter().map(|b| subject(&bytes(b)).0).collect();
    // The subject leapt; from then on the picture moves after it by little in each frame.
    let after = &firsts[240..];
    assert!(
        after.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 6),
        "{after:?}"
    );
    let middle = after[239] + subject(&bytes(&buffers[479])).1 / 2;
    assert!((72..=100).contains(&middle), "{middle}");
    assert_eq!(bytes(&buffers[478]), bytes(&buffers[479]), "it rests");
}

#[test]
fn without_a_subject_it_drifts_back_to_the_whole_frame() {
    let mut frames = vec![Some((70, 90)); 240];
    frames.extend(vec![None; 500]);
    frames.push(Some((70, 90)));
    let elements = format!("{COMPOSE} framing=follow");
    let buffers = play(&elements, &frames);
    let (_, before, _) = subject(&bytes(&buffers[239]));
    let (first, wide, high) = subject(&bytes(&buffers[740]));
    assert!(before > 36, "{before}");
    assert!(
        (68..=72).contains(&first) && (19..=22).contains(&wide),
        "{first} {wide}"
    );
    assert!((29..=32).contains(&high), "{high}");
}

#[test]
fn the_room_is_framed_too_if_it_is_to_be_seen() {
    let frames = vec![Some((20, 40)); 240];
    let buffers = play("mattecompose background=none framing=follow", &frames);
    let (_, wide, high) = subject(&bytes(&buffers[239]));
    assert!(
        (37..=43).contains(&wide) && (56..=64).contains(&high),
        "{wide} {high}"
    );
    let off = play(
        "mattecompose background=none framing=follow enabled=false",
        &frames[..40],
    );
    assert_eq!(
        subject(&bytes(&off[39])),
        (20, 20, 30),
        "off is the camera's frame"
    );
}

#[test]
fn a_frame_without_a_matte_shows_the_background_alone() {
    init();
    let info = info(VideoFormat::I420, WIDTH as u32, HEIGHT as u32);
    let frames = (0..200).map(|index| {
        let mut buffer = scene(&info, index, Some((20, 40)));
        if index % 50 == 49 {
            Matte::detach(buffer.get_mut().unwrap());
        }
        buffer
    });
    let elements = format!("{COMPOSE} framing=follow");
    let Run { buffers, error } = run(&info, &elements, frames);
    assert_eq!((error, buffers.len()), (None, 200));
    for buffer in buffers.iter().skip(49).step_by(50) {
        let picture = bytes(buffer);
        assert!(picture[..WIDTH * HEIGHT].iter().all(|v| *v == BEHIND));
    }
}
