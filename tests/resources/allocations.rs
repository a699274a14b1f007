// SPDX-License-Identifier: MPL-2.0

//! The whole chain takes nothing from the heap once it runs, whatever stands behind the subject.
//!
//! The allocator of this binary counts what Rust code asks for, ours and that of the bindings, on
//! every thread. What is not Rust does not pass here: GStreamer's own buffers, metas and structures
//! (GLib; frames and mattes come from pools) and the memory of ONNX Runtime. One test alone in its
//! binary, so that nothing else is counted.

#[path = "../common/mod.rs"]
mod common;

use common::init;
use common::pipeline::{green_model, scratch};
use gst::prelude::*;
use gst_controller::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Frames until everything has its memory: pools are filled, the past of the filters has begun,
/// the subject has been everywhere.
const WARM: usize = 40;

/// Frames that are counted.
const COUNTED: usize = 40;

/// How long a frame waits before anything is counted, so that a network beside the stream has done
/// its first runs, with which it takes its memory.
const PAUSE: Duration = Duration::from_millis(10);

/// A video behind the subject, of another size and rate: settings and the second source.
const VIDEO: &str = "light-wrap=0.2 | videotestsrc num-buffers=200 \
    ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 ! person.background";

static COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static PLACES: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    /// What this thread takes is not counted: it notes where an allocation came from, or it is the
    /// test's, which starts and stops pipelines, under load also while frames pass, and handles none.
    static UNCOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the process's first thread, on which the test harness waits, and after a minute says so.
fn is_harness() -> bool {
    #[cfg(target_os = "linux")]
    return rustix::thread::gettid() == rustix::process::getpid();
    #[cfg(not(target_os = "linux"))]
    return false;
}

struct Counting;

impl Counting {
    fn count() {
        if !COUNTING.load(Ordering::Relaxed) || UNCOUNTED.replace(true) {
            return;
        }
        if is_harness() {
            return;
        }
        // The first few places are kept for the failure's message.
        if COUNT.fetch_add(1, Ordering::Relaxed) < 12
            && let Ok(mut places) = PLACES.lock()
        {
            places.push(Backtrace::force_capture().to_string());
        }
        UNCOUNTED.set(false);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; the thread-local is a constant
// without a destructor, and what counting itself allocates is not counted again.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count();
        // SAFETY: the memory came from `alloc`, that is from the system.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the memory came from `alloc`, that is from the system.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Sends moving pictures through `elements` and counts what the frames after the first few cost.
/// `beside` is what the pipeline has besides; properties in `moving` change with every frame.
fn allocations(elements: &str, beside: &str, moving: &[&str]) -> usize {
    let description = format!(
        "videotestsrc name=source pattern=ball background-color=0xff0000c0 num-buffers={} \
         ! video/x-raw,format=NV12,width=320,height=240,framerate=30/1 \
         ! {elements} ! fakesink name=sink sync=false {beside}",
        WARM + COUNTED + 2
    );
    let pipeline = gst::parse::launch(&description).expect(&description);
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    for property in moving {
        moves(
            &pipeline.by_name("person").expect("it has a name"),
            property,
        );
    }
    let sink = pipeline.by_name("sink").expect("it has a name");
    let frames = AtomicUsize::new(0);
    let pad = sink.static_pad("sink").expect("sinks have a pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        match frames.fetch_add(1, Ordering::Relaxed) {
            WARM => COUNTING.store(true, Ordering::Relaxed),
            n if n < WARM => std::thread::sleep(PAUSE),
            n if n == WARM + COUNTED => COUNTING.store(false, Ordering::Relaxed),
            _ => (),
        }
        gst::PadProbeReturn::Ok
    });
    COUNT.store(0, Ordering::Relaxed);
    let bus = pipeline.bus().expect("pipelines have a bus");
    pipeline.set_state(gst::State::Playing).expect(&description);
    let message = bus
        .timed_pop_filtered(
            gst::ClockTime::from_seconds(120),
            &[gst::MessageType::Error, gst::MessageType::Eos],
        )
        .unwrap_or_else(|| panic!("{elements}: hangs"));
    assert!(
        !COUNTING.swap(false, Ordering::Relaxed),
        "{elements}: too few frames came"
    );
    if let gst::MessageView::Error(error) = message.view() {
        panic!("{elements}: {}", error.error());
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    COUNT.load(Ordering::Relaxed)
}

/// Moves a property up and down, within the second before anything is counted and again after it.
fn moves(element: &gst::Element, property: &str) {
    let source = gst_controller::InterpolationControlSource::new();
    source.set_mode(gst_controller::InterpolationMode::Linear);
    for turn in 0..12 {
        let time = gst::ClockTime::from_mseconds(500 * turn);
        assert!(source.set(time, if turn % 2 == 0 { 0.2 } else { 0.4 }));
    }
    let binding = gst_controller::DirectControlBinding::new(element, property, &source);
    element.add_control_binding(&binding).expect(property);
}

/// What stands behind, and what moves with it frame by frame.
const MOVING: [(&str, &[&str]); 4] = [
    ("background=blur", &["blur-strength", "tone-match"]),
    (
        "background=color light-wrap=0.5",
        &["color", "light-wrap", "decontamination"],
    ),
    (
        "background=color subject-region=0,0,1,1",
        &[
            "grow",
            "feather",
            "gamma",
            "temporal-strength",
            "hysteresis-low",
        ],
    ),
    (VIDEO, &["color", "light-wrap"]),
];

#[test]
fn the_chain_allocates_nothing_of_its_own_a_frame() {
    UNCOUNTED.set(true);
    init();
    let picture = scratch("picture").join("behind.png");
    image::RgbaImage::from_fn(40, 30, |x, y| {
        image::Rgba([x as u8 * 6, y as u8 * 8, 90, 255])
    })
    .save(&picture)
    .expect("the scratch folder can be written");
    let picture = format!("image={}", picture.display());
    let image = format!("background=image {picture}");
    let chain = format!(
        "mattebackground name=person model={}",
        green_model().display()
    );
    let mut found = Vec::new();
    let moving = MOVING.into_iter();
    let moving = moving.chain([(image.as_str(), &["light-wrap", "tone-match"][..])]);
    let still = [
        "background=blur",
        "background=blur blur-bokeh=true preset=quality",
        "background=color color=0xff00b140 light-wrap=0.5 preset=fast",
        &image,
        "background=transparent ! video/x-raw,format=A420",
        "background=matte",
        "background=overlay",
        "background=blur on-missing-matte=freeze temporal=flow",
        "background=color edge-mode=matting feather=3 grow=2 open=1 close=1",
        "background=color key=auto feather=1 grow=1",
        "background=color edge-mode=joint-bilateral temporal=uncertainty",
        "background=color still-threshold=0.02 interval=2",
        "background=blur still-threshold=1",
        "background=blur mode=async",
        &format!("background=image {picture} mode=async preset=fast"),
        VIDEO,
    ];
    for (settings, moving) in still
        .map(|settings| (settings, &[][..]))
        .into_iter()
        .chain(moving)
    {
        let (settings, beside) = settings.split_once('|').unwrap_or((settings, ""));
        let count = allocations(&format!("{chain} {settings}"), beside, moving);
        if count > 0 {
            let places = std::mem::take(&mut *PLACES.lock().expect("nothing panics with it"));
            found.push(format!(
                "{settings}, moving {moving:?}: {count} in {COUNTED} frames, first from\n{}",
                places.join("\n")
            ));
        }
        PLACES.lock().expect("nothing panics with it").clear();
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
