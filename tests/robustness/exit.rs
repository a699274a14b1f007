// SPDX-License-Identifier: MPL-2.0

//! A program that ends while networks load and run ends well: ONNX Runtime is not torn down under
//! a thread that computes. In child processes, many of them, since it is a race.

#[path = "../common/mod.rs"]
mod common;

use common::guard::{Watchdog, case, child};
use common::pipeline::scratch;
use gstmatte::model::{Network, Options, builtin};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A session of its own each time, so that loading is real.
fn load() -> Network {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let mut options = Options::default();
    options.session.threads = 1 + NUMBER.fetch_add(1, Ordering::Relaxed) % 3;
    let source = builtin::find(builtin::DEFAULT).expect("inside");
    Network::load(&source, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// Ends this process some milliseconds after a thread begins to do something again and again.
fn end_during(mut work: impl FnMut() + Send + 'static, after: u64) -> ! {
    std::thread::spawn(move || {
        loop {
            work();
        }
    });
    std::thread::sleep(Duration::from_millis(after));
    std::process::exit(0);
}

/// Has children do `work`, each with another moment of its end.
fn ends_well(test: &str, work: impl FnOnce(u64)) {
    if let Some(after) = case() {
        return work(after.parse().expect("milliseconds"));
    }
    for after in 0..40 {
        let _watchdog = Watchdog::new(test, Duration::from_secs(60));
        child(test, &after.to_string(), Path::new(&scratch(test)));
    }
}

#[test]
fn while_another_network_is_loaded() {
    ends_well("while_another_network_is_loaded", |after| {
        let _first = load();
        end_during(|| drop(load()), after);
    });
}

#[test]
fn while_a_network_runs() {
    ends_well("while_a_network_runs", |after| {
        let mut network = load();
        end_during(move || network.run().expect("it runs"), after);
    });
}
