// SPDX-License-Identifier: MPL-2.0

//! The plugin linked into a program: `linked`. No plugin file is looked for, and none is needed.

use std::error::Error;

use gst::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    // ANCHOR: register
    gst::init()?;
    gstmatte::plugin_register_static()?;
    // From here on the elements are there as if a plugin file had been found.
    let matte = gst::ElementFactory::make("mattebackground").build()?;
    // ANCHOR_END: register
    let plugin = matte.factory().and_then(|factory| factory.plugin());
    let file = plugin.as_ref().and_then(|plugin| plugin.filename());
    match file {
        None => println!("mattebackground without a plugin file"),
        Some(file) => return Err(format!("from {}", file.display()).into()),
    }
    Ok(())
}
