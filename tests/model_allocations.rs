// SPDX-License-Identifier: MPL-2.0

//! A run and its decoding allocate nothing of ours: all memory is made when the model is loaded.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

use gstmatte::frame::GrayImage;
use gstmatte::model::{ModelSource, Network, Options, Origin, Settings};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts this thread's allocations.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; counting touches only a thread-local
// number, which needs no allocation and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_run_allocates_nothing() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let mut overrides = Settings::default();
    overrides
        .insert_text("extra.ratio", "0.5", &Origin::new("test"))
        .unwrap();
    for name in [
        "alpha",
        "classes",
        "softmax",
        "logits",
        "labels",
        "bytes",
        "half",
        "gray",
        "recurrent",
    ] {
        let overrides = if name == "recurrent" {
            overrides.clone()
        } else {
            Settings::default()
        };
        let source = ModelSource::File(models.join(format!("{name}.onnx")));
        let options = Options {
            overrides,
            ..Options::default()
        };
        let mut network =
            Network::load(&source, &options).unwrap_or_else(|error| panic!("{error}"));
        let mut matte = GrayImage::new(network.matte_size().0, network.matte_size().1);
        let before = ALLOCATIONS.get();
        for _ in 0..10 {
            let _ = network.input_mut();
            network.run().unwrap();
            network.decode(&mut matte).unwrap();
            network.reset();
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{name}");
    }
}
