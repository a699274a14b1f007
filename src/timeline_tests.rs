// SPDX-License-Identifier: MPL-2.0

use super::*;

/// Frames of 30 a second through a timeline.
struct Rig {
    timeline: Timeline,
    segment: Segment,
}

/// A segment that starts at `start` in the file, seen as `time`, from running time `base` on; in ms.
fn segment(start: u64, time: u64, base: u64) -> Segment {
    let ms = gst::ClockTime::from_mseconds;
    let mut segment = Segment::new();
    segment.set_start(ms(start));
    segment.set_time(ms(time));
    segment.set_base(ms(base));
    segment
}

impl Rig {
    fn new() -> Self {
        gst::init().unwrap();
        let mut timeline = Timeline::by_frames();
        timeline.set_rate(gst::Fraction::new(30, 1));
        Self {
            timeline,
            segment: segment(0, 0, 0),
        }
    }

    fn at(&mut self, pts: impl Into<Option<u64>>) -> Tick {
        let mut buffer = gst::Buffer::new();
        let pts = pts.into().map(gst::ClockTime::from_mseconds);
        let buffer = buffer.get_mut().unwrap();
        buffer.set_pts(pts);
        buffer.set_flags(gst::BufferFlags::DISCONT);
        self.timeline.tick(self.segment.upcast_ref(), buffer)
    }

    fn start(&mut self, id: &str) {
        self.timeline.event(&gst::event::StreamStart::new(id));
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn what_follows_in_time_is_one_stream() {
    let mut rig = Rig::new();
    rig.start("a");
    assert!(rig.at(0).restarted);
    assert!(!rig.at(33).restarted);
    // Said again, as live sources do.
    rig.segment = segment(0, 0, 0);
    assert!(!rig.at(66).restarted);
    // The next part of a recording, and what comes after a change of bit rates.
    rig.segment = segment(100, 100, 100);
    let tick = rig.at(100);
    assert!(!tick.breaks() && !tick.other_stream);
    assert_eq!((tick.step.elapsed, tick.now), (ms(34), ms(100)));
    // The same stream, said again.
    rig.start("a");
    let tick = rig.at(133);
    assert!(!tick.breaks() && !tick.other_stream);
    // The next file of a list: its time begins at 0, the viewer's goes on.
    rig.start("b");
    rig.segment = segment(0, 0, 166);
    let tick = rig.at(0);
    assert!(!tick.breaks() && tick.other_stream);
    assert_eq!((tick.step.elapsed, tick.now), (ms(33), ms(166)));
    assert!(!rig.at(33).other_stream);
}

/// What an application or a source does to a stream.
type Change = fn(&mut Rig);

#[test]
fn what_does_not_follow_is_another_time() {
    let others: &[(&str, Change)] = &[
        ("a flush", |rig| {
            rig.timeline.event(&gst::event::FlushStop::new(true));
        }),
        ("a seek that goes on in running time", |rig| {
            rig.segment = segment(90_000, 90_000, 100);
        }),
        ("a segment of another running time", |rig| {
            rig.segment = segment(100, 100, 5_000);
        }),
        ("another rate", |rig| rig.segment.set_rate(0.5)),
        ("another stream of another time", |rig| {
            rig.start("b");
            rig.segment = segment(100, 100, 9_000);
        }),
    ];
    for (name, change) in others {
        let mut rig = Rig::new();
        rig.start("a");
        for pts in [0, 33, 66] {
            rig.at(pts);
        }
        change(&mut rig);
        let pts = rig.segment.start().unwrap().mseconds().max(100);
        assert!(rig.at(pts).restarted, "{name}");
        assert!(!rig.at(pts + 33).breaks(), "{name}");
    }
    // A gap needs no event.
    let mut rig = Rig::new();
    rig.at(0);
    assert!(rig.at(5_000).step.gap);
}

#[test]
fn backwards_and_at_other_rates_time_passes_as_it_is_seen() {
    for rate in [-1.0, 2.0, 0.5, -2.0, 1.0] {
        let mut rig = Rig::new();
        rig.segment.set_rate(rate);
        rig.segment.set_stop(gst::ClockTime::from_seconds(10));
        let pts = |i: u64| {
            let way = 40 * i;
            if rate < 0.0 { 10_000 - way } else { way }
        };
        rig.at(pts(0));
        for i in 1..50 {
            let tick = rig.at(pts(i));
            let seen = Duration::from_secs_f64(0.04 / rate.abs());
            assert!(!tick.breaks(), "{rate}");
            assert_eq!((tick.step.elapsed, tick.scene), (seen, ms(40)), "{rate}");
        }
    }
}

#[test]
fn frames_without_a_place_count_as_frames() {
    let mut rig = Rig::new();
    rig.segment.set_start(gst::ClockTime::from_seconds(100));
    let bytes = gst::FormattedSegment::<gst::format::Bytes>::new();
    for i in 0..20 {
        // Before the segment, without a time, in a segment that has none.
        let tick = match i % 3 {
            0 => rig.at(5),
            1 => rig.at(None),
            _ => rig.timeline.tick(bytes.upcast_ref(), &gst::Buffer::new()),
        };
        assert_eq!(tick.step.elapsed.as_millis(), 33);
    }
}
