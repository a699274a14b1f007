// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longer than any test takes: waits that end by themselves have failed.
const FOREVER: Duration = Duration::from_secs(120);

const fn ms(ms: u64) -> ClockTime {
    ClockTime::from_mseconds(ms)
}

/// A frame at this time, which waits for this long.
const fn wanted(at: u64, patience: Duration) -> Wanted {
    Wanted {
        time: Some(ms(at)),
        tolerance: ms(8),
        patience,
    }
}

/// What a frame that does not wait gets.
fn now(at: u64) -> Wanted {
    wanted(at, Duration::ZERO)
}

/// A queue of a stream of 30 pictures per second.
fn queue(live: bool) -> SmallQueue {
    gst::init().unwrap();
    let queue = SmallQueue::default();
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 4, 4)
        .fps((30, 1))
        .build()
        .unwrap();
    queue.activate(true);
    queue.stream_start();
    queue.set_stream(Stream::from_caps(&info.to_caps().unwrap()).unwrap());
    queue.set_segment(gst::FormattedSegment::new());
    queue.set_live(live);
    queue
}

fn picture(at: u64) -> gst::Buffer {
    let mut buffer = gst::Buffer::with_size(16).unwrap();
    buffer.get_mut().unwrap().set_pts(ms(at));
    buffer
}

fn push(queue: &SmallQueue, at: u64) -> Result<gst::FlowSuccess, gst::FlowError> {
    push_buffer(queue, picture(at))
}

/// From another thread, as the test's own takes.
fn push_buffer(
    queue: &SmallQueue,
    buffer: gst::Buffer,
) -> Result<gst::FlowSuccess, gst::FlowError> {
    thread::scope(|scope| {
        let pushed = scope.spawn(|| queue.push(buffer, || true));
        pushed.join().unwrap()
    })
}

/// The time of the picture, or why there is none.
fn take(queue: &SmallQueue, wanted: Wanted) -> Result<u64, Absent> {
    match queue.take(&wanted) {
        Found::Picture(picture) => Ok(picture.time.mseconds()),
        Found::Absent(why) => Err(why),
        Found::Flushing => panic!("nothing is flushed"),
    }
}

#[test]
fn a_frame_gets_the_picture_of_its_time_and_of_no_other() {
    let queue = queue(true);
    for at in [0, 33, 67] {
        push(&queue, at).unwrap();
    }
    assert_eq!(take(&queue, now(33)), Ok(33));
    assert_eq!(take(&queue, now(33)), Err(Absent::Lost), "it is taken");
    assert_eq!(take(&queue, now(62)), Ok(67), "near enough");
    push(&queue, 100).unwrap();
    push(&queue, 133).unwrap();
    assert_eq!(take(&queue, now(112)), Err(Absent::Lost));
    assert_eq!(take(&queue, now(137)), Ok(133));
    assert_eq!(take(&queue, now(167)), Err(Absent::Late));
}

#[test]
fn of_two_pictures_that_are_near_a_frame_gets_the_nearer_one() {
    let queue = queue(true);
    for at in [0, 4, 8] {
        push(&queue, at).unwrap();
    }
    assert_eq!(take(&queue, now(5)), Ok(4));
    assert_eq!(take(&queue, now(8)), Ok(8));
}

#[test]
fn a_frame_waits_for_its_picture() {
    let queue = queue(true);
    let waits = Barrier::new(2);
    thread::scope(|scope| {
        let taken = scope.spawn(|| {
            waits.wait();
            take(&queue, wanted(33, FOREVER))
        });
        waits.wait();
        push(&queue, 0).unwrap();
        push(&queue, 33).unwrap();
        assert_eq!(taken.join().unwrap(), Ok(33));
    });
}

#[test]
fn a_frame_does_not_wait_for_what_cannot_come() {
    let live = queue(true);
    assert_eq!(take(&live, now(0)), Err(Absent::Nothing));
    // Once in vain is enough.
    assert_eq!(take(&live, wanted(0, FOREVER)), Err(Absent::Nothing));
    push(&live, 0).unwrap();
    assert_eq!(take(&live, now(0)), Ok(0));
    assert_eq!(take(&live, now(33)), Err(Absent::Late));
    assert_eq!(take(&live, wanted(66, FOREVER)), Err(Absent::Late));
    live.end();
    assert_eq!(take(&live, wanted(100, FOREVER)), Err(Absent::Ended));
    let untimed = Wanted {
        time: None,
        ..wanted(0, FOREVER)
    };
    assert_eq!(take(&live, untimed), Err(Absent::Untimed));
    // One thread brings both.
    let one = queue(false);
    one.push(picture(0), || true).unwrap();
    assert_eq!(take(&one, wanted(0, FOREVER)), Ok(0));
    assert_eq!(take(&one, wanted(33, FOREVER)), Err(Absent::OneThread));
    // A pad that is released.
    let released = queue(true);
    released.activate(false);
    assert_eq!(take(&released, wanted(0, FOREVER)), Err(Absent::Ended));
}

#[test]
fn a_stream_of_half_the_rate_costs_no_wait() {
    let queue = queue(true);
    for at in [0, 67, 133] {
        push(&queue, at).unwrap();
        assert_eq!(take(&queue, wanted(at, FOREVER)), Ok(at));
    }
    assert_eq!(take(&queue, wanted(167, FOREVER)), Err(Absent::NotDue));
    push(&queue, 200).unwrap();
    assert_eq!(take(&queue, wanted(167, FOREVER)), Err(Absent::NotDue));
    queue.gap(ms(233), Some(ms(200)));
    assert_eq!(take(&queue, wanted(400, FOREVER)), Err(Absent::NotDue));
}

#[test]
fn a_flush_or_a_stop_ends_the_wait() {
    let queue = queue(true);
    let waits = Barrier::new(2);
    thread::scope(|scope| {
        let taken = scope.spawn(|| {
            waits.wait();
            queue.take(&wanted(0, FOREVER))
        });
        waits.wait();
        queue.interrupt(true);
        assert!(matches!(taken.join().unwrap(), Found::Flushing));
    });
    queue.interrupt(false);
    assert_eq!(take(&queue, now(0)), Err(Absent::Nothing));
}

#[test]
fn pictures_from_before_a_seek_are_for_no_frame_after_it() {
    let queue = queue(true);
    push(&queue, 0).unwrap();
    queue.seek(true);
    push(&queue, 33).unwrap();
    assert_eq!(take(&queue, now(0)), Err(Absent::Nothing));
    assert_eq!(take(&queue, now(33)), Err(Absent::Nothing));
    queue.flush_start();
    assert_eq!(push(&queue, 33), Err(gst::FlowError::Flushing));
    queue.flush_stop();
    queue.set_segment(gst::FormattedSegment::new());
    push(&queue, 33).unwrap();
    queue.seek(false);
    assert_eq!(take(&queue, now(33)), Ok(33));
}

#[test]
fn a_live_stream_never_waits_and_keeps_few_of_the_cameras_buffers() {
    let queue = queue(true);
    let many = 2 * MOST_LIVE as u64;
    let camera: Vec<_> = (0..many).map(|k| picture(k * 33)).collect();
    for buffer in &camera[..20] {
        push_buffer(&queue, buffer.clone()).unwrap();
    }
    let kept = || {
        let held = queue.0.lock();
        let memory = |buffer: &gst::BufferRef| buffer.peek_memory(0).as_ptr();
        let theirs: Vec<_> = camera.iter().map(|buffer| memory(buffer)).collect();
        let own = |p: &&SmallPicture| theirs.contains(&memory(&p.buffer));
        (held.waiting.iter().filter(own).count(), held.waiting.len())
    };
    assert_eq!(kept(), (CAPACITY, 20));
    // Frames that are behind find theirs all the same.
    assert_eq!(take(&queue, now(33)), Ok(33));
    assert_eq!(take(&queue, now(15 * 33)), Ok(15 * 33));
    for buffer in &camera[20..] {
        push_buffer(&queue, buffer.clone()).unwrap();
    }
    assert!(kept().0 <= CAPACITY && kept().1 == MOST_LIVE);
    assert_eq!(take(&queue, now((many - 1) * 33)), Ok((many - 1) * 33));
}

#[test]
fn a_file_waits_for_frames_and_goes_on_if_none_come() {
    let queue = queue(false);
    // A main stream that takes.
    thread::scope(|scope| {
        scope.spawn(|| (0..50).all(|k| queue.push(picture(k * 33), || false).is_ok()));
        for at in 0..50 {
            assert_eq!(take(&queue, wanted(at * 33, FOREVER)), Ok(at * 33));
        }
    });
    // One that takes none: while the element is paused it may yet come.
    let asked = AtomicBool::new(false);
    let paused = |asked: &AtomicBool| asked.swap(true, Ordering::SeqCst);
    for at in 50..50 + 2 * MOST as u64 {
        thread::scope(|scope| {
            scope.spawn(|| queue.push(picture(at * 33), || paused(&asked)).unwrap());
        });
    }
    assert!(queue.0.lock().waiting.len() <= CAPACITY + 2 * MOST);
    assert!(queue.0.lock().idle);
    // It comes after all, and finds what it had not taken.
    let last = 49 + 2 * MOST as u64;
    assert_eq!(take(&queue, now(last * 33)), Ok(last * 33));
    assert!(!queue.0.lock().idle);
    queue.close(true);
    assert_eq!(push(&queue, 9999), Err(gst::FlowError::Eos));
    queue.close(false);
    queue.activate(false);
    assert_eq!(push(&queue, 9999), Err(gst::FlowError::Flushing));
}
