// SPDX-License-Identifier: MPL-2.0

//! The camera's pipeline, which is there only while somebody looks: camera, `mattebackground`, frames
//! to the hub.

use crate::behind;
use crate::cameras;
use crate::convert::Converter;
use crate::hub::Hub;
use crate::output;
use crate::settings::{Background, Settings};
use gst::glib;
use gst::prelude::*;

/// Why the pipeline came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub reason: String,
    /// Whether another try would end the same way.
    pub final_one: bool,
}

/// The pipeline; dropping it closes the camera.
pub struct Chain {
    pipeline: gst::Pipeline,
    matte: gst::Element,
    _bus: gst::bus::BusWatchGuard,
    /// What is read, for the user.
    pub camera: String,
}

impl Chain {
    /// Opens the camera. `failed` is called from the main loop, at most once.
    ///
    /// # Errors
    /// Where the pipeline cannot be built or started.
    pub fn start(
        settings: &Settings,
        hub: &Hub,
        failed: impl Fn(Failure) + 'static,
    ) -> Result<Self, Failure> {
        let passing = |reason: String| Failure {
            reason,
            final_one: false,
        };
        // decodebin makes raw video of whatever the camera sends; it is turned before anything is behind the
        // person, and converted to what is published when it is taken from the appsink.
        let head = settings
            .source
            .as_deref()
            .map_or(String::new(), |source| format!("{source} ! "));
        let description = format!(
            "{head}decodebin name=decode ! videorate drop-only=true max-rate={rate} ! videoconvert \
             ! videoflip video-direction={direction} \
             ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream \
             ! mattebackground name=matte \
             ! appsink name=frames sync=false max-buffers=2 drop=true",
            rate = settings.rate,
            direction = settings.direction(),
        );
        let pipeline = gst::parse::launch(&description)
            .map_err(|error| passing(format!("source {head}: {error}")))?
            .downcast::<gst::Pipeline>()
            .map_err(|_| passing("the source is no part of a pipeline".into()))?;
        let part = |name| {
            pipeline
                .by_name(name)
                .ok_or_else(|| passing(format!("no {name}")))
        };
        let (matte, decode) = (part("matte")?, part("decode")?);
        let camera = match &settings.source {
            Some(source) => source.clone(),
            None => add_camera(&pipeline, &decode, settings).map_err(passing)?,
        };
        // What comes here is upright by now; where videoflip was told a direction, the tag still says otherwise.
        if matte.has_property("video-direction") {
            matte.set_property_from_str("video-direction", "identity");
        }
        set_properties(&matte, settings).map_err(|reason| Failure {
            reason,
            final_one: true,
        })?;
        if settings.background == Background::Video {
            behind::add(&pipeline, &matte, settings).map_err(passing)?;
        }
        let frames: gst_app::AppSink = part("frames")?
            .downcast()
            .map_err(|_| passing("appsink is none".into()))?;
        let converter = Converter::new(hub.caps()).map_err(|error| passing(error.to_string()))?;
        frames.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(publish(hub.clone(), converter))
                .build(),
        );
        let bus = pipeline
            .bus()
            .ok_or_else(|| passing("a pipeline without a bus".into()))?;
        let inside = matte.clone();
        let guard = bus.add_watch_local(move |_, message| {
            let failure = match message.view() {
                gst::MessageView::Error(error) => {
                    let from = message.src();
                    Failure {
                        reason: error.error().to_string(),
                        // The network, the model, a background that cannot be read.
                        final_one: from.is_some_and(|from| from.has_as_ancestor(&inside)),
                    }
                }
                gst::MessageView::Eos(_) => Failure {
                    reason: "the camera has ended".into(),
                    final_one: false,
                },
                gst::MessageView::Warning(warning) => {
                    eprintln!("matte-camera: {}", warning.error());
                    return glib::ControlFlow::Continue;
                }
                _ => return glib::ControlFlow::Continue,
            };
            failed(failure);
            glib::ControlFlow::Break
        });
        let guard = guard.map_err(|error| passing(error.to_string()))?;
        let chain = Self {
            pipeline,
            matte,
            _bus: guard,
            camera,
        };
        match chain.pipeline.set_state(gst::State::Playing) {
            Ok(_) => Ok(chain),
            Err(error) => {
                let said = chain.pipeline.bus().as_ref().and_then(output::error_on);
                Err(passing(said.unwrap_or_else(|| error.to_string())))
            }
        }
    }

    /// Brings in changed settings while frames flow. False where that cannot be: the pipeline has to
    /// be built anew.
    pub fn change(&self, old: &Settings, new: &Settings) -> bool {
        let video = |settings: &Settings| settings.background == Background::Video;
        if video(old) || video(new) {
            return false;
        }
        match set_properties(&self.matte, new) {
            Ok(()) => true,
            Err(error) => {
                eprintln!("matte-camera: {error}");
                true
            }
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // A pipeline that cannot stop is left to the end of the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// What an appsink does with every frame: it is converted, and the hub sends it.
fn publish(
    hub: Hub,
    mut converter: Converter,
) -> impl FnMut(&gst_app::AppSink) -> Result<gst::FlowSuccess, gst::FlowError> {
    move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        match converter.convert(&sample) {
            Ok(frame) => {
                hub.push(&frame);
                Ok(gst::FlowSuccess::Ok)
            }
            Err(error) => {
                gst::element_error!(sink, gst::StreamError::Format, ("{error}"));
                Err(gst::FlowError::Error)
            }
        }
    }
}

/// Puts the camera in front of decodebin; its name.
fn add_camera(
    pipeline: &gst::Pipeline,
    decode: &gst::Element,
    settings: &Settings,
) -> Result<String, String> {
    let camera = cameras::choose(cameras::list(), settings.device.as_deref())?;
    let source = camera.source()?;
    let filter = gst::ElementFactory::make("capsfilter");
    let filter = filter.build().map_err(|error| error.to_string())?;
    if let Some(caps) = camera.caps(settings.camera_size(), settings.rate) {
        filter.set_property("caps", caps);
    }
    pipeline
        .add_many([&source, &filter])
        .map_err(|error| error.to_string())?;
    gst::Element::link_many([&source, &filter, decode]).map_err(|error| error.to_string())?;
    if let Some(pad) = filter.static_pad("src") {
        cameras::name_colour(&pad);
    }
    Ok(camera.name)
}

/// Sets what `mattebackground` is to do.
///
/// # Errors
/// With the property that is not known, or its value.
pub fn set_properties(matte: &gst::Element, settings: &Settings) -> Result<(), String> {
    let color = format!("0xff{:06x}", settings.color.0);
    set(matte, "color", &color)?;
    set(matte, "blur-strength", &settings.blur_strength.to_string())?;
    match (settings.background, &settings.picture) {
        (Background::Picture, Some(picture)) => {
            let picture = picture.to_str().ok_or("picture: the path is not UTF-8")?;
            if matte.property::<Option<String>>("image").as_deref() != Some(picture) {
                matte.set_property("image", picture);
            }
            set(matte, "background", "image")?;
        }
        (Background::Blur, _) => set(matte, "background", "blur")?,
        // A video stands before the colour.
        _ => set(matte, "background", "color")?,
    }
    for (name, value) in &settings.properties {
        let value = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        set(matte, name, &value)?;
    }
    Ok(())
}

/// Sets a property from a text, as gst-launch does.
fn set(element: &gst::Element, name: &str, text: &str) -> Result<(), String> {
    let spec = element
        .find_property(name)
        .filter(|spec| spec.flags().contains(glib::ParamFlags::WRITABLE));
    let spec = spec.ok_or_else(|| {
        format!("mattebackground has no property '{name}' that can be set: gst-inspect-1.0 mattebackground")
    })?;
    let value = glib::Value::deserialize_with_pspec(text, &spec)
        .map_err(|_| format!("{name} = {text}: a {} is wanted", spec.value_type()))?;
    element.set_property_from_value(name, &value);
    // GObject leaves a property as it is where a value is out of range.
    match element.property_value(name).compare(&value) {
        Some(std::cmp::Ordering::Equal) | None => Ok(()),
        _ => Err(format!(
            "{name} = {text} is out of range: gst-inspect-1.0 mattebackground"
        )),
    }
}
