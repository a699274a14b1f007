// SPDX-License-Identifier: MPL-2.0

//! Recycled memory for mattes: after the first few frames no matte costs an allocation.

use crate::frame::{GrayMut, GrayRef, PixelLayout};
use crate::video::Stream;
use gst::prelude::*;
use gst_video::VideoFrameRef;
use gst_video::prelude::*;

/// A pool of GRAY8 buffers of one size.
#[derive(Debug)]
pub struct MattePool {
    pool: gst_video::VideoBufferPool,
    info: gst_video::VideoInfo,
    caps: gst::Caps,
}

impl MattePool {
    /// A pool for mattes of `width` x `height` pixels.
    ///
    /// # Errors
    /// Where the size cannot be described by caps (zero, or beyond 32767 a side).
    pub fn new(width: usize, height: usize) -> Result<Self, gst::glib::BoolError> {
        let side = |v: usize| {
            u32::try_from(v).map_err(|_| gst::glib::bool_error!("a matte side of {v} pixels"))
        };
        let (width, height) = (side(width)?, side(height)?);
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, width, height)
            .build()
            .map_err(|_| gst::glib::bool_error!("no caps for a matte of {width}x{height}"))?;
        let caps = info.to_caps()?;
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        let size = u32::try_from(info.size())
            .map_err(|_| gst::glib::bool_error!("a matte of {width}x{height} is too large"))?;
        config.set_params(Some(&caps), size, 0, 0);
        // A matte is a picture to whoever finds it without its caps, too.
        config.add_option(gst_video::BUFFER_POOL_OPTION_VIDEO_META);
        pool.set_config(config)?;
        pool.set_active(true)?;
        Ok(Self { pool, info, caps })
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.info.width() as usize
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.info.height() as usize
    }

    /// Takes a recycled buffer and lets `work` write all of its pixels.
    ///
    /// # Errors
    /// Where no buffer can be had: the pool is flushing or memory ran out.
    pub fn fill<T>(
        &self,
        work: impl FnOnce(&mut GrayMut) -> T,
    ) -> Result<(gst::Sample, T), gst::glib::BoolError> {
        let failed = || gst::glib::bool_error!("no memory for a matte");
        let mut buffer = self.pool.acquire_buffer(None).map_err(|_| failed())?;
        let result = {
            let buffer = buffer.get_mut().ok_or_else(failed)?;
            let mut frame = VideoFrameRef::from_buffer_ref_writable(buffer, &self.info)?;
            let stride = frame.plane_stride()[0] as usize;
            let data = frame.plane_data_mut(0)?;
            let mut view = GrayMut::new(data, self.width(), self.height(), stride)
                .map_err(|error| gst::glib::bool_error!("{error}"))?;
            work(&mut view)
        };
        let sample = gst::Sample::builder()
            .buffer(&buffer)
            .caps(&self.caps)
            .build();
        Ok((sample, result))
    }
}

impl Drop for MattePool {
    fn drop(&mut self) {
        // Deactivation only fails for pools that were never active.
        let _ = self.pool.set_active(false);
    }
}

/// Maps the picture of a matte sample to read.
///
/// # Errors
/// Where the sample is no mappable GRAY8 picture.
pub fn read_matte<T>(
    sample: &gst::SampleRef,
    work: impl FnOnce(GrayRef) -> T,
) -> Result<T, gst::glib::BoolError> {
    let caps = sample
        .caps()
        .ok_or_else(|| gst::glib::bool_error!("the matte has no caps"))?;
    let buffer = sample
        .buffer()
        .ok_or_else(|| gst::glib::bool_error!("the matte has no buffer"))?;
    // Caps and metas may come from anywhere: this is the way that frames come, too.
    let stream = Stream::from_caps(caps)
        .map_err(|_| gst::glib::bool_error!("the matte's caps are no picture's: {caps}"))?;
    if stream.layout != PixelLayout::Gray8 {
        return Err(gst::glib::bool_error!(
            "the matte must be GRAY8, found {}",
            stream.layout.info().name
        ));
    }
    let read = stream.read(buffer, |frame| {
        let (width, height) = (frame.width(), frame.height());
        GrayRef::new(frame.plane(0), width, height, frame.stride(0)).map(work)
    });
    match read {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Err(gst::glib::bool_error!("{error}")),
        Err(error) => Err(gst::glib::bool_error!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back() {
        gst::init().unwrap();
        let pool = MattePool::new(5, 3).unwrap();
        let address = |sample: &gst::Sample| {
            read_matte(sample, |matte| matte.row(2).as_ptr() as usize).unwrap()
        };
        let (sample, ()) = pool
            .fill(|matte| (0..3).for_each(|y| matte.row_mut(y).fill(9)))
            .unwrap();
        let first = address(&sample);
        assert!(read_matte(&sample, |m| m.rows().all(|r| r == [9; 5])).unwrap());
        drop(sample);
        assert_eq!(address(&pool.fill(|_| ()).unwrap().0), first);
    }

    #[test]
    fn zero_sized_mattes_are_refused() {
        gst::init().unwrap();
        assert!(MattePool::new(0, 3).is_err());
    }
}
