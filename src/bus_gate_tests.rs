// SPDX-License-Identifier: MPL-2.0

use super::BusGate;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn nothing_is_posted_before_the_gate_opens_or_after_it_closes() {
    let gate = BusGate::default();
    gate.post(|| panic!("it was never opened"));
    gate.open();
    let mut posted = false;
    gate.post(|| posted = true);
    assert!(posted);
    gate.close();
    gate.post(|| panic!("it is closed"));
}

#[test]
fn closing_waits_for_the_thread_that_posts() {
    let (gate, closed) = (&BusGate::default(), &AtomicBool::new(false));
    gate.open();
    let (begun, begins) = mpsc::channel();
    let (go, on) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            gate.post(|| {
                begun.send(()).expect("the test waits");
                on.recv().expect("the test lets it go on");
            });
        });
        begins.recv().expect("it begins");
        let closing = scope.spawn(|| {
            gate.close();
            closed.store(true, Ordering::SeqCst);
        });
        // Long enough for a close that does not wait.
        thread::sleep(Duration::from_millis(100));
        assert!(!closed.load(Ordering::SeqCst), "closed during a post");
        go.send(()).expect("it listens");
        closing.join().expect("it closes");
    });
}
