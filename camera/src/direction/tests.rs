// SPDX-License-Identifier: MPL-2.0

use super::*;
use gst::prelude::*;

/// A picture of columns and rows: turned clockwise, then mirrored.
fn expected(flip: Option<Flip>, rotate: Option<Rotation>, mut rows: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for _ in 0..i64::from(rotate.unwrap_or(Rotation::Zero)) / 90 {
        let column = |x: usize| rows.iter().rev().map(|row| row[x]).collect();
        rows = (0..rows[0].len()).map(column).collect();
    }
    match flip {
        Some(Flip::Horizontal) => rows.iter_mut().for_each(|row| row.reverse()),
        Some(Flip::Vertical) => rows.reverse(),
        None => (),
    }
    rows
}

#[test]
fn gstreamer_turns_as_it_is_said() {
    gst::init().expect("GStreamer is there");
    let picture: Vec<Vec<u8>> = (0..4u8)
        .map(|y| (0..8).map(|x| 10 * y + x).collect())
        .collect();
    let flips = [None, Some(Flip::Horizontal), Some(Flip::Vertical)];
    let rotations = [
        None,
        Some(Rotation::Zero),
        Some(Rotation::Right),
        Some(Rotation::Half),
        Some(Rotation::Left),
    ];
    for flip in flips {
        for rotate in rotations {
            let line = format!(
                "appsrc name=in format=time caps=video/x-raw,format=GRAY8,width=8,height=4,framerate=30/1 \
                 ! videoflip video-direction={} ! appsink name=out sync=false",
                of(flip, rotate)
            );
            let pipeline = gst::parse::launch(&line).expect("the line is right");
            let pipeline = pipeline.downcast::<gst::Pipeline>().expect("it is one");
            let part = |name| pipeline.by_name(name).expect("it is there");
            let source: gst_app::AppSrc = part("in").downcast().expect("an appsrc");
            let sink: gst_app::AppSink = part("out").downcast().expect("an appsink");
            pipeline.set_state(gst::State::Playing).expect("it starts");
            let frame = gst::Buffer::from_mut_slice(picture.concat());
            source.push_buffer(frame).expect("it takes frames");
            source.end_of_stream().expect("it ends");
            let sample = sink.pull_sample().expect("a frame comes out");
            pipeline.set_state(gst::State::Null).expect("it stops");
            let wanted = expected(flip, rotate, picture.clone());
            let frame = sample.buffer().expect("it has one");
            let data = frame.map_readable().expect("it is memory");
            let stride = data.len() / wanted.len();
            for (found, wanted) in data.chunks(stride).zip(&wanted) {
                assert_eq!(&found[..wanted.len()], wanted, "{flip:?} {rotate:?}");
            }
        }
    }
}

#[test]
fn other_angles_are_refused() {
    for degrees in [45, -90, 360, i64::MAX] {
        let error = Rotation::try_from(degrees).expect_err("it is no quarter turn");
        assert!(error.to_string().contains("0, 90, 180 or 270"), "{error}");
    }
}
