// SPDX-License-Identifier: MPL-2.0

//! A second video behind the subject: one frame out for every camera frame, whatever the
//! background does.

use crate::common;
use common::{attach, frame, info, init, pixels, two_rooms};
use gst::prelude::*;
use gst_check::Harness;
use gst_video::{VideoFormat, VideoInfo};

/// What the camera sees; every pixel of it.
const SUBJECT: u8 = 200;
/// Luma of the privacy fill; GRAY8 is full range.
const CURTAIN: u8 = 32;

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// A gray frame. The camera's carry a matte: the left half is the subject.
fn gray(info: &VideoInfo, value: u8, pts: gst::ClockTime) -> gst::Buffer {
    let mut buffer = frame(info, |_| value);
    let writable = buffer.get_mut().expect("it is new");
    writable.set_pts(pts);
    writable.set_duration(ms(33));
    buffer
}

fn camera_frame(info: &VideoInfo, pts: gst::ClockTime) -> gst::Buffer {
    let mut buffer = gray(info, SUBJECT, pts);
    let width = info.width() as usize;
    attach(
        &mut buffer,
        info,
        (width, info.height() as usize),
        |x, _| if x < width / 2 { 255 } else { 0 },
    );
    buffer
}

/// The element between two harnesses, one for each sink pad.
struct Rig {
    camera: Harness,
    background: Option<Harness>,
    camera_info: VideoInfo,
    background_info: VideoInfo,
    element: gst::Element,
}

impl Rig {
    fn new(live: bool, background: bool) -> Self {
        init();
        let gray8 = |w, h| info(VideoFormat::Gray8, w, h);
        Self::of(gray8(16, 8), gray8(16, 8), live, background)
    }

    fn of(camera_info: VideoInfo, background_info: VideoInfo, live: bool, linked: bool) -> Self {
        init();
        let element = gst::ElementFactory::make("mattemix").build().unwrap();
        let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
        camera.set_live(live);
        camera.set_src_caps(camera_info.to_caps().unwrap());
        let background = linked.then(|| {
            let mut background = Harness::with_element(&element, Some("background"), None);
            background.set_live(live);
            background.set_src_caps(background_info.to_caps().unwrap());
            background
        });
        Self {
            camera,
            background,
            camera_info,
            background_info,
            element,
        }
    }

    /// Sends a camera frame and returns what comes out: PTS, and the left and right edge.
    fn shoot(&mut self, pts: u64) -> (u64, u8, u8) {
        let buffer = camera_frame(&self.camera_info, ms(pts));
        self.camera.push(buffer).expect("the camera is not held up");
        self.pull()
    }

    fn pull(&mut self) -> (u64, u8, u8) {
        let out = self.camera.pull().expect("a frame comes out");
        let caps = self.camera.sinkpad().unwrap().current_caps().unwrap();
        let seen = pixels(&out, &caps);
        let width = self.camera_info.width() as usize;
        let pts = out.pts().expect("frames have times").mseconds();
        (pts, seen[0], seen[width - 1])
    }

    fn behind(&mut self, value: u8, pts: u64) {
        let buffer = gray(&self.background_info, value, ms(pts));
        self.background().push(buffer).expect("it is taken");
    }

    fn background(&mut self) -> &mut Harness {
        self.background.as_mut().expect("this test has one")
    }
}

#[test]
fn every_camera_frame_comes_out_with_its_own_times() {
    let mut rig = Rig::new(true, false);
    for pts in [0, 33, 40, 200, 201, 1000] {
        assert_eq!(rig.shoot(pts), (pts, SUBJECT, CURTAIN));
    }
    let caps = rig.camera.sinkpad().unwrap().current_caps().unwrap();
    assert_eq!(caps, rig.camera_info.to_caps().unwrap());
    let segment = rig.camera.sinkpad().unwrap();
    let segment = segment.sticky_event::<gst::event::Segment>(0).unwrap();
    assert_eq!(segment.segment().format(), gst::Format::Time);
    rig.camera.push_event(gst::event::Eos::new());
    while rig.camera.pull_event().expect("EOS comes").type_() != gst::EventType::Eos {}
}

#[test]
fn a_late_background_is_shown_when_it_comes_and_held_when_it_stops() {
    let mut rig = Rig::new(true, true);
    assert_eq!(rig.shoot(0), (0, SUBJECT, CURTAIN));
    rig.behind(50, 30);
    assert_eq!(rig.shoot(33), (33, SUBJECT, 50));
    assert_eq!(rig.shoot(66), (66, SUBJECT, 50));
    rig.behind(60, 90);
    assert_eq!(rig.shoot(89), (89, SUBJECT, 50));
    assert_eq!(rig.shoot(90), (90, SUBJECT, 60));
    assert_eq!(rig.shoot(5000), (5000, SUBJECT, 60));
}

/// Sends all frames of both streams at once and returns what comes out.
fn files(camera: &[u64], background: &[u64], end: bool) -> Vec<(u64, u8, u8)> {
    let mut rig = Rig::new(false, true);
    rig.element
        .set_property("background-timeout", if end { 60_000u32 } else { 30 });
    let mut behind = rig.background.take().expect("this rig has one");
    let frames: Vec<_> = background
        .iter()
        .map(|pts| {
            let mut frame = gray(&rig.background_info, (pts / 10) as u8, ms(*pts));
            let duration = ms(background[1] - background[0]);
            frame.get_mut().expect("it is new").set_duration(duration);
            frame
        })
        .collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for frame in frames {
                // Refused once the output has all it needs.
                if behind.push(frame).is_err() {
                    return;
                }
            }
            if end {
                behind.push_event(gst::event::Eos::new());
            }
        });
        let seen: Vec<_> = camera.iter().map(|pts| rig.shoot(*pts)).collect();
        rig.element.set_state(gst::State::Null).unwrap();
        seen
    })
}

fn every(step: u64, count: u64) -> Vec<u64> {
    (0..count).map(|i| i * step).collect()
}

#[test]
fn two_files_are_matched_by_running_time_exactly() {
    for step in [10, 20, 33, 40, 100, 300] {
        let background = every(step, 90);
        for (pts, left, right) in files(&every(33, 30), &background, true) {
            let expected = background.iter().rfind(|b| **b <= pts).expect("one at 0");
            assert_eq!(
                (left, u64::from(right)),
                (SUBJECT, expected / 10),
                "a frame every {step} ms, at {pts}"
            );
        }
    }
}

#[test]
fn a_file_that_stops_without_end_holds_nobody_up() {
    let seen = files(&every(33, 30), &every(40, 5), false);
    let last = seen.last().expect("frames came out");
    assert_eq!((seen.len(), *last), (30, (29 * 33, SUBJECT, 16)));
}

#[test]
fn a_file_behind_a_live_camera_keeps_the_cameras_time() {
    let mut rig = Rig::new(true, true);
    rig.background().set_live(false);
    for pts in [0, 40] {
        rig.behind(10 + pts as u8, pts);
    }
    assert_eq!(rig.shoot(0), (0, SUBJECT, 10));
    rig.behind(90, 80);
    assert_eq!(rig.shoot(41), (41, SUBJECT, 50));
    assert_eq!(rig.shoot(100), (100, SUBJECT, 90));
}

#[test]
fn the_end_of_the_background_is_held_coloured_or_the_end() {
    let at_end = |policy: &str| {
        let mut rig = Rig::new(true, true);
        rig.element.set_property_from_str("background-eos", policy);
        rig.element.set_property("color", 0xffff_ffffu32);
        rig.behind(50, 0);
        rig.background().push_event(gst::event::Eos::new());
        assert_eq!(rig.shoot(0), (0, SUBJECT, 50), "{policy}");
        assert_eq!(rig.shoot(32), (32, SUBJECT, 50), "{policy}");
        rig
    };
    assert_eq!(at_end("hold").shoot(500), (500, SUBJECT, 50));
    assert_eq!(at_end("color").shoot(500), (500, SUBJECT, 255));
    let mut rig = at_end("eos");
    let buffer = camera_frame(&rig.camera_info, ms(500));
    // The camera hears of it at the latest with the frame after.
    let _ = rig.camera.push(buffer);
    while rig.camera.pull_event().expect("EOS comes").type_() != gst::EventType::Eos {}
    assert_eq!(rig.camera.buffers_in_queue(), 0);
}

#[test]
fn an_end_before_the_first_frame_is_an_end() {
    init();
    for caps in [false, true] {
        let element = gst::ElementFactory::make("mattemix").build().unwrap();
        let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
        if caps {
            let info = info(VideoFormat::Nv12, 16, 8);
            camera.set_src_caps(info.to_caps().unwrap());
        }
        camera.push_event(gst::event::Eos::new());
        while camera.pull_event().expect("EOS comes").type_() != gst::EventType::Eos {}
    }
}

#[test]
fn caps_may_change_on_both_pads() {
    let mut rig = Rig::new(true, true);
    rig.behind(50, 0);
    assert_eq!(rig.shoot(0), (0, SUBJECT, 50));
    rig.background_info = info(VideoFormat::Gray8, 7, 5);
    let caps = rig.background_info.to_caps().unwrap();
    rig.background().set_src_caps(caps);
    assert_eq!(
        rig.shoot(10),
        (10, SUBJECT, 50),
        "the old frame has old caps"
    );
    rig.behind(60, 20);
    assert_eq!(rig.shoot(20), (20, SUBJECT, 60));
    for (width, height, pts) in [(33, 17, 30), (1, 1, 40), (64, 36, 50)] {
        rig.camera_info = info(VideoFormat::Nv12, width, height);
        rig.camera.set_src_caps(rig.camera_info.to_caps().unwrap());
        let (at, _, right) = rig.shoot(pts);
        let caps = rig.camera.sinkpad().unwrap().current_caps().unwrap();
        assert_eq!(caps, rig.camera_info.to_caps().unwrap());
        // 60 of 255 in limited range.
        assert_eq!((at, right), (pts, 68), "{width}x{height}");
    }
}

#[test]
fn a_flush_of_the_camera_flushes_the_output_and_leaves_the_background() {
    for live in [true, false] {
        let mut rig = Rig::new(live, true);
        rig.element.set_property("background-timeout", 30u32);
        rig.behind(50, 0);
        assert_eq!(rig.shoot(0), (0, SUBJECT, 50));
        assert!(rig.camera.push_event(gst::event::FlushStart::new()));
        assert!(rig.camera.push_event(gst::event::FlushStop::new(true)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(rig.camera.push_event(gst::event::Segment::new(&segment)));
        assert_eq!(rig.shoot(0), (0, SUBJECT, 50), "the last frame is held");
        rig.behind(60, 20);
        assert_eq!(rig.shoot(33), (33, SUBJECT, 60));
        let mut seen = Vec::new();
        while let Some(event) = rig.camera.try_pull_event() {
            seen.push(event.type_());
        }
        let at = |kind| seen.iter().position(|t| *t == kind);
        let (start, stop) = (
            at(gst::EventType::FlushStart),
            at(gst::EventType::FlushStop),
        );
        assert!(start.is_some() && start < stop, "{seen:?}");
        assert!(stop < seen.iter().rposition(|t| *t == gst::EventType::Segment));
    }
}

#[test]
fn a_background_loops_by_flushing() {
    let mut rig = Rig::new(false, true);
    rig.element.set_property("background-timeout", 30u32);
    for round in 0..3u64 {
        rig.behind(50, 0);
        rig.behind(60, 40);
        assert_eq!(rig.shoot(round * 5000), (round * 5000, SUBJECT, 50));
        assert_eq!(
            rig.shoot(round * 5000 + 66),
            (round * 5000 + 66, SUBJECT, 60)
        );
        let background = rig.background();
        background.push_event(gst::event::Eos::new());
        assert!(background.push_event(gst::event::FlushStart::new()));
        assert!(background.push_event(gst::event::FlushStop::new(true)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(background.push_event(gst::event::Segment::new(&segment)));
    }
    let flushes = std::iter::from_fn(|| rig.camera.try_pull_event());
    let flushes = flushes.filter(|e| e.type_() == gst::EventType::FlushStart);
    assert_eq!(flushes.count(), 0, "the output is not flushed with it");
}

#[test]
fn stopping_frees_a_background_that_waits_and_starting_again_works() {
    let mut rig = Rig::new(false, true);
    for _ in 0..3 {
        let mut behind = rig.background.take().expect("this rig has one");
        let future = gray(&rig.background_info, 70, ms(1000));
        let first = gray(&rig.background_info, 50, ms(0));
        std::thread::scope(|scope| {
            let blocked = scope.spawn(|| {
                behind.push(first)?;
                loop {
                    behind.push(future.copy())?;
                }
            });
            assert_eq!(rig.shoot(0), (0, SUBJECT, 50));
            rig.element.set_state(gst::State::Null).unwrap();
            let stopped: Result<(), gst::FlowError> = blocked.join().unwrap();
            assert_eq!(stopped, Err(gst::FlowError::Flushing));
        });
        rig.element.set_state(gst::State::Playing).unwrap();
        rig.camera.set_src_caps(rig.camera_info.to_caps().unwrap());
        behind.set_src_caps(rig.background_info.to_caps().unwrap());
        rig.background = Some(behind);
    }
}

#[test]
fn frames_are_composed_in_the_cameras_own_memory() {
    let mut rig = Rig::new(true, true);
    rig.behind(50, 0);
    let buffer = camera_frame(&rig.camera_info, ms(0));
    let address = |b: &gst::BufferRef| b.map_readable().unwrap().as_ptr() as usize;
    let before = address(&buffer);
    rig.camera.push(buffer).unwrap();
    let out = rig.camera.pull().unwrap();
    assert_eq!(address(&out), before);
    // A frame that somebody else holds, too, stays as it is.
    let shared = camera_frame(&rig.camera_info, ms(33));
    rig.camera.push(shared.clone()).unwrap();
    let out = rig.camera.pull().unwrap();
    assert_ne!(address(&out), address(&shared));
    assert!(common::bytes(&shared).iter().all(|b| *b == SUBJECT));
}

#[test]
fn latency_is_the_cameras() {
    let mut rig = Rig::new(true, true);
    rig.camera.set_upstream_latency(ms(20));
    rig.background().set_upstream_latency(ms(700));
    let mut query = gst::query::Latency::new();
    assert!(rig.element.static_pad("src").unwrap().query(&mut query));
    let (live, min, _) = query.result();
    assert_eq!((live, min), (true, ms(20)));
}

#[test]
fn frames_that_come_too_late_are_dropped_and_said_to_be() {
    let mut rig = Rig::new(true, true);
    let bus = gst::Bus::new();
    rig.element.set_bus(Some(&bus));
    rig.behind(50, 0);
    assert_eq!(rig.shoot(0), (0, SUBJECT, 50));
    let qos = gst::event::Qos::builder(gst::QOSType::Underflow, 1.5, 50_000_000)
        .timestamp(ms(10))
        .build();
    rig.camera.push_upstream_event(qos);
    let late = camera_frame(&rig.camera_info, ms(33));
    rig.camera.push(late).unwrap();
    assert_eq!(rig.shoot(66), (66, SUBJECT, 50));
    let message = bus
        .pop_filtered(&[gst::MessageType::Qos])
        .expect("it says so");
    let gst::MessageView::Qos(message) = message.view() else {
        unreachable!("it was filtered")
    };
    assert_eq!(message.get().1, Some(ms(33)));
    rig.element.set_bus(None);
}

/// Formats of the camera and of the background.
const FORMATS: &[(VideoFormat, VideoFormat)] = &[
    (VideoFormat::Nv12, VideoFormat::Nv12),
    (VideoFormat::I420, VideoFormat::Bgrx),
    (VideoFormat::Yuy2, VideoFormat::I420),
    (VideoFormat::Bgrx, VideoFormat::Yuy2),
];

const SIZES: [(u32, u32); 4] = [(64, 36), (33, 17), (2, 2), (1, 1)];

#[test]
fn what_is_behind_the_subject_is_the_background_in_every_format() {
    init();
    for &(format, other) in FORMATS {
        for (width, height) in SIZES {
            let camera = info(format, width, height);
            for behind in [info(other, 40, 30), info(format, width, height)] {
                let results = [[0, 0], [1, 0], [0, 1]].map(|[room, picture]| {
                    let mut rig = Rig::of(camera.clone(), behind.clone(), true, true);
                    let picture = two_rooms(&behind)[picture].copy();
                    rig.background().push(picture).unwrap();
                    let mut buffer = two_rooms(&camera)[room].copy_deep().unwrap();
                    attach(&mut buffer, &camera, (16, 9), |_, _| 0);
                    rig.camera.push(buffer).unwrap();
                    pixels(&rig.camera.pull().unwrap(), &camera.to_caps().unwrap())
                });
                let name = format!("{format:?} {width}x{height} over {:?}", behind.format());
                assert_eq!(results[0], results[1], "{name}: the room is seen");
                assert_ne!(results[0], results[2], "{name}: the background is not");
            }
        }
    }
}

#[test]
fn without_a_valid_matte_the_room_is_not_seen() {
    init();
    type Fault = fn(&mut gst::Buffer, &VideoInfo);
    let faults: [(&str, Fault); 3] = [
        ("no matte", |_, _| ()),
        ("another shape", |buffer, info| {
            let other = common::info(info.format(), info.width() * 2, info.height());
            attach(buffer, &other, (16, 9), |_, _| 255);
        }),
        ("too little memory", |buffer, info| {
            attach(buffer, info, (16, 9), |_, _| 255);
            let mut matte = gstmatte::meta::Matte::of(buffer).expect("just attached");
            matte.sample = gst::Sample::builder()
                .buffer(&gst::Buffer::with_size(3).expect("three bytes"))
                .caps(&matte.sample.caps_owned().expect("a matte has caps"))
                .build();
            matte.attach(buffer.make_mut()).expect("buffers take it");
        }),
    ];
    for &(format, other) in FORMATS {
        for (width, height) in SIZES {
            let camera = info(format, width, height);
            // No background; one in the camera's format; another one; one that cannot be read.
            for kind in 0..4 {
                let behind = match kind {
                    1 => camera.clone(),
                    _ => info(other, 40, 30),
                };
                for on_missing in ["hide", "freeze"] {
                    for (fault, spoil) in faults {
                        let [a, b] = two_rooms(&camera).map(|mut buffer| {
                            let mut rig = Rig::of(camera.clone(), behind.clone(), true, kind > 0);
                            rig.element
                                .set_property_from_str("on-missing-matte", on_missing);
                            if kind == 3 {
                                let mut broken = gst::Buffer::with_size(3).unwrap();
                                broken.get_mut().unwrap().set_pts(ms(0));
                                rig.background().push(broken).unwrap();
                            } else if kind > 0 {
                                let [picture, _] = two_rooms(&behind);
                                rig.background().push(picture).unwrap();
                            }
                            spoil(&mut buffer, &camera);
                            rig.camera.push(buffer).unwrap();
                            pixels(&rig.camera.pull().unwrap(), &camera.to_caps().unwrap())
                        });
                        assert_eq!(
                            a, b,
                            "{format:?} {width}x{height}, background {kind}, {on_missing}: {fault}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn fail_is_an_error_and_passthrough_shows_the_frame() {
    let mut rig = Rig::new(true, false);
    rig.element
        .set_property_from_str("on-missing-matte", "passthrough");
    let room = gray(&rig.camera_info, 99, ms(0));
    rig.camera.push(room.copy()).unwrap();
    assert_eq!(rig.pull(), (0, 99, 99));
    let bus = gst::Bus::new();
    rig.element.set_bus(Some(&bus));
    rig.element
        .set_property_from_str("on-missing-matte", "fail");
    rig.camera.push(room).unwrap();
    let timeout = gst::ClockTime::from_seconds(60);
    let error = bus.timed_pop_filtered(timeout, &[gst::MessageType::Error]);
    assert!(error.is_some());
    rig.element.set_bus(None);
}
