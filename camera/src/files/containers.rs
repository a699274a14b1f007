// SPDX-License-Identifier: MPL-2.0

//! The kinds of files that are written, by the end of their names.

use super::codecs::{
    self, AAC, AV1, Choice, Codec, FFV1, H264, JPEG, OPUS, PNG, PRORES, VORBIS, VP8, VP9,
};
use super::error::FileError;
use gst::prelude::*;
use gst_video::VideoFormat;
use std::path::Path;

/// How alpha is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Alpha {
    /// The codec has it, in frames of this format. The format must be asked for: `videoconvert`
    /// prefers one without alpha.
    Inside(VideoFormat),
    /// The codec has none: it is a second stream, as gray.
    Beside,
}

/// A kind of file.
#[derive(Debug)]
pub struct Container {
    /// The ends of names, the usual one first.
    pub extensions: &'static [&'static str],
    /// The element that writes it; none for pictures.
    pub muxer: Option<&'static str>,
    /// What the muxer says that it takes, but does not.
    never: &'static [&'static Codec],
    /// What stands in for a codec that it does not take or nobody encodes.
    video: &'static [&'static Codec],
    sound: &'static [&'static Codec],
    /// What is written with `--transparent`.
    alpha: Option<(&'static Codec, Alpha)>,
}

static CONTAINERS: [Container; 7] = [
    Container {
        extensions: &["mp4", "m4v"],
        muxer: Some("mp4mux"),
        // GStreamer 1.22 crashes if the encoder does not say where chroma lies.
        never: &[&VP9],
        video: &[&H264, &AV1],
        sound: &[&AAC, &OPUS],
        alpha: None,
    },
    Container {
        extensions: &["mov"],
        muxer: Some("qtmux"),
        never: &[&VP9],
        video: &[&H264, &PRORES, &JPEG],
        sound: &[&AAC, &OPUS],
        alpha: Some((&PRORES, Alpha::Inside(VideoFormat::A44410le))),
    },
    Container {
        extensions: &["mkv"],
        muxer: Some("matroskamux"),
        never: &[],
        video: &[&H264, &VP9, &VP8, &JPEG],
        sound: &[&OPUS, &VORBIS, &AAC],
        alpha: Some((&FFV1, Alpha::Inside(VideoFormat::Bgra))),
    },
    Container {
        extensions: &["webm"],
        muxer: Some("webmmux"),
        never: &[],
        video: &[&VP9, &VP8, &AV1],
        sound: &[&OPUS, &VORBIS],
        alpha: Some((&VP9, Alpha::Beside)),
    },
    Container {
        extensions: &["ts"],
        muxer: Some("mpegtsmux"),
        never: &[],
        video: &[&H264],
        sound: &[&AAC, &OPUS],
        alpha: None,
    },
    Container {
        extensions: &["png"],
        muxer: None,
        never: &[],
        video: &[&PNG],
        sound: &[],
        alpha: Some((&PNG, Alpha::Inside(VideoFormat::Rgba))),
    },
    Container {
        extensions: &["jpg", "jpeg"],
        muxer: None,
        never: &[],
        video: &[&JPEG],
        sound: &[],
        alpha: None,
    },
];

impl Container {
    /// The kind of file that a name asks for.
    ///
    /// # Errors
    /// [`FileError::Container`] if the end of the name is none that is known.
    pub fn of(path: &Path) -> Result<&'static Self, FileError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let extension = extension.to_ascii_lowercase();
        CONTAINERS
            .iter()
            .find(|container| container.extensions.contains(&extension.as_str()))
            .ok_or_else(|| FileError::Container {
                path: path.into(),
                known: Self::known(),
            })
    }

    /// The ends of names that are known.
    fn known() -> String {
        let all = CONTAINERS.iter().flat_map(|container| container.extensions);
        all.copied().collect::<Vec<_>>().join(", ")
    }

    /// Its usual name.
    pub fn name(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }

    /// The codec of alpha, and its format.
    ///
    /// # Errors
    /// [`FileError::NoAlpha`] if this kind of file holds none, [`FileError::NoEncoder`] if nothing
    /// is installed that writes it.
    pub fn alpha(&self) -> Result<(Choice, Alpha), FileError> {
        let (codec, alpha) = self.alpha.ok_or(FileError::NoAlpha(self.name()))?;
        Ok((installed(&[codec])?, alpha))
    }

    /// The codec for video that has been coded so: the same, if the file takes it and something is
    /// installed that writes it.
    ///
    /// # Errors
    /// [`FileError::NoEncoder`] if nothing is installed that writes any of the codecs.
    pub fn video(
        &self,
        muxer: Option<&gst::Element>,
        coded: &gst::Caps,
    ) -> Result<Choice, FileError> {
        let never = |codec: &Codec| self.never.iter().any(|own| own.name == codec.name);
        let same = codecs::of(coded).filter(|codec| !never(codec));
        let same = same.filter(|codec| match muxer {
            Some(muxer) => codec.caps().is_ok_and(|caps| takes(muxer, "video", &caps)),
            None => self.video.iter().any(|own| own.name == codec.name),
        });
        match same.and_then(Codec::installed) {
            Some(same) => Ok(same),
            None => installed(self.video),
        }
    }

    /// The codec for sound that is coded anew.
    ///
    /// # Errors
    /// [`FileError::NoEncoder`] if nothing is installed that writes any of the codecs.
    pub fn sound(&self) -> Result<Choice, FileError> {
        installed(self.sound)
    }
}

fn installed(codecs: &[&'static Codec]) -> Result<Choice, FileError> {
    let mut found = codecs.iter().copied().filter_map(Codec::installed);
    found.next().ok_or_else(|| {
        let names = codecs.iter().map(|codec| codec.name);
        let mut packages: Vec<_> = codecs.iter().flat_map(|codec| codec.packages()).collect();
        packages.sort_unstable();
        packages.dedup();
        FileError::NoEncoder {
            codecs: names.collect::<Vec<_>>().join(", "),
            packages: packages.join(" or "),
        }
    })
}

/// The template of a muxer's pad for a stream; `kind` is "video", "audio" or "subtitle".
pub fn template(muxer: &gst::Element, kind: &str, caps: &gst::Caps) -> Option<gst::PadTemplate> {
    muxer.pad_template_list().into_iter().find(|template| {
        let name = template.name_template();
        template.direction() == gst::PadDirection::Sink
            // MPEG-TS has one for all of them.
            && (name.starts_with(kind) || name.starts_with("sink"))
            && template.caps().can_intersect(caps)
    })
}

/// Whether a muxer takes a stream as it is.
pub fn takes(muxer: &gst::Element, kind: &str, caps: &gst::Caps) -> bool {
    template(muxer, kind, caps).is_some()
}
