// SPDX-License-Identifier: MPL-2.0

//! What GStreamer finds when it loads the library.
#![allow(
    missing_docs,
    unsafe_code,
    reason = "gst::plugin_define! makes the entry points"
)]

use crate::{background, compose, meta, mix, refine, segment};
use gst::glib;

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    crate::model::refuse_telemetry();
    meta::register();
    segment::register(plugin)?;
    #[cfg(feature = "v1_26")]
    crate::decode::register(plugin)?;
    refine::register(plugin)?;
    compose::register(plugin)?;
    mix::register(plugin)?;
    background::register(plugin)
}

gst::plugin_define!(
    matte,
    env!("CARGO_PKG_DESCRIPTION"),
    plugin_init,
    concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID")),
    "MPL-2.0",
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_REPOSITORY"),
    env!("BUILD_REL_DATE")
);
