// SPDX-License-Identifier: MPL-2.0

//! Memory for the rare frame that must be copied before it can be read.

use crate::frame::PixelLayout;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory that is taken when it is first needed. A clone has memory of its own.
#[derive(Debug, Default)]
pub struct Scratch(Mutex<Picture>);

/// Planes without padding.
#[derive(Debug, Default)]
pub struct Picture(Vec<u8>);

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Scratch {
    /// Takes the memory for one picture.
    pub fn lock(&self) -> MutexGuard<'_, Picture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Picture {
    /// The planes of a picture, each with its stride.
    pub fn planes(
        &mut self,
        layout: PixelLayout,
        (width, height): (usize, usize),
    ) -> impl ExactSizeIterator<Item = (&mut [u8], usize)> {
        let info = layout.info();
        let extents = (0..info.planes).map(move |plane| info.plane_extent(plane, width, height));
        let total = extents.clone().map(|(row, rows)| row * rows).sum();
        self.0.resize(total, 0);
        let mut rest = &mut self.0[..];
        extents.map(move |(row, rows)| {
            let (plane, others) = std::mem::take(&mut rest).split_at_mut(row * rows);
            rest = others;
            (plane, row)
        })
    }
}
