// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::distributor::FrameDistributor;
use crate::settings::Size;

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

fn published_caps() -> gst::Caps {
    gst::init().expect("GStreamer is there");
    let size = Size {
        width: WIDTH as i32,
        height: HEIGHT as i32,
    };
    FrameDistributor::new(size, 30).caps().clone()
}

/// A planar frame, each plane filled by column.
fn planar(
    format: gst_video::VideoFormat,
    (width, height): (u32, u32),
    code: impl Fn(usize, usize) -> u8,
) -> gst::Buffer {
    let info = gst_video::VideoInfo::builder(format, width, height).build();
    let info = info.expect("the size is valid");
    let mut data = vec![0; info.size()];
    for component in 0..info.n_components() as usize {
        let plane = info.comp_plane(component as u8) as usize;
        let columns = info.comp_width(component as u8) as usize;
        for y in 0..info.comp_height(component as u8) as usize {
            let start = info.offset()[plane] + y * info.stride()[plane] as usize;
            for (x, byte) in data[start..][..columns].iter_mut().enumerate() {
                *byte = code(component, x * width as usize / columns);
            }
        }
    }
    gst::Buffer::from_mut_slice(data)
}

/// What a line of elements makes of a frame, converted; and the frame as it came.
fn through(line: &str, caps: &str, frame: gst::Buffer) -> (gst::Buffer, gst::Buffer) {
    let published = published_caps();
    let pipeline = gst::parse::launch(&format!(
        "appsrc name=in format=time caps=\"{caps}\" ! {line} ! appsink name=out sync=false"
    ));
    let pipeline = pipeline.expect("the line is right");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("it is one");
    let part = |name| pipeline.by_name(name).expect("it is there");
    let source: gst_app::AppSrc = part("in").downcast().expect("an appsrc");
    let sink: gst_app::AppSink = part("out").downcast().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it starts");
    source.push_buffer(frame).expect("it takes frames");
    source.end_of_stream().expect("it ends");
    let sample = sink.pull_sample().expect("a frame comes out");
    pipeline.set_state(gst::State::Null).expect("it stops");
    let mut converter = Converter::new(&published).expect("raw video");
    let out = converter.convert(&sample).expect("a frame of its caps");
    (out, sample.buffer_owned().expect("it has one"))
}

/// Luma and chroma at a place of a published frame.
fn pixel(frame: &gst::Buffer, x: usize, y: usize) -> [u8; 3] {
    let data = frame.map_readable().expect("it is memory");
    let pair = &data[(y * WIDTH + x / 2 * 2) * 2..][..4];
    [pair[x % 2 * 2], pair[1], pair[3]]
}

/// Five bars, as wide as whole blocks of JPEG, of these codes; no colour.
fn bars(component: usize, x: usize) -> u8 {
    match component {
        0 => [0, 32, 128, 223, 255][x / 256],
        _ => 128,
    }
}

#[test]
fn a_cameras_jpeg_is_published_in_limited_range() {
    gst::init().expect("GStreamer is there");
    for (name, format) in [
        ("I420", gst_video::VideoFormat::I420),
        ("Y42B", gst_video::VideoFormat::Y42b),
    ] {
        let caps = format!(
            "video/x-raw,format={name},width={WIDTH},height={HEIGHT},framerate=30/1,colorimetry=1:4:0:0"
        );
        let frame = planar(format, (WIDTH as u32, HEIGHT as u32), bars);
        let (out, _) = through("jpegenc quality=100 ! jpegdec", &caps, frame);
        for (bar, luma) in [16, 43, 126, 208, 235].into_iter().enumerate() {
            let found = pixel(&out, 256 * bar + 128, HEIGHT / 2);
            assert_eq!(found, [luma, 128, 128], "{name}, bar {bar}");
        }
        let red = |component, _| [76, 85, 255][component];
        let frame = planar(format, (WIDTH as u32, HEIGHT as u32), red);
        let (out, _) = through("jpegenc quality=100 ! jpegdec", &caps, frame);
        assert_eq!(pixel(&out, 640, 360), [81, 90, 240], "{name}");
    }
}

#[test]
fn red_of_720p_is_published_as_bt601() {
    gst::init().expect("GStreamer is there");
    // Without a word on colour GStreamer takes 720p for bt709, as it is meant.
    for colour in ["", ",colorimetry=bt709"] {
        let caps =
            format!("video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=30/1{colour}");
        let red = |component, _| [63, 102, 240][component];
        let frame = || {
            let size = (WIDTH as u32, HEIGHT as u32);
            planar(gst_video::VideoFormat::I420, size, red)
        };
        let coded =
            "x264enc pass=qual quantizer=1 tune=zerolatency speed-preset=ultrafast ! avdec_h264";
        for line in ["identity", coded] {
            let (out, _) = through(line, &caps, frame());
            let found = pixel(&out, 640, 360);
            let near = |(a, b): (u8, u8)| a.abs_diff(b) <= 1;
            assert!(
                found.into_iter().zip([81, 90, 240]).all(near),
                "{line} {caps}: {found:?}"
            );
        }
    }
    let rgb = format!("video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate=30/1");
    let frame = gst::Buffer::from_mut_slice([255u8, 0, 0].repeat(WIDTH * HEIGHT));
    let (out, _) = through("identity", &rgb, frame);
    assert_eq!(pixel(&out, 640, 360), [81, 90, 240]);
}

#[test]
fn what_is_right_already_is_not_copied() {
    gst::init().expect("GStreamer is there");
    let frame = || gst::Buffer::from_mut_slice([40u8, 90, 50, 160].repeat(WIDTH * HEIGHT / 2));
    let caps = |color| {
        format!(
            "video/x-raw,format=YUY2,width={WIDTH},height={HEIGHT},framerate=30/1,colorimetry={color}"
        )
    };
    let address = |frame: &gst::Buffer| frame.peek_memory(0).as_ptr();
    let (out, came) = through("identity", &caps("bt601"), frame());
    assert_eq!(address(&out), address(&came));
    // A webcam's driver says sRGB for transfer and primaries, which changes no code.
    let (out, came) = through("identity", &caps("2:4:7:1"), frame());
    assert_eq!(address(&out), address(&came));
    let (out, came) = through("identity", &caps("1:4:7:1"), frame());
    assert_ne!(address(&out), address(&came));
    // Rows that lie elsewhere than the published caps say.
    let (out, came) = through(
        "identity ! videobox autocrop=false",
        &caps("bt601"),
        frame(),
    );
    assert_eq!(pixel(&out, 4, 4), pixel(&came, 4, 4));
}

#[test]
fn another_shape_gets_black_bars() {
    gst::init().expect("GStreamer is there");
    let white = |component, _| [235, 128, 128][component];
    let frame = planar(gst_video::VideoFormat::I420, (640, 480), white);
    let caps = "video/x-raw,format=I420,width=640,height=480,framerate=30/1,colorimetry=bt601";
    let (out, _) = through("identity", caps, frame.clone());
    assert_eq!(pixel(&out, 100, 360), [16, 128, 128]);
    assert_eq!(pixel(&out, 640, 360), [235, 128, 128]);
    assert_eq!(pixel(&out, 1200, 360), [16, 128, 128]);
    // Pixels that are wider than high fill the frame.
    let (out, _) = through("identity", &format!("{caps},pixel-aspect-ratio=4/3"), frame);
    assert_eq!(pixel(&out, 4, 360), [235, 128, 128]);
}

#[test]
fn a_frame_that_is_none_is_an_error() {
    let caps = published_caps();
    let mut converter = Converter::new(&caps).expect("raw video");
    let frame = gst::Buffer::with_size(16).expect("memory");
    for (caps, said) in [
        (&caps, "cannot map"),
        (&gst::Caps::new_empty_simple("audio/x-raw"), "not raw video"),
    ] {
        let sample = gst::Sample::builder().buffer(&frame).caps(caps).build();
        let error = converter.convert(&sample).expect_err("it is none");
        assert!(error.to_string().contains(said), "{error}");
    }
    let error = converter.convert(&gst::Sample::builder().build());
    assert!(matches!(error, Err(ConvertError::Empty)));
}
