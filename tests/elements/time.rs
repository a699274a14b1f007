// SPDX-License-Identifier: MPL-2.0

//! Effects over time on streams whose timestamps are wrong, that drop frames, start over, change
//! their caps, play backwards or at another rate. The room must be hidden in time on all of them.

use crate::common;
use common::pipeline::{green_model, scratch};
use common::random::Random;
use common::{attach, frame, info, init, pixels, two_rooms};
use gst::prelude::*;
use gst_check::Harness;
use gst_video::{VideoFormat, VideoInfo};
use std::collections::HashSet;

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// The timestamp of frame `i`, in ms, if frames are 33 ms apart.
type Times = fn(u64) -> Option<u64>;

const KINDS: &[(&str, Times)] = &[
    ("right", |i| Some(33 * i)),
    ("missing", |_| None),
    ("zero", |_| Some(0)),
    ("constant", |_| Some(777)),
    ("falling", |i| Some(33 * (1000 - i))),
    ("swapped", |i| Some(33 * (i ^ 1))),
    ("far ahead", |i| Some(3_600_000 * i)),
    ("in bursts", |i| Some(i / 50)),
];

/// Caps of 30 frames a second, and of no rate.
fn rates(format: VideoFormat) -> [VideoInfo; 2] {
    init();
    [30, 0].map(|rate| {
        VideoInfo::builder(format, 64, 48)
            .fps((rate, 1))
            .build()
            .expect("the size is valid")
    })
}

/// What is seen of a frame as it is.
fn seen(buffer: &gst::Buffer, info: &VideoInfo) -> Vec<u8> {
    pixels(buffer, &info.to_caps().expect("valid caps"))
}

fn at(buffer: &gst::Buffer, time: Option<u64>) -> gst::Buffer {
    let mut buffer = buffer.copy();
    buffer.make_mut().set_pts(time.map(ms));
    buffer
}

/// An element that takes frames one by one.
struct Rig {
    harness: Harness,
    element: gst::Element,
}

impl Rig {
    fn new(element: &str, info: &VideoInfo, set_up: impl FnOnce(&gst::Element)) -> Self {
        init();
        let element = gst::ElementFactory::make(element).build().unwrap();
        set_up(&element);
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.set_src_caps(info.to_caps().expect("valid caps"));
        Self { harness, element }
    }

    fn push(&mut self, buffer: gst::Buffer) -> gst::Buffer {
        self.harness.push(buffer).expect("the frame goes through");
        self.harness.pull().expect("a frame comes out")
    }

    /// What is seen of the frame that comes out.
    fn show(&mut self, buffer: gst::Buffer) -> Vec<u8> {
        let out = self.push(buffer);
        let caps = self.harness.sinkpad().and_then(|pad| pad.current_caps());
        pixels(&out, &caps.expect("caps come before frames"))
    }

    /// Whether `matterefine` began anew with the frame.
    fn begins_anew(&mut self, buffer: gst::Buffer) -> bool {
        self.push(buffer);
        let stats: gst::Structure = self.element.property("stats");
        stats.get::<f64>("motion").expect("a share") == 1.0
    }

    fn segment(&mut self, change: impl FnOnce(&mut gst::FormattedSegment<gst::ClockTime>)) {
        let mut segment = gst::FormattedSegment::new();
        change(&mut segment);
        self.harness.push_event(gst::event::Segment::new(&segment));
    }
}

/// The elements that show or hide the room.
fn hiding(name: &str, info: &VideoInfo) -> Rig {
    Rig::new(name, info, |element| {
        if name == "mattebackground" {
            element.set_property("model", green_model());
        }
        if name != "mattemix" {
            element.set_property_from_str("background", "color");
        }
        element.set_property("enabled", false);
        element.set_property("transition-ms", 300u32);
    })
}

#[test]
fn enabling_hides_the_room_in_time_whatever_the_timestamps() {
    for element in ["mattecompose", "mattemix", "mattebackground"] {
        for info in rates(VideoFormat::Rgb) {
            for (kind, time) in KINDS {
                let case = format!("{element} {} {kind}", info.fps());
                // No green that would be a subject to the model.
                let rooms = two_rooms(&info).map(|mut room| {
                    let data = room.make_mut().map_writable();
                    for (i, byte) in data.unwrap().iter_mut().enumerate() {
                        *byte = if i % 3 == 1 { *byte / 8 } else { *byte };
                    }
                    if element != "mattebackground" {
                        attach(&mut room, &info, (64, 48), |_, _| 0);
                    }
                    room
                });
                let [a, b] = rooms.each_ref().map(|room| {
                    let mut rig = hiding(element, &info);
                    for i in 0..5 {
                        let shown = rig.show(at(room, time(i)));
                        assert!(shown == seen(room, &info), "{case}: off shows the room");
                    }
                    rig.element.set_property("enabled", true);
                    (5..17).fold(Vec::new(), |_, i| rig.show(at(room, time(i))))
                });
                assert!(a == b, "{case}");
            }
        }
    }
}

#[test]
fn disabling_ends_in_time_and_not_before() {
    let [info, _] = rates(VideoFormat::Rgb);
    for element in ["mattecompose", "mattemix"] {
        for (kind, time) in KINDS {
            let [room, _] = two_rooms(&info);
            let mut rig = hiding(element, &info);
            rig.element.set_property("enabled", true);
            rig.element.set_property("transition-ms", 0u32);
            rig.show(at(&room, time(0)));
            rig.element.set_property("transition-ms", 300u32);
            rig.element.set_property("enabled", false);
            let whole = (1..20).position(|i| rig.show(at(&room, time(i))) == seen(&room, &info));
            let frames = whole.map(|last| last + 1);
            assert!(
                frames.is_some_and(|n| (8..=13).contains(&n)),
                "{element} {kind}: {frames:?}"
            );
        }
    }
}

/// A picture of four colours that change ten times a second.
fn animation() -> std::path::PathBuf {
    use image::codecs::gif::GifEncoder;
    use image::{Delay, Frame, Rgba, RgbaImage};
    let file = scratch("colours").join(format!("{}.gif", std::process::id()));
    let data = std::fs::File::create(&file).expect("the scratch folder can be written");
    let mut encoder = GifEncoder::new(data);
    encoder
        .set_repeat(image::codecs::gif::Repeat::Infinite)
        .unwrap();
    for color in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]] {
        let [r, g, b] = color;
        let picture = RgbaImage::from_pixel(16, 12, Rgba([r, g, b, 255]));
        let delay = Delay::from_numer_denom_ms(100, 1);
        encoder
            .encode_frame(Frame::from_parts(picture, 0, 0, delay))
            .unwrap();
    }
    drop(encoder);
    file
}

#[test]
fn animated_pictures_play_whatever_the_timestamps() {
    let file = animation();
    for info in rates(VideoFormat::Rgb) {
        for (kind, time) in KINDS {
            let mut rig = Rig::new("mattecompose", &info, |element| {
                element.set_property("image", file.to_str());
                element.set_property_from_str("background", "image");
            });
            let [room, _] = two_rooms(&info);
            let mut seen = HashSet::new();
            // Pictures are decoded beside the stream, and without a rate the wall counts: not for
            // longer than until all were seen.
            for i in 0..3000 {
                seen.insert(rig.show(at(&room, time(i))));
                if seen.len() == 4 {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            assert_eq!(seen.len(), 4, "{kind} {}", info.fps());
        }
    }
    std::fs::remove_file(file).expect("it was written here");
}

/// A textured frame with sensor noise of its own and the raw matte of a subject.
fn noisy(info: &VideoInfo, seed: u64) -> gst::Buffer {
    let mut random = Random::new(seed);
    let noise: Vec<u8> = (0..info.size()).map(|_| random.below(9) as u8).collect();
    let width = info.width() as usize;
    let mut buffer = frame(info, |i| {
        let (x, y) = (i % width, i / width);
        60 + ((x / 4 * 37 + y / 4 * 91) % 120) as u8 + noise[i]
    });
    attach(
        &mut buffer,
        info,
        (32, 24),
        |x, _| if x < 16 { 255 } else { 0 },
    );
    buffer
}

#[test]
fn steadying_goes_on_whatever_the_timestamps() {
    for info in rates(VideoFormat::Gray8) {
        for (kind, time) in KINDS {
            let mut rig = Rig::new("matterefine", &info, |_| ());
            let anew: Vec<u64> = (0..40)
                .filter(|&i| rig.begins_anew(at(&noisy(&info, i), time(i))))
                .collect();
            // A leap ahead is a gap once; when they go on, they say nothing.
            let allowed: &[u64] = if *kind == "far ahead" { &[0, 1] } else { &[0] };
            assert_eq!(anew, allowed, "{kind} {}", info.fps());
        }
    }
}

#[test]
fn dropped_frames_are_no_new_scene_but_flushes_gaps_and_seeks_are() {
    init();
    let info = info(VideoFormat::Gray8, 64, 48);
    let mut rig = Rig::new("matterefine", &info, |_| ());
    let push = |rig: &mut Rig, pts: u64| {
        let mut buffer = at(&noisy(&info, pts), Some(pts));
        // A leaky queue says so after each frame that it has dropped.
        buffer.make_mut().set_flags(gst::BufferFlags::DISCONT);
        rig.begins_anew(buffer)
    };
    assert!(push(&mut rig, 0));
    assert!((1..30).all(|i| !push(&mut rig, 99 * i)));
    assert!(push(&mut rig, 9_000), "a gap");
    // The same segment again, and the part that follows.
    rig.segment(|_| ());
    assert!(!push(&mut rig, 9_033));
    rig.segment(|segment| {
        segment.set_start(ms(9_066));
        segment.set_time(ms(9_066));
        segment.set_base(ms(9_066));
    });
    assert!(!push(&mut rig, 9_066));
    // The next file of a list.
    rig.harness.push_event(gst::event::StreamStart::new("next"));
    rig.segment(|segment| segment.set_base(ms(9_100)));
    assert!(!push(&mut rig, 0));
    assert!(!push(&mut rig, 33));
    rig.segment(|segment| {
        segment.set_start(ms(60_000));
        segment.set_time(ms(60_000));
        segment.set_base(ms(9_166));
    });
    assert!(push(&mut rig, 60_000), "a seek");
    assert!(!push(&mut rig, 60_033));
    rig.harness.push_event(gst::event::FlushStart::new());
    rig.harness.push_event(gst::event::FlushStop::new(true));
    rig.segment(|_| ());
    assert!(push(&mut rig, 60_066), "a flush");
}

#[test]
fn backwards_and_at_other_rates_the_scene_is_one() {
    init();
    let info = info(VideoFormat::Gray8, 64, 48);
    for rate in [-1.0, 2.0, 0.5, -0.5] {
        let mut rig = Rig::new("matterefine", &info, |_| ());
        rig.segment(|segment| {
            segment.set_rate(rate);
            segment.set_stop(ms(5_000));
        });
        let anew: Vec<u64> = (0..30)
            .filter(|&i| {
                let way = 33 * i;
                let pts = if rate < 0.0 { 5_000 - way } else { way };
                rig.begins_anew(at(&noisy(&info, i), Some(pts)))
            })
            .collect();
        assert_eq!(anew, [0], "{rate}");
    }
}

#[test]
fn a_fade_takes_as_long_as_the_viewer_sees_it_take() {
    init();
    let info = info(VideoFormat::Rgb, 16, 16);
    for (rate, expected) in [(1.0, 9), (2.0, 18), (-2.0, 18), (0.5, 5), (-1.0, 9)] {
        let [mut room, _] = two_rooms(&info);
        attach(&mut room, &info, (16, 16), |_, _| 0);
        let mut rig = hiding("mattecompose", &info);
        rig.segment(|segment| {
            segment.set_rate(rate);
            segment.set_stop(ms(60_000));
        });
        let pts = |i: u64| Some(if rate < 0.0 { 60_000 - 34 * i } else { 34 * i });
        rig.show(at(&room, pts(0)));
        rig.element.set_property("enabled", true);
        let seen: Vec<_> = (1..40).map(|i| rig.show(at(&room, pts(i)))).collect();
        let end = seen.last().expect("forty frames");
        let frames = seen.iter().position(|s| s == end).expect("the last one") + 1;
        assert!(frames.abs_diff(expected) <= 1, "{rate}: {frames}");
    }
}

#[test]
fn new_caps_keep_what_is_known_of_the_scene() {
    init();
    let old = info(VideoFormat::Gray8, 64, 48);
    let builder = |format, w, h| VideoInfo::builder(format, w, h).fps((30, 1));
    for (kept, next) in [
        (
            true,
            VideoInfo::builder(VideoFormat::Gray8, 64, 48).fps((15, 1)),
        ),
        (true, builder(VideoFormat::Gray8, 128, 96)),
        (true, builder(VideoFormat::Rgb, 64, 48)),
        (false, builder(VideoFormat::Gray8, 64, 36)),
    ] {
        let next = next.build().expect("valid caps");
        let mut rig = Rig::new("matterefine", &old, |_| ());
        let flat = |info: &VideoInfo, pts| {
            let mut buffer = frame(info, |_| 90);
            attach(
                &mut buffer,
                info,
                (32, 24),
                |x, _| if x < 16 { 255 } else { 0 },
            );
            at(&buffer, Some(pts))
        };
        (0..5).for_each(|i| drop(rig.push(flat(&old, 33 * i))));
        rig.harness
            .set_src_caps(next.to_caps().expect("valid caps"));
        let anew = rig.begins_anew(flat(&next, 165));
        assert_eq!(anew, !kept, "{next:?}");
    }
}

#[test]
fn a_fade_goes_on_under_new_caps_and_frozen_pictures_show_no_room() {
    init();
    let old = info(VideoFormat::Rgb, 64, 48);
    let [_, slow] = rates(VideoFormat::Rgb);
    for element in ["mattecompose", "mattemix"] {
        for next in [info(VideoFormat::Rgb, 32, 24), slow.clone()] {
            let [a, b] = [0, 1].map(|which| {
                let (mut good, room) = (two_rooms(&old)[which].copy(), &two_rooms(&next)[which]);
                attach(&mut good, &old, (64, 48), |_, _| 0);
                let mut rig = hiding(element, &old);
                rig.element
                    .set_property_from_str("on-missing-matte", "freeze");
                rig.show(at(&good, Some(0)));
                // The effect is half on when the caps change.
                rig.element.set_property("enabled", true);
                (1..5).for_each(|i| drop(rig.show(at(&good, Some(33 * i)))));
                rig.harness
                    .set_src_caps(next.to_caps().expect("valid caps"));
                // Then mattes go missing, while it is fading still.
                let mut with = room.copy();
                attach(&mut with, &next, (64, 48), |_, _| 0);
                let fading = rig.show(at(&with, Some(165)));
                let missing = (6..16).map(|i| rig.show(at(room, Some(33 * i))));
                (fading, missing.collect::<Vec<_>>())
            });
            assert!(a.0 != b.0, "{element}: the fade is under way");
            assert!(a.1 == b.1, "{element} {next:?}");
        }
    }
}
