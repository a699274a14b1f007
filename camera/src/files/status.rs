// SPDX-License-Identifier: MPL-2.0

//! How far a file is, in one line that is written over and over.

use rustix::termios;
use std::io::Write;
use std::time::{Duration, Instant};

/// A line of a terminal; nothing if nobody sees it.
pub struct Status {
    begun: Instant,
    shown: bool,
    is_terminal: bool,
}

impl Status {
    /// Time runs from now on.
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            shown: false,
            is_terminal: termios::isatty(rustix::stdio::stderr()),
        }
    }

    /// Shows how much of a file is done, of how much if that is known.
    pub fn show(&mut self, done: Duration, whole: Option<Duration>) {
        if self.is_terminal {
            self.shown = true;
            let line = words(done, whole, self.begun.elapsed());
            // A terminal that is gone needs nothing.
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        }
    }

    /// Makes place for other lines.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// The line.
fn words(done: Duration, whole: Option<Duration>, passed: Duration) -> String {
    let speed = done.as_secs_f64() / passed.as_secs_f64().max(0.001);
    let Some(whole) = whole.filter(|whole| *whole >= done && !whole.is_zero()) else {
        return format!("{}, {speed:.1} times real time", clock(done));
    };
    let share = 100.0 * done.as_secs_f64() / whole.as_secs_f64();
    let mut line = format!(
        "{share:3.0} %  {} of {}, {speed:.1} times real time",
        clock(done),
        clock(whole)
    );
    // The first second says little.
    if !done.is_zero() && passed >= Duration::from_secs(1) {
        let left = (whole - done).as_secs_f64() / speed.max(1e-6);
        // A day is more than anybody waits for; it also keeps the number sane.
        let left = Duration::from_secs_f64(left.min(86_400.0));
        line.push_str(&format!(", {} left", clock(left)));
    }
    line
}

/// Minutes and seconds, or hours, too.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_is_left() {
        let line = |done, whole: Option<f64>, passed| {
            words(
                Duration::from_secs_f64(done),
                whole.map(Duration::from_secs_f64),
                Duration::from_secs_f64(passed),
            )
        };
        assert_eq!(
            line(30.0, Some(120.0), 15.0),
            " 25 %  0:30 of 2:00, 2.0 times real time, 0:45 left"
        );
        assert_eq!(
            line(0.0, Some(7200.0), 0.5),
            "  0 %  0:00 of 2:00:00, 0.0 times real time"
        );
        // A file that does not know its length, or is longer than it says.
        assert_eq!(line(90.0, None, 30.0), "1:30, 3.0 times real time");
        assert_eq!(line(90.0, Some(60.0), 30.0), "1:30, 3.0 times real time");
        assert!(line(0.001, Some(86_400.0), 1e6).ends_with("24:00:00 left"));
    }
}
