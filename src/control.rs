// SPDX-License-Identifier: MPL-2.0

//! Controlled properties: control bindings (GstController) are applied per frame.
//!
//! Before an element works on a frame, it applies its own bindings at the frame's stream time. A bin
//! with the properties of its children gives each child a [`Follower`]: the child then applies the
//! bin's bindings, too, on its own thread and at the time of the frame that it works on.

use gst::PARAM_FLAG_CONTROLLABLE as CONTROLLABLE;
use gst::glib;
use gst::glib::translate::from_glib_full;
use gst::prelude::*;
use gst_base::prelude::*;
use std::ffi::{CStr, CString};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Applies the control bindings of an element, per frame.
#[derive(Debug, Default)]
pub struct Control {
    follower: OnceLock<Follower>,
}

impl Control {
    /// Makes `child`, whose control this is, follow its bin, too. Only the first call counts.
    pub fn follow(&self, bin: &gst::Object, child: &impl IsA<gst::Object>) {
        self.follower.get_or_init(|| Follower::new(bin, child));
    }

    /// Before a filter works on a frame: applies its bindings at the frame's stream time.
    pub fn before_transform(
        &self,
        filter: &impl IsA<gst_base::BaseTransform>,
        frame: &gst::BufferRef,
    ) {
        let segment = filter.as_ref().segment();
        let segment = segment.downcast_ref::<gst::ClockTime>();
        let time = segment.and_then(|segment| segment.to_stream_time(frame.pts()));
        self.sync(filter.as_ref(), time);
    }

    /// As [`sync`], and the bindings of the bin that is followed.
    pub fn sync(&self, element: &impl IsA<gst::Object>, time: Option<gst::ClockTime>) {
        sync(element, time);
        if let (Some(follower), Some(time)) = (self.follower.get(), time) {
            follower.sync(time);
        }
    }
}

/// Applies the bindings of an object at a stream time. A frame without a time, or outside of its
/// segment, changes nothing.
pub fn sync(object: &impl IsA<gst::Object>, time: Option<gst::ClockTime>) {
    if let Some(time) = time {
        // Fails if a binding has no value for this time: then the property keeps the one before.
        let _ = object.sync_values(time);
    }
}

/// The control bindings of a bin for the properties of one of its children.
#[derive(Debug)]
struct Follower {
    bin: glib::WeakRef<gst::Object>,
    properties: Vec<CString>,
    /// Stream time of the child's newest frame, in ns; `u64::MAX` before the first.
    last: AtomicU64,
}

impl Follower {
    /// Follows the bindings of `bin` for the properties of `child` that may move over time.
    fn new(bin: &gst::Object, child: &impl IsA<gst::Object>) -> Self {
        let specs = child.list_properties();
        let moving = specs
            .iter()
            .filter(|spec| spec.flags().contains(CONTROLLABLE));
        let names = moving.map(|spec| CString::new(spec.name()));
        let properties: Result<_, _> = names.collect();
        Self {
            bin: bin.downgrade(),
            properties: properties.expect("names of properties are ASCII"),
            last: AtomicU64::new(u64::MAX),
        }
    }

    /// Applies the bindings on the bin, which sets the child's properties.
    fn sync(&self, time: gst::ClockTime) {
        let Some(bin) = self.bin.upgrade() else {
            return;
        };
        let last = self.last.swap(time.nseconds(), Ordering::Relaxed);
        if !bin.has_active_control_bindings() {
            return;
        }
        let last = (last != u64::MAX).then(|| gst::ClockTime::from_nseconds(last));
        for property in &self.properties {
            if let Some(binding) = binding(&bin, property) {
                ControlBindingExt::sync_values(&binding, &bin, time, last);
            }
        }
    }
}

/// The binding for a property, if there is one.
#[allow(
    unsafe_code,
    reason = "the safe call copies the name to the heap, for every property and frame"
)]
fn binding(object: &gst::Object, property: &CStr) -> Option<gst::ControlBinding> {
    // SAFETY: both pointers are valid for the call, which keeps neither; the result is a reference
    // of our own or null.
    unsafe {
        from_glib_full(gst::ffi::gst_object_get_control_binding(
            object.as_ptr(),
            property.as_ptr(),
        ))
    }
}
