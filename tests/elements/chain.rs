// SPDX-License-Identifier: MPL-2.0

//! What a program finds when it has loaded the plugin, and the whole chain on a network whose
//! answer is known: `tests/models/alpha.onnx` says that what is green is the subject.

use crate::common;
use common::live::Live;
use common::pipeline::{Run, green_model, run};
use common::{ELEMENTS, bytes, info, init, pixels};
use gst::prelude::*;
use gst_video::VideoFormat;

#[test]
fn elements_are_there_and_described() {
    init();
    for &name in ELEMENTS {
        let factory = gst::ElementFactory::find(name).unwrap_or_else(|| panic!("no {name}"));
        for key in ["long-name", "klass", "description"] {
            assert!(
                factory.metadata(key).is_some_and(|text| !text.is_empty()),
                "{name} has no {key}"
            );
        }
        let element = factory.create().build().expect(name);
        for spec in element.list_properties() {
            assert!(
                spec.blurb().is_some(),
                "{name}: {} has no blurb",
                spec.name()
            );
            if spec.flags().contains(gst::glib::ParamFlags::READABLE) {
                element.property_value(spec.name());
            }
        }
    }
}

#[test]
fn the_bin_has_every_property_of_its_children() {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .build()
        .unwrap();
    let own: Vec<_> = gst::ElementFactory::make("bin")
        .build()
        .unwrap()
        .list_properties()
        .to_vec();
    for name in &ELEMENTS[..4] {
        let child = gst::ElementFactory::make(name).build().unwrap();
        for spec in child.list_properties() {
            let inherited = spec.owner_type() != child.type_();
            if inherited || spec.name() == "stats" || own.iter().any(|p| p.name() == spec.name()) {
                continue;
            }
            let proxied = bin.find_property(spec.name());
            let proxied = proxied.unwrap_or_else(|| panic!("{}: not on the bin", spec.name()));
            assert_eq!(proxied.value_type(), spec.value_type(), "{}", spec.name());
            assert_eq!(
                proxied.default_value().type_(),
                spec.default_value().type_()
            );
        }
    }
}

#[test]
fn changing_a_property_of_the_bin_reaches_the_child() {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .property_from_str("background", "color")
        .property("color", 0xff00_80ff_u32)
        .property("threads", 3_u32)
        .build()
        .unwrap();
    let child = |name| {
        bin.downcast_ref::<gst::Bin>()
            .unwrap()
            .by_name(name)
            .unwrap()
    };
    assert_eq!(child("compose").property::<u32>("color"), 0xff00_80ff);
    assert_eq!(child("segment").property::<u32>("threads"), 3);
    assert_eq!(bin.property::<u32>("threads"), 3);
}

/// Left half green (the subject), right half red, as BGRx.
fn halves(width: usize, height: usize) -> gst::Buffer {
    let info = info(VideoFormat::Bgrx, width as u32, height as u32);
    common::frame(&info, |i| match (i % 4, i / 4 % width < width / 2) {
        (1, true) | (2, false) => 255,
        _ => 0,
    })
}

/// What is wrong with `halves` whose right half is to be blue now; red, green and blue one after the
/// other, as `pixels` gives them.
fn wrong(picture: &[u8]) -> Option<String> {
    [(8, [0, 255, 0]), (150, [0, 0, 255])]
        .into_iter()
        .find_map(|(x, expected)| {
            let found = [0, 1, 2].map(|colour| picture[(colour * 120 + 60) * 160 + x]);
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3);
            (!near).then(|| format!("pixel at {x} is {found:?}, expected {expected:?}"))
        })
}

#[test]
fn the_whole_chain_keeps_the_subject_and_replaces_the_rest() {
    init();
    let caps = info(VideoFormat::Bgrx, 160, 120);
    let description = format!(
        "mattebackground model={} background=color color=0xff0000ff decontamination=0",
        green_model().display()
    );
    let frames = (0..30).map(|_| halves(160, 120));
    let Run { buffers, error } = run(&caps, &description, frames);
    assert_eq!(error, None);
    assert_eq!(buffers.len(), 30, "every frame comes out");
    for buffer in &buffers {
        let seen = pixels(buffer, &caps.to_caps().unwrap());
        assert_eq!(wrong(&seen), None);
    }
}

#[test]
fn beside_the_stream_the_subject_comes_with_the_first_matte() {
    init();
    let caps = info(VideoFormat::Bgrx, 160, 120);
    let mut live = Live::new(&[
        ("model", &green_model().display().to_string()),
        ("mode", "async"),
        ("background", "color"),
        ("color", "0xff0000ff"),
        ("decontamination", "0"),
    ]);
    // How many frames pass before the first matte is the machine's to say, what they show is not:
    // the background alone.
    let start = std::time::Instant::now();
    while let Some(problem) = wrong(&live.show(&caps, halves(160, 120))) {
        assert!(problem.contains("at 8 is [0, 0, 255]"), "{problem}");
        assert!(start.elapsed().as_secs() < 60, "no matte comes: {problem}");
    }
    for _ in 0..10 {
        assert_eq!(wrong(&live.show(&caps, halves(160, 120))), None);
    }
}

#[test]
fn enabled_off_shows_the_frame_as_it_is() {
    init();
    let caps = info(VideoFormat::Bgrx, 160, 120);
    let description = format!(
        "mattebackground model={} enabled=false background=color",
        green_model().display()
    );
    let Run { buffers, error } = run(&caps, &description, (0..3).map(|_| halves(160, 120)));
    assert_eq!(error, None);
    assert!(
        buffers
            .iter()
            .all(|buffer| bytes(buffer) == bytes(&halves(160, 120)))
    );
}

#[test]
fn time_and_flags_pass_through_untouched() {
    init();
    let caps = info(VideoFormat::Nv12, 64, 48);
    let description = format!("mattebackground model={}", green_model().display());
    let frames = (0..10_u64).map(|i| {
        let mut buffer = common::frame(&caps, |_| 90);
        let buffer_mut = buffer.get_mut().unwrap();
        buffer_mut.set_pts(gst::ClockTime::from_mseconds(40 * i));
        buffer_mut.set_duration(gst::ClockTime::from_mseconds(40));
        buffer_mut.set_offset(i);
        buffer
    });
    let Run { buffers, error } = run(&caps, &description, frames);
    assert_eq!(error, None);
    for (i, buffer) in (0_u64..).zip(&buffers) {
        assert_eq!(buffer.pts(), Some(gst::ClockTime::from_mseconds(40 * i)));
        assert_eq!(buffer.duration(), Some(gst::ClockTime::from_mseconds(40)));
        assert_eq!(buffer.offset(), i);
    }
    assert_eq!(buffers.len(), 10);
}
