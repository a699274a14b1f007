// SPDX-License-Identifier: MPL-2.0

//! Panics that tests put where no input causes one, to see what becomes of the stream. Outside of
//! this crate's own tests [`point`] is nothing.

/// A place where a test can let the element panic.
#[inline(always)]
pub(crate) fn point(place: &'static str) {
    #[cfg(test)]
    tests::panic_if_armed(place);
    let _ = place;
}

#[cfg(test)]
mod tests {
    use gst::prelude::*;
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    static ARMED: Mutex<Option<&str>> = Mutex::new(None);

    fn arm(place: Option<&'static str>) {
        *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    pub(super) fn panic_if_armed(place: &'static str) {
        let armed = *ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(armed != Some(place), "a fault put into {place} by a test");
    }

    /// The room is black, the background is not, and the network sees nobody in black.
    const ROOM: u8 = 0;

    fn model() -> String {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/alpha.onnx").into()
    }

    /// Longest wait for anything; it is there for hangs, not for speed.
    const HANG: gst::ClockTime = gst::ClockTime::from_seconds(60);

    /// One fault after another: there is one place for all.
    static ONE: Mutex<()> = Mutex::new(());

    struct Rig {
        pipeline: gst::Pipeline,
        source: gst_app::AppSrc,
        sink: gst_app::AppSink,
        frames: u64,
        _one: std::sync::MutexGuard<'static, ()>,
        _alive: std::sync::mpsc::Sender<()>,
    }

    impl Rig {
        /// A playing pipeline, through which two frames have gone.
        fn new(description: &str) -> Self {
            let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
            gst::init().expect("GStreamer starts");
            crate::plugin_register_static().expect("the plugin registers");
            // A deadlock is no failure that a test sees by itself.
            let (alive, gone) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let timeout = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
                if gone.recv_timeout(Duration::from_secs(200)) == timeout {
                    eprintln!("a panic inside of an element hangs the pipeline");
                    std::process::abort();
                }
            });
            arm(None);
            let pipeline = gst::parse::launch(description).expect(description);
            let pipeline = pipeline
                .downcast::<gst::Pipeline>()
                .expect("several elements");
            let find = |name| pipeline.by_name(name).expect("it is in the description");
            let source = find("in").downcast::<gst_app::AppSrc>().expect("appsrc");
            let sink = find("out").downcast::<gst_app::AppSink>().expect("appsink");
            let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 64, 48);
            let info = info.fps((30, 1)).build().expect("valid");
            source.set_caps(Some(&info.to_caps().expect("valid")));
            pipeline.set_state(gst::State::Playing).expect("it starts");
            let mut rig = Self {
                pipeline,
                source,
                sink,
                frames: 0,
                _one: one,
                _alive: alive,
            };
            for _ in 0..2 {
                rig.push();
                assert!(rig.no_room_comes(HANG), "frames flow before the fault");
            }
            rig
        }

        fn push(&mut self) {
            let mut buffer = gst::Buffer::from_mut_slice(vec![ROOM; 64 * 48]);
            let time = gst::ClockTime::from_mseconds(33 * self.frames);
            buffer.get_mut().expect("new").set_pts(time);
            self.frames += 1;
            // Refused once the stream has ended.
            let _ = self.source.push_buffer(buffer);
        }

        /// Whether a frame comes out, and that nothing of the room is in it.
        fn no_room_comes(&self, patience: gst::ClockTime) -> bool {
            let Some(sample) = self.sink.try_pull_sample(patience) else {
                return false;
            };
            let buffer = sample.buffer().expect("a frame");
            let bytes = buffer.map_readable().expect("readable");
            assert!(bytes.iter().all(|byte| *byte != ROOM), "room shown");
            true
        }

        /// Waits for an error that has `words`.
        fn fails(&self, words: &str) {
            let bus = self.pipeline.bus().expect("a pipeline has a bus");
            loop {
                let message = bus.timed_pop_filtered(HANG, &[gst::MessageType::Error]);
                let message = message.unwrap_or_else(|| panic!("no error on the bus: {words}"));
                if let gst::MessageView::Error(error) = message.view()
                    && error.error().to_string().contains(words)
                {
                    return;
                }
            }
        }

        /// Lets frames flow until a warning has `words`. In `mode=async` what became of a frame is
        /// reported with a later one.
        fn warns(&mut self, words: &str) {
            let bus = self.pipeline.bus().expect("a pipeline has a bus");
            let end = Instant::now() + Duration::from_nanos(HANG.nseconds());
            while Instant::now() < end {
                self.push();
                assert!(self.no_room_comes(HANG), "no frame before: {words}");
                let wait = gst::ClockTime::from_mseconds(20);
                while let Some(message) = bus.timed_pop_filtered(wait, &[gst::MessageType::Warning])
                {
                    if let gst::MessageView::Warning(warning) = message.view()
                        && warning.error().to_string().contains(words)
                    {
                        return;
                    }
                }
            }
            panic!("no warning on the bus: {words}");
        }
    }

    impl Drop for Rig {
        fn drop(&mut self) {
            arm(None);
            // Whether an element that panicked says so again or not: the pipeline stops.
            let _ = self.pipeline.set_state(gst::State::Null);
        }
    }

    #[test]
    fn a_panic_ends_the_stream_with_an_error_and_shows_no_room() {
        let model = model();
        let chain = format!(
            "appsrc name=in format=time ! mattesegment model={model} ! matterefine ! \
             mattecompose background=color color=0xffc0c0c0 ! appsink name=out sync=false"
        );
        let mix = format!(
            "mattemix name=mix background-timeout=0 ! appsink name=out sync=false \
             appsrc name=in format=time ! mattesegment model={model} ! mix.sink \
             videotestsrc pattern=white ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 \
             ! mix.background"
        );
        for (description, place) in [
            (&chain, "mattesegment"),
            (&chain, "matterefine"),
            (&chain, "mattecompose"),
            (&mix, "mattemix"),
        ] {
            let mut rig = Rig::new(description);
            arm(Some(place));
            (0..6).for_each(|_| rig.push());
            // What a source says of its end may come first: elements speak from their own threads.
            rig.fails("Panicked");
            while rig.no_room_comes(gst::ClockTime::from_mseconds(100)) {}
        }
    }

    #[test]
    fn a_panic_in_the_network_or_its_loader_is_told_and_the_stream_goes_on() {
        for mode in ["sync", "async"] {
            let mut rig = Rig::new(&format!(
                "appsrc name=in format=time ! mattebackground name=matte model={} mode={mode} \
                 background=color color=0xffc0c0c0 ! appsink name=out sync=false",
                model()
            ));
            arm(Some("network"));
            rig.warns("panicked");
            arm(Some("loading"));
            let element = rig.pipeline.by_name("matte").expect("named");
            element.set_property("model", model().replace("alpha", "half"));
            rig.warns("panicked; the old model");
            arm(None);
            rig.push();
            assert!(rig.no_room_comes(HANG), "{mode}");
            assert_eq!(element.property::<String>("model"), model());
        }
    }
}
