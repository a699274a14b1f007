// SPDX-License-Identifier: MPL-2.0

//! All that the streaming thread owns.

use super::error::DecodeError;
use super::tensors;
use crate::analytics::Masks;
use crate::filter::regions::presence::{Change, Presence};
use crate::frame::GrayImage;
use crate::meta::{Matte, Stage};
use crate::model::{Decoder, TensorAbout};
use crate::pool::MattePool;
use crate::video::Stream;
use std::time::{Duration, Instant};

/// From start to stop.
#[derive(Debug)]
pub struct Started {
    decoder: Decoder,
    /// The caps' frames; none before there are any.
    pub stream: Option<Stream>,
    /// The decoded matte.
    matte: GrayImage,
    pool: Option<MattePool>,
    pub masks: Masks,
    pub presence: Presence,
    /// What the tensors of the frame under way hold.
    pub next: Option<Result<Decoded, DecodeError>>,
    /// Frames get no matte, and the application was warned.
    failing: bool,
    /// When the last warning was given.
    warned: Option<Instant>,
}

/// There is at most one warning in this time: tensors that fail now and then must not flood the bus.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);

/// A frame's matte.
#[derive(Debug)]
pub struct Decoded {
    pub matte: Matte,
    /// Whether the subject came or left.
    pub change: Option<Change>,
    /// How the tensors are read, if that was settled with this frame.
    pub settled: Option<String>,
}

impl Started {
    pub fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            stream: None,
            matte: GrayImage::new(0, 0),
            pool: None,
            masks: Masks::default(),
            presence: Presence::default(),
            next: None,
            failing: false,
            warned: None,
        }
    }

    /// A frame got its matte.
    pub fn recover(&mut self) {
        self.failing = false;
    }

    /// A frame got none. Returns whether the application is warned of it: once until it works again.
    pub fn fail(&mut self, now: Instant) -> bool {
        let quiet = |last| now.duration_since(last) >= WARNING_INTERVAL;
        if self.failing || !self.warned.is_none_or(quiet) {
            return false;
        }
        (self.failing, self.warned) = (true, Some(now));
        true
    }

    /// The matte that a frame's tensors hold.
    ///
    /// # Errors
    /// [`DecodeError`]: no tensors, others than described, values that cannot be right.
    pub fn decode(&mut self, buffer: &gst::BufferRef) -> Result<Decoded, DecodeError> {
        let Some(stream) = &self.stream else {
            return Err(gst::glib::bool_error!("there are no caps yet").into());
        };
        let visible = stream.check(buffer)?;
        if visible.cropped && !visible.is_all() {
            return Err(DecodeError::Cropped);
        }
        let (size, frame_aspect) = ((stream.width(), stream.height()), stream.display_aspect());
        let (sources, settled) = match tensors::sources(buffer, &self.decoder, size) {
            Some(sources) => (sources, None),
            None => {
                let settled = self.settle(buffer, size)?;
                let sources = tensors::sources(buffer, &self.decoder, size);
                (sources.ok_or(DecodeError::Unreadable)?, Some(settled))
            }
        };
        self.read(sources)?;
        let change = self.presence.note(self.matte.as_ref());
        let matte = Matte {
            sample: self.sample()?,
            stage: Stage::Raw,
            frame_pts: buffer.pts(),
            inferred: true,
            // The network is another element's.
            inference_time: gst::ClockTime::ZERO,
            frame_aspect,
            frame: Some(visible.frame),
            still: false,
            screen: None,
        };
        Ok(Decoded {
            matte,
            change,
            settled,
        })
    }

    /// Settles which of the frame's tensors are read, and how; returns that in words.
    fn settle(
        &mut self,
        buffer: &gst::BufferRef,
        size: (usize, usize),
    ) -> Result<String, DecodeError> {
        let all = tensors::all(buffer);
        if all.is_empty() {
            return Err(DecodeError::NoTensors);
        }
        let (abouts, data): (Vec<TensorAbout>, Vec<_>) = all.into_iter().unzip();
        let bytes = |at: usize| {
            let data: &Option<gst::Buffer> = data.get(at)?;
            let mapped = data.as_ref()?.map_readable().ok()?;
            Some(mapped.as_slice().to_vec())
        };
        self.decoder.settle(&abouts, size, bytes)?;
        let (plan, guesses) = match self.decoder.output() {
            Some(output) => output,
            None => return Ok(String::new()),
        };
        Ok(format!(
            "output `{}`, {}x{}, {}; guessed: {}",
            plan.name,
            plan.width,
            plan.height,
            plan.kind.word(),
            guesses.join("; ")
        ))
    }

    /// Decodes tensors into the matte.
    fn read(&mut self, sources: [Option<gst::Buffer>; tensors::MOST]) -> Result<(), DecodeError> {
        let unreadable = |_| DecodeError::Unreadable;
        match &sources {
            [Some(first), None] => {
                let first = first.map_readable().map_err(unreadable)?;
                self.decoder.decode(&[first.as_slice()], &mut self.matte)?;
            }
            [Some(first), Some(second)] => {
                let first = first.map_readable().map_err(unreadable)?;
                let second = second.map_readable().map_err(unreadable)?;
                let both = [first.as_slice(), second.as_slice()];
                self.decoder.decode(&both, &mut self.matte)?;
            }
            _ => return Err(DecodeError::NoTensors),
        }
        Ok(())
    }

    /// Copies the matte into memory that can leave with frames.
    fn sample(&mut self) -> Result<gst::Sample, DecodeError> {
        let size = (self.matte.width(), self.matte.height());
        let pool = match self.pool.take() {
            Some(pool) if (pool.width(), pool.height()) == size => pool,
            _ => MattePool::new(size.0, size.1)?,
        };
        let pool = self.pool.insert(pool);
        let (sample, ()) = pool.fill(|out| {
            for (y, row) in self.matte.as_ref().rows().enumerate() {
                out.row_mut(y).copy_from_slice(row);
            }
        })?;
        Ok(sample)
    }
}
