// SPDX-License-Identifier: MPL-2.0

//! Which cameras there are, and what of their formats is asked for.

use crate::output;
use crate::settings::Size;
use gst::glib;
use gst::prelude::*;
use std::path::Path;

/// A camera of this machine.
#[derive(Debug, Clone)]
pub struct Camera {
    /// As its maker calls it.
    pub name: String,
    /// The device file, where it has one.
    pub path: Option<String>,
    /// What GStreamer knows of it; nothing where it was found by its path.
    device: Option<gst::Device>,
    /// What it can do.
    caps: Option<gst::Caps>,
}

impl Camera {
    /// An element that reads it.
    ///
    /// # Errors
    /// Where GStreamer cannot make one.
    pub fn source(&self) -> Result<gst::Element, String> {
        let failed = |error: glib::BoolError| format!("camera {}: {error}", self.name);
        match (&self.device, &self.path) {
            (Some(device), _) => device.create_element(None).map_err(failed),
            (None, path) => reader(path.as_deref().unwrap_or_default()),
        }
    }

    /// What to ask it for, so that it gives a size and rate or comes near.
    pub fn caps(&self, size: Size, rate: i32) -> Option<gst::Caps> {
        nearest(self.caps.as_ref()?, size, rate)
    }
}

/// The cameras, without those that this program publishes. Where the same one is there by its
/// device file and by PipeWire, both are named, the file first.
pub fn list() -> Vec<Camera> {
    let monitor = gst::DeviceMonitor::new();
    monitor.add_filter(Some("Video/Source"), None);
    // Without a provider it has nothing to tell.
    if monitor.start().is_err() {
        return Vec::new();
    }
    let devices: Vec<gst::Device> = monitor.devices().into_iter().collect();
    monitor.stop();
    let mut cameras: Vec<Camera> = devices.into_iter().filter_map(known).collect();
    cameras.sort_by_key(|camera| camera.path.is_none());
    cameras
}

fn known(device: gst::Device) -> Option<Camera> {
    let properties = device.properties();
    let text = |key: &str| {
        let structure = properties.as_ref()?;
        structure.get::<String>(key).ok()
    };
    if text("node.name").as_deref() == Some(output::NODE) {
        return None;
    }
    let path = ["device.path", "api.v4l2.path"]
        .iter()
        .find_map(|key| text(key));
    if path
        .as_deref()
        .is_some_and(|path| output::is_loopback(path.as_ref()))
    {
        return None;
    }
    Some(Camera {
        name: device.display_name().into(),
        path,
        caps: device.caps(),
        device: Some(device),
    })
}

/// Names the colour of a camera's raw video that says none, as PipeWire's never does: bt601 in limited
/// range, which webcams send (the USB video class has it for its default) and every viewer expects.
/// GStreamer itself would take 720p for bt709.
pub fn name_colour(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &info.data
            && let gst::EventView::Caps(caps) = event.view()
            && let Some(named) = with_colour(caps.caps())
        {
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&named)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// The caps with their colour; None where they name it, or are no raw video of luma and chroma.
fn with_colour(caps: &gst::CapsRef) -> Option<gst::Caps> {
    let structure = caps.structure(0)?;
    if structure.name() != "video/x-raw" || structure.has_field("colorimetry") {
        return None;
    }
    let format = structure.get::<&str>("format").ok()?;
    let info = gst_video::VideoFormatInfo::from_format(gst_video::VideoFormat::from_string(format));
    if !info.is_yuv() {
        return None;
    }
    let mut named = caps.to_owned();
    named.make_mut().set("colorimetry", "bt601");
    Some(named)
}

fn reader(path: &str) -> Result<gst::Element, String> {
    let source = gst::ElementFactory::make("v4l2src").property("device", path);
    source
        .build()
        .map_err(|_| output::missing("v4l2src", "gstreamer1.0-plugins-good"))
}

/// A device that is not listed: GStreamer lists what udev knows, which is nothing in a container, and
/// loopback devices are left out as one of them may be our own.
fn unlisted(path: &str) -> Result<Camera, String> {
    let source = reader(path)?;
    let bus = gst::Bus::new();
    source.set_bus(Some(&bus));
    let opened = source.set_state(gst::State::Ready);
    let caps = source.static_pad("src").map(|pad| pad.query_caps(None));
    let closed = source.set_state(gst::State::Null);
    if let Err(error) = opened.and(closed) {
        return Err(output::error_on(&bus).unwrap_or_else(|| format!("camera {path}: {error}")));
    }
    let name = Path::new(path).file_name().and_then(|file| {
        let name = Path::new("/sys/class/video4linux").join(file).join("name");
        std::fs::read_to_string(name).ok()
    });
    Ok(Camera {
        name: name.map_or_else(|| path.into(), |name| name.trim().into()),
        path: Some(path.into()),
        device: None,
        caps,
    })
}

/// The camera that is meant by a path or a part of a name, upper and lower case alike.
///
/// # Errors
/// Where there is none, with those that there are.
pub fn choose(cameras: Vec<Camera>, wanted: Option<&str>) -> Result<Camera, String> {
    let names: Vec<String> = cameras.iter().map(|camera| camera.name.clone()).collect();
    let found = cameras.into_iter().find(|camera| match wanted {
        None => true,
        Some(wanted) if wanted.starts_with('/') => camera.path.as_deref() == Some(wanted),
        Some(wanted) => camera.name.to_lowercase().contains(&wanted.to_lowercase()),
    });
    if let (None, Some(path)) = (
        &found,
        wanted.filter(|path| path.starts_with('/') && Path::new(path).exists()),
    ) {
        return unlisted(path);
    }
    found.ok_or_else(|| match wanted {
        None => "no camera is found: is one plugged in, and may you read /dev/video*? Where there is no \
            udev, as in a container, name it: --device /dev/video0"
            .into(),
        Some(wanted) if names.is_empty() => {
            format!("no camera '{wanted}', and no other one either")
        }
        Some(wanted) => format!("no camera '{wanted}'; there are: {}", names.join(", ")),
    })
}

/// Of all that a camera can do, what is nearest to a size and rate: first the size, then a rate that
/// is high enough, then raw video before JPEG, which costs decoding.
fn nearest(caps: &gst::CapsRef, size: Size, rate: i32) -> Option<gst::Caps> {
    let wanted_rate = gst::Fraction::new(rate, 1);
    let candidates = caps.iter_with_features().filter(|(structure, features)| {
        ["video/x-raw", "image/jpeg"].contains(&structure.name().as_str())
            && features.contains(gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY)
    });
    let scored = candidates.filter_map(|(structure, _)| {
        let mut fixed = structure.to_owned();
        fixed.fixate_field_nearest_int("width", size.width);
        fixed.fixate_field_nearest_int("height", size.height);
        fixed.fixate_field_nearest_fraction("framerate", wanted_rate);
        let (width, height): (i32, i32) = (fixed.get("width").ok()?, fixed.get("height").ok()?);
        let found_rate: gst::Fraction = fixed.get("framerate").ok()?;
        let distance = (width - size.width).abs() + (height - size.height).abs();
        let too_slow = (wanted_rate - found_rate).max(gst::Fraction::new(0, 1));
        let jpeg = structure.name() != "video/x-raw";
        let asked = gst::Caps::builder(structure.name().as_str())
            .field("width", width)
            .field("height", height)
            .field("framerate", found_rate)
            .build();
        Some(((distance, too_slow, jpeg), asked))
    });
    scored
        .min_by(|(one, _), (other, _)| one.cmp(other))
        .map(|(_, asked)| asked)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert!(error.contains("HD"), "{error}");
        assert!(choose(Vec::new(), None).is_err());
        gst::init().expect("GStreamer is there");
        let error = choose(Vec::new(), Some("/dev/null")).expect_err("it is no camera");
        assert!(error.contains("/dev/null"), "{error}");
    }
}
