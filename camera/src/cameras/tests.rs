// SPDX-License-Identifier: MPL-2.0

use super::formats::nearest;
use super::*;
use crate::settings::Size;
use gst::prelude::*;
use std::str::FromStr;

#[test]
fn formats_are_chosen_by_size_then_rate_then_cost() {
    gst::init().expect("GStreamer is there");
    let webcam = "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1}; \
        video/x-raw,format=YUY2,width=1280,height=720,framerate={10/1,5/1}; \
        image/jpeg,width=1280,height=720,framerate={60/1,30/1}; \
        video/x-raw(memory:DMABuf),width=1280,height=720,framerate=30/1";
    let webcam = gst::Caps::from_str(webcam).expect("they are right");
    for (width, height, rate, expected) in [
        (
            1280,
            720,
            30,
            "image/jpeg,width=1280,height=720,framerate=30/1",
        ),
        (
            1280,
            720,
            10,
            "video/x-raw,width=1280,height=720,framerate=10/1",
        ),
        (
            640,
            480,
            30,
            "video/x-raw,width=640,height=480,framerate=30/1",
        ),
        (
            1920,
            1080,
            30,
            "image/jpeg,width=1280,height=720,framerate=30/1",
        ),
    ] {
        let chosen = nearest(&webcam, Size { width, height }, rate).expect("there is one");
        assert!(
            chosen.is_strictly_equal(&gst::Caps::from_str(expected).expect("they are right")),
            "{width}x{height} at {rate}: {chosen}"
        );
    }
    let ranges = "video/x-raw,width=[16,4096],height=[16,4096],framerate=[1/1,60/1]";
    let ranges = gst::Caps::from_str(ranges).expect("they are right");
    let size = Size {
        width: 800,
        height: 600,
    };
    let chosen = nearest(&ranges, size, 25).expect("there is one");
    let expected = "video/x-raw,width=800,height=600,framerate=25/1";
    assert!(chosen.is_strictly_equal(&gst::Caps::from_str(expected).expect("they are right")));
    assert!(nearest(&gst::Caps::new_empty_simple("audio/x-raw"), size, 25).is_none());
}

#[test]
fn a_camera_that_says_no_colour_is_a_webcam() {
    gst::init().expect("GStreamer is there");
    for (caps, expected) in [
        ("video/x-raw,format=YUY2", Some("bt601")),
        ("video/x-raw,format=NV12,colorimetry=bt709", Some("bt709")),
        ("video/x-raw,format=RGB", None),
    ] {
        let line = format!(
            "appsrc name=in format=time caps=\"{caps},width=1280,height=720,framerate=30/1\" \
             ! identity name=camera ! appsink name=out sync=false"
        );
        let pipeline = gst::parse::launch(&line).expect("the line is right");
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("it is one");
        let part = |name| pipeline.by_name(name).expect("it is there");
        name_colour(&part("camera").static_pad("src").expect("it has one"));
        let source: gst_app::AppSrc = part("in").downcast().expect("an appsrc");
        let sink: gst_app::AppSink = part("out").downcast().expect("an appsink");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        source
            .push_buffer(gst::Buffer::new())
            .expect("it takes frames");
        let sample = sink.pull_sample().expect("a frame comes out");
        pipeline.set_state(gst::State::Null).expect("it stops");
        let structure = sample.caps().and_then(|caps| caps.structure(0));
        let found = structure.and_then(|caps| caps.get::<&str>("colorimetry").ok());
        assert_eq!(found, expected, "{caps}");
    }
}

#[test]
fn a_missing_camera_is_said() {
    let error = choose(Vec::new(), Some("HD")).expect_err("there is none");
    assert!(error.to_string().contains("HD"), "{error}");
    assert!(matches!(choose(Vec::new(), None), Err(CameraError::None)));
    gst::init().expect("GStreamer is there");
    let error = choose(Vec::new(), Some("/dev/null")).expect_err("it is no camera");
    assert!(error.to_string().contains("/dev/null"), "{error}");
}

fn node(properties: &str, formats: &str) -> Option<Camera> {
    let text = format!(
        r#"[{{"id": 36, "info": {{"props": {{{properties}}}, "params": {{"EnumFormat": [{formats}]}}}}}}]"#
    );
    let objects = crate::pipewire::read(text.as_bytes()).expect("it is JSON");
    pipewire::camera(&objects[0])
}

#[test]
fn cameras_of_pipewire_are_read() {
    gst::init().expect("GStreamer is there");
    let properties = r#""media.class": "Video/Source", "node.name": "imx", "object.serial": 39"#;
    let formats = r#"
        {"mediaType": "video", "mediaSubtype": "raw", "format": "YUY2",
         "size": {"width": 640, "height": 480}, "framerate": {"num": 30, "denom": 1}},
        {"mediaType": "video", "mediaSubtype": "mjpg",
         "size": {"width": 1280, "height": 720},
         "framerate": {"default": {"num": 30, "denom": 1}, "alt1": {"num": 30, "denom": 1},
                       "alt2": {"num": 15, "denom": 1}}},
        {"mediaType": "video", "mediaSubtype": "raw",
         "size": {"default": {"width": 640, "height": 480}, "min": {"width": 160, "height": 120},
                  "max": {"width": 1920, "height": 1080}},
         "framerate": {"default": {"num": 30, "denom": 1}, "min": {"num": 1, "denom": 1},
                       "max": {"num": 60, "denom": 1}}},
        {"mediaType": "video", "mediaSubtype": "h264"}"#;
    let camera = node(properties, formats).expect("it is one");
    assert_eq!(
        (camera.name.as_str(), camera.path.as_deref()),
        ("imx", None)
    );
    let target = "39".to_string();
    assert_eq!(camera.reader, Reader::PipeWire { target });
    let expected = "video/x-raw,width=640,height=480,framerate=30/1; \
        image/jpeg,width=1280,height=720,framerate={30/1,30/1,15/1}; \
        video/x-raw,width=[160,1920],height=[120,1080],framerate=[1/1,60/1]";
    let caps = camera.caps.expect("it has formats");
    assert_eq!(caps, gst::Caps::from_str(expected).expect("they are right"));
    assert!(node(properties, "").expect("it is one").caps.is_none());
}

#[test]
fn what_is_no_camera_of_others_is_left_out() {
    assert!(node(r#""media.class": "Audio/Source""#, "").is_none());
    assert!(node(r#""media.class": "Video/Source", "matte.process": "1""#, "").is_none());
}
