// SPDX-License-Identifier: MPL-2.0

//! DMABuf memory that caps name (`format=DMA_DRM`, GStreamer 1.24 and newer): linear memory is taken,
//! read where it lies while the kernel is notified of each access, and gives the picture of plain
//! memory.
//! A file in place of a device's memory does for all but the kernel's own part.

#![allow(
    unsafe_code,
    reason = "the binding of the allocator: it owns the file it is given"
)]

use crate::common;
use common::{attach, bytes, composer, frame, info, init, pixels, two_rooms};
use gst::prelude::*;
use gst_allocators::prelude::*;
use gst_allocators::{DmaBufAllocator, DmaBufMemory};
use gst_check::Harness;
use gst_video::{VideoCropMeta, VideoFormat, VideoInfo, VideoMeta};
use gstmatte::frame::PixelLayout;
use gstmatte::video::{format_of, with_dmabuf};
use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

const SIZE: (u32, u32) = (48, 36);

/// The caps of the same video in linear DMABuf memory, if its format has a DRM name.
fn named(info: &VideoInfo) -> Option<gst::Caps> {
    let mut caps = with_dmabuf(&info.to_caps().expect("valid caps"));
    caps.make_mut().remove_structure(0);
    (!caps.is_empty()).then_some(caps)
}

/// The same buffer in memory of the DMABuf allocator.
fn in_dmabuf(buffer: &gst::Buffer, info: &VideoInfo) -> gst::Buffer {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("matte-dmabuf-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = std::fs::File::options();
    options.read(true).write(true).create_new(true);
    let mut file = options.open(&path).expect("a file can be made");
    std::fs::remove_file(&path).expect("the file is there");
    file.write_all(&bytes(buffer))
        .expect("the file can be written");
    // SAFETY: the allocator takes the file over and closes it; its size is that of the memory.
    let memory = unsafe { DmaBufAllocator::new().alloc_dmabuf(file, buffer.size()) };
    let mut named = gst::Buffer::new();
    let target = named.get_mut().expect("it is new");
    target.append_memory(memory.expect("the file can be mapped"));
    let flags = gst::BufferCopyFlags::TIMESTAMPS | gst::BufferCopyFlags::META;
    buffer
        .copy_into(target, flags, ..)
        .expect("metas are copied");
    if target.meta::<VideoMeta>().is_none() {
        VideoMeta::add_from_info(target, gst_video::VideoFrameFlags::empty(), info)
            .expect("it fits");
    }
    named
}

fn is_dmabuf(buffer: &gst::BufferRef) -> bool {
    let memory = buffer.peek_memory(0);
    memory.downcast_memory_ref::<DmaBufMemory>().is_some()
}

/// Sends a buffer through an element; what comes out, and its caps.
fn send(element: &gst::Element, caps: gst::Caps, buffer: gst::Buffer) -> (gst::Buffer, gst::Caps) {
    let mut harness = Harness::with_element(element, Some("sink"), Some("src"));
    harness.set_src_caps(caps);
    harness.push(buffer).expect("the frame goes through");
    let out = harness.pull().expect("a frame comes out");
    let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
    (out, caps.expect("caps come before frames"))
}

fn ramp(x: usize, _: usize) -> u8 {
    (x * 255 / 47) as u8
}

#[test]
fn every_linear_format_gives_the_picture_of_plain_memory() {
    init();
    let mut formats = 0;
    for layout in PixelLayout::ALL.iter().copied() {
        let info = info(format_of(layout), SIZE.0, SIZE.1);
        let Some(caps) = named(&info) else { continue };
        formats += 1;
        for background in ["blur", "color", "image", "transparent", "matte"] {
            let [mut plain, _] = two_rooms(&info);
            attach(&mut plain, &info, (24, 18), ramp);
            let memory = in_dmabuf(&plain, &info);
            let plain_caps = info.to_caps().expect("valid caps");
            let (expected, expected_caps) = send(&composer(background), plain_caps, plain);
            let (found, found_caps) = send(&composer(background), caps.clone(), memory);
            let what = format!("{layout:?} {background}");
            assert_eq!(found_caps, expected_caps, "{what}");
            assert!(
                pixels(&found, &found_caps) == pixels(&expected, &expected_caps),
                "{what}"
            );
            let same_format = !["transparent", "matte"].contains(&background);
            assert!(!same_format || is_dmabuf(&found), "{what}: it was copied");
        }
    }
    assert!(formats > 30, "{formats}");
}

#[test]
fn memory_that_others_hold_is_not_written() {
    init();
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    let mut plain = frame(&info, |_| 90);
    attach(&mut plain, &info, (24, 18), |_, _| 0);
    let memory = in_dmabuf(&plain, &info);
    let caps = named(&info).expect("NV12 has a DRM name");
    let (out, out_caps) = send(&composer("color"), caps, memory.copy());
    assert!(bytes(&memory).iter().all(|byte| *byte == 90));
    let seen = pixels(&out, &out_caps);
    assert!(!seen.contains(&90), "the room is seen");
    // The copy is no DMABuf, and the caps do not say that it is.
    assert!(!is_dmabuf(&out));
    assert!(
        out_caps
            .features(0)
            .is_none_or(|f| !f.contains("memory:DMABuf"))
    );
}

#[test]
fn elements_that_hand_frames_on_leave_caps_and_memory_as_they_are() {
    init();
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    let caps = named(&info).expect("NV12 has a DRM name");
    let refine = gst::ElementFactory::make("matterefine").build().unwrap();
    let mut plain = frame(&info, |_| 90);
    attach(&mut plain, &info, (24, 18), ramp);
    let (out, out_caps) = send(&refine, caps.clone(), in_dmabuf(&plain, &info));
    assert_eq!(out_caps, caps);
    assert!(is_dmabuf(&out));
    assert!(common::matte_rows(&out).is_some());
}

#[test]
fn a_video_behind_comes_from_such_memory_too() {
    init();
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    let caps = named(&info).expect("NV12 has a DRM name");
    let mix = |named: bool| {
        let element = gst::ElementFactory::make("mattemix").build().unwrap();
        let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
        let mut behind = Harness::with_element(&element, Some("background"), None);
        let caps = match named {
            true => caps.clone(),
            false => info.to_caps().unwrap(),
        };
        camera.set_src_caps(caps.clone());
        behind.set_src_caps(caps);
        let put = |buffer: gst::Buffer| match named {
            true => in_dmabuf(&buffer, &info),
            false => buffer,
        };
        let mut frame_behind = frame(&info, |at| (at % 200) as u8);
        frame_behind
            .get_mut()
            .unwrap()
            .set_pts(gst::ClockTime::ZERO);
        behind.push(put(frame_behind)).expect("it is taken");
        let mut person = frame(&info, |at| (at % 97) as u8);
        attach(&mut person, &info, (24, 18), ramp);
        person.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
        camera.push(put(person)).expect("it is taken");
        let out = camera.pull().expect("a frame comes out");
        let caps = camera.sinkpad().unwrap().current_caps().unwrap();
        (pixels(&out, &caps), caps)
    };
    assert_eq!(mix(true), mix(false));
}

#[test]
fn the_kernel_is_told_of_each_access() {
    init();
    static ACCESSES: AtomicUsize = AtomicUsize::new(0);
    // A file is no DMABuf: the kernel refuses the call, and the allocator says so.
    gst::log::remove_default_log_function();
    gst::log::set_threshold_for_name("dmabuf", gst::DebugLevel::Warning);
    let logger = gst::log::add_log_function(|category, level, _, _, _, _, message| {
        let words = message.get();
        let refused = words.is_some_and(|words| words.to_lowercase().contains("synchroni"));
        if category.name() == "dmabuf" && level <= gst::DebugLevel::Warning && refused {
            ACCESSES.fetch_add(1, Ordering::Relaxed);
        }
    });
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    let mut plain = frame(&info, |_| 90);
    attach(&mut plain, &info, (24, 18), ramp);
    let memory = in_dmabuf(&plain, &info);
    let caps = named(&info).expect("NV12 has a DRM name");
    let before = ACCESSES.load(Ordering::Relaxed);
    send(&composer("color"), caps, memory);
    let accesses = ACCESSES.load(Ordering::Relaxed) - before;
    gst::log::remove_log_function(logger);
    gst::log::unset_threshold_for_name("dmabuf");
    assert!(accesses >= 2, "an access begins and ends: {accesses}");
}

#[test]
fn a_buffer_that_contradicts_its_caps_is_hidden() {
    init();
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    let caps = named(&info).expect("NV12 has a DRM name");
    let seen = two_rooms(&info).map(|plain| {
        let mut memory = in_dmabuf(&plain, &info);
        VideoCropMeta::add(memory.make_mut(), (40, 30, SIZE.0, SIZE.1));
        let (out, caps) = send(&composer("blur"), caps.clone(), memory);
        pixels(&out, &caps)
    });
    assert!(seen[0] == seen[1], "the room is seen");
}

#[test]
fn upstream_hears_what_comes_after_takes() {
    init();
    let info = info(VideoFormat::Nv12, SIZE.0, SIZE.1);
    for knows in [true, false] {
        let element = composer("color");
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        if knows {
            harness.add_propose_allocation_meta(VideoMeta::meta_api(), None);
        }
        let caps = named(&info).expect("NV12 has a DRM name");
        harness.set_src_caps(caps.clone());
        let mut query = gst::query::Allocation::new(Some(&caps), true);
        let sink = element.static_pad("sink").expect("there is one");
        assert!(sink.query(query.query_mut()));
        let promised = query.find_allocation_meta::<VideoMeta>().is_some();
        assert_eq!(promised, knows);
        assert_eq!(query.allocation_pools().count(), 0);
    }
}

/// What a source that has such memory and others does: it links, and can choose.
#[test]
fn every_element_takes_it_behind_the_plain_one() {
    init();
    let linear = "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12,width=64,height=48,framerate=30/1";
    let tiled = linear.replace("NV12,", "(string)NV12:0x0100000000000002,");
    let tiled = gst::Caps::from_str(&tiled).expect("valid caps");
    let linear = gst::Caps::from_str(linear).expect("valid caps");
    for (factory, pad) in [
        ("mattesegment", "sink"),
        ("matterefine", "sink"),
        ("mattecompose", "sink"),
        ("mattemix", "sink"),
        ("mattemix", "background"),
        ("mattebackground", "sink"),
    ] {
        let element = gst::ElementFactory::make(factory).build().unwrap();
        let taken = element.static_pad(pad).unwrap().query_caps(None);
        assert!(linear.can_intersect(&taken), "{factory} {pad}: {taken}");
        assert!(!tiled.can_intersect(&taken), "{factory} {pad}: {taken}");
        let first = taken.features(0).expect("caps have features");
        assert!(!first.contains("memory:DMABuf"), "{factory} {pad}: {taken}");
    }
}
