// SPDX-License-Identifier: MPL-2.0

//! The matte that rides on a frame: a `GstCustomMeta` named `MatteMeta`, readable from every
//! language that GStreamer speaks (in Python: `buffer.get_custom_meta("MatteMeta")`).
//!
//! | field | type | meaning |
//! | --- | --- | --- |
//! | `matte` | `GstSample` | `video/x-raw,format=GRAY8`, 0 = background, 255 = subject; covers the whole frame whatever its own size |
//! | `stage` | string | `raw` (as the network said) or `refined` |
//! | `frame-pts` | guint64 | PTS of the frame that the matte was made from, ns; `GST_CLOCK_TIME_NONE` where it had none |
//! | `inferred` | gboolean | FALSE where the matte was carried over from an earlier frame |
//! | `inference-time` | guint64 | time that the network took, ns |
//! | `frame-aspect` | fraction | display aspect ratio of the frame that the matte belongs to |
//! | `frame-x`, `frame-y`, `frame-width`, `frame-height` | guint | the rectangle of the buffer's picture that the matte covers: that of the `GstVideoCropMeta` where there was one. Without these fields, after scaling, it covers the whole picture |
//! | `still` | gboolean | TRUE where the frame shows nothing new since the one that the matte was made from; who has worked on that matte may use the result again |
//! | `screen-u`, `screen-v` | gint | the mean colour of the green screen that `key` of `matterefine` sees, or saw half a second ago: differences from neutral in bytes of full range, by the frame's own matrix. Without these fields there is no screen |
//!
//! The meta is tagged `video`, `size` and `orientation`: elements that scale or convert hand it on
//! (`videoscale`, `videoconvert`, `videorate`, `queue`, `tee`), elements that crop or flip into
//! new memory drop it. A crop that is only noted (`GstVideoCropMeta`) leaves it where it is:
//! [`Matte::lies_on`] notices that it no longer covers the frame, whatever its aspect ratio.
//! Borders that a scaler adds change the display aspect ratio, which
//! [`Matte::fits`] notices: a matte that no longer lies on its frame must not be used.

use crate::frame::Rectangle;
use crate::video::{Metas, Visible};
use gst::glib;
use gst::meta::CustomMeta;
use std::sync::{Once, OnceLock};

/// Name of the meta.
pub const NAME: &str = "MatteMeta";

/// The fields that say which part of the picture a matte covers.
const RECTANGLE: [&str; 4] = ["frame-x", "frame-y", "frame-width", "frame-height"];

/// The fields that say which colour a screen has.
const SCREEN: [&str; 2] = ["screen-u", "screen-v"];

/// How far two display aspect ratios may differ, as a share: rounding of scaled sizes, not borders.
const ASPECT_TOLERANCE: f64 = 0.02;

/// Whether two display aspect ratios are the same but for rounding.
pub fn same_shape(a: gst::Fraction, b: gst::Fraction) -> bool {
    let ratio = |f: gst::Fraction| f64::from(f.numer()) / f64::from(f.denom());
    let (a, b) = (ratio(a), ratio(b));
    (a - b).abs() <= ASPECT_TOLERANCE * a.max(b)
}

/// How far a matte has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// As the network said.
    Raw,
    /// After post-processing.
    Refined,
}

impl Stage {
    /// The value of the field `stage`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Raw => "raw",
            Stage::Refined => "refined",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Stage::Raw, Stage::Refined]
            .into_iter()
            .find(|stage| stage.as_str() == name)
    }
}

/// A matte and what is known about it.
#[derive(Debug, Clone)]
pub struct Matte {
    /// GRAY8 picture with caps.
    pub sample: gst::Sample,
    /// How far it has come.
    pub stage: Stage,
    /// PTS of the frame that it was made from.
    pub frame_pts: Option<gst::ClockTime>,
    /// Whether it was made from the very frame that it rides on.
    pub inferred: bool,
    /// Time that the network took.
    pub inference_time: gst::ClockTime,
    /// Display aspect ratio of its frame.
    pub frame_aspect: gst::Fraction,
    /// What it covers of the picture that its buffer holds; None for all of it.
    pub frame: Option<Rectangle>,
    /// Whether its frame shows nothing new since the one that it was made from: what was found for
    /// the same sample then holds for this frame, too.
    pub still: bool,
    /// The mean colour of the green screen behind the subject, as differences from neutral in bytes
    /// of full range; None without one.
    pub screen: Option<[i8; 2]>,
}

impl Matte {
    /// Whether the matte still lies on a frame of this display aspect ratio.
    pub fn fits(&self, aspect: gst::Fraction) -> bool {
        same_shape(self.frame_aspect, aspect)
    }

    /// Whether the matte covers the very part of the buffer's picture that is the frame. It does not
    /// where the frame was cropped after the matte was made.
    pub fn lies_on(&self, visible: &Visible) -> bool {
        match self.frame {
            Some(frame) => frame == visible.frame,
            None => !visible.cropped || visible.is_all(),
        }
    }

    /// Puts the matte on a buffer, in the place of one that it already carries.
    ///
    /// # Errors
    /// Where GStreamer refuses the meta (out of memory, a locked buffer).
    pub fn attach(&self, buffer: &mut gst::BufferRef) -> Result<(), glib::BoolError> {
        register();
        if !with_ours(buffer, |structure| self.write(structure)) {
            add(buffer)?;
            with_ours(buffer, |structure| self.write(structure));
        }
        Ok(())
    }

    fn write(&self, structure: &mut gst::StructureRef) {
        structure.set("matte", &self.sample);
        structure.set("stage", self.stage.as_str());
        structure.set(
            "frame-pts",
            self.frame_pts.map_or(u64::MAX, |t| t.nseconds()),
        );
        structure.set("inferred", self.inferred);
        structure.set("inference-time", self.inference_time.nseconds());
        structure.set("frame-aspect", self.frame_aspect);
        structure.set("still", self.still);
        match self.frame {
            Some(frame) => {
                let sides = [frame.x, frame.y, frame.width, frame.height];
                for (name, side) in RECTANGLE.iter().zip(sides) {
                    structure.set(*name, u32::try_from(side).unwrap_or(u32::MAX));
                }
            }
            None => remove(structure, RECTANGLE),
        }
        match self.screen {
            Some(screen) => {
                for (name, side) in SCREEN.iter().zip(screen) {
                    structure.set(*name, i32::from(side));
                }
            }
            None => remove(structure, SCREEN),
        }
    }

    /// The matte that a buffer carries, if there is one and it is whole.
    pub fn of(buffer: &gst::BufferRef) -> Option<Self> {
        register();
        buffer
            .iter_meta::<gst::Meta>()
            .find_map(|meta| Self::read(meta.try_as_custom_meta()?.structure()))
    }

    fn read(structure: &gst::StructureRef) -> Option<Self> {
        if !is_ours(structure) {
            return None;
        }
        let pts = structure.get::<u64>("frame-pts").ok()?;
        Some(Self {
            sample: structure.get("matte").ok()?,
            stage: Stage::from_name(structure.get::<&str>("stage").ok()?)?,
            frame_pts: (pts != u64::MAX).then(|| gst::ClockTime::from_nseconds(pts)),
            inferred: structure.get("inferred").ok()?,
            inference_time: gst::ClockTime::from_nseconds(structure.get("inference-time").ok()?),
            frame_aspect: structure.get("frame-aspect").ok()?,
            frame: read_rectangle(structure),
            still: structure.get("still").unwrap_or(false),
            screen: read_screen(structure),
        })
    }

    /// Takes the matte off a buffer, if it carries one.
    pub fn detach(buffer: &mut gst::BufferRef) {
        register();
        if let Ok(meta) = CustomMeta::from_mut_buffer(buffer, NAME) {
            // `remove` fails only for metas that are locked; ours never are.
            let _ = meta.remove();
        }
    }
}

/// Removes fields that a structure may have; mostly it has none of them.
fn remove<const N: usize>(structure: &mut gst::StructureRef, names: [&str; N]) {
    for name in names {
        if structure.has_field(name) {
            structure.remove_field(name);
        }
    }
}

fn read_rectangle(structure: &gst::StructureRef) -> Option<Rectangle> {
    let side = |name: &str| structure.get::<u32>(name).ok().map(|side| side as usize);
    let [x, y, width, height] = RECTANGLE.map(side);
    Some(Rectangle {
        x: x?,
        y: y?,
        width: width?,
        height: height?,
    })
}

fn read_screen(structure: &gst::StructureRef) -> Option<[i8; 2]> {
    let side = |name: &str| i8::try_from(structure.get::<i32>(name).ok()?).ok();
    let [u, v] = SCREEN.map(side);
    Some([u?, v?])
}

/// Whether a custom meta's structure is a matte's. Asking GStreamer for a meta by name makes the
/// binding copy the name onto the heap for each question; comparing names does not.
fn is_ours(structure: &gst::StructureRef) -> bool {
    structure.name() == NAME
}

/// Lets `work` write the structure of the matte that a buffer carries; false where there is none.
fn with_ours(buffer: &mut gst::BufferRef, work: impl FnOnce(&mut gst::StructureRef)) -> bool {
    for mut meta in buffer.iter_meta_mut::<gst::Meta>() {
        if let Some(meta) = meta.try_as_mut_custom_meta()
            && is_ours(meta.structure())
        {
            work(meta.mut_structure());
            return true;
        }
    }
    false
}

/// Adds the meta with nothing in it.
#[allow(
    unsafe_code,
    reason = "the binding of this function copies the name onto the heap for every frame"
)]
fn add(buffer: &mut gst::BufferRef) -> Result<(), glib::BoolError> {
    const NAME: &std::ffi::CStr = c"MatteMeta";
    // SAFETY: the buffer is valid and, being borrowed mutably, writable; the name ends in a zero
    // and outlives the call, which keeps no pointer to it. What is returned belongs to the buffer
    // and is looked at for null only.
    let added = unsafe { gst::ffi::gst_buffer_add_custom_meta(buffer.as_mut_ptr(), NAME.as_ptr()) };
    if added.is_null() {
        return Err(glib::bool_error!("GStreamer refuses the meta MatteMeta"));
    }
    Ok(())
}

/// Registers the meta with GStreamer; every later call does nothing. Called when the plugin is
/// loaded, so that any program can read the meta from then on.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if CustomMeta::is_registered(NAME) {
            return;
        }
        CustomMeta::register_with_transform(
            NAME,
            &["video", "size", "orientation"],
            |dest, meta, source, transform| {
                static QUARKS: OnceLock<[glib::Quark; 2]> = OnceLock::new();
                let [whole, scaled] = QUARKS.get_or_init(|| {
                    [
                        glib::Quark::from_str("gst-copy"),
                        glib::Quark::from_str("gst-video-scale"),
                    ]
                });
                match transform {
                    _ if transform == *whole => copy(dest, meta, &[]),
                    // New memory holds the frame alone; who scales knows nothing of a crop.
                    _ if transform == *scaled && !is_cropped(source, meta) => {
                        copy(dest, meta, &RECTANGLE)
                    }
                    _ => false,
                }
            },
        );
    });
}

/// Whether the frame, or what a matte covers of it, begins elsewhere than in the picture's corner.
fn is_cropped(source: &gst::BufferRef, meta: &CustomMeta) -> bool {
    let frames = [Metas::of(source).crop, read_rectangle(meta.structure())];
    frames
        .iter()
        .flatten()
        .any(|frame| (frame.x, frame.y) != (0, 0))
}

/// Copies a matte with all fields but some.
fn copy(dest: &mut gst::BufferRef, meta: &CustomMeta, without: &[&str]) -> bool {
    add(dest).is_ok()
        && with_ours(dest, |target| {
            for (name, value) in meta.structure().iter() {
                if !without.contains(&name.as_str()) {
                    target.set_value(name, value.clone());
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matte() -> Matte {
        gst::init().unwrap();
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "GRAY8")
            .build();
        Matte {
            sample: gst::Sample::builder()
                .buffer(&gst::Buffer::from_slice([7]))
                .caps(&caps)
                .build(),
            stage: Stage::Raw,
            frame_pts: None,
            inferred: true,
            inference_time: gst::ClockTime::from_useconds(5),
            frame_aspect: gst::Fraction::new(16, 9),
            frame: None,
            still: true,
            screen: Some([-40, -60]),
        }
    }

    #[test]
    fn attach_replaces_and_detach_removes() {
        gst::init().unwrap();
        let mut buffer = gst::Buffer::with_size(4).unwrap();
        let buffer = buffer.get_mut().unwrap();
        assert!(Matte::of(buffer).is_none());
        matte().attach(buffer).unwrap();
        let refined = Matte {
            stage: Stage::Refined,
            inferred: false,
            screen: None,
            ..matte()
        };
        let screen = Matte::of(buffer).unwrap().screen;
        assert_eq!(screen, Some([-40, -60]));
        refined.attach(buffer).unwrap();
        let found = Matte::of(buffer).unwrap();
        assert_eq!(
            (found.stage, found.inferred, found.frame_pts, found.still),
            (Stage::Refined, false, None, true)
        );
        assert_eq!(found.screen, None);
        assert_eq!(NAME, "MatteMeta");
        assert_eq!(buffer.iter_meta::<gst::meta::Meta>().count(), 1);
        Matte::detach(buffer);
        assert!(Matte::of(buffer).is_none());
    }

    #[test]
    fn buffer_copies_keep_the_matte() {
        gst::init().unwrap();
        let mut buffer = gst::Buffer::with_size(4).unwrap();
        matte().attach(buffer.get_mut().unwrap()).unwrap();
        assert!(Matte::of(&buffer.copy()).is_some());
        assert!(Matte::of(&buffer.copy_deep().unwrap()).is_some());
    }

    #[test]
    fn borders_are_noticed_and_rounding_is_not() {
        assert!(matte().fits(gst::Fraction::new(426, 240)));
        assert!(!matte().fits(gst::Fraction::new(4, 3)));
    }
}
