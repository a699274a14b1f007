// SPDX-License-Identifier: MPL-2.0

//! Post-processing of mattes by traditional image processing. One algorithm per file, each usable
//! alone; [`Refiner`] is the chain. The folders are its stages, in this order:
//!
//! | folder | stage | files |
//! | --- | --- | --- |
//! | `plane` | what every stage uses | the plane, bilinear sampling and resampling, window means |
//! | `motion` | what moved | `change`: change against the sensor's noise, scene cuts; `flow`, `block_search`: block matching; `warp`: an earlier frame's matte, moved to this one; `squares`: the difference of two pictures |
//! | `scene` | what the room and the subject look like | `memory`: corrects the raw matte by them; `appearance`, `subject_colors`, `light`: what it knows; `evidence`: what that says; `learning` |
//! | `temporal` | filtering over time | `filter`: `ema`, `uncertainty`, along the motion (`reprojection`), `adaptive`; `pixel_hysteresis`; `deadband` of the refined matte |
//! | `renewal` | when a network has to look again | `risk`: how wrong an earlier matte, moved along, may be; `policy`: what follows of it |
//! | `regions` | which parts are subject | `interest`: regions of interest; `hysteresis`: hysteresis per region, islands, holes, with identity; `morphology`: open, close, grow; `presence`: whether there is a subject at all; `statistics` |
//! | `selection` | which of several people is shown | `choice`: the rule, with hysteresis; `tracker`, `track`: who is who over time; `group`: several people in one region; `histogram`: what somebody looks like |
//! | `edge` | the edge, fitted to the picture | `guide`: luma and colour of the frame; `edge_blocks`: where there is an edge; `guided`, `guided_color`, `joint_bilateral`, `matting`: the fits; `edge_fit`: which of them, and on which grid; `affine`: the fit at the frame's resolution; `shape`: feather, levels, gamma |
//! | `key` | the green screen; it looks at the frame before `scene`, draws before `edge`, and is laid over the finished matte | `axis`: the chroma key; `search`: the screen's colour; `plate`: the screen at every place; `permit`: where it may add subject; `join`: key and network together; `band`: the key at the edge; `lay`: the key over the matte; `small`: what is known on planes of about 72 rows; `square`: bounds that move in them |
#![forbid(unsafe_code)]

pub mod edge;
mod key;
mod key_color;
pub mod motion;
mod params;
pub mod plane;
mod refiner;
pub mod regions;
pub mod renewal;
pub mod scene;
mod selection;
pub mod temporal;
#[cfg(test)]
mod testing;

pub use key::Screen;
pub use key_color::KeyColor;
pub use params::{EdgeMode, Params, Preset, Region, SubjectSelect, TemporalMode};
pub use plane::Plane;
pub use refiner::{Refiner, StageTimes, Stats, Timing};
