// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::thread;

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// An inbox with caps and a segment, of a background that is live or not.
fn inbox(live: bool) -> Inbox {
    gst::init().unwrap();
    let inbox = Inbox::default();
    inbox.activate(true);
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 2, 2)
        .build()
        .unwrap();
    inbox.stream_start();
    inbox.set_stream(Stream::from_caps(&info.to_caps().unwrap()).unwrap());
    inbox.set_segment(gst::FormattedSegment::new());
    inbox.set_live(live);
    inbox
}

fn frame(pts: u64) -> gst::Buffer {
    let mut buffer = gst::Buffer::new();
    let writable = buffer.get_mut().unwrap();
    writable.set_pts(ms(pts));
    writable.set_duration(ms(40));
    buffer
}

fn shown(inbox: &Inbox, now: u64) -> Option<u64> {
    let pts = |f: Frame| f.buffer.pts().unwrap().mseconds();
    inbox.select(Some(ms(now))).frame.map(pts)
}

#[test]
fn the_newest_frame_whose_time_has_come_is_shown() {
    let inbox = inbox(false);
    assert_eq!(shown(&inbox, 0), None);
    inbox.push(frame(0)).unwrap();
    inbox.push(frame(40)).unwrap();
    assert_eq!(shown(&inbox, 39), Some(0));
    inbox.push(frame(80)).unwrap();
    assert_eq!(shown(&inbox, 100), Some(80));
    assert_eq!(shown(&inbox, 500), Some(80));
}

#[test]
fn a_live_background_is_never_blocked_and_goes_on_early_instead() {
    let inbox = inbox(true);
    for i in 0..10 {
        inbox.push(frame(1000 + 40 * i)).unwrap();
    }
    assert_eq!(shown(&inbox, 0), Some(1000 + 40 * (9 - CAPACITY as u64)));
}

#[test]
fn a_full_inbox_blocks_until_flushed_closed_or_read() {
    let full = || {
        let inbox = inbox(false);
        for i in 0..CAPACITY as u64 {
            inbox.push(frame(40 * i)).unwrap();
        }
        inbox
    };
    type Way = (fn(&Inbox), Result<gst::FlowSuccess, gst::FlowError>);
    let ways: [Way; 4] = [
        (Inbox::flush_start, Err(gst::FlowError::Flushing)),
        (|i| i.activate(false), Err(gst::FlowError::Flushing)),
        (
            |i| i.close(Some(gst::FlowError::Eos)),
            Err(gst::FlowError::Eos),
        ),
        (|i| drop(i.select(Some(ms(50)))), Ok(gst::FlowSuccess::Ok)),
    ];
    for (way, expected) in ways {
        let inbox = full();
        thread::scope(|scope| {
            let blocked = scope.spawn(|| inbox.push(frame(1000)));
            way(&inbox);
            assert_eq!(blocked.join().unwrap(), expected);
        });
    }
}

#[test]
fn waiting_ends_with_the_right_frame_or_in_vain_only_once() {
    let inbox = inbox(false);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| inbox.wait(Some(ms(50)), Duration::from_secs(60)));
        inbox.push(frame(0)).unwrap();
        inbox.push(frame(40)).unwrap();
        let frame = waiting.join().unwrap().frame.expect("frames came");
        assert_eq!(frame.buffer.pts(), Some(ms(40)));
    });
    assert!(inbox.select(Some(ms(90))).behind);
    assert!(!inbox.wait(Some(ms(90)), Duration::from_millis(1)).behind);
    assert!(!inbox.select(Some(ms(130))).behind, "it is not waited for");
    inbox.push(frame(80)).unwrap();
    assert!(inbox.select(Some(ms(130))).behind, "it is back");
    inbox.interrupt(true);
    inbox.wait(Some(ms(130)), Duration::from_secs(60));
}

#[test]
fn the_end_comes_when_the_last_frame_is_over() {
    let inbox = inbox(false);
    inbox.push(frame(0)).unwrap();
    inbox.end();
    assert!(!inbox.select(Some(ms(39))).ended);
    assert!(inbox.select(Some(ms(40))).ended);
    assert_eq!(inbox.push(frame(40)), Err(gst::FlowError::Eos));
}

#[test]
fn a_background_that_starts_over_is_shown_from_then_on() {
    let inbox = inbox(false);
    inbox.push(frame(0)).unwrap();
    assert_eq!(shown(&inbox, 0), Some(0));
    inbox.flush_start();
    inbox.flush_stop();
    inbox.set_segment(gst::FormattedSegment::new());
    inbox.push(frame(0)).unwrap();
    inbox.push(frame(40)).unwrap();
    assert_eq!(shown(&inbox, 5000), Some(0));
    assert_eq!(shown(&inbox, 5039), Some(0));
    assert_eq!(shown(&inbox, 5040), Some(40));
}

#[test]
fn a_camera_that_starts_over_takes_the_background_along() {
    let inbox = inbox(false);
    inbox.push(frame(9000)).unwrap();
    inbox.push(frame(9040)).unwrap();
    assert_eq!(shown(&inbox, 0), None, "one that is to start later waits");
    inbox.camera_restarted();
    assert_eq!(shown(&inbox, 0), Some(9000));
    assert_eq!(shown(&inbox, 40), Some(9040));
}

#[test]
fn frames_outside_of_the_segment_are_not_seen() {
    let inbox = inbox(false);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(ms(100));
    inbox.set_segment(segment);
    inbox.push(frame(0)).unwrap();
    assert_eq!(shown(&inbox, 0), None);
    inbox.push(frame(90)).unwrap();
    assert_eq!(shown(&inbox, 0), Some(90), "it is cut, not dropped");
}
