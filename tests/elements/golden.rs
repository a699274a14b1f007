// SPDX-License-Identifier: MPL-2.0

//! Pictures that were looked at and are to stay: each background, each way to fit the edge, each preset,
//! from one frame and one matte. A pixel may differ by one step, as rounding may.
//!
//! `MATTE_GOLDEN=write cargo test --test elements golden::` makes them anew in `tests/data/golden`:
//! look at them before they are committed. If one differs, the picture that came out and the
//! difference (times 32) lie in the folder that the failure names.

use crate::common;
use crate::common::pipeline::{Run, run, run_samples, scratch};
use gst::prelude::*;
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::meta::{Matte, Stage};
use std::path::{Path, PathBuf};

/// Most by which a sample may differ.
const TOLERANCE: u8 = 1;
/// By how much a difference is made visible.
const VISIBLE: u8 = 32;
/// Frames of the same scene before the one that is kept: what works over time has settled.
const FRAMES: usize = 3;

/// Name of the picture, and the elements that make it.
const PICTURES: &[(&str, &str)] = &[
    ("blur", "mattecompose background=blur"),
    (
        "blur-bokeh",
        "mattecompose background=blur blur-bokeh=true blur-strength=60",
    ),
    ("color", "mattecompose background=color color=0xff2060a0"),
    ("image", "mattecompose background=image image={}"),
    (
        "effects",
        "mattecompose background=image image={} light-wrap=0.6 tone-match=0.8",
    ),
    ("transparent", "mattecompose background=transparent"),
    ("matte", "mattecompose background=matte"),
    ("overlay", "mattecompose background=overlay"),
    (
        "edge-none",
        "matterefine edge-mode=none ! mattecompose background=matte",
    ),
    (
        "edge-guided",
        "matterefine edge-mode=guided ! mattecompose background=matte",
    ),
    (
        "edge-guided-color",
        "matterefine edge-mode=guided-color ! mattecompose background=matte",
    ),
    (
        "edge-joint-bilateral",
        "matterefine edge-mode=joint-bilateral ! mattecompose background=matte",
    ),
    (
        "edge-matting",
        "matterefine edge-mode=matting ! mattecompose background=matte",
    ),
    (
        "preset-fast",
        "matterefine preset=fast ! mattecompose background=matte",
    ),
    (
        "preset-balanced",
        "matterefine preset=balanced ! mattecompose background=matte",
    ),
    (
        "preset-quality",
        "matterefine preset=quality ! mattecompose background=matte",
    ),
    (
        "shaped",
        "matterefine grow=2 feather=3 gamma=1.5 ! mattecompose background=matte",
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

/// A picture as rows without padding.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    format: VideoFormat,
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Picture {
    fn channels(&self) -> usize {
        match self.format {
            VideoFormat::Gray8 => 1,
            VideoFormat::Rgb => 3,
            _ => 4,
        }
    }

    fn info(&self) -> VideoInfo {
        common::info(self.format, self.width as u32, self.height as u32)
    }

    /// Takes a frame's rows.
    fn of(sample: &gst::SampleRef) -> Self {
        let caps = sample.caps().expect("frames have caps");
        let info = VideoInfo::from_caps(caps).expect("raw video");
        let buffer = sample.buffer().expect("frames have memory");
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info);
        let frame = frame.expect("frames can be read");
        let mut picture = Self {
            format: info.format(),
            width: info.width() as usize,
            height: info.height() as usize,
            samples: Vec::new(),
        };
        let row = picture.width * picture.channels();
        let stride = frame.plane_stride()[0] as usize;
        let data = frame.plane_data(0).expect("one plane");
        for y in 0..picture.height {
            picture.samples.extend(&data[y * stride..][..row]);
        }
        picture
    }

    /// A frame with the rows' stride that GStreamer expects.
    fn frame(&self) -> gst::Buffer {
        let info = self.info();
        let (stride, row) = (info.stride()[0] as usize, self.width * self.channels());
        let mut bytes = vec![0; info.size()];
        for (out, row) in bytes.chunks_mut(stride).zip(self.samples.chunks(row)) {
            out[..row.len()].copy_from_slice(row);
        }
        gst::Buffer::from_mut_slice(bytes)
    }

    fn read(file: &Path) -> Option<Self> {
        if !file.exists() {
            return None;
        }
        let line = format!(
            "filesrc location={} ! pngdec ! appsink name=out sync=false",
            file.display()
        );
        let pipeline = gst::parse::launch(&line).expect("the line is valid");
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        let sink = pipeline.by_name("out").expect("it has the name");
        let sink = sink.downcast::<gst_app::AppSink>().expect("an appsink");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let sample = sink.pull_sample().expect("a PNG is one frame");
        pipeline.set_state(gst::State::Null).expect("it stops");
        Some(Self::of(&sample))
    }

    fn write(&self, file: &Path) {
        let caps = self.info().to_caps().expect("valid caps");
        let sample = gst::Sample::builder();
        let sample = sample.buffer(&self.frame()).caps(&caps).build();
        let Run { buffers, error } = run_samples("pngenc", [sample]);
        assert_eq!(error, None, "{}", file.display());
        std::fs::write(file, common::bytes(&buffers[0])).expect("the folder can be written");
    }

    /// How far each sample is from another picture's, made visible; none if all are near.
    fn difference(&self, other: &Self) -> Option<Self> {
        let pairs = self.samples.iter().zip(&other.samples);
        let apart: Vec<u8> = pairs.map(|(a, b)| a.abs_diff(*b)).collect();
        let far = apart.iter().any(|step| *step > TOLERANCE);
        far.then(|| Self {
            // An alpha of differences would hide them.
            format: match self.format {
                VideoFormat::Rgba => VideoFormat::Rgbx,
                format => format,
            },
            samples: apart
                .iter()
                .map(|step| step.saturating_mul(VISIBLE))
                .collect(),
            ..self.clone()
        })
    }
}

/// The input with its raw matte, some frames in a row.
fn frames(input: &Picture, matte: &Picture) -> Vec<gst::Buffer> {
    let info = input.info();
    let frame = |number: usize| {
        let mut buffer = input.frame();
        let time = gst::ClockTime::from_mseconds(33 * number as u64);
        buffer.get_mut().expect("it is new").set_pts(time);
        let size = (matte.width, matte.height);
        common::attach(&mut buffer, &info, size, |x, y| {
            matte.samples[y * matte.width + x]
        });
        let mut raw = Matte::of(&buffer).expect("just attached");
        raw.stage = Stage::Raw;
        raw.attach(buffer.make_mut()).expect("buffers take it");
        buffer
    };
    (0..FRAMES).map(frame).collect()
}

#[test]
fn pictures_are_those_that_were_looked_at() {
    common::init();
    let folder = folder();
    let found = scratch("golden");
    let input = Picture::read(&folder.join("input.png")).expect("it is committed");
    let matte = Picture::read(&folder.join("input-matte.png")).expect("it is committed");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    let writes = std::env::var("MATTE_GOLDEN").as_deref() == Ok("write");
    let mut unlike = Vec::new();
    for (name, elements) in PICTURES {
        let elements = elements.replace("{}", image);
        let result = run(&input.info(), &elements, frames(&input, &matte));
        assert_eq!(result.error, None, "{name}");
        let last = result.buffers.last().expect("frames come out");
        let format = match *name {
            "transparent" => VideoFormat::Rgba,
            _ if elements.ends_with("background=matte") => VideoFormat::Gray8,
            _ => VideoFormat::Rgb,
        };
        let caps = common::info(format, input.width as u32, input.height as u32);
        let caps = caps.to_caps().expect("valid caps");
        let seen = Picture::of(&gst::Sample::builder().buffer(last).caps(&caps).build());
        let golden = folder.join(name).with_extension("png");
        if writes {
            seen.write(&golden);
            continue;
        }
        let expected = Picture::read(&golden);
        let difference = match &expected {
            Some(expected) if seen.samples.len() == expected.samples.len() => {
                seen.difference(expected)
            }
            _ => Some(seen.clone()),
        };
        if let Some(difference) = difference {
            seen.write(&found.join(name).with_extension("png"));
            difference.write(&found.join(format!("{name}-difference.png")));
            unlike.push(*name);
        }
    }
    assert_eq!(unlike, [""; 0], "differ; look into {}", found.display());
}
