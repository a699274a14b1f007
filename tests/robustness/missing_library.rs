// SPDX-License-Identifier: MPL-2.0

//! ONNX Runtime is missing. In a test binary of its own, since one library serves a process, and in a
//! process of its own for each case: this program started again, with the environment of a machine
//! that has no ONNX Runtime.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::pipeline::{Run, green_model, run};
use common::stream::{HANG, Stream};
use common::{frame, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;
use std::process::Command;

const CASE: &str = "MATTE_TEST_CASE";

/// A file that is no library: nothing else is tried then, so that the system's own is not found.
const NOWHERE: &str = "/nonexistent/libonnxruntime.so";

/// Runs `case` in a process of its own, which finds no ONNX Runtime.
fn alone(test: &str, case: impl Fn()) {
    init();
    if std::env::var_os(CASE).is_some() {
        return case();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let status = command
        .args(["--exact", test, "--nocapture"])
        .env(CASE, "1")
        .env("ORT_DYLIB_PATH", NOWHERE)
        .status()
        .unwrap();
    assert!(status.success(), "{test}");
}

fn gray(frames: u64) -> (gst_video::VideoInfo, Vec<gst::Buffer>) {
    let info = info(VideoFormat::I420, 64, 36);
    let frames = (0..frames).map(|_| frame(&info, |_| 128)).collect();
    (info, frames)
}

#[test]
fn onnxruntime_alone_is_an_error_that_says_where_it_looked() {
    alone(
        "onnxruntime_alone_is_an_error_that_says_where_it_looked",
        || {
            let (info, frames) = gray(1);
            let model = green_model();
            let model = model.display();
            for elements in [
                format!("mattesegment model={model} engine=onnxruntime"),
                format!("mattesegment engine=onnxruntime onnxruntime-library={NOWHERE}"),
            ] {
                for _ in 0..2 {
                    let Run { error, buffers } = run(&info, &elements, frames.clone());
                    let error = error.expect("an error on the bus");
                    assert!(error.contains(NOWHERE), "{error}");
                    assert!(buffers.is_empty());
                }
            }
        },
    );
}

#[cfg(feature = "embedded")]
mod embedded {
    use super::*;

    /// All messages of a run of two frames through `elements`, and what `active-engine` said.
    fn messages(elements: &str) -> (Vec<gst::Message>, Option<String>) {
        let (info, frames) = gray(2);
        let caps = info.to_caps().unwrap();
        let stream = Stream::new(elements);
        stream.collect(|_| ());
        stream.pipeline.set_state(gst::State::Playing).unwrap();
        for buffer in frames {
            let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
            stream.source.push_sample(&sample).unwrap();
        }
        stream.source.end_of_stream().unwrap();
        let mut all = Vec::new();
        loop {
            let message = stream.bus.timed_pop(HANG).expect("it hangs");
            let last = matches!(
                message.view(),
                gst::MessageView::Eos(_) | gst::MessageView::Error(_)
            );
            all.push(message);
            if last {
                break;
            }
        }
        let element = stream.pipeline.by_name("e").unwrap();
        let engine = element.property("active-engine");
        stream.pipeline.set_state(gst::State::Null).unwrap();
        (all, engine)
    }

    fn infos(all: &[gst::Message]) -> Vec<(String, String)> {
        let info = |message: &gst::Message| match message.view() {
            gst::MessageView::Info(info) => Some((
                info.error().to_string(),
                info.debug()
                    .map(|text| text.to_string())
                    .unwrap_or_default(),
            )),
            _ => None,
        };
        all.iter().filter_map(info).collect()
    }

    fn warnings(all: &[gst::Message]) -> Vec<String> {
        let warning = |message: &gst::Message| match message.view() {
            gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
            gst::MessageView::Error(error) => Some(format!("error: {}", error.error())),
            _ => None,
        };
        all.iter().filter_map(warning).collect()
    }

    #[test]
    fn the_embedded_engine_runs_and_one_message_says_so() {
        let name = "embedded::the_embedded_engine_runs_and_one_message_says_so";
        alone(name, || {
            for element in ["mattesegment", "mattebackground"] {
                let (all, engine) = messages(&format!("{element} name=e"));
                assert_eq!(engine.as_deref(), Some("embedded"));
                assert_eq!(warnings(&all), [""; 0]);
                let [(text, debug)] = &infos(&all)[..] else {
                    panic!("one message: {:?}", infos(&all));
                };
                assert!(text.contains("embedded engine runs"), "{text}");
                assert!(text.contains("with ONNX Runtime"), "{text}");
                // gst-launch-1.0 prints nothing but the details.
                assert!(debug.contains(text), "{debug}");
                assert!(debug.contains(NOWHERE), "{debug}");
                let loaded = all.iter().filter_map(|message| match message.view() {
                    gst::MessageView::Element(element) => element.structure(),
                    _ => None,
                });
                let mut loaded = loaded.filter(|s| s.name() == "matte-model-loaded");
                let loaded = loaded.next().expect("a model is loaded");
                assert_eq!(loaded.get::<&str>("engine").unwrap(), "embedded");
            }
        });
    }

    #[test]
    fn a_library_that_was_named_and_is_not_there_is_a_warning() {
        let name = "embedded::a_library_that_was_named_and_is_not_there_is_a_warning";
        alone(name, || {
            let model = green_model();
            let elements = format!(
                "mattesegment name=e model={} onnxruntime-library=/other/lib.so",
                model.display()
            );
            let (all, engine) = messages(&elements);
            assert_eq!(engine.as_deref(), Some("embedded"));
            let warnings = warnings(&all);
            assert!(
                warnings[0].contains("instead of /other/lib.so"),
                "{warnings:?}"
            );
        });
    }

    #[test]
    fn who_asks_for_it_hears_nothing() {
        alone("embedded::who_asks_for_it_hears_nothing", || {
            let (all, engine) = messages("mattesegment name=e engine=embedded");
            assert_eq!(engine.as_deref(), Some("embedded"));
            assert!(infos(&all).is_empty() && warnings(&all).is_empty());
        });
    }

    #[test]
    fn engines_are_exchanged_while_playing() {
        alone("embedded::engines_are_exchanged_while_playing", || {
            let stream = Stream::new("mattesegment name=e engine=embedded");
            stream.pipeline.set_state(gst::State::Paused).unwrap();
            let element = stream.pipeline.by_name("e").unwrap();
            // There is no other: it is refused, and the old value comes back.
            element.set_property_from_str("engine", "onnxruntime");
            let kinds = [gst::MessageType::Warning];
            let message = stream
                .bus
                .timed_pop_filtered(HANG, &kinds)
                .expect("a warning");
            let gst::MessageView::Warning(warning) = message.view() else {
                unreachable!("it was filtered")
            };
            let text = warning.error().to_string();
            assert!(text.contains("the old model goes on"), "{text}");
            let value = element.property_value("engine");
            assert_eq!(value.serialize().unwrap(), "embedded");
            stream.pipeline.set_state(gst::State::Null).unwrap();
        });
    }
}
