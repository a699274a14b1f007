// SPDX-License-Identifier: MPL-2.0

use arbitrary::{Result, Unstructured};
use gst::prelude::*;
use gst_video::VideoFormat;
use std::sync::Once;

const FORMATS: &[VideoFormat] = &[
    VideoFormat::Nv12,
    VideoFormat::Nv21,
    VideoFormat::I420,
    VideoFormat::Yv12,
    VideoFormat::Y42b,
    VideoFormat::Y444,
    VideoFormat::Yuy2,
    VideoFormat::Uyvy,
    VideoFormat::Rgb,
    VideoFormat::Bgrx,
    VideoFormat::Argb,
    VideoFormat::Gray8,
    VideoFormat::A420,
    VideoFormat::Ayuv,
    VideoFormat::P01010le,
    VideoFormat::I42010le,
    VideoFormat::Nv16,
    VideoFormat::Vyuy,
    VideoFormat::Gbr,
    VideoFormat::Gbr10le,
    VideoFormat::Gray16Le,
    VideoFormat::Y210,
];

const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "background",
        &[
            "blur",
            "color",
            "image",
            "matte",
            "overlay",
            "none",
            "transparent",
        ],
    ),
    ("blur-strength", &["0", "50", "100"]),
    ("blur-bokeh", &["true", "false"]),
    ("decontamination", &["0", "1"]),
    ("light-wrap", &["0", "1"]),
    ("preset", &["fast", "balanced", "quality", "off"]),
    (
        "edge-mode",
        &[
            "none",
            "guided",
            "guided-color",
            "joint-bilateral",
            "matting",
        ],
    ),
    (
        "temporal",
        &["none", "ema", "uncertainty", "flow", "adaptive"],
    ),
    ("output-scale", &["1", "0.3", "0.0625"]),
    ("grow", &["0", "64", "-64"]),
    ("feather", &["0", "64", "-64"]),
    ("subject-region", &["", "0.1,0.1,0.8,0.8", "0,0,0,0"]),
    ("interval", &["1", "2"]),
    ("still-threshold", &["0", "0.1"]),
    ("enabled", &["true", "false"]),
    ("transition-ms", &["0", "100"]),
    ("image-fit", &["cover", "contain", "stretch", "tile"]),
    ("on-missing-matte", &["hide", "freeze", "passthrough"]),
];

const MODELS: &[&str] = &["alpha", "classes", "nan", "sound", "missing"];

/// Longest time for a frame; it is there for hangs.
const HANG: gst::ClockTime = gst::ClockTime::from_seconds(60);

fn path(name: &str) -> String {
    // The crate of the targets, or the plugin whose test this is part of.
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("/fuzz");
    format!("{root}/tests/{name}")
}

fn info(u: &mut Unstructured) -> Result<gst_video::VideoInfo> {
    let (width, height) = (u.int_in_range(1..=100)?, u.int_in_range(1..=100)?);
    let info = gst_video::VideoInfo::builder(*u.choose(FORMATS)?, width, height);
    Ok(info.fps((30, 1)).build().expect("small"))
}

pub fn pipeline(u: &mut Unstructured) -> Result<()> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().expect("GStreamer starts");
        gstmatte::plugin_register_static().expect("the plugin registers");
    });
    let mode = *u.choose(&["sync", "async"])?;
    let element = gst::ElementFactory::make("mattebackground")
        .property("model", path("models/alpha.onnx"))
        .property("image", path("data/background.png"))
        .property_from_str("mode", mode)
        .build()
        .expect("registered");
    let source = gst_app::AppSrc::builder().format(gst::Format::Time).build();
    let sink = gst_app::AppSink::builder().sync(false).build();
    let pipeline = gst::Pipeline::new();
    let all = [source.upcast_ref(), &element, sink.upcast_ref()];
    pipeline.add_many(all).expect("new elements");
    gst::Element::link_many(all).expect("they fit");
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let played = play(u, &element, &source, &sink);
    pipeline.set_state(gst::State::Null).expect("it stops");
    played
}

fn play(
    u: &mut Unstructured,
    element: &gst::Element,
    source: &gst_app::AppSrc,
    sink: &gst_app::AppSink,
) -> Result<()> {
    let mut format = info(u)?;
    let mut time = gst::ClockTime::ZERO;
    for _ in 0..u.int_in_range(1..=16u8)? {
        match u.int_in_range(0..=9u8)? {
            0..3 => {
                let (name, values) = *u.choose(PROPERTIES)?;
                element.set_property_from_str(name, u.choose(values)?);
            }
            3 => format = info(u)?,
            4 => {
                let model = format!("models/{}.onnx", u.choose(MODELS)?);
                element.set_property("model", path(&model));
            }
            _ => {
                let mut data = vec![0; format.size()];
                super::frames::fill(u, &mut data)?;
                let mut buffer = gst::Buffer::from_mut_slice(data);
                let new = buffer.get_mut().expect("a new buffer");
                if u.ratio(7, 8)? {
                    new.set_pts(time);
                }
                if u.ratio(1, 8)? {
                    new.set_flags(gst::BufferFlags::DISCONT);
                }
                time += gst::ClockTime::from_mseconds(u.arbitrary::<u8>()?.into());
                let caps = format.to_caps().expect("valid");
                let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
                source.push_sample(&sample).expect("the stream goes on");
                sink.try_pull_sample(HANG).expect("a frame comes out");
            }
        }
    }
    Ok(())
}
