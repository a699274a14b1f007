// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_limit_that_is_none_is_told() {
    for text in ["1", " 3 ", "64"] {
        assert_eq!(refusal(text), None, "{text}");
    }
    for text in ["0", "-1", "abc", "", "1.5"] {
        let words = refusal(text).expect(text);
        assert!(
            words.contains(VARIABLE) && words.contains("from 1 on"),
            "{words}"
        );
    }
}

#[test]
fn the_limit_is_the_variables_or_the_cores() {
    assert_eq!(limit(None, 4), 4);
    assert_eq!(limit(Some(" 2 "), 4), 2);
    for nonsense in ["", "0", "-1", "many"] {
        assert_eq!(limit(Some(nonsense), 4), 4, "{nonsense}");
    }
}

#[test]
fn no_more_than_the_limit_run_and_every_request_gets_a_slot() {
    let slots = Arc::new(RunSlots::new(2));
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let number = slots.enter(LONG);
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    slots.leave(number);
                }
            });
        }
    });
    assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    assert!(slots.lock().running.is_empty());
}

#[test]
fn a_run_that_hangs_keeps_its_slot_no_longer_than_its_patience() {
    let slots = RunSlots::new(1);
    let start = Instant::now();
    let hanging = slots.enter(Duration::from_millis(300));
    let other = slots.enter(LONG);
    assert!(start.elapsed() >= Duration::from_millis(300));
    // It ends at last and takes no other run's slot away.
    slots.leave(hanging);
    assert_eq!(slots.lock().running.len(), 1);
    slots.leave(other);
    assert!(slots.lock().running.is_empty());
}

#[test]
fn slots_are_given_in_the_order_of_the_requests() {
    let slots = Arc::new(RunSlots::new(1));
    let first = slots.enter(LONG);
    let order = Arc::new(Mutex::new(Vec::new()));
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (slots, order) = (Arc::clone(&slots), Arc::clone(&order));
            let before = slots.lock().next;
            let asking = Arc::clone(&slots);
            let thread = thread::spawn(move || {
                let run = slots.enter(LONG);
                order.lock().unwrap().push(number);
                slots.leave(run);
            });
            // The next one asks only after this one stands in the queue.
            while asking.lock().next == before {
                thread::yield_now();
            }
            thread
        })
        .collect();
    slots.leave(first);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
}
