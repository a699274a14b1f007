// SPDX-License-Identifier: MPL-2.0

//! The end of the program, which comes within a second of a signal, whatever hangs: a camera's
//! driver, a PipeWire that does not answer, a display.

use crate::terminal;
use glib_unix::signal_source_new;
use gst::glib;
use rustix::process::{Signal, getpid, kill_process};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

/// POSIX numbers of the signals that end the program: SIGHUP, SIGINT, SIGTERM.
const SIGNALS: [i32; 3] = [1, SIGINT, 15];
const SIGINT: i32 = 2;
/// The status of a program that SIGINT has ended, as shells count it.
const INTERRUPTED: i32 = 130;
/// What takes longer to stop is left to the end of the process.
const PATIENCE: Duration = Duration::from_millis(700);
/// The libraries' own ends may hang, too.
const EXIT_PATIENCE: Duration = Duration::from_millis(200);

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether a signal has asked for the end.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Acquire)
}

/// What signals have asked for while a file is written.
#[derive(Debug, Default, Clone)]
pub struct Asked(Arc<AtomicU8>);

const END: u8 = 1;
const ABORT: u8 = 2;

impl Asked {
    /// What is written is to be brought to an end.
    pub fn is_end(&self) -> bool {
        self.0.load(Ordering::Acquire) >= END
    }

    /// What is written is to be thrown away.
    pub fn is_abort(&self) -> bool {
        self.0.load(Ordering::Acquire) >= ABORT
    }
}

/// Hears signals for something that takes its time to end: the first SIGINT asks for the end, the
/// second one, and every other signal, for an end at once, which comes within a second.
///
/// # Errors
/// If there is no thread.
pub fn patiently() -> io::Result<Asked> {
    let asked = Asked::default();
    let heard = asked.clone();
    let hear = move |signal| {
        let first = signal == SIGINT && !heard.is_end();
        heard
            .0
            .store(if first { END } else { ABORT }, Ordering::Release);
        match first {
            true => glib::ControlFlow::Continue,
            false => glib::ControlFlow::Break,
        }
    };
    listen(hear, INTERRUPTED)?;
    Ok(asked)
}

/// Ends a main loop at a signal, and the process soon after, if it has not ended by itself. The
/// signals are heard in a thread of their own, as the main loop may hang.
///
/// # Errors
/// If there is no thread.
pub fn at_signals(main: glib::MainLoop) -> io::Result<()> {
    let hear = move |_| {
        ASKED.store(true, Ordering::Release);
        main.quit();
        glib::ControlFlow::Break
    };
    listen(hear, 0)
}

/// Calls `heard` with every signal until it has heard enough; the process ends soon after that, with
/// a status.
fn listen(
    heard: impl Fn(i32) -> glib::ControlFlow + Clone + Send + 'static,
    status: i32,
) -> io::Result<()> {
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(move || {
        let context = glib::MainContext::new();
        let listening = glib::MainLoop::new(Some(&context), false);
        for signal in SIGNALS {
            let (heard, listening) = (heard.clone(), listening.clone());
            let hear = move || {
                let goes_on = heard(signal);
                if goes_on == glib::ControlFlow::Break {
                    listening.quit();
                }
                goes_on
            };
            let source = signal_source_new(signal, None, glib::Priority::DEFAULT, hear);
            source.attach(Some(&context));
        }
        listening.run();
        end_soon(status);
    })?;
    Ok(())
}

/// Ends the process soon, if it has not ended by itself.
pub fn deadline() {
    // Without a thread it ends as fast as it can.
    let _ = thread::Builder::new()
        .name("end".into())
        .spawn(|| end_soon(0));
}

fn end_soon(status: i32) {
    thread::sleep(PATIENCE);
    eprintln!("matte-camera: something does not stop: ended without it");
    terminal::restore();
    let killer = thread::Builder::new().name("kill".into()).spawn(|| {
        thread::sleep(EXIT_PATIENCE);
        // A process may always end itself.
        let _ = kill_process(getpid(), Signal::KILL);
    });
    if killer.is_ok() {
        std::process::exit(status);
    }
}
