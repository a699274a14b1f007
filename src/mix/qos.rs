// SPDX-License-Identifier: MPL-2.0

//! Quality of service: frames that the sink would throw away are not composed.

/// What the sink said last, and what came of it.
#[derive(Debug, Default)]
pub struct Qos {
    /// Running time before which frames come too late.
    earliest: Option<gst::ClockTime>,
    proportion: f64,
    processed: u64,
    dropped: u64,
}

impl Qos {
    /// Takes over what a QoS event says.
    pub fn update(&mut self, event: &gst::event::Qos) {
        let (_, proportion, diff, timestamp) = event.get();
        self.proportion = proportion;
        self.earliest = timestamp.map(|timestamp| {
            let late = gst::ClockTime::from_nseconds(diff.unsigned_abs());
            if diff > 0 {
                timestamp.saturating_add(late)
            } else {
                timestamp.saturating_sub(late)
            }
        });
    }

    /// Forgets it all: time starts over.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// By how much a frame of this running time comes too late, if it does.
    pub fn lateness(&self, running: Option<gst::ClockTime>) -> Option<gst::ClockTime> {
        let late = self.earliest?.checked_sub(running?)?;
        (!late.is_zero()).then_some(late)
    }

    /// Counts a frame that was composed.
    pub fn processed(&mut self) {
        self.processed += 1;
    }

    /// Counts a frame that was dropped, and makes the message that says so.
    pub fn dropped(
        &mut self,
        live: bool,
        frame: &gst::BufferRef,
        running: Option<gst::ClockTime>,
        stream: Option<gst::ClockTime>,
        late: gst::ClockTime,
    ) -> gst::message::QosBuilder<'static> {
        self.dropped += 1;
        let count = |n| gst::format::Buffers::from_u64(n);
        gst::message::Qos::builder(live)
            .running_time(running)
            .stream_time(stream)
            .timestamp(frame.pts())
            .duration(frame.duration())
            .values(late.nseconds() as i64, self.proportion, 1_000_000)
            .stats(count(self.processed), count(self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> gst::ClockTime {
        gst::ClockTime::from_mseconds(ms)
    }

    #[test]
    fn frames_before_what_the_sink_can_still_show_are_late() {
        gst::init().unwrap();
        let mut qos = Qos::default();
        assert_eq!(qos.lateness(Some(ms(0))), None);
        let event = |diff| {
            gst::event::Qos::builder(gst::QOSType::Underflow, 1.5, diff)
                .timestamp(ms(100))
                .build()
        };
        let update = |qos: &mut Qos, diff| match event(diff).view() {
            gst::EventView::Qos(event) => qos.update(event),
            _ => unreachable!("it was built as one"),
        };
        update(&mut qos, 20_000_000);
        assert_eq!(qos.lateness(Some(ms(110))), Some(ms(10)));
        assert_eq!(qos.lateness(Some(ms(120))), None);
        update(&mut qos, -20_000_000);
        assert_eq!(qos.lateness(Some(ms(90))), None);
        qos.reset();
        assert_eq!(qos.lateness(Some(ms(0))), None);
    }
}
