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
    use std::time::Duration;

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

    /// Plays, arms the fault after two frames, and returns what was seen and the error.
    fn play(description: &str, place: &'static str) -> (Vec<gst::Sample>, String) {
        arm(None);
        let pipeline = gst::parse::launch(description).expect(description);
        let pipeline = pipeline
            .downcast::<gst::Pipeline>()
            .expect("several elements");
        let find = |name| pipeline.by_name(name).expect("it is in the description");
        let source = find("in").downcast::<gst_app::AppSrc>().expect("appsrc");
        let sink = find("out").downcast::<gst_app::AppSink>().expect("appsink");
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 64, 48)
            .fps((30, 1))
            .build()
            .expect("valid");
        source.set_caps(Some(&info.to_caps().expect("valid")));
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let push = |index: u64| {
            let mut buffer = gst::Buffer::from_mut_slice(vec![ROOM; info.size()]);
            let time = gst::ClockTime::from_mseconds(33 * index);
            buffer.get_mut().expect("new").set_pts(time);
            // Refused once the stream has ended.
            let _ = source.push_buffer(buffer);
        };
        let hang = gst::ClockTime::from_seconds(60);
        let mut seen = Vec::new();
        for index in 0..2 {
            push(index);
            seen.push(
                sink.try_pull_sample(hang)
                    .expect("frames flow before the fault"),
            );
        }
        arm(Some(place));
        (2..8).for_each(push);
        let bus = pipeline.bus().expect("a pipeline has a bus");
        let message = bus.timed_pop_filtered(hang, &[gst::MessageType::Error]);
        let message = message.unwrap_or_else(|| panic!("{place}: no error on the bus"));
        let gst::MessageView::Error(error) = message.view() else {
            unreachable!("filtered")
        };
        let error = error.error().to_string();
        while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_mseconds(100)) {
            seen.push(sample);
        }
        // Whether an element that panicked says so again or not: the pipeline stops.
        let _ = pipeline.set_state(gst::State::Null);
        let (result, state, _) = pipeline.state(hang);
        assert!(
            result.is_err() || state == gst::State::Null,
            "{place}: {state:?}"
        );
        arm(None);
        (seen, error)
    }

    #[test]
    fn a_panic_ends_the_stream_with_an_error_and_shows_no_room() {
        gst::init().expect("GStreamer starts");
        crate::plugin_register_static().expect("the plugin registers");
        // A deadlock is no failure that a test sees by itself.
        let (_alive, gone) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let timeout = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            if gone.recv_timeout(Duration::from_secs(300)) == timeout {
                eprintln!("a panic inside of an element hangs the pipeline");
                std::process::abort();
            }
        });
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
            let (seen, error) = play(description, place);
            assert!(error.contains("Panicked"), "{place}: {error}");
            for sample in seen {
                let buffer = sample.buffer().expect("a frame");
                let bytes = buffer.map_readable().expect("readable");
                assert!(
                    bytes.iter().all(|byte| *byte != ROOM),
                    "{place}: room shown"
                );
            }
        }
    }
}
