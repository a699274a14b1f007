// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::thread;

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// A queue with caps and a segment, of a background that is live or not.
fn queue(live: bool) -> BackgroundQueue {
    gst::init().unwrap();
    let queue = BackgroundQueue::default();
    queue.activate(true);
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 2, 2)
        .build()
        .unwrap();
    queue.stream_start();
    queue.set_stream(Stream::from_caps(&info.to_caps().unwrap()).unwrap());
    queue.set_segment(gst::FormattedSegment::new());
    queue.set_live(live);
    queue
}

fn frame(pts: u64) -> gst::Buffer {
    let mut buffer = gst::Buffer::new();
    let writable = buffer.get_mut().unwrap();
    writable.set_pts(ms(pts));
    writable.set_duration(ms(40));
    buffer
}

fn shown(queue: &BackgroundQueue, now: u64) -> Option<u64> {
    let pts = |f: BackgroundFrame| f.buffer.pts().unwrap().mseconds();
    queue.select(Some(ms(now))).frame.map(pts)
}

#[test]
fn the_newest_frame_whose_time_has_come_is_shown() {
    let queue = queue(false);
    assert_eq!(shown(&queue, 0), None);
    queue.push(frame(0)).unwrap();
    queue.push(frame(40)).unwrap();
    assert_eq!(shown(&queue, 39), Some(0));
    queue.push(frame(80)).unwrap();
    assert_eq!(shown(&queue, 100), Some(80));
    assert_eq!(shown(&queue, 500), Some(80));
}

#[test]
fn a_live_background_is_never_blocked_and_goes_on_early_instead() {
    let queue = queue(true);
    for i in 0..10 {
        queue.push(frame(1000 + 40 * i)).unwrap();
    }
    assert_eq!(shown(&queue, 0), Some(1000 + 40 * (9 - CAPACITY as u64)));
}

#[test]
fn a_full_queue_blocks_until_flushed_closed_or_read() {
    let full = || {
        let queue = queue(false);
        for i in 0..CAPACITY as u64 {
            queue.push(frame(40 * i)).unwrap();
        }
        queue
    };
    type Way = (
        fn(&BackgroundQueue),
        Result<gst::FlowSuccess, gst::FlowError>,
    );
    let ways: [Way; 4] = [
        (BackgroundQueue::flush_start, Err(gst::FlowError::Flushing)),
        (|i| i.activate(false), Err(gst::FlowError::Flushing)),
        (
            |i| i.close(Some(gst::FlowError::Eos)),
            Err(gst::FlowError::Eos),
        ),
        (|i| drop(i.select(Some(ms(50)))), Ok(gst::FlowSuccess::Ok)),
    ];
    for (way, expected) in ways {
        let queue = full();
        thread::scope(|scope| {
            let blocked = scope.spawn(|| queue.push(frame(1000)));
            way(&queue);
            assert_eq!(blocked.join().unwrap(), expected);
        });
    }
}

#[test]
fn waiting_ends_with_the_right_frame_or_in_vain_only_once() {
    let queue = queue(false);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.wait(Some(ms(50)), Duration::from_secs(60)));
        queue.push(frame(0)).unwrap();
        queue.push(frame(40)).unwrap();
        let frame = waiting.join().unwrap().frame.expect("frames came");
        assert_eq!(frame.buffer.pts(), Some(ms(40)));
    });
    assert!(queue.select(Some(ms(90))).late);
    assert!(!queue.wait(Some(ms(90)), Duration::from_millis(1)).late);
    assert!(!queue.select(Some(ms(130))).late, "it is not waited for");
    queue.push(frame(80)).unwrap();
    assert!(queue.select(Some(ms(130))).late, "it is back");
    queue.interrupt(true);
    queue.wait(Some(ms(130)), Duration::from_secs(60));
}

#[test]
fn the_end_comes_when_the_last_frame_is_over() {
    let queue = queue(false);
    queue.push(frame(0)).unwrap();
    queue.end();
    assert!(!queue.select(Some(ms(39))).ended);
    assert!(queue.select(Some(ms(40))).ended);
    assert_eq!(queue.push(frame(40)), Err(gst::FlowError::Eos));
}

#[test]
fn a_background_that_starts_over_is_shown_from_then_on() {
    let queue = queue(false);
    queue.push(frame(0)).unwrap();
    assert_eq!(shown(&queue, 0), Some(0));
    queue.flush_start();
    queue.flush_stop();
    queue.set_segment(gst::FormattedSegment::new());
    queue.push(frame(0)).unwrap();
    queue.push(frame(40)).unwrap();
    assert_eq!(shown(&queue, 5000), Some(0));
    assert_eq!(shown(&queue, 5039), Some(0));
    assert_eq!(shown(&queue, 5040), Some(40));
}

#[test]
fn a_camera_that_starts_over_takes_the_background_along() {
    let queue = queue(false);
    queue.push(frame(9000)).unwrap();
    queue.push(frame(9040)).unwrap();
    assert_eq!(shown(&queue, 0), None, "one that is to start later waits");
    queue.camera_restarted();
    assert_eq!(shown(&queue, 0), Some(9000));
    assert_eq!(shown(&queue, 40), Some(9040));
}

#[test]
fn frames_outside_of_the_segment_are_not_seen() {
    let queue = queue(false);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(ms(100));
    queue.set_segment(segment);
    queue.push(frame(0)).unwrap();
    assert_eq!(shown(&queue, 0), None);
    queue.push(frame(90)).unwrap();
    assert_eq!(shown(&queue, 0), Some(90), "it is cut, not dropped");
}
