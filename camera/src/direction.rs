// SPDX-License-Identifier: MPL-2.0

//! Cameras that hang upside down, on their side, or show a mirror's picture.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How a picture is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flip {
    /// Left and right change places, as in a mirror.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

impl FromStr for Flip {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "horizontal" => Ok(Self::Horizontal),
            "vertical" => Ok(Self::Vertical),
            _ => Err(format!(
                "flip '{text}' is not known: horizontal or vertical"
            )),
        }
    }
}

/// How far a picture is turned; a number of degrees in texts and files, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Rotation {
    /// Not at all, whatever the stream's tag says.
    Zero,
    /// 90 degrees.
    Right,
    /// 180 degrees.
    Half,
    /// 270 degrees.
    Left,
}

impl TryFrom<i64> for Rotation {
    type Error = String;

    fn try_from(degrees: i64) -> Result<Self, String> {
        match degrees {
            0 => Ok(Self::Zero),
            90 => Ok(Self::Right),
            180 => Ok(Self::Half),
            270 => Ok(Self::Left),
            _ => Err(refused(degrees)),
        }
    }
}

impl From<Rotation> for i64 {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::Zero => 0,
            Rotation::Right => 90,
            Rotation::Half => 180,
            Rotation::Left => 270,
        }
    }
}

impl FromStr for Rotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let degrees: i64 = text.parse().map_err(|_| refused(text))?;
        degrees.try_into()
    }
}

fn refused(degrees: impl std::fmt::Display) -> String {
    format!("rotate is {degrees}: 0, 90, 180 or 270 degrees clockwise")
}

/// Both together, first turned, then mirrored, as GStreamer's `video-direction` names it. `auto`, which
/// goes by the stream's tag, where neither is set.
pub fn of(flip: Option<Flip>, rotate: Option<Rotation>) -> &'static str {
    use {Flip::Horizontal, Flip::Vertical, Rotation::Half, Rotation::Left, Rotation::Right};
    match (rotate.unwrap_or(Rotation::Zero), flip) {
        (Rotation::Zero, None) if rotate.is_none() => "auto",
        (Rotation::Zero, None) => "identity",
        (Right, None) => "90r",
        (Half, None) => "180",
        (Left, None) => "90l",
        (Rotation::Zero, Some(Horizontal)) | (Half, Some(Vertical)) => "horiz",
        (Rotation::Zero, Some(Vertical)) | (Half, Some(Horizontal)) => "vert",
        (Right, Some(Horizontal)) | (Left, Some(Vertical)) => "ul-lr",
        (Right, Some(Vertical)) | (Left, Some(Horizontal)) => "ur-ll",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;

    /// A picture of columns and rows: turned clockwise, then mirrored.
    fn expected(
        flip: Option<Flip>,
        rotate: Option<Rotation>,
        mut rows: Vec<Vec<u8>>,
    ) -> Vec<Vec<u8>> {
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
        for text in ["45", "-90", "left", "360"] {
            let error = text.parse::<Rotation>().expect_err(text);
            assert!(error.contains("0, 90, 180 or 270"), "{error}");
        }
    }
}
