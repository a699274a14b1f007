// SPDX-License-Identifier: MPL-2.0

//! A network that sees frames upright and gives mattes that lie on them as they are stored.

use super::engine::{About, Cancel, Engine};
use crate::frame::{GrayImage, Orientation, TensorMut, TensorSpec};
use crate::model::ModelError;
use std::sync::Arc;

/// Turns the mattes of another engine.
pub struct Turned {
    engine: Box<dyn Engine>,
    /// What makes the matte one of the stored frame.
    back: Orientation,
    upright: GrayImage,
}

impl Turned {
    /// An engine whose mattes lie on frames that `orientation` makes upright; the given engine
    /// itself if nothing is to be turned.
    pub fn engine(engine: Box<dyn Engine>, orientation: Orientation) -> Box<dyn Engine> {
        if orientation.is_identity() {
            return engine;
        }
        let (width, height) = engine.about().matte_size;
        Box::new(Self {
            engine,
            back: orientation.inverse(),
            upright: GrayImage::new(width, height),
        })
    }
}

impl Engine for Turned {
    fn about(&self) -> About {
        let about = self.engine.about();
        About {
            matte_size: self.back.size(about.matte_size),
            ..about
        }
    }

    fn input_spec(&self) -> &TensorSpec {
        self.engine.input_spec()
    }

    fn input_mut(&mut self) -> TensorMut<'_> {
        self.engine.input_mut()
    }

    fn infer(&mut self, matte: &mut GrayImage) -> Result<(), ModelError> {
        self.engine.infer(&mut self.upright)?;
        self.back.turn(self.upright.as_ref(), matte);
        Ok(())
    }

    fn reset(&mut self) {
        self.engine.reset();
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        self.engine.cancel()
    }
}
