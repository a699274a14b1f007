// SPDX-License-Identifier: MPL-2.0

//! What video and sound can be encoded with. A file keeps its codec where an encoder is installed
//! and the new file takes it; otherwise the first codec of the new file's list stands in.

use super::error::FileError;
use gst::prelude::*;
use gst_video::{VideoFormat, VideoFormatInfo};
use std::str::FromStr;
use std::thread;

/// An encoder of GStreamer.
#[derive(Debug)]
pub struct Encoder {
    /// The element.
    pub element: &'static str,
    /// `property=value`, separated by blanks, for a picture that nobody tells from its source.
    /// `{threads}` and `{bitrate}` (bits per second) are filled in. A property that this version
    /// of the element does not have is left out.
    settings: &'static str,
    /// What must stand between encoder and muxer.
    pub parser: Option<&'static str>,
    /// Whether width and height must be even.
    pub even: bool,
    /// The package that has it, as Debian names it.
    package: &'static str,
}

/// A way to code video or sound.
#[derive(Debug)]
pub struct Codec {
    /// As people know it.
    pub name: &'static str,
    /// Its caps.
    caps: &'static str,
    /// The encoders, the best one first.
    encoders: &'static [Encoder],
}

/// One that is installed.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What comes out.
    pub codec: &'static Codec,
    /// What makes it.
    pub encoder: &'static Encoder,
}

const BAD: &str = "gstreamer1.0-plugins-bad";
const GOOD: &str = "gstreamer1.0-plugins-good";
const UGLY: &str = "gstreamer1.0-plugins-ugly";
const BASE: &str = "gstreamer1.0-plugins-base";
const LIBAV: &str = "gstreamer1.0-libav";

const fn encoder(
    element: &'static str,
    settings: &'static str,
    parser: Option<&'static str>,
    package: &'static str,
) -> Encoder {
    Encoder {
        element,
        settings,
        parser,
        even: false,
        package,
    }
}

const fn even(encoder: Encoder) -> Encoder {
    Encoder {
        even: true,
        ..encoder
    }
}

macro_rules! codec {
    ($name:literal, $caps:literal, $($encoder:expr),+) => {
        Codec { name: $name, caps: $caps, encoders: &[$($encoder),+] }
    };
}

/// H.264.
pub static H264: Codec = codec!(
    "H.264",
    "video/x-h264",
    even(encoder(
        "x264enc",
        "pass=qual quantizer=21 speed-preset=veryfast",
        Some("h264parse"),
        UGLY
    )),
    even(encoder(
        "openh264enc",
        "bitrate={bitrate} complexity=high",
        Some("h264parse"),
        BAD
    ))
);
/// H.265 has no encoder here: x265 3.5 (Debian 12) lost the colour of flat areas.
pub static H265: Codec = Codec {
    name: "H.265",
    caps: "video/x-h265",
    encoders: &[],
};
/// VP8. Its encoder counts time by the frame rate, unless it is told finer steps. Frames that it holds
/// back are lost at the end if they do not fit into the space of one.
pub static VP8: Codec = codec!(
    "VP8",
    "video/x-vp8",
    encoder(
        "vp8enc",
        "deadline=1 cpu-used=4 lag-in-frames=0 threads={threads} end-usage=cq cq-level=15 target-bitrate={bitrate} \
         timebase=1/90000",
        None,
        GOOD
    )
);
/// VP9.
pub static VP9: Codec = codec!(
    "VP9",
    "video/x-vp9",
    encoder(
        "vp9enc",
        "deadline=1 cpu-used=6 lag-in-frames=0 row-mt=true threads={threads} end-usage=cq cq-level=28 \
         target-bitrate={bitrate} timebase=1/90000",
        None,
        GOOD
    )
);
/// AV1.
pub static AV1: Codec = codec!(
    "AV1",
    "video/x-av1",
    encoder("svtav1enc", "preset=8 crf=30", Some("av1parse"), BAD),
    encoder(
        "av1enc",
        "cpu-used=8 row-mt=true threads={threads} end-usage=q min-quantizer=10 max-quantizer=40",
        Some("av1parse"),
        BAD
    )
);
/// One JPEG per frame.
pub static JPEG: Codec = codec!(
    "JPEG",
    "image/jpeg",
    encoder("jpegenc", "quality=92", None, GOOD)
);
/// ProRes; 4444 with alpha.
pub static PRORES: Codec = codec!(
    "ProRes",
    "video/x-prores",
    encoder("avenc_prores_ks", "", None, LIBAV)
);
/// Lossless, with alpha.
pub static FFV1: Codec = codec!(
    "FFV1",
    "video/x-ffv,ffvversion=1",
    encoder("avenc_ffv1", "", None, LIBAV)
);
/// One PNG per frame, with alpha.
pub static PNG: Codec = codec!("PNG", "image/png", encoder("pngenc", "", None, GOOD));

/// What the video of a file can be, in the order of [`of`]. MPEG-4 part 2 is not among them:
/// libav's encoder for GStreamer (1.22) counts its frames instead of taking their times.
static VIDEO: [&Codec; 9] = [&H264, &H265, &VP8, &VP9, &AV1, &JPEG, &PRORES, &FFV1, &PNG];

/// AAC.
pub static AAC: Codec = codec!(
    "AAC",
    "audio/mpeg,mpegversion=4",
    encoder("avenc_aac", "bitrate=160000", Some("aacparse"), LIBAV),
    encoder("fdkaacenc", "bitrate=160000", Some("aacparse"), BAD),
    encoder("voaacenc", "bitrate=160000", Some("aacparse"), BAD)
);
/// Opus.
pub static OPUS: Codec = codec!(
    "Opus",
    "audio/x-opus",
    encoder("opusenc", "bitrate=128000", None, BASE)
);
/// Vorbis.
pub static VORBIS: Codec = codec!(
    "Vorbis",
    "audio/x-vorbis",
    encoder("vorbisenc", "quality=0.5", None, BASE)
);

/// The codec of some caps, if there is a word for it here.
pub fn of(caps: &gst::CapsRef) -> Option<&'static Codec> {
    VIDEO
        .into_iter()
        .find(|codec| codec.caps().is_ok_and(|own| own.can_intersect(caps)))
}

/// A codec's name for people; what has no name here is called as its caps are.
pub fn name_of(caps: &gst::CapsRef) -> String {
    const OTHERS: [(&str, &str); 10] = [
        ("audio/mpeg,mpegversion=1,layer=3", "MP3"),
        ("audio/mpeg,mpegversion={2,4}", "AAC"),
        ("audio/x-opus", "Opus"),
        ("audio/x-vorbis", "Vorbis"),
        ("audio/x-flac", "FLAC"),
        ("audio/x-ac3", "AC-3"),
        ("audio/x-raw", "uncompressed"),
        ("video/x-raw", "uncompressed"),
        ("video/mpeg,mpegversion=2", "MPEG-2"),
        ("video/mpeg,mpegversion=4", "MPEG-4"),
    ];
    let known = |(own, name): (&str, &'static str)| {
        let own = gst::Caps::from_str(own).ok()?;
        own.can_intersect(caps).then_some(name)
    };
    let name = of(caps).map(|codec| codec.name);
    name.or_else(|| OTHERS.into_iter().find_map(known))
        .or_else(|| caps.structure(0).map(|structure| structure.name().as_str()))
        .unwrap_or("unknown")
        .into()
}

impl Codec {
    /// The caps that its encoders give.
    ///
    /// # Errors
    /// Never, as the table's texts are caps.
    pub fn caps(&self) -> Result<gst::Caps, FileError> {
        Ok(gst::Caps::from_str(self.caps)?)
    }

    /// The first encoder that is installed.
    pub fn installed(&'static self) -> Option<Choice> {
        let found = |encoder: &&Encoder| gst::ElementFactory::find(encoder.element).is_some();
        let encoder = self.encoders.iter().find(found)?;
        Some(Choice {
            codec: self,
            encoder,
        })
    }

    /// What to install for it.
    pub fn packages(&self) -> impl Iterator<Item = &'static str> {
        self.encoders.iter().map(|encoder| encoder.package)
    }
}

impl Encoder {
    /// The element, with its settings for video of this many bits per second.
    ///
    /// # Errors
    /// If it is not installed.
    pub fn make(&self, bitrate: u32) -> Result<gst::Element, FileError> {
        let element = gst::ElementFactory::make(self.element).build()?;
        let threads = thread::available_parallelism().map_or(1, |count| count.get());
        for setting in self.settings.split_whitespace() {
            let Some((name, value)) = setting.split_once('=') else {
                continue;
            };
            if element.has_property(name) {
                let value = value.replace("{threads}", &threads.min(16).to_string());
                let value = value.replace("{bitrate}", &bitrate.to_string());
                element.set_property_from_str(name, &value);
            }
        }
        Ok(element)
    }
}

/// The formats of raw video that an encoder takes.
pub fn formats(encoder: &gst::Element) -> Vec<VideoFormat> {
    let Some(sink) = encoder.static_pad("sink") else {
        return Vec::new();
    };
    let caps = sink.query_caps(None);
    let mut formats = Vec::new();
    for structure in caps.iter() {
        if let Ok(one) = structure.get::<&str>("format") {
            formats.push(VideoFormat::from_string(one));
        } else if let Ok(list) = structure.get::<gst::List>("format") {
            let names = list.iter().filter_map(|value| value.get::<&str>().ok());
            formats.extend(names.map(VideoFormat::from_string));
        }
    }
    formats
}

/// Bits per sample of a format.
pub fn depth(format: VideoFormat) -> u32 {
    match format {
        VideoFormat::Unknown | VideoFormat::Encoded => 0,
        format => VideoFormatInfo::from_format(format).depth()[0],
    }
}
