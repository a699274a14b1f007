// SPDX-License-Identifier: MPL-2.0

//! What is wrong with the network, and what follows of the outcome of a run. Pure: the element
//! does what [`Consequences`] say.

use std::time::{Duration, Instant};

/// Runs in a row that fail on a device until it counts as lost.
const LOST_AFTER: u32 = 3;
/// A device counts as lost if its run takes this many times as long as a run may take.
const HUNG_AFTER: u32 = 2;
/// There is at most one warning in this time: a network that fails now and then must not flood the
/// bus.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is a matte.
    Matte,
    /// There is none; `device`: the run failed where it is computed.
    Failed {
        /// The device may be lost.
        device: bool,
    },
    /// The frame has waited for it as long as a run may take.
    Stalled,
    /// It is still under way, after this many times as long as a run may take.
    Overdue(u32),
}

/// What computes the network.
#[derive(Debug, Clone, Copy, Default)]
pub struct Device {
    /// It is more than the CPU: it can be lost.
    pub accelerated: bool,
    /// Property `strict-provider`: it must not be left.
    pub strict: bool,
}

/// What is done if the device is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceLoss {
    /// The network is loaded on the CPU.
    Rebuild,
    /// The stream ends with an error.
    End,
}

/// What the application is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A run takes far longer than it should.
    Stalled,
    /// The network works again.
    Recovered,
}

/// What follows of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consequences {
    /// The newest matte is not shown any more: it does not lie on the new frames.
    pub drops_matte: bool,
    /// The application gets a message.
    pub notice: Option<Notice>,
    /// The application gets a warning with the reason.
    pub warns: bool,
    /// The device is lost.
    pub device_loss: Option<DeviceLoss>,
}

/// What is wrong with the network.
#[derive(Debug, Default)]
pub struct FailureState {
    /// It fails, and the application was warned.
    failing: bool,
    /// Its run takes far longer than it should.
    stalled: bool,
    /// When the last warning was given.
    warned: Option<Instant>,
    /// Runs in a row that failed on the device.
    device_failures: u32,
    /// It is being loaded on the CPU.
    rebuilding: bool,
}

impl FailureState {
    /// Whether its run takes far longer than it should.
    pub fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Another network takes over. What the application was told stays until that one works.
    pub fn exchange_network(&mut self) {
        *self = Self {
            failing: self.failing,
            warned: self.warned,
            ..Self::default()
        };
    }

    /// What follows of an outcome at the time `now`.
    pub fn after(&mut self, outcome: Outcome, device: Device, now: Instant) -> Consequences {
        match outcome {
            Outcome::Matte => self.recover(),
            Outcome::Failed { device: of_device } => {
                self.device_failures = if of_device {
                    self.device_failures + 1
                } else {
                    0
                };
                Consequences {
                    drops_matte: true,
                    warns: self.warn(now),
                    device_loss: match self.device_failures >= LOST_AFTER {
                        true => self.lose(device),
                        false => None,
                    },
                    ..Consequences::default()
                }
            }
            Outcome::Stalled => self.stall(),
            Outcome::Overdue(times) => {
                let stalls = times > 0 && !self.stalled;
                let next = if stalls {
                    self.stall()
                } else {
                    Consequences::default()
                };
                let device_loss = if times >= HUNG_AFTER {
                    self.lose(device)
                } else {
                    None
                };
                Consequences {
                    device_loss,
                    ..next
                }
            }
        }
    }

    fn recover(&mut self) -> Consequences {
        let recovered = self.failing || self.stalled;
        (self.failing, self.stalled, self.device_failures) = (false, false, 0);
        Consequences {
            notice: recovered.then_some(Notice::Recovered),
            ..Consequences::default()
        }
    }

    fn stall(&mut self) -> Consequences {
        let known = std::mem::replace(&mut self.stalled, true);
        Consequences {
            drops_matte: true,
            notice: (!known).then_some(Notice::Stalled),
            ..Consequences::default()
        }
    }

    /// Whether the application is warned of a failure: once until the network works again.
    fn warn(&mut self, now: Instant) -> bool {
        let quiet = self
            .warned
            .is_none_or(|last| now - last >= WARNING_INTERVAL);
        if self.failing || !quiet {
            return false;
        }
        (self.failing, self.warned) = (true, Some(now));
        true
    }

    /// What is done about a device that is lost: nothing if the CPU computes the network or will.
    fn lose(&mut self, device: Device) -> Option<DeviceLoss> {
        if !device.accelerated || self.rebuilding {
            return None;
        }
        if device.strict {
            return Some(DeviceLoss::End);
        }
        self.rebuilding = true;
        Some(DeviceLoss::Rebuild)
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
