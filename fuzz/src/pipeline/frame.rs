// SPDX-License-Identifier: MPL-2.0

//! Frames as they come from cameras, decoders and broken elements: times, and where the picture lies in
//! the memory.

use super::super::frames::fill;
use super::script::Format;
use arbitrary::{Result, Unstructured};

/// When a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// So many milliseconds after the one before.
    After(u8),
    /// It does not say.
    None,
    /// 0, whatever came before.
    Zero,
    /// So many milliseconds before the one before.
    Before(u8),
    /// Hours later.
    Jump,
}

/// Where the caps' picture lies in the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// As the caps say.
    Whole,
    /// In a larger frame, by a VideoMeta of the caps' size: padding right and below.
    Padded,
    /// In a larger frame, by a VideoMeta and a VideoCropMeta.
    Cropped(u8, u8),
    /// A larger VideoMeta, and nothing that says which part is meant.
    Larger,
    /// A VideoCropMeta whose rectangle is not the caps' size, or not inside of the frame.
    Astray(u8, u8, u8, u8),
    /// A VideoMeta of another format.
    Foreign,
    /// Less memory than the caps need.
    Short,
}

/// A frame that is to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    seed: [u8; 6],
    time: Time,
    discont: bool,
    place: Place,
}

/// Pixels that a larger frame has more on each side.
const MORE: u32 = 16;

impl Shot {
    pub fn read(u: &mut Unstructured) -> Result<Self> {
        let time = match u.int_in_range(0..=9u8)? {
            0..6 => Time::After(u.arbitrary()?),
            6 => Time::None,
            7 => Time::Zero,
            8 => Time::Before(u.arbitrary()?),
            _ => Time::Jump,
        };
        let place = match u.int_in_range(0..=11u8)? {
            0..5 => Place::Whole,
            5 => Place::Padded,
            6 | 7 => Place::Cropped(u.int_in_range(0..=16)?, u.int_in_range(0..=16)?),
            8 => Place::Larger,
            9 => Place::Astray(
                u.arbitrary()?,
                u.arbitrary()?,
                u.arbitrary()?,
                u.arbitrary()?,
            ),
            10 => Place::Foreign,
            _ => Place::Short,
        };
        Ok(Self {
            seed: u.arbitrary()?,
            time,
            discont: u.ratio(1, 8)?,
            place,
        })
    }

    /// Whether caps and metas agree on where the picture lies.
    pub fn agrees(&self) -> bool {
        matches!(
            self.place,
            Place::Whole | Place::Padded | Place::Cropped(..)
        )
    }

    /// The frame, its time counted from the one before. The `other` room differs in every byte but
    /// those of alpha: what is transparent is not the room's colour. An `opaque` frame has none of its own.
    pub fn buffer(
        &self,
        format: &Format,
        before: &mut gst::ClockTime,
        other: bool,
        opaque: bool,
    ) -> gst::Buffer {
        let info = format.info();
        let held = match self.place {
            Place::Whole | Place::Short => info.clone(),
            _ => larger(format, MORE),
        };
        let mut data = vec![0; held.size()];
        fill(&mut Unstructured::new(&self.seed), &mut data).expect("enough bytes");
        if other {
            change(&mut data, &held);
        }
        if opaque {
            each_alpha(&held, |byte, bits| data[byte] |= bits);
        }
        if self.place == Place::Short {
            data.truncate(data.len() / 2);
        }
        let mut buffer = gst::Buffer::from_mut_slice(data);
        let new = buffer.get_mut().expect("a new buffer");
        new.set_pts(self.pts(before));
        if self.discont {
            new.set_flags(gst::BufferFlags::DISCONT);
        }
        self.describe(new, format, &held);
        buffer
    }

    fn pts(&self, before: &mut gst::ClockTime) -> Option<gst::ClockTime> {
        let ms = |ms: u8| gst::ClockTime::from_mseconds(ms.into());
        *before = match self.time {
            Time::None => return None,
            Time::After(gap) => *before + ms(gap),
            Time::Zero => gst::ClockTime::ZERO,
            Time::Before(gap) => before.saturating_sub(ms(gap)),
            Time::Jump => *before + gst::ClockTime::from_seconds(7200),
        };
        Some(*before)
    }

    /// Says by metas where the picture lies. What GStreamer itself refuses is left out.
    fn describe(&self, buffer: &mut gst::BufferRef, format: &Format, held: &gst_video::VideoInfo) {
        let planes = held.n_planes() as usize;
        let mut add_meta = |format, width, height| {
            let _ = gst_video::VideoMeta::add_full(
                buffer,
                gst_video::VideoFrameFlags::empty(),
                format,
                width,
                height,
                &held.offset()[..planes],
                &held.stride()[..planes],
            );
        };
        let (width, height) = (format.width, format.height);
        match self.place {
            Place::Whole | Place::Short => return,
            Place::Padded => add_meta(held.format(), width, height),
            Place::Foreign => add_meta(foreign(held.format()), width, height),
            Place::Cropped(..) | Place::Larger | Place::Astray(..) => {
                add_meta(held.format(), held.width(), held.height());
            }
        }
        match self.place {
            Place::Cropped(x, y) => {
                let (x, y) = (u32::from(x).min(MORE), u32::from(y).min(MORE));
                gst_video::VideoCropMeta::add(buffer, (x, y, width, height));
            }
            Place::Astray(x, y, w, h) => {
                gst_video::VideoCropMeta::add(buffer, (x.into(), y.into(), w.into(), h.into()));
            }
            _ => (),
        }
    }
}

/// The same format with more pixels.
fn larger(format: &Format, more: u32) -> gst_video::VideoInfo {
    let mut format = format.clone();
    (format.width, format.height) = (format.width + more, format.height + more);
    format.info()
}

fn foreign(format: gst_video::VideoFormat) -> gst_video::VideoFormat {
    match format {
        gst_video::VideoFormat::Nv12 => gst_video::VideoFormat::Nv21,
        _ => gst_video::VideoFormat::Nv12,
    }
}

/// Changes every byte of a frame but its alpha's.
fn change(data: &mut [u8], info: &gst_video::VideoInfo) {
    let before = info.has_alpha().then(|| data.to_vec());
    data.iter_mut().for_each(|byte| *byte ^= 0xff);
    if let Some(before) = before {
        each_alpha(info, |byte, bits| {
            data[byte] = data[byte] & !bits | before[byte] & bits;
        });
    }
}

/// Tells in which bytes, and in which of their bits, each pixel's alpha lies, if the format has one.
fn each_alpha(info: &gst_video::VideoInfo, mut tell: impl FnMut(usize, u8)) {
    if !info.has_alpha() {
        return;
    }
    let alpha = 3;
    if info.comp_depth(alpha) == 2 {
        // The two highest bits of a little-endian word.
        for y in 0..info.height() as usize {
            for x in 0..info.width() as usize {
                tell(y * info.stride()[0] as usize + 4 * x + 3, 0xc0);
            }
        }
        return;
    }
    let bytes = (info.comp_depth(alpha) as usize).div_ceil(8);
    for y in 0..info.comp_height(alpha) as usize {
        for x in 0..info.comp_width(alpha) as usize {
            let at = info.comp_offset(alpha)
                + y * info.comp_stride(alpha) as usize
                + x * info.comp_pstride(alpha) as usize;
            (at..at + bytes).for_each(|byte| tell(byte, 0xff));
        }
    }
}
