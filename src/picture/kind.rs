// SPDX-License-Identifier: MPL-2.0

//! What a file is, by its first bytes; names and endings count for nothing.

use image::ImageFormat;

/// Bytes that are looked at.
pub(super) const HEAD: usize = 4096;

/// A kind of picture that a library of the system decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SystemKind {
    /// What users call it.
    pub name: &'static str,
    /// The names under which gdk-pixbuf may know it.
    pub mime: &'static [&'static str],
    /// Debian's package with its loader.
    pub package: &'static str,
}

const AVIF: SystemKind = SystemKind {
    name: "AVIF",
    mime: &["image/avif"],
    package: "libavif-gdk-pixbuf",
};
const HEIC: SystemKind = SystemKind {
    name: "HEIC",
    mime: &["image/heic", "image/heif"],
    package: "heif-gdk-pixbuf",
};
const JXL: SystemKind = SystemKind {
    name: "JPEG XL",
    mime: &["image/jxl"],
    package: "libjxl-gdk-pixbuf",
};
const SVG: SystemKind = SystemKind {
    name: "SVG",
    mime: &["image/svg+xml"],
    package: "librsvg2-common",
};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Decoded here, in Rust.
    Own(ImageFormat),
    /// Decoded by the system.
    System(&'static SystemKind),
    /// Known by name, but not read: what it is and what to do.
    Other(&'static str, &'static str),
    /// Nothing that is known.
    Unknown,
}

const CONVERT: &str = "save it as PNG or JPEG";
const CONVERT_BY_MAGICK: &str =
    "save it as PNG or JPEG, for example with convert of the package imagemagick";
const VIDEO: &str = "a video goes to the pad background of mattebackground or mattemix";

/// Beginnings of files that are recognised to name them in an error.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", CONVERT_BY_MAGICK),
    (b"\xff\x4f\xff\x51", "JPEG 2000", CONVERT_BY_MAGICK),
    (b"8BPS", "Photoshop (PSD)", CONVERT),
    (b"gimp xcf", "GIMP (XCF)", CONVERT),
    (b"\0\0\x01\0", "Windows icon (ICO)", CONVERT),
    (b"v/1\x01", "OpenEXR", CONVERT_BY_MAGICK),
    (b"qoif", "QOI", CONVERT_BY_MAGICK),
    (b"P5", "PGM", CONVERT_BY_MAGICK),
    (b"P6", "PPM", CONVERT_BY_MAGICK),
    (b"%PDF", "PDF", "save a page of it as PNG"),
    (
        b"\x1f\x8b",
        "gzip (a compressed SVG?)",
        "unpack it with gunzip",
    ),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video", VIDEO),
];

/// Tells what a file is that begins with these bytes ([`HEAD`] of them are enough).
pub(super) fn of(head: &[u8]) -> Kind {
    if head.get(4..8) == Some(b"ftyp") {
        return of_boxes(head);
    }
    if head.starts_with(b"\xff\x0a") || head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n") {
        return Kind::System(&JXL);
    }
    if let Ok(format) = image::guess_format(head)
        && is_own(format)
    {
        return Kind::Own(format);
    }
    if let Some((_, name, advice)) = OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Kind::Other(name, advice);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let tag = head.trim_ascii_start().starts_with(b"<");
    if tag && head.windows(4).any(|bytes| bytes == b"<svg") {
        return Kind::System(&SVG);
    }
    Kind::Unknown
}

fn is_own(format: ImageFormat) -> bool {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    matches!(format, Png | Jpeg | Gif | WebP | Tiff | Bmp)
}

/// Files of the ISO base media format name their brands at the start.
fn of_boxes(head: &[u8]) -> Kind {
    let length = head.first_chunk().map_or(0, |b| u32::from_be_bytes(*b)) as usize;
    let brands = head.get(8..length.clamp(12, HEAD).min(head.len()));
    let (brands, _) = brands.unwrap_or_default().as_chunks::<4>();
    let any = |known: &[&[u8; 4]]| brands.iter().any(|brand| known.contains(&brand));
    if any(&[b"avif", b"avis"]) {
        Kind::System(&AVIF)
    } else if any(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        Kind::System(&HEIC)
    } else {
        Kind::Other("MP4 or QuickTime video", VIDEO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let system = |head: &[u8]| match of(head) {
            Kind::System(kind) => kind.name,
            Kind::Other(name, _) => name,
            Kind::Own(_) => "own",
            Kind::Unknown => "unknown",
        };
        for (head, wanted) in [
            (&b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"[..], "AVIF"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1", "AVIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (
                b"\0\0\0\x18ftypisom\0\0\0\0isommp41",
                "MP4 or QuickTime video",
            ),
            (b"\xff\x0a\0\0", "JPEG XL"),
            (b"<?xml version='1.0'?>\n<!-- hm -->\n<svg/>", "SVG"),
            (b"\xef\xbb\xbf  <svg/>", "SVG"),
            (b"<html></html>", "unknown"),
            (b"\x89PNG\r\n\x1a\n", "own"),
            (b"II*\0", "own"),
            (b"BM", "own"),
            (b"8BPS", "Photoshop (PSD)"),
            (b"", "unknown"),
            (b"\0\0\0\x18ftyp", "MP4 or QuickTime video"),
        ] {
            assert_eq!(system(head), wanted, "{head:?}");
        }
    }
}
