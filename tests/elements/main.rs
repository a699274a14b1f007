// SPDX-License-Identifier: MPL-2.0

//! What the elements do with frames: each module has one subject. One program holds them all, since
//! building a test program takes longer than running it; what must have a process of its own (counted
//! allocations, a missing library, children that die) is a program of its own.

#[path = "../common/mod.rs"]
mod common;

mod alpha;
mod anamorphic;
mod chain;
mod contradictions;
mod control;
mod dmabuf;
mod formats;
mod framing;
mod golden;
mod hdr;
mod inspect;
mod key;
mod meta;
mod mix;
mod mix_bin;
mod mix_pipeline;
mod mix_place;
mod pictures;
mod privacy;
mod refine_input;
mod refused;
mod segment;
mod select;
mod small;
mod still;
mod time;
mod upright;
mod visible;
