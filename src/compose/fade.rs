// SPDX-License-Identifier: MPL-2.0

//! Fading the effect in and out.

/// How much of the effect is seen, on its way between off (0) and on (1).
#[derive(Debug, Clone, Copy)]
pub struct Fade {
    amount: f32,
    last: Option<gst::ClockTime>,
}

impl Fade {
    /// Starts on or off.
    pub fn new(enabled: bool) -> Self {
        let amount = if enabled { 1.0 } else { 0.0 };
        Self { amount, last: None }
    }

    /// Moves towards on or off by the time since the last step.
    pub fn step(&mut self, enabled: bool, now: Option<gst::ClockTime>, transition_ms: u32) {
        let target = if enabled { 1.0 } else { 0.0 };
        let elapsed = match (self.last, now) {
            (Some(last), Some(now)) => now.saturating_sub(last).mseconds() as f32,
            _ => 0.0,
        };
        self.last = now;
        let most = match transition_ms {
            0 => 1.0,
            ms => elapsed / ms as f32,
        };
        self.amount += (target - self.amount).clamp(-most, most);
    }

    /// Whether nothing of the effect is to be seen.
    pub fn is_off(&self) -> bool {
        self.amount == 0.0
    }

    /// For [`crate::blend::Compositor::set_strength`].
    pub fn strength(&self) -> u8 {
        (self.amount * 255.0).round() as u8
    }
}
