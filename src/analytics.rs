// SPDX-License-Identifier: MPL-2.0

//! The matte as GStreamer's own analytics elements know it: a `GstAnalyticsSegmentationMtd` beside
//! `MatteMeta` (feature `v1_26`).
//!
//! Upstream's masks hold the number of a region for each pixel and no alpha, so this is the matte
//! cut at one half: region 0, class `background`, and region 1, class `subject`. The classes are a
//! `GstAnalyticsClsMtd` whose entries follow the regions, related to the mask. `segmentationoverlay`
//! and programs that know nothing of this plugin read it; the elements here read `MatteMeta` alone.

use crate::pool::{MattePool, read_matte};
use gst::glib;
use gst::glib::translate::{IntoGlibPtr, from_glib};
use gst_analytics::prelude::*;
use gst_analytics::{
    AnalyticsAnyMtd, AnalyticsClassificationMtd, AnalyticsRelationMeta, RelTypes, ffi,
};

/// Names of the regions, in the order of their numbers.
pub const CLASSES: [&str; 2] = ["background", "subject"];

/// Matte values from here on belong to the subject.
const HALF: u8 = 128;

/// Makes masks of mattes, in recycled memory.
#[derive(Debug, Default)]
pub struct Masks(Option<MattePool>);

impl Masks {
    /// Puts the mask of `matte` on a frame in the place of an older one of ours; leaves a frame
    /// without one as it is.
    ///
    /// Where other elements have put metas of theirs beside our older mask, that one stays as it
    /// is: upstream cannot take a single mask out.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub fn renew(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: &gst::SampleRef,
        size: (usize, usize),
    ) -> Result<(), glib::BoolError> {
        match found(buffer) {
            Found::Ours => self.attach(buffer, matte, size),
            Found::None | Found::Mixed => Ok(()),
        }
    }

    /// Puts the mask of `matte` on a frame of `width` x `height` pixels, in the place of one that
    /// this module put there before.
    ///
    /// # Errors
    /// Where the matte cannot be read or memory for the mask runs out.
    pub fn attach(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: &gst::SampleRef,
        (width, height): (usize, usize),
    ) -> Result<(), glib::BoolError> {
        if matches!(found(buffer), Found::Ours) {
            detach(buffer)?;
        }
        let mask = read_matte(matte, |matte| {
            let size = (matte.width(), matte.height());
            let pool = match self.0.take() {
                Some(pool) if (pool.width(), pool.height()) == size => pool,
                _ => MattePool::new(size.0, size.1)?,
            };
            let (mask, ()) = pool.fill(|mask| {
                for y in 0..size.1 {
                    for (mask, matte) in mask.row_mut(y).iter_mut().zip(matte.row(y)) {
                        *mask = u8::from(*matte >= HALF);
                    }
                }
            })?;
            self.0 = Some(pool);
            Ok::<_, glib::BoolError>(mask)
        })??;
        let mask = mask
            .buffer_owned()
            .ok_or_else(|| glib::bool_error!("no memory for a mask"))?;
        let side = |v: usize| {
            u32::try_from(v).map_err(|_| glib::bool_error!("a frame side of {v} pixels"))
        };
        add(buffer, mask, (side(width)?, side(height)?))
    }
}

/// What analytics metas a frame carries.
enum Found {
    /// None with a mask of ours.
    None,
    /// A mask of ours and nothing else.
    Ours,
    /// A mask of ours among others' metas.
    Mixed,
}

fn found(buffer: &gst::BufferRef) -> Found {
    let Some(meta) = buffer.meta::<AnalyticsRelationMeta>() else {
        return Found::None;
    };
    let ours = meta.iter::<AnalyticsClassificationMtd>().any(|classes| {
        classes.len() == CLASSES.len()
            && classes
                .iterate()
                .zip(CLASSES)
                .all(|((quark, _), name)| quark.as_str() == name)
    });
    match (ours, meta.iter::<AnalyticsAnyMtd>().count()) {
        (false, _) => Found::None,
        // The mask and its classes.
        (true, 2) => Found::Ours,
        (true, _) => Found::Mixed,
    }
}

/// Takes a mask of ours off a frame, where it carries one and no metas of others beside it.
///
/// # Errors
/// Where GStreamer refuses.
pub fn detach(buffer: &mut gst::BufferRef) -> Result<(), glib::BoolError> {
    if !matches!(found(buffer), Found::Ours) {
        return Ok(());
    }
    match buffer.meta_mut::<AnalyticsRelationMeta>() {
        Some(meta) => meta.remove(),
        None => Ok(()),
    }
}

/// The one place where the binding has no safe function: adding a segmentation.
#[allow(unsafe_code, reason = "see above")]
fn add(
    buffer: &mut gst::BufferRef,
    mask: gst::Buffer,
    (width, height): (u32, u32),
) -> Result<(), glib::BoolError> {
    let refused = || glib::bool_error!("GStreamer takes no more analytics metas on this frame");
    let mut meta = match buffer.meta_mut::<AnalyticsRelationMeta>() {
        Some(_) => buffer
            .meta_mut::<AnalyticsRelationMeta>()
            .ok_or_else(refused)?,
        None => AnalyticsRelationMeta::add(buffer),
    };
    let mut regions: [u32; CLASSES.len()] = [0, 1];
    let mut segmentation = ffi::GstAnalyticsSegmentationMtd {
        id: 0,
        meta: std::ptr::null_mut(),
    };
    // SAFETY: `meta` is a live relation meta that is borrowed mutably for the call. The mask is
    // given away, as the function wants it, and carries a GstVideoMeta (MattePool's buffers do).
    // `regions` outlives the call, which copies it, and has as many items as it says.
    // `segmentation` is written by the function where it returns true, and is valid before.
    let added: bool = unsafe {
        from_glib(ffi::gst_analytics_relation_meta_add_segmentation_mtd(
            meta.as_mut_ptr(),
            mask.into_glib_ptr(),
            ffi::GST_SEGMENTATION_TYPE_SEMANTIC,
            regions.len(),
            regions.as_mut_ptr(),
            0,
            0,
            width,
            height,
            &mut segmentation,
        ))
    };
    if !added {
        return Err(refused());
    }
    let names = CLASSES.map(glib::Quark::from_str);
    let classes = meta.add_cls_mtd(&[1.0; CLASSES.len()], &names)?.id();
    meta.set_relation(RelTypes::N_TO_N, segmentation.id, classes)
}
