// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattedecode`.

use crate::model::{Decoder, DescriptionKeys, ModelError, Origin};
use crate::properties::properties;
use std::path::Path;
use std::sync::Arc;

properties! {
    /// Values of the properties.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Settings {
        /// The file that the inference element runs, with its description (.toml, .modelinfo) beside
        /// it, or a description alone (.toml). Unset: the tensor's id and values must tell what it
        /// is
        model: Option<Arc<str>> = None, "Model", READY;
        /// Id of the tensor that holds the matte, if there are several on a frame. Unset: the output
        /// that the description names, one with an id that is known, or the only one that can be a
        /// matte
        tensor_id: Option<Arc<str>> = None, "Tensor id", READY;
        /// Classes that are kept: names or indices, separated by commas. Unset: as the model's
        /// description says
        subject: Option<Arc<str>> = None, "Subject", READY;
        /// Also attach the matte, cut at one half, to the frame as GstAnalyticsSegmentationMtd, for
        /// segmentationoverlay and programs; matterefine then replaces it
        analytics_meta: bool = true, "Analytics meta", PLAYING;
        read_only {
            /// Counters since the start: frames, decoded (that got a matte), failed (that got none)
            stats: Option<gst::Structure>, "Statistics";
        }
    }
}

impl Settings {
    /// What decodes the tensors.
    ///
    /// # Errors
    /// [`ModelError`]: a file or a description that is missing or cannot be understood.
    pub fn decoder(&self) -> Result<Decoder, ModelError> {
        let mut overrides = DescriptionKeys::default();
        if let Some(subject) = &self.subject {
            overrides.insert_text("output.subject", subject, &Origin::new("property subject"))?;
        }
        let model = self.model.as_deref().map(Path::new);
        Decoder::new(model, self.tensor_id.as_deref(), &overrides)
    }
}
