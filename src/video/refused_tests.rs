// SPDX-License-Identifier: MPL-2.0

//! Tests of [`super::refused`]: what the words say, for every format and kind of video.

use super::refused::refusal;
use super::{caps_of, format_of, layout_of};
use crate::frame::PixelLayout;
use std::str::FromStr;

fn words(caps: &str) -> Option<String> {
    let caps = gst::Caps::from_str(caps).unwrap();
    refusal(&caps, &caps_of(PixelLayout::ALL.iter().copied()))
}

#[test]
fn every_format_that_gstreamer_has_is_taken_or_named() {
    gst::init().unwrap();
    let mut refused = 0;
    for format in gst_video::VideoFormat::iter_raw() {
        let words = words(&format!("video/x-raw, format={format}, width=8, height=8"));
        match layout_of(format) {
            Some(layout) => {
                assert_eq!(words, None, "{format}");
                assert_eq!(format_of(layout), format);
            }
            None => {
                refused += 1;
                let words = words.unwrap();
                assert!(words.contains(&format!("format {format} is")), "{words}");
                assert!(words.contains("put videoconvert before"), "{words}");
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn every_other_kind_has_a_remedy_of_its_own() {
    gst::init().unwrap();
    for (caps, parts) in [
        (
            "image/jpeg, width=8, height=8",
            ["image/jpeg", "put jpegdec"],
        ),
        ("video/x-h264", ["video/x-h264", "put decodebin"]),
        (
            "video/x-raw, format={ Y412_LE, GRAY16_BE }",
            ["Y412_LE, GRAY16_BE is", "put videoconvert"],
        ),
        (
            "video/x-raw(memory:DMABuf), format=DMA_DRM, drm-format=NV12:0x0100000000000002",
            ["as NV12:0x0100000000000002", "glcolorconvert"],
        ),
        (
            "video/x-raw(memory:Unheard), format=NV12",
            ["memory:Unheard", "plain video/x-raw before"],
        ),
        (
            "video/x-raw, format=NV12, width=0, height=8",
            ["width", "put videoconvert ! videoscale"],
        ),
    ] {
        let words = words(caps).unwrap();
        for part in parts {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
    for fits in [
        "ANY",
        "EMPTY",
        "NULL",
        "video/x-raw",
        "video/x-raw, format={ Y412_LE, NV12 }",
    ] {
        assert_eq!(words(fits), None, "{fits}");
    }
}
