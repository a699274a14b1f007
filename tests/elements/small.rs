// SPDX-License-Identifier: MPL-2.0

//! The pad `small`: the camera's second, small stream, which the network reads, not the frames.

#![allow(
    unsafe_code,
    reason = "the binding of the allocator: it owns the file it is given"
)]

use crate::common;
use common::pipeline::{green_model, heard};
use common::running::wait_for;
use common::stream::HANG;
use common::{hiding_backgrounds, info, init, matte_rows, pixels, two_rooms};
use gst::prelude::*;
use gst_allocators::DmaBufAllocator;
use gst_allocators::prelude::*;
use gst_check::Harness;
use gst_video::{VideoFormat, VideoInfo, VideoMeta};
use gstmatte::meta::Matte;
use std::sync::{Arc, Mutex};

const MAIN: (u32, u32) = (64, 48);
const SMALL: (u32, u32) = (16, 12);

/// An element that reads two streams; frames come and go by the test's hand.
struct Two {
    element: gst::Element,
    bus: gst::Bus,
    main: Harness,
    small: Option<Harness>,
    info: VideoInfo,
    pushed: u64,
}

/// Messages hold their element, and the element the bus.
impl Drop for Two {
    fn drop(&mut self) {
        self.bus.set_flushing(true);
    }
}

impl Two {
    /// With the network that takes what is green for the subject.
    fn new(element: &str, properties: &[(&str, &str)], format: VideoFormat) -> Self {
        init();
        let element = gst::ElementFactory::make(element).build().unwrap();
        element.set_property("model", green_model().to_str());
        for (name, value) in properties {
            element.set_property_from_str(name, value);
        }
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut main = Harness::with_element(&element, Some("sink"), Some("src"));
        let mut small = Harness::with_element(&element, Some("small"), None);
        let main_info = info(format, MAIN.0, MAIN.1);
        main.set_src_caps(main_info.to_caps().unwrap());
        let small_info = info(VideoFormat::Rgb, SMALL.0, SMALL.1);
        small.set_src_caps(small_info.to_caps().unwrap());
        Self {
            element,
            bus,
            main,
            small: Some(small),
            info: main_info,
            pushed: 0,
        }
    }

    /// Sends the next frame, and before it its picture: green left of this column.
    fn push(&mut self, mut frame: gst::Buffer, green: Option<usize>) -> gst::Buffer {
        let time = gst::ClockTime::from_mseconds(33 * self.pushed);
        self.pushed += 1;
        if let (Some(green), Some(small)) = (green, &mut self.small) {
            let small_info = info(VideoFormat::Rgb, SMALL.0, SMALL.1);
            let mut picture = common::frame(&small_info, |i| {
                let x = i % 48 / 3;
                let (green_here, blue) = (x < green, i % 3 == 2);
                if blue || green_here != (i % 3 == 1) {
                    0
                } else {
                    255
                }
            });
            picture.get_mut().unwrap().set_pts(time);
            small.push(picture).expect("the picture is taken");
        }
        frame.get_mut().expect("a new buffer").set_pts(time);
        self.main.push(frame).expect("the frame goes through");
        self.main.pull().expect("a frame comes out")
    }

    /// What is seen of a frame that comes out.
    fn seen(&mut self, frame: &gst::Buffer) -> Vec<u8> {
        let caps = self.main.sinkpad().and_then(|pad| pad.current_caps());
        pixels(frame, &caps.expect("caps come before frames"))
    }

    /// A counter of the network.
    fn count(&self, stats: &str, name: &str) -> u64 {
        let stats = self.element.property::<gst::Structure>(stats);
        stats.get(name).unwrap()
    }
}

/// A frame in memory that nobody can map.
fn unreadable(info: &VideoInfo) -> gst::Buffer {
    let nothing = std::fs::File::open("/dev/null").expect("it is there");
    // SAFETY: the allocator takes the file over and closes it; the memory is never mapped.
    let memory = unsafe { DmaBufAllocator::new().alloc_dmabuf(nothing, info.size()) };
    let mut buffer = gst::Buffer::new();
    let target = buffer.get_mut().expect("it is new");
    target.append_memory(memory.expect("a file is enough"));
    VideoMeta::add_from_info(target, gst_video::VideoFrameFlags::empty(), info).expect("it fits");
    assert!(buffer.map_readable().is_err());
    buffer
}

#[test]
fn nothing_maps_the_frames() {
    for mode in ["sync", "async"] {
        let properties = [
            ("mode", mode),
            ("still-threshold", "0.01"),
            ("interval", "2"),
        ];
        let mut two = Two::new("mattesegment", &properties, VideoFormat::Nv12);
        let mut mattes = 0;
        wait_for("mattes", || {
            let frame = unreadable(&two.info);
            let out = two.push(frame, Some(8));
            if let Some(rows) = matte_rows(&out) {
                mattes += 1;
                assert!(rows[3][0] > 200 && rows[3][7] < 50, "{rows:?}");
            }
            mattes >= 20
        });
        assert_eq!(two.count("stats", "failed"), 0);
        // Without the pad, it is the frames that are read.
        two.small = None;
        assert!(two.element.static_pad("small").is_none(), "it is released");
        wait_for("a failure", || {
            let frame = unreadable(&two.info);
            two.push(frame, None);
            two.count("stats", "failed") > 0
        });
    }
}

#[test]
fn a_matte_says_whose_picture_it_is_of() {
    let mut two = Two::new("mattesegment", &[], VideoFormat::Rgb);
    let frame = |two: &Two| common::frame(&two.info, |_| 0);
    let next = frame(&two);
    let out = two.push(next, Some(4));
    let matte = Matte::of(&out).expect("a matte");
    assert!(matte.inferred && matte.frame_pts == out.pts());
    let next = frame(&two);
    let without = two.push(next, None);
    assert!(Matte::of(&without).is_none(), "the matte before is not its");
}

#[test]
fn no_room_is_seen_when_pictures_fail_to_come() {
    for background in hiding_backgrounds() {
        // A picture, nobody in it; then none for longer than a matte is kept; then one again.
        let show = |room: gst::Buffer| {
            let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
            let properties = [
                ("background", background),
                ("image", image),
                ("transition-ms", "0"),
            ];
            let mut two = Two::new("mattebackground", &properties, VideoFormat::I420);
            let mut seen = Vec::new();
            for frame in 0..24 {
                let picture = (!(2..20).contains(&frame)).then_some(0);
                let copy = room.copy_deep().unwrap();
                let out = two.push(copy, picture);
                seen.push(two.seen(&out));
            }
            assert!(two.count("segment-stats", "dropped") > 5);
            seen
        };
        let [a, b] = two_rooms(&info(VideoFormat::I420, MAIN.0, MAIN.1)).map(show);
        for (frame, (a, b)) in a.iter().zip(&b).enumerate() {
            // Blur shows the room where its matte says that nobody is; without one it does not.
            if background != "blur" && background != "overlay" || (2..20).contains(&frame) {
                assert!(a == b, "{background}, frame {frame}: the room is seen");
            }
        }
    }
}

#[test]
fn the_bin_gives_the_pad_back_while_it_runs() {
    // Frames that never change: what remembers them would keep the matte of the small pictures.
    let properties = [
        ("background", "matte"),
        ("temporal", "none"),
        ("scene-memory", "false"),
    ];
    let mut two = Two::new("mattebackground", &properties, VideoFormat::Rgb);
    let red = |two: &Two| common::frame(&two.info, |i| if i % 3 == 0 { 200 } else { 0 });
    for _ in 0..3 {
        let next = red(&two);
        let out = two.push(next, Some(16));
        assert!(two.seen(&out).iter().all(|alpha| *alpha > 200));
    }
    two.small = None;
    wait_for("the frame's own matte", || {
        let next = red(&two);
        let out = two.push(next, None);
        two.seen(&out).iter().all(|alpha| *alpha < 50)
    });
    let mut small = Harness::with_element(&two.element, Some("small"), None);
    small.set_src_caps(info(VideoFormat::Rgb, SMALL.0, SMALL.1).to_caps().unwrap());
    two.small = Some(small);
    wait_for("the small picture's matte", || {
        let next = red(&two);
        let out = two.push(next, Some(16));
        two.seen(&out).iter().all(|alpha| *alpha > 200)
    });
}

/// A pipeline with an appsink `out`, played to its end: what came out, and warnings and errors.
fn play(line: &str) -> (Vec<gst::Buffer>, Vec<String>) {
    init();
    let pipeline = gst::parse::launch(line).expect(line);
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    let out = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&out);
    let sink = pipeline.by_name("out").unwrap();
    let sink = sink.downcast::<gst_app::AppSink>().unwrap();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        theirs.lock().unwrap().extend(sample.buffer_owned());
        Ok(gst::FlowSuccess::Ok)
    });
    sink.set_callbacks(callbacks.build());
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).expect(line);
    let kinds = [
        gst::MessageType::Eos,
        gst::MessageType::Error,
        gst::MessageType::Warning,
    ];
    let mut told = Vec::new();
    loop {
        let message = bus.timed_pop_filtered(HANG, &kinds);
        match message.unwrap_or_else(|| panic!("{line}: hangs")).view() {
            gst::MessageView::Warning(w) => told.push(w.error().to_string()),
            gst::MessageView::Error(e) => panic!("{line}: {}", e.error()),
            _ => break,
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    let out = std::mem::take(&mut *out.lock().unwrap());
    (out, told)
}

/// A person in a room, as a stream of 720p.
fn presenter(frames: usize) -> String {
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/presenter.jpg");
    format!(
        "filesrc location={photo} ! jpegdec ! imagefreeze num-buffers={frames} ! videoconvert \
         ! videoscale add-borders=false ! video/x-raw,format=NV12,width=1280,height=720,framerate=30/1,pixel-aspect-ratio=1/1"
    )
}

#[test]
fn mattes_of_a_small_stream_are_those_of_the_large_one() {
    let large = format!(
        "{} ! mattesegment ! appsink name=out sync=false",
        presenter(6)
    );
    let (expected, told) = play(&large);
    assert_eq!((expected.len(), told), (6, vec![]));
    // Another format, another size, and pixels that are not square.
    for small in [
        "NV12,width=640,height=360",
        "RGB,width=320,height=180",
        "I420,width=240,height=180,pixel-aspect-ratio=4/3",
    ] {
        let line = format!(
            "mattesegment name=m ! appsink name=out sync=false {} ! tee name=t t. ! queue ! m.sink \
             t. ! queue ! videoconvert ! videoscale method=4-tap ! video/x-raw,format={small} ! m.small",
            presenter(6)
        );
        let (found, told) = play(&line);
        assert_eq!((found.len(), told), (6, vec![]), "{small}");
        for (expected, found) in expected.iter().zip(&found) {
            let matte = Matte::of(found).expect("every frame has a matte");
            assert!(matte.inferred && matte.frame_pts == found.pts());
            let (expected, found) = (matte_rows(expected).unwrap(), matte_rows(found).unwrap());
            let pairs = expected.iter().flatten().zip(found.iter().flatten());
            let differences: Vec<_> = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).collect();
            let mean = differences.iter().sum::<u32>() as f64 / differences.len() as f64;
            let far = differences.iter().filter(|d| **d > 64).count() as f64;
            let share = far / differences.len() as f64;
            println!(
                "{small}: mean {mean:.2} of 255, {:.3} % by more than 64",
                100.0 * share
            );
            assert!(mean < 2.0 && share < 0.01, "{small}: {mean} {share}");
        }
    }
}

const TEST_SOURCE: &str = "videotestsrc pattern=ball num-buffers=40 \
    ! video/x-raw,format=RGB,width=64,height=48,framerate=30/1";

#[test]
fn a_tee_without_queues_does_not_hang() {
    let model = green_model();
    let scaled = "videoscale ! video/x-raw,width=16,height=12";
    // The frame comes before its picture, on one thread: there is none in time, and that is told.
    for branches in [
        format!("t. ! m.sink t. ! {scaled} ! m.small"),
        format!("t. ! m.sink t. ! queue ! {scaled} ! m.small"),
    ] {
        let line = format!(
            "mattesegment name=m model={} ! appsink name=out sync=false {TEST_SOURCE} ! tee name=t {branches}",
            model.display()
        );
        let (out, told) = play(&line);
        assert_eq!(out.len(), 40, "{branches}");
        let own = |frame: &&gst::Buffer| Matte::of(frame).is_some_and(|matte| matte.inferred);
        assert_eq!(out.iter().filter(own).count(), 0, "{branches}");
        assert!(
            told.len() == 1 && told[0].contains("put a queue"),
            "{told:?}"
        );
    }
    // The picture comes first, or the frame has a queue: every frame finds its own.
    for branches in [
        format!("t. ! {scaled} ! m.small t. ! m.sink"),
        format!("t. ! queue ! m.sink t. ! {scaled} ! m.small"),
        format!("t. ! queue ! m.sink t. ! queue ! {scaled} ! m.small"),
        format!(
            "t. ! queue max-size-buffers=1 ! {scaled} ! m.small t. ! queue max-size-buffers=1 ! m.sink"
        ),
    ] {
        let line = format!(
            "mattesegment name=m model={} ! appsink name=out sync=false {TEST_SOURCE} ! tee name=t {branches}",
            model.display()
        );
        let (out, told) = play(&line);
        assert_eq!((out.len(), told), (40, vec![]), "{branches}");
        assert!(
            out.iter()
                .all(|frame| Matte::of(frame).is_some_and(|matte| matte.inferred)),
            "{branches}"
        );
    }
}

#[test]
fn streams_of_other_rates_and_lengths_end() {
    let model = green_model();
    let small = |frames: usize, rate: &str| {
        format!(
            "videotestsrc pattern=ball num-buffers={frames} \
             ! video/x-raw,format=RGB,width=16,height=12,framerate={rate} ! queue ! m.small"
        )
    };
    for (frames, rate, inferred, words) in [
        (20, "15/1", 20, None),
        (80, "60/1", 40, None),
        (40, "30/1", 40, None),
        (10, "30/1", 10, Some("is over")),
    ] {
        let line = format!(
            "mattesegment name=m model={} motion-compensation=false ! appsink name=out sync=false \
             {TEST_SOURCE} ! queue ! m.sink {}",
            model.display(),
            small(frames, rate)
        );
        let (out, told) = play(&line);
        let what = format!("{frames} pictures at {rate}");
        assert_eq!(out.len(), 40, "{what}");
        let own = |frame: &&gst::Buffer| Matte::of(frame).is_some_and(|matte| matte.inferred);
        assert_eq!(out.iter().filter(own).count(), inferred, "{what}");
        match words {
            None => assert_eq!(told, [""; 0], "{what}"),
            Some(words) => assert!(told.len() == 1 && told[0].contains(words), "{told:?}"),
        }
    }
}

/// Two streams that never end, in a pipeline that runs.
fn running() -> (gst::Pipeline, gst::Element) {
    init();
    let line = format!(
        "mattesegment name=m model={} ! fakesink name=out sync=false \
         videotestsrc pattern=ball ! video/x-raw,format=RGB,width=64,height=48,framerate=30/1 ! queue ! m.sink \
         videotestsrc pattern=ball ! video/x-raw,format=RGB,width=16,height=12,framerate=30/1 \
         ! queue name=small ! m.small",
        green_model().display()
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let element = pipeline.by_name("m").unwrap();
    (pipeline, element)
}

fn counted(element: &gst::Element, name: &str) -> u64 {
    element
        .property::<gst::Structure>("stats")
        .get(name)
        .unwrap()
}

/// Waits until this many more frames have passed, or those with a matte of their own.
fn wait_more(element: &gst::Element, name: &str, more: u64) {
    let before = counted(element, name);
    wait_for(name, || counted(element, name) >= before + more);
}

#[test]
fn seeks_pauses_and_restarts_find_pictures_again() {
    let (pipeline, element) = running();
    for round in 0..10u64 {
        pipeline.set_state(gst::State::Playing).unwrap();
        wait_more(&element, "inferred", 3 + round);
        let flags = match round % 3 {
            0 => gst::SeekFlags::FLUSH,
            _ => gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE,
        };
        let place = gst::ClockTime::from_mseconds(33 * (round % 4) * 100);
        pipeline
            .seek_simple(flags, place)
            .expect("it can be sought");
        wait_more(&element, "inferred", 5);
        pipeline.set_state(gst::State::Paused).unwrap();
        let (changed, ..) = pipeline.state(HANG);
        changed.expect("it prerolls");
        if round % 2 == 1 {
            pipeline.set_state(gst::State::Null).unwrap();
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    let told = heard(&pipeline.bus().unwrap());
    assert!(
        told.iter().all(|line| !line.starts_with("error")),
        "{told:?}"
    );
}

#[test]
fn a_small_stream_may_be_blocked_unlinked_and_linked_again_while_playing() {
    let (pipeline, element) = running();
    pipeline.set_state(gst::State::Playing).unwrap();
    wait_more(&element, "inferred", 10);
    let source = pipeline
        .by_name("small")
        .unwrap()
        .static_pad("src")
        .unwrap();
    // Blocked: frames go on, without mattes.
    let block = source.add_probe(gst::PadProbeType::BLOCK_DOWNSTREAM, |_, _| {
        gst::PadProbeReturn::Ok
    });
    wait_more(&element, "dropped", 20);
    // Unlinked, and the pad given back: frames are read themselves.
    let pad = element.static_pad("small").unwrap();
    source.unlink(&pad).unwrap();
    wait_more(&element, "dropped", 20);
    element.release_request_pad(&pad);
    wait_more(&element, "inferred", 20);
    let dropped = counted(&element, "dropped");
    wait_more(&element, "inferred", 5);
    assert_eq!(counted(&element, "dropped"), dropped);
    // Linked again. The frames have gone on meanwhile: a seek brings both together.
    let pad = element.request_pad_simple("small").unwrap();
    source.link(&pad).unwrap();
    source.remove_probe(block.unwrap());
    wait_more(&element, "frames", 5);
    pipeline
        .seek_simple(gst::SeekFlags::FLUSH, gst::ClockTime::ZERO)
        .unwrap();
    wait_more(&element, "inferred", 20);
    pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn the_pad_can_be_given_back_while_its_stream_waits_for_a_paused_frame() {
    init();
    for element in ["mattesegment", "mattebackground"] {
        let line = format!(
            "{element} name=m model={} ! fakesink sync=true \
             videotestsrc ! video/x-raw,format=RGB,width=64,height=48 ! queue ! m.sink \
             videotestsrc ! video/x-raw,format=RGB,width=16,height=12 ! identity name=small ! m.small",
            green_model().display()
        );
        let pipeline = gst::parse::launch(&line).unwrap();
        let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
        let passed = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&passed);
        let small = pipeline.by_name("small").unwrap();
        let source = small.static_pad("src").unwrap();
        source.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            *theirs.lock().unwrap() += 1;
            gst::PadProbeReturn::Ok
        });
        pipeline.set_state(gst::State::Paused).unwrap();
        pipeline.state(HANG).0.expect("it prerolls");
        // Its thread waits when no more pictures come.
        let mut before = 0;
        wait_for("the small stream to wait", || {
            let now = *passed.lock().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
            now > 0 && now == std::mem::replace(&mut before, now)
        });
        let element = pipeline.by_name("m").unwrap();
        let pad = element.static_pad("small").unwrap();
        let (done, told) = std::sync::mpsc::channel();
        let released = std::thread::spawn(move || {
            element.release_request_pad(&pad);
            done.send(()).unwrap();
        });
        let limit = std::time::Duration::from_nanos(HANG.nseconds());
        told.recv_timeout(limit).expect("it is given back");
        released.join().unwrap();
        pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn starts_and_stops_at_any_moment_do_not_hang() {
    for round in 0..40u64 {
        let (pipeline, element) = running();
        pipeline.set_state(gst::State::Playing).unwrap();
        if round % 4 > 0 {
            let before = counted(&element, "frames");
            wait_for("frames", || {
                counted(&element, "frames") >= before + round % 4
            });
        }
        if round % 5 == 0 {
            let pad = element.static_pad("small").unwrap();
            if let Some(peer) = pad.peer() {
                peer.unlink(&pad).unwrap();
            }
            element.release_request_pad(&pad);
        }
        pipeline.set_state(gst::State::Null).unwrap();
    }
}
