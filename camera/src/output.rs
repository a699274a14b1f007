// SPDX-License-Identifier: MPL-2.0

//! Where the camera is published: PipeWire or a loopback device, and whether that is possible here.

use crate::holders::is_open_elsewhere;
use crate::hub::Hub;
use gst::prelude::*;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The name of the published node.
pub const NODE: &str = "matte-camera";
const NO_PIPEWIRE: &str = "PipeWire does not run: systemctl --user start pipewire wireplumber";
const NO_LOOPBACK: &str = "no v4l2loopback device is there: sudo apt install v4l2loopback-dkms; \
    sudo modprobe v4l2loopback video_nr=10 card_label=Matte exclusive_caps=1";

/// Where the camera is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// As a node of PipeWire.
    PipeWire,
    /// As the device of the kernel module v4l2loopback.
    Loopback(PathBuf),
}

impl Output {
    /// What `auto`, `pipewire` or a path means here.
    ///
    /// # Errors
    /// With what is missing and how to get it.
    pub fn choose(wanted: &str) -> Result<Self, String> {
        match wanted {
            "pipewire" => pipewire_runs()
                .then_some(Self::PipeWire)
                .ok_or_else(|| NO_PIPEWIRE.into()),
            "auto" if pipewire_runs() => Ok(Self::PipeWire),
            "auto" => free(loopbacks(), is_fed).map(Self::Loopback),
            path if path.starts_with('/') => loopback(Path::new(path)),
            other => Err(format!(
                "output '{other}' is not known: auto, pipewire, or a device such as /dev/video10"
            )),
        }
    }

    /// The pipeline that publishes the hub's frames.
    ///
    /// # Errors
    /// With the element that is missing and the package that has it.
    pub fn pipeline(&self, name: &str, hub: &Hub) -> Result<gst::Pipeline, String> {
        let pipeline = gst::Pipeline::with_name("output");
        let frames = frames_source();
        let mut chain = vec![frames.clone().upcast::<gst::Element>()];
        match self {
            Self::PipeWire => {
                // pipewiresink (0.3) crashes where it is asked for buffers.
                let guard = gst::ElementFactory::make("identity").property("drop-allocation", true);
                chain.push(
                    guard
                        .build()
                        .map_err(|_| missing("identity", "gstreamer1.0-plugins-base"))?,
                );
                // A reader that comes in the moment in which the session manager suspends an idle node
                // gets no frames (0.3.65): the node is never suspended. Idle it costs nothing.
                let properties = gst::Structure::builder("props")
                    .field("session.suspend-timeout-seconds", "0")
                    .field("media.class", "Video/Source")
                    .field("media.role", "Camera")
                    .field("node.name", NODE)
                    .field("node.description", name)
                    .build();
                let sink = gst::ElementFactory::make("pipewiresink")
                    .property_from_str("mode", "provide")
                    .property("stream-properties", properties);
                chain.push(
                    sink.build()
                        .map_err(|_| missing("pipewiresink", "gstreamer1.0-pipewire"))?,
                );
            }
            Self::Loopback(path) => {
                let sink = gst::ElementFactory::make("v4l2sink")
                    .property("device", path.display().to_string())
                    .property("sync", false);
                chain.push(
                    sink.build()
                        .map_err(|_| missing("v4l2sink", "gstreamer1.0-plugins-good"))?,
                );
            }
        }
        pipeline
            .add_many(&chain)
            .map_err(|error| error.to_string())?;
        gst::Element::link_many(&chain).map_err(|error| error.to_string())?;
        hub.add(frames);
        Ok(pipeline)
    }
}

/// What the hub's frames come out of: a live source that holds two frames at most and gives them
/// the times at which they came.
pub fn frames_source() -> gst_app::AppSrc {
    let source = gst_app::AppSrc::builder()
        .format(gst::Format::Time)
        .is_live(true)
        .do_timestamp(true)
        .build();
    source.set_property("max-buffers", 2u64);
    source.set_property_from_str("leaky-type", "downstream");
    source
}

/// The message for an element that is not installed.
pub fn missing(element: &str, package: &str) -> String {
    format!("GStreamer's element {element} is missing: install {package}")
}

/// The error that a pipeline which does not start has put on its bus.
pub fn error_on(bus: &gst::Bus) -> Option<String> {
    let message = bus.pop_filtered(&[gst::MessageType::Error])?;
    match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    }
}

/// Whether PipeWire takes connections.
fn pipewire_runs() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let Some(folder) = variable("PIPEWIRE_RUNTIME_DIR").or_else(|| variable("XDG_RUNTIME_DIR"))
    else {
        return false;
    };
    let name = variable("PIPEWIRE_REMOTE").unwrap_or_else(|| "pipewire-0".into());
    UnixStream::connect(PathBuf::from(folder).join(name)).is_ok()
}

/// The first of the loopback devices that no other program feeds.
fn free(devices: Vec<PathBuf>, is_fed: impl Fn(&Path) -> bool) -> Result<PathBuf, String> {
    if devices.is_empty() {
        return Err(format!(
            "nothing to publish to. {NO_PIPEWIRE}. Or, {NO_LOOPBACK}"
        ));
    }
    let names: Vec<String> = devices.iter().map(|d| d.display().to_string()).collect();
    devices.into_iter().find(|d| !is_fed(d)).ok_or_else(|| {
        format!(
            "another program feeds {}: end it, or load v4l2loopback with one more device, e.g. \
             video_nr=10,11",
            names.join(", ")
        )
    })
}

/// Whether another program feeds a loopback device. The module says `capture` then, and also where it was
/// told to keep its format without one: only what is open counts.
fn is_fed(path: &Path) -> bool {
    let state = path
        .file_name()
        .map(|name| Path::new("/sys/class/video4linux").join(name).join("state"));
    let state = state.and_then(|file| fs::read_to_string(file).ok());
    state.is_some_and(|state| state.trim() == "capture") && is_open_elsewhere(path)
}

fn loopback(path: &Path) -> Result<Output, String> {
    if !path.exists() {
        return Err(format!("{} is not there: {NO_LOOPBACK}", path.display()));
    }
    if !is_loopback(path) {
        return Err(format!(
            "{} is a camera or another file, not a loopback device: --list names those",
            path.display()
        ));
    }
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(|error| format!("{}: {error}; are you in the group video?", path.display()))?;
    Ok(Output::Loopback(path.into()))
}

/// Whether a path is the device of a loopback: video devices without hardware live under
/// `devices/virtual`.
pub fn is_loopback(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let Some(name) = path
        .strip_prefix("/dev")
        .ok()
        .filter(|name| name.components().count() == 1)
    else {
        return false;
    };
    let real = Path::new("/sys/class/video4linux")
        .join(name)
        .canonicalize();
    real.is_ok_and(|real| real.starts_with("/sys/devices/virtual"))
}

/// The loopback devices of this machine.
pub fn loopbacks() -> Vec<PathBuf> {
    let entries = fs::read_dir("/sys/class/video4linux").into_iter().flatten();
    let devices = entries
        .flatten()
        .map(|entry| Path::new("/dev").join(entry.file_name()));
    let mut found: Vec<PathBuf> = devices.filter(|path| is_loopback(path)).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_others_are_left_alone() {
        let devices = || vec![PathBuf::from("/dev/video10"), PathBuf::from("/dev/video11")];
        let first = |path: &Path| path.ends_with("video10");
        assert_eq!(free(devices(), |_| false), Ok(devices()[0].clone()));
        assert_eq!(free(devices(), first), Ok(devices()[1].clone()));
        let error = free(devices(), |_| true).expect_err("none is free");
        assert!(
            error.contains("feeds /dev/video10, /dev/video11"),
            "{error}"
        );
        let error = free(Vec::new(), first).expect_err("none is there");
        assert!(error.contains("modprobe v4l2loopback"), "{error}");
    }

    #[test]
    fn what_is_missing_is_said() {
        for (output, said) in [
            ("/dev/video987", "modprobe v4l2loopback"),
            ("/dev/null", "not a loopback device"),
            ("screen", "auto, pipewire"),
        ] {
            let error = Output::choose(output).expect_err(output);
            assert!(error.contains(said), "{output}: {error}");
        }
    }
}
