// SPDX-License-Identifier: MPL-2.0

//! Which way up a stream's frames are: what its tags say (`image-orientation`), unless the
//! property `video-direction` says otherwise.
//!
//! A tag of the stream counts before one of the whole medium, whatever comes first; a new stream
//! forgets both. GStreamer has no meta on the buffer for it: what `GstVideoOrientationMethod`
//! names comes by tags and by elements' properties only (headers of 1.22, bindings up to 1.30).

use crate::frame::Orientation;
use crate::properties::{About, BoxError, PropertyType, properties};
use gst::glib;
use gst::prelude::*;
use gst_video::VideoOrientationMethod as Method;
use std::sync::atomic::{AtomicU8, Ordering};

/// Why a value of the property is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "custom says nothing about the frames; use auto, identity, 90r, 180, 90l, horiz, vert, ul-lr or \
     ur-ll"
)]
pub struct NoDirection;

properties! {
    /// The property that all elements have, named as in `videoflip`.
    #[derive(Debug, Clone, PartialEq)]
    pub struct DirectionSettings {
        /// How to turn the frames so that they are upright for the viewer, with videoflip's values;
        /// auto: as the stream's tag image-orientation says. Frames and tag stay as they are
        video_direction: Option<Orientation> = None, "Video direction", PLAYING;
    }
}

/// None is `auto`.
impl PropertyType for Option<Orientation> {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        let default = default.map_or(Method::Auto, method_of);
        let spec = glib::ParamSpecEnum::builder_with_default(&about.name, default);
        about.describe(spec).build()
    }

    fn to_property(&self) -> glib::Value {
        self.map_or(Method::Auto, method_of).to_value()
    }

    fn from_property(value: &glib::Value, _default: Self) -> Result<Self, BoxError> {
        Ok(match value.get()? {
            Method::Auto => None,
            method => Some(orientation_of(method).ok_or(NoDirection)?),
        })
    }
}

/// An orientation that is known, or not: 0, or its place in [`Orientation::ALL`] plus 1.
#[derive(Debug, Default)]
struct Known(AtomicU8);

impl Known {
    fn set(&self, orientation: Option<Orientation>) {
        let index = Orientation::ALL
            .iter()
            .position(|own| Some(*own) == orientation);
        self.0
            .store(index.map_or(0, |index| index as u8 + 1), Ordering::Release);
    }

    fn get(&self) -> Option<Orientation> {
        let index = self.0.load(Ordering::Acquire).checked_sub(1)?;
        Orientation::ALL.get(usize::from(index)).copied()
    }
}

/// Follows the orientation of one stream. Read by every frame, written by any thread.
#[derive(Debug, Default)]
pub struct Direction {
    /// From the property; none for `auto`.
    chosen: Known,
    stream: Known,
    global: Known,
}

impl Direction {
    /// What makes the frames upright.
    pub fn orientation(&self) -> Orientation {
        self.chosen.get().unwrap_or_else(|| self.tagged())
    }

    /// The same by the stream's tags alone.
    pub fn tagged(&self) -> Orientation {
        let known = self.stream.get().or_else(|| self.global.get());
        known.unwrap_or_default()
    }

    /// Whether the property says something, so that no tag counts.
    pub fn is_chosen(&self) -> bool {
        self.chosen.get().is_some()
    }

    /// Takes the value of the property: it counts before all tags, if there is one.
    pub fn choose(&self, orientation: Option<Orientation>) {
        self.chosen.set(orientation);
    }

    /// Takes in an event of the stream.
    pub fn note(&self, event: &gst::EventRef) {
        match event.view() {
            gst::EventView::StreamStart(_) => {
                self.stream.set(None);
                self.global.set(None);
            }
            gst::EventView::Tag(tag) => {
                let Some(found) = orientation_in(tag.tag()) else {
                    return;
                };
                match tag.tag().scope() {
                    gst::TagScope::Global => self.global.set(Some(found)),
                    _ => self.stream.set(Some(found)),
                }
            }
            _ => (),
        }
    }
}

/// What a list of tags says about the orientation; nothing where its word is unknown.
fn orientation_in(tags: &gst::TagListRef) -> Option<Orientation> {
    let tag = tags.get::<gst::tags::ImageOrientation>()?;
    let named = |orientation: &Orientation| word_of(*orientation) == tag.get();
    Orientation::ALL.into_iter().find(named)
}

/// The tag's word for an orientation.
pub const fn word_of(orientation: Orientation) -> &'static str {
    match orientation {
        Orientation::Rotate0 => "rotate-0",
        Orientation::Rotate90 => "rotate-90",
        Orientation::Rotate180 => "rotate-180",
        Orientation::Rotate270 => "rotate-270",
        Orientation::FlipRotate0 => "flip-rotate-0",
        Orientation::FlipRotate90 => "flip-rotate-90",
        Orientation::FlipRotate180 => "flip-rotate-180",
        Orientation::FlipRotate270 => "flip-rotate-270",
    }
}

const fn method_of(orientation: Orientation) -> Method {
    match orientation {
        Orientation::Rotate0 => Method::Identity,
        Orientation::Rotate90 => Method::_90r,
        Orientation::Rotate180 => Method::_180,
        Orientation::Rotate270 => Method::_90l,
        Orientation::FlipRotate0 => Method::Horiz,
        Orientation::FlipRotate90 => Method::UrLl,
        Orientation::FlipRotate180 => Method::Vert,
        Orientation::FlipRotate270 => Method::UlLr,
    }
}

fn orientation_of(method: Method) -> Option<Orientation> {
    let own = |orientation: &Orientation| method_of(*orientation) == method;
    Orientation::ALL.into_iter().find(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::Properties;

    fn tag(word: &str, scope: gst::TagScope) -> gst::Event {
        let mut tags = gst::TagList::new();
        let list = tags.make_mut();
        list.set_scope(scope);
        list.add::<gst::tags::ImageOrientation>(&word, gst::TagMergeMode::Replace);
        gst::event::Tag::new(tags)
    }

    #[test]
    fn the_streams_tag_counts_before_the_mediums_and_the_property_before_both() {
        gst::init().unwrap();
        let direction = Direction::default();
        assert_eq!(direction.orientation(), Orientation::Rotate0);
        direction.note(&tag("rotate-180", gst::TagScope::Global));
        assert_eq!(direction.orientation(), Orientation::Rotate180);
        direction.note(&tag("flip-rotate-90", gst::TagScope::Stream));
        direction.note(&tag("rotate-270", gst::TagScope::Global));
        assert_eq!(direction.orientation(), Orientation::FlipRotate90);
        direction.note(&tag("upside-down", gst::TagScope::Stream));
        direction.note(&gst::event::Tag::new(gst::TagList::new()));
        assert_eq!(direction.orientation(), Orientation::FlipRotate90);
        direction.choose(Some(Orientation::FlipRotate180));
        assert_eq!(direction.orientation(), Orientation::FlipRotate180);
        direction.choose(None);
        assert_eq!(direction.orientation(), Orientation::FlipRotate90);
        direction.note(&gst::event::StreamStart::new("next"));
        assert_eq!(direction.orientation(), Orientation::Rotate0);
    }

    #[test]
    fn a_direction_that_says_nothing_is_refused_and_the_old_one_stays() {
        gst::init().unwrap();
        let mut settings = DirectionSettings::default();
        let set = |settings: &mut DirectionSettings, method: Method| {
            settings.set("video-direction", &method.to_value())
        };
        assert!(set(&mut settings, Method::Vert).unwrap());
        let error = set(&mut settings, Method::Custom).unwrap_err().to_string();
        assert!(
            error.starts_with("video-direction: custom says nothing"),
            "{error}"
        );
        assert_eq!(settings.video_direction, Some(Orientation::FlipRotate180));
    }

    #[test]
    fn every_word_of_the_tag_and_every_method_is_known() {
        gst::init().unwrap();
        let words = [
            ("rotate-0", Method::Identity),
            ("rotate-90", Method::_90r),
            ("rotate-180", Method::_180),
            ("rotate-270", Method::_90l),
            ("flip-rotate-0", Method::Horiz),
            ("flip-rotate-90", Method::UrLl),
            ("flip-rotate-180", Method::Vert),
            ("flip-rotate-270", Method::UlLr),
        ];
        for ((word, method), orientation) in words.into_iter().zip(Orientation::ALL) {
            let direction = Direction::default();
            direction.note(&tag(word, gst::TagScope::Stream));
            assert_eq!(direction.orientation(), orientation, "{word}");
            let chosen = Option::from_property(&method.to_value(), None).unwrap();
            assert_eq!(chosen, Some(orientation), "{method:?}");
            assert_eq!(chosen.to_property().get(), Ok(method));
        }
    }
}
