// SPDX-License-Identifier: MPL-2.0

//! The end of the program, which comes within a second of a signal, whatever hangs: a camera's
//! driver, a PipeWire that does not answer, a display.

use crate::terminal;
use glib_unix::signal_source_new;
use gst::glib;
use rustix::process::{Signal, getpid, kill_process};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// POSIX numbers of the signals that end the program: SIGHUP, SIGINT, SIGTERM.
const SIGNALS: [i32; 3] = [1, 2, 15];
/// What takes longer to stop is left to the end of the process.
const PATIENCE: Duration = Duration::from_millis(700);
/// The libraries' own ends may hang, too.
const EXIT_PATIENCE: Duration = Duration::from_millis(200);

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether a signal has asked for the end.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Acquire)
}

/// Ends a main loop at a signal, and the process soon after, if it has not ended by itself. The
/// signals are heard in a thread of their own, as the main loop may hang.
///
/// # Errors
/// If there is no thread.
pub fn at_signals(main: glib::MainLoop) -> io::Result<()> {
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(move || {
        let context = glib::MainContext::new();
        let listening = glib::MainLoop::new(Some(&context), false);
        for signal in SIGNALS {
            let (main, listening) = (main.clone(), listening.clone());
            let heard = move || {
                ASKED.store(true, Ordering::Release);
                main.quit();
                listening.quit();
                glib::ControlFlow::Break
            };
            let source = signal_source_new(signal, None, glib::Priority::DEFAULT, heard);
            source.attach(Some(&context));
        }
        listening.run();
        end_soon();
    })?;
    Ok(())
}

/// Ends the process soon, if it has not ended by itself.
pub fn deadline() {
    // Without a thread it ends as fast as it can.
    let _ = thread::Builder::new().name("end".into()).spawn(end_soon);
}

fn end_soon() {
    thread::sleep(PATIENCE);
    eprintln!("matte-camera: something does not stop: ended without it");
    terminal::restore();
    let killer = thread::Builder::new().name("kill".into()).spawn(|| {
        thread::sleep(EXIT_PATIENCE);
        // A process may always end itself.
        let _ = kill_process(getpid(), Signal::KILL);
    });
    if killer.is_ok() {
        std::process::exit(0);
    }
}
