// SPDX-License-Identifier: MPL-2.0

//! The whole chain, played twice: the same happens to it in two rooms that differ in every byte. Where
//! the script says what is hidden, both must come out the same there.

mod frame;
mod script;
mod seen;

use arbitrary::{Result, Unstructured};
use gst::prelude::*;
use gst_check::Harness;
use script::{Event, Script, Subject};
use seen::{Region, Seen};
use std::sync::Once;

pub fn pipeline(u: &mut Unstructured) -> Result<()> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().expect("GStreamer starts");
        gstmatte::plugin_register_static().expect("the plugin registers");
    });
    let script = Script::read(u)?;
    let one = play(&script, false);
    if script.subject == Subject::Anywhere {
        return Ok(());
    }
    let other = play(&script, true);
    assert_eq!(one.len(), other.len(), "frames that came out: {script:?}");
    for (frame, (one, other)) in one.iter().zip(&other).enumerate() {
        assert!(
            one == other,
            "the room is seen in frame {frame}: {} of {script:?}",
            Seen::difference(one, other)
        );
    }
    Ok(())
}

fn path(name: &str) -> String {
    // The crate of the targets, or the plugin whose test this is part of.
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("/fuzz");
    format!("{root}/tests/{name}")
}

fn element(script: &Script) -> gst::Element {
    let element = gst::ElementFactory::make("mattebackground")
        .property(
            "model",
            path(&format!("models/{}.onnx", script.subject.model())),
        )
        .property("image", path("data/background.png"))
        .property_from_str("background", script.background)
        .property_from_str("mode", script.mode)
        .build()
        .expect("registered");
    if script.subject == Subject::Left {
        // Nothing that would move the matte's edge by what the room looks like.
        element.set_property_from_str("preset", "off");
        element.set_property("motion-compensation", false);
    }
    element
}

/// What the user has asked for, as far as it says what may be seen.
struct Wishes {
    background: &'static str,
    enabled: bool,
    on_missing: &'static str,
    /// A picture with the room in it was asked for, which `freeze` may show again.
    shown: bool,
    property: &'static str,
    tag: &'static str,
}

impl Wishes {
    fn new(script: &Script) -> Self {
        Self {
            background: script.background,
            enabled: true,
            on_missing: "hide",
            shown: false,
            property: "auto",
            tag: "rotate-0",
        }
    }

    fn set(&mut self, name: &str, value: &'static str) {
        match name {
            "background" => self.background = value,
            // How long it takes to fade in again depends on times.
            "enabled" => self.enabled &= value == "true",
            "on-missing-matte" => self.on_missing = value,
            "video-direction" => self.property = value,
            _ => (),
        }
    }

    /// Where nothing of the room may be seen in the next frame.
    fn hidden(&mut self, subject: Subject) -> Option<Region> {
        let replaced = matches!(self.background, "color" | "image" | "matte" | "transparent");
        let asked = !self.enabled
            || self.background == "none"
            || subject == Subject::Unknown && self.on_missing == "passthrough";
        let hides = match subject {
            Subject::Unknown => !asked,
            Subject::Nowhere => !asked && replaced && self.on_missing != "passthrough",
            Subject::Left => replaced,
            Subject::Anywhere => false,
        };
        self.shown |= !hides;
        if !hides || self.shown && self.on_missing == "freeze" {
            return None;
        }
        Some(match subject {
            Subject::Left => Region::far_from_left(self.property, self.tag),
            _ => Region::Everything,
        })
    }
}

/// What comes out where nothing of the room may be seen, frame by frame, up to an error.
fn play(script: &Script, other: bool) -> Vec<Option<Seen>> {
    let element = element(script);
    let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
    let (mut format, mut time) = (script.format.clone(), gst::ClockTime::ZERO);
    let caps = |format: &script::Format| format.info().to_caps().expect("valid");
    harness.set_src_caps(caps(&format));
    let mut wishes = Wishes::new(script);
    // Which frames get a matte depends on times, and a frame without one loses its own alpha.
    let opaque = script.mode == "async";
    let mut all = Vec::new();
    for event in &script.events {
        match event {
            Event::Set(name, value) => {
                wishes.set(name, value);
                element.set_property_from_str(name, value);
            }
            Event::Model(name) => {
                element.set_property("model", path(&format!("models/{name}.onnx")));
            }
            Event::Caps(next) => {
                format = next.clone();
                harness.set_src_caps(caps(&format));
            }
            Event::Tag(orientation) => {
                wishes.tag = orientation;
                let mut tags = gst::TagList::new();
                let new = tags.get_mut().expect("a new list");
                new.add::<gst::tags::ImageOrientation>(orientation, gst::TagMergeMode::Replace);
                harness.push_event(gst::event::Tag::new(tags));
            }
            Event::Flush => {
                harness.push_event(gst::event::FlushStart::new());
                harness.push_event(gst::event::FlushStop::new(true));
                harness.push_event(gst::event::Segment::new(&segment(1.0)));
            }
            Event::Segment(rate) => {
                harness.push_event(gst::event::Segment::new(&segment(*rate)));
            }
            Event::Frame(shot) => {
                let buffer = shot.buffer(&format, &mut time, other, opaque);
                if harness.push(buffer).is_err() {
                    break;
                }
                let hidden = wishes.hidden(script.subject);
                // Where the matte lies on a frame that contradicts itself, nobody knows.
                let hidden = hidden.filter(|region| {
                    *region == Region::Everything || shot.agrees() && region.is_far(&format.info())
                });
                let frame = harness.pull().expect("a frame comes out");
                let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
                let caps = caps.expect("caps come before frames");
                all.push(hidden.map(|region| Seen::of(&frame, &caps, region)));
            }
        }
    }
    all
}

fn segment(rate: f64) -> gst::FormattedSegment<gst::ClockTime> {
    let mut segment = gst::FormattedSegment::new();
    segment.set_rate(rate);
    if rate < 0.0 {
        segment.set_stop(gst::ClockTime::from_seconds(36_000));
    }
    segment
}
