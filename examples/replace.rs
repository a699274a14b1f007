// SPDX-License-Identifier: MPL-2.0

//! A video with another background, in Rust: `replace IN OUT.mp4 PICTURE`.
//!
//! The first second is blurred, then the picture comes in while the video goes on. Needs nothing of this
//! project but the plugin; an application has `gstreamer` in its Cargo.toml and these lines.

use std::error::Error;

use gst::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, output, picture] = &arguments[..] else {
        return Err("usage: replace IN OUT.mp4 PICTURE".into());
    };
    gst::init()?;
    // ANCHOR: build
    let pipeline = gst::parse::launch(
        "filesrc name=in ! decodebin ! queue ! mattebackground name=matte background=blur \
         ! videoconvert ! x264enc speed-preset=veryfast ! h264parse ! mp4mux ! filesink name=out",
    )?;
    let pipeline = pipeline
        .downcast::<gst::Pipeline>()
        .map_err(|_| "no pipeline")?;
    let part = |name| pipeline.by_name(name).ok_or(format!("no element {name}"));
    part("in")?.set_property("location", input);
    part("out")?.set_property("location", output);
    let matte = part("matte")?;
    // ANCHOR_END: build

    // ANCHOR: change
    // Properties change while the video plays: from any thread, between two frames.
    let (changed, picture) = (matte.clone(), picture.clone());
    let sink = matte.static_pad("sink").ok_or("no pad")?;
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if info.buffer().and_then(|buffer| buffer.pts()) < Some(gst::ClockTime::SECOND) {
            return gst::PadProbeReturn::Ok;
        }
        changed.set_property("image", &picture);
        gst::PadProbeReturn::Remove
    });
    // ANCHOR_END: change

    // ANCHOR: bus
    let bus = pipeline.bus().ok_or("no bus")?;
    pipeline.set_state(gst::State::Playing)?;
    let mut outcome = Ok(());
    for message in bus.iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => {
                outcome = Err(error.error().into());
                break;
            }
            // matte-missing and matte-recovered: the background alone is shown meanwhile.
            gst::MessageView::Element(element) => println!("{:?}", element.structure()),
            _ => (),
        }
    }
    println!(
        "network: {:?}",
        matte.property::<gst::Structure>("segment-stats")
    );
    pipeline.set_state(gst::State::Null)?;
    outcome
    // ANCHOR_END: bus
}
