// SPDX-License-Identifier: MPL-2.0

use super::dmabuf::{as_plain, with_dmabuf};
use super::{Stream, caps_of, format_of};
use crate::frame::PixelLayout;
use std::str::FromStr;

fn caps(text: &str) -> gst::Caps {
    gst::init().expect("GStreamer");
    gst::Caps::from_str(text).expect("valid caps")
}

#[test]
fn linear_memory_by_name_is_read_as_plain_memory_is() {
    for (drm, plain) in [
        ("NV12", "NV12"),
        ("YU12", "I420"),
        // Words of four bytes, the lowest first: red is the lowest byte of AB24.
        ("AB24", "RGBA"),
        ("AR24", "BGRA"),
        ("XR24", "BGRx"),
        ("BG24", "RGB"),
        ("P010", "P010_10LE"),
        ("R8  ", "GRAY8"),
    ] {
        let text = format!(
            "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=(string)\"{drm}\",width=64,height=48,\
             framerate=30/1,colorimetry=bt709"
        );
        let expected = format!(
            "video/x-raw,format={plain},width=64,height=48,framerate=30/1,colorimetry=bt709"
        );
        let named = caps(&text);
        assert_eq!(*as_plain(&named), *caps(&expected), "{drm}");
        let (named, plain) = (
            Stream::from_caps(&named),
            Stream::from_caps(&caps(&expected)),
        );
        let (named, plain) = (named.expect("named"), plain.expect("plain"));
        assert_eq!(named.info, plain.info);
    }
}

#[test]
fn what_is_not_linear_is_not_read() {
    for drm in [
        "NV12:0x0100000000000002",
        "NV12:0x00ffffffffffffff",
        "NV15",
        "",
    ] {
        let named = caps(&format!(
            "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=(string)\"{drm}\",width=64,height=48,\
             framerate=30/1"
        ));
        assert!(as_plain(&named).is_empty(), "{drm}");
        assert!(Stream::from_caps(&named).is_err(), "{drm}");
    }
    // Before GStreamer 1.24, caps of this kind said nothing about how the pixels lie.
    let old = caps("video/x-raw(memory:DMABuf),format=NV12,width=64,height=48,framerate=30/1");
    assert_eq!(*as_plain(&old), *old);
    assert!(!old.can_intersect(&with_dmabuf(&caps_of(PixelLayout::ALL.iter().copied()))));
}

#[test]
fn every_format_with_a_drm_name_comes_back_from_it() {
    let mut named = 0;
    for layout in PixelLayout::ALL.iter().copied() {
        let plain = caps(&format!(
            "video/x-raw,format={},width=64,height=48,framerate=30/1",
            format_of(layout).to_str()
        ));
        let both = with_dmabuf(&plain);
        assert!(plain.is_subset(&both));
        let mut memory = both.clone();
        memory.make_mut().remove_structure(0);
        if memory.is_empty() {
            continue;
        }
        named += 1;
        assert_eq!(*as_plain(&memory), *plain, "{layout:?}");
    }
    assert_eq!(named, 35);
}

#[test]
fn lists_of_formats_keep_their_order() {
    let both = with_dmabuf(&caps("video/x-raw,format={NV12,A420,BGRA}"));
    let expected = "video/x-raw,format={NV12,A420,BGRA};\
        video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format={NV12,AR24}";
    assert_eq!(both, caps(expected));
    let plain = as_plain(&both).into_owned();
    assert_eq!(
        plain,
        caps("video/x-raw,format={NV12,A420,BGRA};video/x-raw,format={NV12,BGRA}")
    );
}
