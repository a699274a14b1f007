// SPDX-License-Identifier: MPL-2.0

//! Video that no element takes is named by the element that refuses it, with the remedy.

use crate::common;
use common::init;
use common::pipeline::{green_model, scratch};
use gst::prelude::*;
use std::str::FromStr;

/// There for hangs, not for speed.
const HANG: gst::ClockTime = gst::ClockTime::from_seconds(120);

/// Every element and each of its inputs.
const INPUTS: &[(&str, &str)] = &[
    ("mattesegment", "sink"),
    ("matterefine", "sink"),
    ("mattecompose", "sink"),
    ("mattemix", "sink"),
    ("mattemix", "background"),
    ("mattebackground", "sink"),
    ("mattebackground", "background"),
];

/// Caps, what the error says was found, and what it says to put in front.
const REFUSALS: &[(&str, &str, &str)] = &[
    (
        "video/x-raw,format=NV12_64Z32",
        "NV12_64Z32",
        "videoconvert",
    ),
    ("video/x-raw,format=NV12_4L4", "NV12_4L4", "videoconvert"),
    ("video/x-raw,format=Y444_12LE", "Y444_12LE", "videoconvert"),
    ("video/x-raw,format=GRAY16_BE", "GRAY16_BE", "videoconvert"),
    ("video/x-raw,format=P010_10BE", "P010_10BE", "videoconvert"),
    ("video/x-raw,format=RGB8P", "RGB8P", "videoconvert"),
    (
        "video/x-raw,format=NotYetKnown",
        "NotYetKnown",
        "videoconvert",
    ),
    (
        "video/x-raw(memory:GLMemory),format=RGBA,texture-target=2D",
        "memory:GLMemory",
        "gldownload",
    ),
    (
        "video/x-raw(memory:VAMemory),format=NV12",
        "memory:VAMemory",
        "vapostproc ! video/x-raw",
    ),
    (
        "video/x-raw(memory:VASurface),format=NV12",
        "memory:VASurface",
        "vaapipostproc ! video/x-raw",
    ),
    (
        "video/x-raw(memory:CUDAMemory),format=NV12",
        "memory:CUDAMemory",
        "cudadownload",
    ),
    (
        "video/x-raw(memory:NVMM),format=NV12",
        "memory:NVMM",
        "nvvidconv ! video/x-raw",
    ),
    (
        "video/x-raw(memory:D3D11Memory),format=NV12",
        "memory:D3D11Memory",
        "d3d11download",
    ),
    (
        "video/x-raw(memory:VulkanImage),format=RGBA",
        "memory:VulkanImage",
        "vulkandownload",
    ),
    (
        "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=(string)NV12:0x0100000000000002",
        "NV12:0x0100000000000002",
        "glupload ! glcolorconvert ! gldownload",
    ),
    (
        "video/x-raw(format:Interlaced),format=NV12,interlace-mode=alternate",
        "format:Interlaced",
        "deinterlace",
    ),
    ("image/jpeg", "image/jpeg", "jpegdec"),
    ("video/x-bayer,format=bggr", "video/x-bayer", "bayer2rgb"),
];

const SIZE: &str = "width=64,height=48,framerate=30/1";

/// The words of the errors and warnings on a bus, and who says them.
fn spoken(bus: &gst::Bus) -> Vec<(gst::MessageType, String, String)> {
    let mut all = Vec::new();
    while let Some(message) = bus.pop() {
        all.extend(words_of(&message));
    }
    all
}

fn words_of(message: &gst::Message) -> Option<(gst::MessageType, String, String)> {
    let words = match message.view() {
        gst::MessageView::Error(error) => error.error().to_string(),
        gst::MessageView::Warning(warning) => warning.error().to_string(),
        _ => return None,
    };
    let element = message
        .src()
        .and_then(|src| src.downcast_ref::<gst::Element>());
    let factory = element
        .and_then(|e| e.factory())
        .map(|f| f.name().to_string());
    Some((message.type_(), factory.unwrap_or_default(), words))
}

/// An element alone, running, and one of its inputs.
fn running(factory: &str, pad: &str) -> (gst::Element, gst::Pad, gst::Bus) {
    let element = gst::ElementFactory::make(factory)
        .build()
        .expect("it is there");
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    let input = element.static_pad(pad);
    let input = input.or_else(|| element.request_pad_simple(pad));
    element
        .set_state(gst::State::Paused)
        .expect("it starts without a model being needed");
    (element, input.expect("there is one"), bus)
}

fn stop(element: &gst::Element) {
    element
        .set_state(gst::State::Null)
        .expect("every element can be stopped");
}

/// Caps that arrive without having been asked for.
#[test]
fn every_element_names_what_it_does_not_take() {
    init();
    for (factory, pad) in INPUTS {
        for (caps, found, remedy) in REFUSALS {
            let what = format!("{factory}.{pad}: {caps}");
            let caps = gst::Caps::from_str(&format!("{caps},{SIZE}")).expect(&what);
            let (element, input, bus) = running(factory, pad);
            // What is only tried is answered, and nothing else.
            assert!(!input.query_accept_caps(&caps), "{what}");
            assert_eq!(spoken(&bus), [], "{what}");
            for run in 0..2 {
                assert!(input.send_event(gst::event::StreamStart::new("test")));
                // Upstream sends refused caps again before each frame.
                for _ in 0..3 {
                    assert!(!input.send_event(gst::event::Caps::new(&caps)), "{what}");
                }
                let all = spoken(&bus);
                let [(kind, speaker, words)] = &*all else {
                    panic!("{what}, run {run}: {all:?}");
                };
                assert_eq!(*kind, gst::MessageType::Error, "{what}");
                assert_eq!(speaker, factory, "{what}");
                assert!(words.contains(found), "{what}: {words}");
                assert!(words.contains(remedy), "{what}: {words}");
                assert!(words.contains("before this element"), "{what}: {words}");
            }
            stop(&element);
        }
    }
}

#[test]
fn a_size_that_no_frame_has_is_named() {
    init();
    for (factory, pad) in INPUTS {
        for (format, size) in [("NV12", "2147483647x2147483647"), ("RGBA", "100000x100000")] {
            let what = format!("{factory}.{pad}: {format} {size}");
            let (width, height) = size.split_once('x').expect("two sides");
            let caps =
                format!("video/x-raw,format={format},width={width},height={height},framerate=1/1");
            let caps = gst::Caps::from_str(&caps).expect(&what);
            let (element, input, bus) = running(factory, pad);
            input.send_event(gst::event::StreamStart::new("test"));
            input.send_event(gst::event::Caps::new(&caps));
            let all = spoken(&bus);
            let (_, speaker, words) = all.first().unwrap_or_else(|| panic!("{what}: silent"));
            assert_eq!(speaker, factory, "{what}");
            assert!(words.contains(size), "{what}: {words}");
            assert_eq!(all.len(), 1, "{what}: {all:?}");
            stop(&element);
        }
    }
}

/// Applications write caps by hand: what can be done without is done without.
#[test]
fn caps_that_lack_a_field_are_taken_or_named() {
    init();
    for (factory, pad) in INPUTS {
        for (caps, words) in [
            ("video/x-raw,format=NV12,width=64,height=48", None),
            (
                "video/x-raw,width=64,height=48,framerate=30/1",
                Some("without a format"),
            ),
            ("video/x-raw,width=64,height=48", Some("without a format")),
            (
                "video/x-raw,format=NV12,framerate=30/1",
                Some("without a width and a height"),
            ),
            (
                "video/x-raw,format=NV12,width=64,height=48,framerate=30/1,interlace-mode=alternate",
                Some("put deinterlace"),
            ),
            (
                "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved",
                Some("is no video"),
            ),
            ("text/plain", Some("is no video")),
        ] {
            let what = format!("{factory}.{pad}: {caps}");
            let caps = gst::Caps::from_str(caps).expect(&what);
            let (element, input, bus) = running(factory, pad);
            input.send_event(gst::event::StreamStart::new("test"));
            let taken = input.send_event(gst::event::Caps::new(&caps));
            let all = spoken(&bus);
            match words {
                None => {
                    assert_eq!(all, [], "{what}");
                    assert!(taken, "{what}");
                }
                Some(words) => {
                    let [(kind, speaker, said)] = &*all else {
                        panic!("{what}: {all:?}");
                    };
                    assert_eq!(*kind, gst::MessageType::Error, "{what}");
                    assert_eq!(speaker, factory, "{what}");
                    assert!(said.contains(words), "{what}: {said}");
                }
            }
            stop(&element);
        }
    }
}

/// `unixfdsrc` sends caps named NULL while the other process has none yet.
#[test]
fn caps_that_say_nothing_yet_are_waited_out() {
    init();
    for (factory, pad) in INPUTS {
        let what = format!("{factory}.{pad}");
        let (element, input, bus) = running(factory, pad);
        let [nothing, real] = ["NULL", &format!("video/x-raw,format=NV12,{SIZE}")]
            .map(|caps| gst::Caps::from_str(caps).expect("valid caps"));
        assert!(input.send_event(gst::event::StreamStart::new("test")));
        assert!(!input.send_event(gst::event::Caps::new(&nothing)), "{what}");
        assert!(input.send_event(gst::event::Caps::new(&real)), "{what}");
        assert_eq!(spoken(&bus), [], "{what}");
        stop(&element);
    }
}

/// What a pipeline says until its first error or its end.
fn said(description: &str) -> Vec<(gst::MessageType, String, String)> {
    init();
    let pipeline = gst::parse::launch(description).expect(description);
    let bus = pipeline.bus().expect("a pipeline has a bus");
    // An error while it starts is on the bus, too.
    let _ = pipeline.set_state(gst::State::Playing);
    let mut all = Vec::new();
    loop {
        let kinds = [
            gst::MessageType::Error,
            gst::MessageType::Warning,
            gst::MessageType::Eos,
        ];
        let message = bus.timed_pop_filtered(HANG, &kinds);
        let message = message.unwrap_or_else(|| panic!("{description}: hangs"));
        let Some(words) = words_of(&message) else {
            break;
        };
        all.push(words);
        if message.type_() == gst::MessageType::Error {
            break;
        }
    }
    pipeline
        .set_state(gst::State::Null)
        .expect("every pipeline can be stopped");
    all
}

/// Fails unless the first thing that a pipeline says is an error of `factory` with these words.
fn is_told(description: &str, factory: &str, found: &str, remedy: &str) {
    let all = said(description);
    let (kind, speaker, words) = all
        .first()
        .unwrap_or_else(|| panic!("{description}: silent"));
    assert_eq!(speaker, factory, "{description}: {all:?}");
    assert_eq!(*kind, gst::MessageType::Error, "{description}: {all:?}");
    assert!(
        words.contains(found) && words.contains(remedy),
        "{description}: {words}"
    );
}

const SOURCE: &str =
    "videotestsrc num-buffers=2 ! video/x-raw,format=Y444_12LE,width=64,height=48,framerate=30/1";
const GOOD: &str =
    "videotestsrc num-buffers=2 ! video/x-raw,format=NV12,width=64,height=48,framerate=30/1";

/// Upstream asks, and fails without ever sending caps.
#[test]
fn caps_that_are_only_asked_for_are_named_where_there_is_no_other_way() {
    init();
    for element in [
        "mattesegment",
        "matterefine",
        "mattecompose",
        "mattecompose background=transparent",
        "mattecompose background=matte",
        "mattebackground",
        "mattebackground background=transparent",
        "mattemix",
    ] {
        let factory = element.split(' ').next().expect("a name");
        for between in ["", "queue !", "videorate !", "identity ! tee !"] {
            let line = format!("{SOURCE} ! {between} {element} ! fakesink");
            is_told(&line, factory, "Y444_12LE", "videoconvert");
        }
        for (caps, found, remedy) in REFUSALS {
            let line = format!("fakesrc num-buffers=2 ! {caps},{SIZE} ! {element} ! fakesink");
            // Other memory and encoded video do not link: gst-launch says so itself.
            if caps.starts_with("video/x-raw,") {
                is_told(&line, factory, found, remedy);
            }
        }
    }
}

#[test]
fn both_inputs_of_a_mix_and_the_pad_for_a_background_name_it() {
    for (element, camera, background) in [
        ("mattemix", SOURCE, GOOD),
        ("mattemix", GOOD, SOURCE),
        ("mattebackground", GOOD, SOURCE),
    ] {
        let line = format!(
            "{element} name=m ! fakesink  {camera} ! m.sink  {background} ! queue ! m.background"
        );
        is_told(&line, element, "Y444_12LE", "videoconvert");
    }
}

/// Behind `decodebin`, whose pads come late and whose links would fail without a word about why. Not
/// `uridecodebin3`: once in a few hundred starts its pad does not link, and nobody hears anything.
#[test]
fn what_a_decoder_gives_is_named() {
    let file = scratch("decoder").join("video.mkv");
    let uri = format!("file://{}", file.display());
    let file = file.display();
    let made = said(&format!(
        "{SOURCE} ! avenc_ffv1 ! matroskamux ! filesink location={file}"
    ));
    assert_eq!(made, []);
    for source in [
        format!("filesrc location={file} ! decodebin"),
        format!("uridecodebin uri={uri}"),
    ] {
        for element in [
            "mattesegment",
            "mattecompose",
            "mattemix",
            "mattebackground",
        ] {
            for between in ["", "queue !", "queue ! tee !"] {
                let line = format!("{source} ! {between} {element} ! fakesink");
                is_told(&line, element, "Y444_12LE", "videoconvert");
            }
        }
    }
    let line = format!(
        "filesrc location={file} ! decodebin ! videoconvert ! mattesegment model={} ! fakesink",
        green_model().display()
    );
    assert_eq!(said(&line), []);
}

/// Elements that look for a format that is taken are no reason to speak.
#[test]
fn nothing_is_said_while_others_look_for_a_way() {
    let model = green_model();
    let model = model.display();
    for format in ["Y444_12LE", "NV12_64Z32", "GRAY16_BE", "AYUV64", "NV12"] {
        for between in [
            "videoconvert",
            "videoscale ! videoconvert",
            "queue ! videoconvert ! videorate",
        ] {
            let line = format!(
                "videotestsrc num-buffers=2 ! video/x-raw,format={format},width=64,height=48 ! {between} \
                 ! mattebackground model={model} mode=sync background=color ! fakesink"
            );
            assert_eq!(said(&line), [], "{line}");
        }
    }
    // Asked for one after the other, while upstream has others, too.
    init();
    let line =
        "videotestsrc name=s ! video/x-raw,width=64,height=48 ! mattesegment name=e ! fakesink";
    let pipeline = gst::parse::launch(line).expect("the line is valid");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    let bus = pipeline.bus().expect("a pipeline has a bus");
    pipeline.set_state(gst::State::Paused).expect("it starts");
    let element = pipeline.by_name("e").expect("it has the name");
    let pad = element.static_pad("sink").expect("a sink");
    for (caps, ..) in REFUSALS {
        let caps = gst::Caps::from_str(&format!("{caps},{SIZE}")).expect("valid caps");
        assert!(pad.query_caps(Some(&caps)).is_empty(), "{caps}");
        assert!(!pad.query_accept_caps(&caps), "{caps}");
    }
    assert_eq!(spoken(&bus), []);
    pipeline.set_state(gst::State::Null).expect("it stops");
}

/// Linked, an element says what it takes and no more, so that upstream chooses well.
#[test]
fn a_pad_with_a_source_takes_what_its_template_says() {
    init();
    for (factory, name) in INPUTS {
        let element = gst::ElementFactory::make(factory)
            .build()
            .expect("it is there");
        let pad = element.static_pad(name);
        let pad = pad.or_else(|| element.request_pad_simple(name));
        let pad = pad.expect("there is one");
        let template = pad.pad_template_caps();
        let loose = pad.query_caps(None);
        assert!(!loose.is_subset(&template), "{factory}");
        for (caps, ..) in REFUSALS.iter().filter(|(caps, ..)| caps.contains('(')) {
            let caps = gst::Caps::from_str(caps).expect("valid caps");
            assert!(!loose.can_intersect(&caps), "{factory}: {caps}");
        }
        let source = gst::ElementFactory::make("videotestsrc")
            .build()
            .expect("it is there");
        let bin = gst::Bin::new();
        bin.add_many([&source, &element]).expect("they are free");
        let output = source.static_pad("src").expect("a source has one");
        output.link(&pad).expect("they go together");
        assert!(pad.query_caps(None).is_subset(&template), "{factory}");
    }
}
