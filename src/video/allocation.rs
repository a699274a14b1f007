// SPDX-License-Identifier: MPL-2.0

//! Answers to who asks upstream how frames should be allocated.
//!
//! What an element promises it must keep. All of them read a picture by its `GstVideoMeta` and find
//! the frame in it by its `GstVideoCropMeta`; those that hand the very buffer on can promise no more
//! than what comes after them takes, too.

use super::as_plain;
use gst::prelude::*;
use gst_video::{VideoCropMeta, VideoMeta};
use std::borrow::Cow;

/// Frames begin at addresses of which these bits are 0: those of the widest vectors.
const ALIGN: usize = 31;

/// Promises what is read by this element alone: any strides, planes anywhere, and crops.
pub fn answer(query: &mut gst::query::Allocation) {
    query.add_allocation_meta::<VideoMeta>(None);
    query.add_allocation_meta::<VideoCropMeta>(None);
    align(query);
}

/// Promises what comes after `source` takes, as the buffer goes on there.
pub fn relay(source: &gst::Pad, query: &mut gst::query::Allocation) {
    // If nobody answers, nothing is promised.
    source.peer_query(query.query_mut());
    align(query);
}

/// As [`relay`], for an element that hands DMABuf frames on as plain ones: what comes after it is
/// asked about plain ones, and its memory is not offered, as it would not be of upstream's kind.
pub fn relay_as_plain(source: &gst::Pad, query: &mut gst::query::Allocation) {
    let (caps, _) = query.get_owned();
    let plain = match caps.as_deref().map(as_plain) {
        Some(Cow::Owned(plain)) => plain,
        _ => return relay(source, query),
    };
    let mut asked = gst::query::Allocation::new(Some(&plain), false);
    if source.peer_query(asked.query_mut()) {
        promise_alike::<VideoMeta>(&asked, query);
        promise_alike::<VideoCropMeta>(&asked, query);
    }
    align(query);
}

/// Promises a meta that another query's answer promises.
fn promise_alike<M: MetaAPI>(other: &gst::query::Allocation, query: &mut gst::query::Allocation) {
    let mut promised = other.allocation_metas();
    if let Some((_, params)) = promised.find(|(api, _)| *api == M::meta_api()) {
        query.add_allocation_meta::<M>(params);
    }
}

/// Asks for aligned memory, also where others ask for memory of less alignment; an allocator that
/// they name knows its own.
fn align(query: &mut gst::query::Allocation) {
    let asked: Vec<_> = query.allocation_params().collect();
    if asked.is_empty() {
        let params = gst::AllocationParams::new(gst::MemoryFlags::empty(), ALIGN, 0, 0);
        query.add_allocation_param(None::<&gst::Allocator>, params);
    }
    for (index, (allocator, mut params)) in (0..).zip(asked) {
        if allocator.is_none() && params.align() < ALIGN {
            params.set_align(ALIGN);
            query.set_nth_allocation_param(index, allocator.as_ref(), params);
        }
    }
}
