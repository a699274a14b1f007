// SPDX-License-Identifier: MPL-2.0

//! Properties that move over time: control bindings (GstController) are followed frame by frame.
//!
//! An element sets its own bound properties to the frame's stream time before it works on the frame. A bin
//! that stands for its children hangs a [`Follower`] on each of them, so that the properties that the bin
//! proxies take the same time: that of the frame which the child works on, on the child's own thread.

use gst::PARAM_FLAG_CONTROLLABLE as CONTROLLABLE;
use gst::glib;
use gst::glib::translate::from_glib_full;
use gst::prelude::*;
use gst_base::prelude::*;
use std::ffi::{CStr, CString};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes the control bindings of an element count, frame by frame.
#[derive(Debug, Default)]
pub struct Control {
    follower: OnceLock<Follower>,
}

impl Control {
    /// Has `child`, whose control this is, follow its bin, too. Only the first call counts.
    pub fn follow(&self, bin: &gst::Object, child: &impl IsA<gst::Object>) {
        self.follower.get_or_init(|| Follower::new(bin, child));
    }

    /// Before a filter works on a frame: sets what is bound to its value at the frame's stream time.
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

    /// Sets what is bound to its value at a stream time. Without one, for a frame that has no time or lies
    /// outside of its segment, everything stays as it was.
    pub fn sync(&self, element: &impl IsA<gst::Object>, time: Option<gst::ClockTime>) {
        let Some(time) = time else {
            return;
        };
        // Fails where a binding has no value for this time: the property keeps the one before.
        let _ = element.sync_values(time);
        if let Some(follower) = self.follower.get() {
            follower.sync(time);
        }
    }
}

/// The control bindings of a bin for the properties of one of its children.
#[derive(Debug)]
pub struct Follower {
    bin: glib::WeakRef<gst::Object>,
    properties: Vec<CString>,
    /// Stream time of the child's newest frame, in ns; the greatest number before the first.
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

    /// Sets the bound ones of the properties on the bin, which hands them to the child.
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
    reason = "the safe call copies the name to the heap each time, which is for every property and frame"
)]
fn binding(object: &gst::Object, property: &CStr) -> Option<gst::ControlBinding> {
    // SAFETY: both pointers are valid for the call, which keeps neither; the result is a reference of our own
    // or null.
    unsafe {
        from_glib_full(gst::ffi::gst_object_get_control_binding(
            object.as_ptr(),
            property.as_ptr(),
        ))
    }
}
