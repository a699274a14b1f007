// SPDX-License-Identifier: MPL-2.0

//! Time that each element takes for a frame, and what GStreamer's own elements take for theirs.
//! `scripts/bench.sh performance` runs this on one core and makes docs/performance.md of it.
//!
//! Each element stands alone in a harness; a frame is a fresh copy each time, made outside of the
//! clock, as a camera would hand it over. All cases of a size take turns, so that a busy machine
//! slows them alike. Frames come from the clip that MATTE_CLIP names (a gst-launch fragment that
//! ends in raw video), else from videotestsrc. Prints `case, format, size, median ms, p10, p90`.
//! Arguments select sizes, formats and cases (`-- 1920x1080 NV12 "background=image" copy`); a case is
//! taken where its name holds one of them.

use gst::prelude::*;
use gst_video::VideoFormat;
use std::time::Instant;

/// Sizes, the formats in which elements are timed there, and whether their peers are, too.
const SIZES: [((u32, u32), &[VideoFormat], bool); 3] = {
    use VideoFormat::{Bgrx, I420, Nv12, Yuy2};
    [
        ((1280, 720), &[Nv12, I420], true),
        ((1920, 1080), &[Nv12, I420, Yuy2, Bgrx], true),
        ((3840, 2160), &[Nv12], false),
    ]
};
const FRAMES: usize = 8;
const ROUNDS: usize = 60;
/// Rounds in which a slow peer sits out, for one in which it runs.
const SLOW: usize = 12;
/// Frames in a run of `compositor`.
const COMPOSITOR_RUN: u16 = 10;

/// One thing that is timed.
struct Case {
    name: String,
    format: VideoFormat,
    /// Runs on every n-th round.
    every: usize,
    times: Vec<f64>,
    /// Frames that go in, one after the other.
    inputs: Vec<gst::Buffer>,
    /// Does the work on a frame of its own.
    run: Box<dyn FnMut(gst::Buffer)>,
}

impl Case {
    fn round(&mut self, round: usize) {
        if !round.is_multiple_of(self.every) {
            return;
        }
        let input = &self.inputs[round % self.inputs.len()];
        let mut frame = input.copy_deep().expect("memory for a frame");
        let pts = gst::ClockTime::from_mseconds(33 * round as u64);
        frame.get_mut().expect("a copy of one's own").set_pts(pts);
        let start = Instant::now();
        (self.run)(frame);
        self.times.push(start.elapsed().as_secs_f64() * 1e3);
    }

    fn report(&mut self, (width, height): (u32, u32)) {
        // The first runs warm caches and pools.
        self.times.drain(..self.times.len().div_ceil(10));
        self.times.sort_by(f64::total_cmp);
        let at = |share: f64| self.times[((self.times.len() - 1) as f64 * share).round() as usize];
        println!(
            "{}\t{}\t{width}x{height}\t{:.3}\t{:.3}\t{:.3}",
            self.name,
            self.format.to_str(),
            at(0.5),
            at(0.1),
            at(0.9)
        );
    }
}

fn caps(format: VideoFormat, (width, height): (u32, u32)) -> gst::Caps {
    let info = gst_video::VideoInfo::builder(format, width, height).fps((30, 1));
    info.build()
        .expect("the size is valid")
        .to_caps()
        .expect("the caps are valid")
}

/// What comes out of a gst-launch line, the first `count` frames.
fn collect(line: &str, count: usize) -> Vec<gst::Buffer> {
    let pipeline = gst::parse::launch(&format!("{line} ! appsink name=out sync=false"))
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    let sink = pipeline
        .downcast_ref::<gst::Bin>()
        .and_then(|bin| bin.by_name("out"));
    let sink = sink
        .and_downcast::<gst_app::AppSink>()
        .expect("the line ends in an appsink");
    pipeline
        .set_state(gst::State::Playing)
        .expect("the line plays");
    let buffers = (0..count)
        .map(|_| {
            sink.pull_sample()
                .expect("enough frames")
                .buffer_owned()
                .expect("a frame")
        })
        .collect();
    pipeline
        .set_state(gst::State::Null)
        .expect("the line stops");
    buffers
}

/// Real frames, some apart, in a format and size.
fn frames(format: VideoFormat, size: (u32, u32)) -> Vec<gst::Buffer> {
    let source = std::env::var("MATTE_CLIP").unwrap_or_else(|_| "videotestsrc".into());
    let line = format!(
        "{source} ! videorate ! video/x-raw,framerate=30/1 ! videoscale add-borders=false \
         ! videoconvert ! {}",
        caps(format, size)
    );
    collect(&line, FRAMES * 4).into_iter().step_by(4).collect()
}

/// An element alone: a frame is pushed in and its result pulled out.
fn element(
    name: &str,
    description: &str,
    format: VideoFormat,
    size: (u32, u32),
    inputs: &[gst::Buffer],
) -> Case {
    let mut harness = gst_check::Harness::new_parse(description);
    harness.set_src_caps(caps(format, size));
    Case {
        name: name.into(),
        format,
        every: 1,
        times: Vec::new(),
        inputs: inputs.to_vec(),
        run: Box::new(move |frame| {
            harness.push(frame).expect("the element takes the frame");
            drop(harness.pull().expect("the element gives a frame"));
        }),
    }
}

/// The frames with what an element puts on them.
fn with_matte(
    description: &str,
    format: VideoFormat,
    size: (u32, u32),
    inputs: &[gst::Buffer],
) -> Vec<gst::Buffer> {
    let mut harness = gst_check::Harness::new_parse(description);
    harness.set_src_caps(caps(format, size));
    inputs
        .iter()
        .map(|frame| {
            harness
                .push(frame.copy_deep().expect("memory for a frame"))
                .expect("a frame goes in");
            harness.pull().expect("a frame comes out")
        })
        .collect()
}

/// `compositor` with a person over a background, NV12 out; the alpha is one for the whole frame
/// (NV12) or lies in the pixels (BGRA). It works in a thread of its own and a frame behind, so that
/// runs of many frames are timed.
fn compositor(format: VideoFormat, size: (u32, u32), pad: &str, inputs: &[gst::Buffer]) -> Case {
    let (over, behind) = (caps(format, size), caps(VideoFormat::Nv12, size));
    let line = format!(
        "compositor name=mix background=black {pad} ! {behind} ! fakesink \
         appsrc name=behind format=time caps=\"{behind}\" ! mix.sink_0 \
         appsrc name=over format=time caps=\"{over}\" ! mix.sink_1"
    );
    let background = frames(VideoFormat::Nv12, size).swap_remove(0);
    let alpha = if pad.is_empty() {
        "alpha in the pixels"
    } else {
        "one alpha"
    };
    Case {
        name: format!("compositor, {alpha}"),
        format,
        every: SLOW,
        times: Vec::new(),
        inputs: inputs.to_vec(),
        run: Box::new(move |frame| {
            let pipeline = gst::parse::launch(&line).expect("the line is right");
            let bin = pipeline.downcast_ref::<gst::Bin>().expect("a pipeline");
            for (name, frame) in [("behind", &background), ("over", &frame)] {
                let source = bin
                    .by_name(name)
                    .and_downcast::<gst_app::AppSrc>()
                    .expect("an appsrc");
                for i in 0..COMPOSITOR_RUN {
                    let mut frame = frame.copy();
                    let frame_mut = frame.get_mut().expect("a copy of one's own");
                    frame_mut.set_pts(gst::ClockTime::from_mseconds(33 * u64::from(i)));
                    frame_mut.set_duration(gst::ClockTime::from_mseconds(33));
                    source.push_buffer(frame).expect("the queue is open");
                }
                source.end_of_stream().expect("the queue is open");
            }
            pipeline
                .set_state(gst::State::Playing)
                .expect("the line plays");
            let bus = pipeline.bus().expect("a pipeline has a bus");
            let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
            bus.timed_pop_filtered(gst::ClockTime::NONE, &kinds);
            pipeline
                .set_state(gst::State::Null)
                .expect("the line stops");
        }),
    }
}

fn copy(format: VideoFormat, inputs: &[gst::Buffer]) -> Case {
    let mut target = vec![0; inputs[0].size()];
    Case {
        name: "plain copy of a frame".into(),
        format,
        every: 1,
        times: Vec::new(),
        inputs: inputs.to_vec(),
        run: Box::new(move |frame| {
            target.copy_from_slice(&frame.map_readable().expect("frames can be read"));
            std::hint::black_box(&mut target);
        }),
    }
}

fn measure(
    size: (u32, u32),
    formats: &[VideoFormat],
    with_peers: bool,
    picture: &str,
    wanted: &[String],
) {
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    let mut cases = Vec::new();
    for &format in formats {
        let plain = frames(format, size);
        let raw = with_matte("mattesegment", format, size, &plain);
        let refined = with_matte("matterefine", format, size, &raw);
        let mut add = |name: &str, description: &str, inputs: &[gst::Buffer]| {
            if asked(name) {
                cases.push(element(name, description, format, size, inputs));
            }
        };
        // What a matte costs has little to do with the format: two are enough to see it.
        if matches!(format, VideoFormat::Nv12 | VideoFormat::I420) {
            add("mattesegment", "mattesegment", &plain);
            add("matterefine", "matterefine", &raw);
            add("matterefine preset=fast", "matterefine preset=fast", &raw);
        }
        let image = format!("background=image image={picture}");
        for settings in [
            "background=color decontamination=0",
            "background=color",
            &image,
            "background=blur",
        ] {
            let shown = settings.split(" image=").next().unwrap_or(settings);
            let name = format!("mattecompose {shown}");
            add(&name, &format!("mattecompose {settings}"), &refined);
        }
        add(
            "mattebackground (all three, blur)",
            "mattebackground",
            &plain,
        );
        cases.push(copy(format, &plain));
    }
    if with_peers {
        add_peers(&mut cases, size);
    }
    cases.retain(|case| asked(&case.name));

    for round in 0..ROUNDS {
        for case in &mut cases {
            case.round(round);
        }
        eprint!(".");
    }
    eprintln!();
    for case in &mut cases {
        if case.name.starts_with("compositor") {
            case.times
                .iter_mut()
                .for_each(|time| *time /= f64::from(COMPOSITOR_RUN));
        }
        case.report(size);
    }
}

/// GStreamer's own elements.
fn add_peers(cases: &mut Vec<Case>, size: (u32, u32)) {
    let nv12 = frames(VideoFormat::Nv12, size);
    let bgra = frames(VideoFormat::Bgra, size);
    let ayuv = frames(VideoFormat::Ayuv, size);
    for target in ["RGBA", "I420"] {
        let name = format!("videoconvert to {target}");
        let line = format!("videoconvert ! capsfilter caps=video/x-raw,format={target}");
        cases.push(element(&name, &line, VideoFormat::Nv12, size, &nv12));
    }
    cases.push(compositor(
        VideoFormat::Nv12,
        size,
        "sink_1::alpha=0.5",
        &nv12,
    ));
    cases.push(compositor(VideoFormat::Bgra, size, "", &bgra));
    let mut blur = element(
        "gaussianblur sigma=5",
        "gaussianblur sigma=5",
        VideoFormat::Ayuv,
        size,
        &ayuv,
    );
    blur.every = SLOW;
    cases.push(blur);
}

fn name_of((width, height): (u32, u32)) -> String {
    format!("{width}x{height}")
}

fn main() {
    gst::init().expect("GStreamer starts");
    gstmatte::plugin_register_static().expect("the plugin registers");
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/room.jpg");
    let asked = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let format_of = |name: &String| VideoFormat::from_string(name);
    let is_size = |name: &String| SIZES.iter().any(|(size, ..)| name_of(*size) == *name);
    let (sizes, rest): (Vec<String>, Vec<String>) = asked.partition(is_size);
    let (formats, wanted): (Vec<String>, Vec<String>) = rest
        .into_iter()
        .partition(|name| format_of(name) != VideoFormat::Unknown);
    let formats: Vec<VideoFormat> = formats.iter().map(format_of).collect();
    for (size, usual, with_peers) in SIZES {
        if !sizes.is_empty() && !sizes.contains(&name_of(size)) {
            continue;
        }
        eprint!("{} ", name_of(size));
        let formats = if formats.is_empty() { usual } else { &formats };
        measure(size, formats, with_peers, picture, &wanted);
    }
}
