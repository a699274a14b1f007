// SPDX-License-Identifier: MPL-2.0

//! A network whose every run a test controls, and the element around it.

use crate::frame::{GrayImage, TensorMut, TensorSpec};
use crate::meta::Matte;
use crate::model::{InputSize, ModelError, ProviderKind};
use crate::pool::read_matte;
use crate::segment::MatteSegment;
use crate::segment::engine::{About, Cancel, Engine, LoadEngine};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Size of the network's input and matte, and of the frames.
pub const SIZE: (usize, usize) = (256, 144);

/// What a test does to the network.
#[derive(Default)]
pub struct Control {
    /// Runs that may still finish; none: all.
    passes: Mutex<Option<usize>>,
    wake: Condvar,
    stopped: AtomicBool,
    /// Runs cannot be ended from outside.
    pub deaf: AtomicBool,
    /// Runs on an accelerator fail.
    pub failing: AtomicBool,
    /// Runs fail, whatever computes them.
    pub broken: AtomicBool,
    /// Runs on an accelerator never end.
    pub hanging: AtomicBool,
    /// Networks say that an accelerator computes them, unless the CPU is asked for.
    pub accelerated: AtomicBool,
    /// Threads inside a run.
    pub inside: AtomicUsize,
    /// The networks' input has the stream's aspect.
    pub open: AtomicBool,
    /// Runs that were begun, and how often the past was to be forgotten before one.
    pub runs: AtomicUsize,
    pub resets: AtomicUsize,
    /// Networks that were loaded.
    pub loaded: AtomicUsize,
    /// Milliseconds that a run takes.
    pub takes: AtomicUsize,
    /// Milliseconds that warming up is said to have taken.
    pub warm_up: AtomicUsize,
}

impl Control {
    /// From now on `count` more runs finish.
    pub fn allow(&self, count: Option<usize>) {
        *self.passes.lock().unwrap() = count;
        self.wake.notify_all();
    }

    fn pass(&self) -> Result<(), ModelError> {
        let mut passes = self.passes.lock().unwrap();
        loop {
            if self.stopped.load(Ordering::SeqCst) && !self.deaf.load(Ordering::SeqCst) {
                return Err(failure("stopped"));
            }
            match &mut *passes {
                None => break,
                Some(0) => passes = self.wake.wait(passes).unwrap(),
                Some(left) => {
                    *left -= 1;
                    break;
                }
            }
        }
        drop(passes);
        let takes = self.takes.load(Ordering::SeqCst) as u64;
        std::thread::sleep(Duration::from_millis(takes));
        Ok(())
    }
}

struct Stop(Arc<Control>);

impl Cancel for Stop {
    fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.wake.notify_all();
    }

    fn resume(&self) {
        self.0.stopped.store(false, Ordering::SeqCst);
    }
}

fn failure(message: &str) -> ModelError {
    ModelError::Run {
        file: "scripted".into(),
        message: message.into(),
    }
}

/// The network: alpha is where green exceeds red.
struct Scripted {
    spec: TensorSpec,
    data: Vec<f32>,
    control: Arc<Control>,
    accelerated: bool,
}

impl Engine for Scripted {
    fn about(&self) -> About {
        About {
            name: "scripted".into(),
            provider: if self.accelerated { "npu" } else { "cpu" }.into(),
            accelerated: self.accelerated,
            matte_size: SIZE,
            input_size: match self.control.open.load(Ordering::SeqCst) {
                true => InputSize::Stream {
                    sides: (None, None),
                    pixels: SIZE.0 * SIZE.1,
                    multiple: 16,
                },
                false => InputSize::Fixed,
            },
            warm_up: Duration::from_millis(self.control.warm_up.load(Ordering::SeqCst) as u64),
            ..About::default()
        }
    }

    fn input_spec(&self) -> &TensorSpec {
        &self.spec
    }

    fn input_mut(&mut self) -> TensorMut<'_> {
        TensorMut::F32(&mut self.data)
    }

    fn infer(&mut self, matte: &mut GrayImage) -> Result<(), ModelError> {
        self.control.runs.fetch_add(1, Ordering::SeqCst);
        self.control.inside.fetch_add(1, Ordering::SeqCst);
        while self.accelerated && self.control.hanging.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let passed = self.control.pass();
        self.control.inside.fetch_sub(1, Ordering::SeqCst);
        passed?;
        if self.accelerated && self.control.failing.load(Ordering::SeqCst) {
            return Err(failure("the device does not answer"));
        }
        if self.control.broken.load(Ordering::SeqCst) {
            return Err(failure("it is broken"));
        }
        matte.resize(SIZE.0, SIZE.1);
        let pixels = SIZE.0 * SIZE.1;
        for (index, alpha) in matte.data_mut().iter_mut().enumerate() {
            let (red, green) = (self.data[index], self.data[index + pixels]);
            *alpha = ((green - red) * 2550.0 + 127.5).clamp(0.0, 255.0) as u8;
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.control.resets.fetch_add(1, Ordering::SeqCst);
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::new(Stop(Arc::clone(&self.control)))
    }
}

/// The element in a harness, with a scripted network and a bus.
pub struct Rig {
    pub harness: gst_check::Harness,
    pub element: MatteSegment,
    pub control: Arc<Control>,
    pub bus: gst::Bus,
    pub pushed: u64,
}

/// A message holds its element and the element its bus: unread messages would keep both.
impl Drop for Rig {
    fn drop(&mut self) {
        self.bus.set_flushing(true);
    }
}

impl Rig {
    pub fn new(properties: &[(&str, &str)], set_up: impl FnOnce(&Control)) -> Self {
        gst::init().unwrap();
        let element: MatteSegment = glib::Object::new();
        // The file is never read; the loader below answers for every name.
        element.set_property("model", "scripted.onnx");
        for (name, value) in properties {
            element.set_property_from_str(name, value);
        }
        let control = Arc::new(Control::default());
        set_up(&control);
        let theirs = Arc::clone(&control);
        element.imp().shared.lock().load_engine = LoadEngine(Arc::new(move |source, options| {
            if format!("{source:?}").contains("bad") {
                return Err(failure("a bad model"));
            }
            theirs.loaded.fetch_add(1, Ordering::SeqCst);
            let cpu = options.session.provider.kinds == [ProviderKind::Cpu];
            Ok(Box::new(Scripted {
                spec: TensorSpec::new(SIZE.0, SIZE.1),
                data: vec![0.0; 3 * SIZE.0 * SIZE.1],
                accelerated: theirs.accelerated.load(Ordering::SeqCst) && !cpu,
                control: Arc::clone(&theirs),
            }))
        }));
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
        harness.set_src_caps(caps(SIZE));
        Self {
            harness,
            element,
            control,
            bus,
            pushed: 0,
        }
    }

    /// The next frame, 33 ms after the last.
    pub fn next(&mut self, pixel: impl Fn(usize, usize) -> [u8; 3]) -> gst::Buffer {
        let mut buffer = picture(SIZE, pixel);
        let pts = gst::ClockTime::from_mseconds(33 * self.pushed);
        buffer.get_mut().unwrap().set_pts(pts);
        self.pushed += 1;
        buffer
    }

    /// Sends a frame and returns the matte that it leaves with.
    pub fn push(&mut self, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Option<Matte> {
        let buffer = self.next(pixel);
        self.harness.push(buffer).expect("the frame goes through");
        Matte::of(&self.harness.pull().expect("a frame comes out"))
    }

    /// Waits until the network beside the stream is idle.
    pub fn settle(&self) {
        wait_for(|| {
            let started = self.element.imp().stream();
            let stream = started.as_ref().and_then(|started| started.stream.as_ref());
            stream.is_some_and(|stream| stream.net.runner.is_idle())
        });
    }

    /// What was posted since the last call: names of messages, text of warnings and errors.
    pub fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(message) = self.bus.pop() {
            match message.view() {
                gst::MessageView::Warning(w) => heard.push(format!("warning: {}", w.error())),
                gst::MessageView::Error(e) => heard.push(format!("error: {}", e.error())),
                gst::MessageView::Element(e) => {
                    heard.extend(e.structure().map(|s| s.name().to_string()));
                }
                _ => (),
            }
        }
        heard
    }

    /// How many latency messages were posted since the last call.
    pub fn latency_messages(&self) -> usize {
        let latencies = |message: &gst::Message| message.type_() == gst::MessageType::Latency;
        std::iter::from_fn(|| self.bus.pop())
            .filter(latencies)
            .count()
    }

    /// A counter of the statistics.
    pub fn count(&self, name: &str) -> u64 {
        let stats = self.element.property::<gst::Structure>("stats");
        stats
            .get(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

pub fn caps((width, height): (usize, usize)) -> gst::Caps {
    gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width as u32, height as u32)
        .fps((30, 1))
        .build()
        .unwrap()
        .to_caps()
        .unwrap()
}

/// An RGB picture; rows of a width that is a multiple of 4 have no padding.
pub fn picture(
    (width, height): (usize, usize),
    pixel: impl Fn(usize, usize) -> [u8; 3],
) -> gst::Buffer {
    let data: Vec<u8> = (0..width * height)
        .flat_map(|i| pixel(i % width, i / width))
        .collect();
    gst::Buffer::from_mut_slice(data)
}

/// The matte's pixels.
pub fn rows(matte: &Matte) -> Vec<u8> {
    read_matte(&matte.sample, |m| m.rows().flatten().copied().collect()).unwrap()
}

/// Waits until `ready`, at most twenty seconds: for hangs, not for speed.
pub fn wait_for(mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}
