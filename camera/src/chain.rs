// SPDX-License-Identifier: MPL-2.0

//! The camera's pipeline, which is there only while somebody looks: camera, `mattebackground`,
//! frames to the distributor.

use crate::background_source::{self, BackgroundSourceError};
use crate::cameras::{self, Camera, CameraError};
use crate::convert::{ConvertError, Converter};
use crate::cost::Tally;
use crate::distributor::FrameDistributor;
use crate::elements::error_of;
use crate::place::Placement;
use crate::progress::Progress;
use crate::properties::{self, PropertyError};
use crate::settings::{Background, CheckError, Settings};
use gst::glib;
use gst::prelude::*;
use std::time::Duration;

/// A camera that gives no frame for so long is gone.
const PATIENCE: Duration = Duration::from_secs(8);
/// The first frame may take longer: cameras wake up, and slow machines load the network.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

/// Why the pipeline cannot start, or has come to an end.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The source that the user named cannot be made.
    #[error("source {source_text}: {error}")]
    Source {
        /// The fragment.
        source_text: String,
        /// What GStreamer says.
        error: glib::Error,
    },
    /// A part of the pipeline is not there, or is something else.
    #[error("the pipeline has no {0}")]
    Part(&'static str),
    /// No camera, or one that cannot be opened.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// A property of `mattebackground` cannot be set.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The background's file is missing.
    #[error(transparent)]
    Settings(#[from] CheckError),
    /// The background's video cannot be played.
    #[error(transparent)]
    Background(#[from] BackgroundSourceError),
    /// Frames cannot be converted.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The elements do not fit together.
    #[error(transparent)]
    Link(#[from] glib::BoolError),
    /// An element says that it has failed.
    #[error("{0}")]
    Failed(String),
    /// `mattebackground` says that it has failed: the network, the model, a background that cannot
    /// be read.
    #[error("{0}")]
    Matte(String),
    /// The camera gives nothing: PipeWire does not say that a camera is gone.
    #[error("the camera gives no frames")]
    Silent,
    /// The camera's stream has ended.
    #[error("the camera has ended")]
    Ended,
}

impl ChainError {
    /// A failure, with those who may be the reason if a device is read.
    fn failed(said: String, device: Option<&str>) -> Self {
        Self::Failed(match device {
            Some(path) => cameras::with_holders(said, path),
            None => said,
        })
    }

    /// Whether another try would end the same way.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Source { .. } | Self::Property(_) | Self::Matte(_)
        )
    }
}

/// The pipeline; dropping it closes the camera.
pub struct Chain {
    pipeline: gst::Pipeline,
    matte: gst::Element,
    standing: Placement,
    _bus: gst::bus::BusWatchGuard,
    /// Of the camera's frames; not of those of a source, which may take its time.
    progress: Option<Progress>,
    /// What is read, for the user.
    pub camera: String,
    /// Of the finished frames.
    pub tally: Tally,
}

impl Chain {
    /// Opens the camera, or the source that the settings name. `failed` is called from the main
    /// loop, at most once.
    ///
    /// # Errors
    /// If the pipeline cannot be built or started.
    pub fn start(
        settings: &Settings,
        camera: Option<Camera>,
        distributor: &FrameDistributor,
        failed: impl Fn(ChainError) + 'static,
    ) -> Result<Self, ChainError> {
        let pipeline = launch(settings)?;
        let mut device = None;
        let (camera, progress) = match camera {
            Some(camera) => {
                let progress = add_camera(&pipeline, &camera, settings)?;
                device = camera.device().map(String::from);
                (camera.name, Some(progress))
            }
            None => (settings.source.clone().unwrap_or_default(), None),
        };
        let matte = part(&pipeline, "matte")?;
        // Frames are upright when they come here; if videoflip was told a direction, the tag still
        // says otherwise.
        if matte.has_property("video-direction") {
            matte.set_property_from_str("video-direction", "identity");
        }
        properties::set_all(&matte, settings)?;
        if settings.background == Background::Video {
            background_source::add(&pipeline, &matte, &settings.video_file()?)?;
        }
        let standing = Placement::of(&matte, settings.place);
        let tally = publish(&pipeline, distributor)?;
        let chain = Self {
            _bus: watch(&pipeline, &matte, device.clone(), failed)?,
            pipeline,
            matte,
            standing,
            progress,
            camera,
            tally,
        };
        match chain.pipeline.set_state(gst::State::Playing) {
            Ok(_) => Ok(chain),
            Err(error) => {
                let said = error_of(&chain.pipeline).unwrap_or_else(|| error.to_string());
                Err(ChainError::failed(said, device.as_deref()))
            }
        }
    }

    /// Whether the camera has stopped to give frames; to be asked now and then.
    pub fn is_silent(&self) -> bool {
        let progress = self.progress.as_ref();
        progress.is_some_and(|progress| {
            progress.stands_still(match progress.has_begun() {
                true => PATIENCE,
                false => FIRST_PATIENCE,
            })
        })
    }

    /// Brings in changed settings while frames flow. False if that is not possible: the pipeline
    /// has to be built anew.
    pub fn change(&self, old: &Settings, new: &Settings) -> bool {
        let video = |settings: &Settings| {
            let shown = settings.background == Background::Video;
            shown.then(|| settings.video.clone())
        };
        if video(old) != video(new)
            || !old.has_camera_of(new)
            || !properties::can_change(&self.matte, &old.properties, &new.properties)
        {
            return false;
        }
        if let Err(error) = properties::set_all(&self.matte, new) {
            eprintln!("matte-camera: {error}");
        }
        if old.place != new.place {
            self.standing.go(new.place);
        }
        true
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // A pipeline that cannot stop is left to the end of the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Checks that the source of the settings can be made: now, not when somebody looks.
///
/// # Errors
/// With what GStreamer says about it.
pub fn check_source(settings: &Settings) -> Result<(), ChainError> {
    match &settings.source {
        Some(_) => launch(settings).map(drop),
        None => Ok(()),
    }
}

/// All of the pipeline but the camera. decodebin makes raw video of whatever the camera sends; it
/// is turned before anything is behind the person, and converted to what is published when it is
/// taken from the appsink.
fn launch(settings: &Settings) -> Result<gst::Pipeline, ChainError> {
    let source = settings.source.as_deref();
    let head = source.map_or(String::new(), |source| format!("{source} ! "));
    let description = format!(
        "{head}decodebin name=decode ! videorate drop-only=true max-rate={rate} ! videoconvert \
         ! videoflip video-direction={direction} \
         ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream \
         ! mattebackground name=matte \
         ! appsink name=frames sync=false max-buffers=2 drop=true",
        rate = settings.rate,
        direction = settings.direction(),
    );
    gst::parse::launch(&description)
        .map_err(|error| ChainError::Source {
            source_text: source.unwrap_or_default().into(),
            error,
        })?
        .downcast()
        .map_err(|_| ChainError::Part("place for the source"))
}

fn part(pipeline: &gst::Pipeline, name: &'static str) -> Result<gst::Element, ChainError> {
    pipeline.by_name(name).ok_or(ChainError::Part(name))
}

/// Puts the camera in front of decodebin.
fn add_camera(
    pipeline: &gst::Pipeline,
    camera: &Camera,
    settings: &Settings,
) -> Result<Progress, ChainError> {
    let source = camera.source()?;
    let filter = gst::ElementFactory::make("capsfilter").build()?;
    if let Some(caps) = camera.caps(settings.camera_size(), settings.rate) {
        filter.set_property("caps", caps);
    }
    pipeline.add_many([&source, &filter])?;
    gst::Element::link_many([&source, &filter, &part(pipeline, "decode")?])?;
    let progress = Progress::new();
    if let Some(pad) = filter.static_pad("src") {
        cameras::name_colour(&pad);
        progress.count(&pad);
    }
    Ok(progress)
}

/// Converts every frame that comes out of the pipeline, hands it to the distributor and counts it.
fn publish(pipeline: &gst::Pipeline, distributor: &FrameDistributor) -> Result<Tally, ChainError> {
    let frames = part(pipeline, "frames")?.downcast::<gst_app::AppSink>();
    let frames = frames.map_err(|_| ChainError::Part("appsink"))?;
    let mut converter = Converter::new(distributor.caps())?;
    let distributor = distributor.clone();
    let tally = Tally::default();
    let counted = tally.clone();
    let new_sample = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let frame = converter.convert(&sample).map_err(|error| {
            gst::element_error!(sink, gst::StreamError::Format, ("{error}"));
            gst::FlowError::Error
        })?;
        distributor.push(&frame);
        counted.count(age(sink, &sample));
        Ok(gst::FlowSuccess::Ok)
    };
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(new_sample);
    frames.set_callbacks(callbacks.build());
    Ok(tally)
}

/// How long ago the camera has taken a frame; 0 if it has no time.
fn age(sink: &gst_app::AppSink, sample: &gst::Sample) -> Duration {
    let segment = sample.segment().and_then(|segment| segment.downcast_ref());
    let taken = segment
        .zip(sample.buffer().and_then(gst::BufferRef::pts))
        .and_then(
            |(segment, pts): (&gst::FormattedSegment<gst::ClockTime>, _)| {
                segment.to_running_time(pts)
            },
        );
    let age = sink.current_running_time().zip(taken);
    age.map_or(Duration::ZERO, |(now, taken)| {
        now.saturating_sub(taken).into()
    })
}

/// Calls `failed` with the first failure that comes to the bus.
fn watch(
    pipeline: &gst::Pipeline,
    matte: &gst::Element,
    device: Option<String>,
    failed: impl Fn(ChainError) + 'static,
) -> Result<gst::bus::BusWatchGuard, ChainError> {
    let bus = pipeline.bus().ok_or(ChainError::Part("bus"))?;
    let matte = matte.clone();
    let guard = bus.add_watch_local(move |_, message| {
        let failure = match message.view() {
            gst::MessageView::Error(error) => {
                let said = error.error().to_string();
                let from = message.src();
                match from.is_some_and(|from| from.has_as_ancestor(&matte)) {
                    true => ChainError::Matte(said),
                    false => ChainError::failed(said, device.as_deref()),
                }
            }
            gst::MessageView::Eos(_) => ChainError::Ended,
            gst::MessageView::Warning(warning) => {
                eprintln!("matte-camera: {}", warning.error());
                return glib::ControlFlow::Continue;
            }
            _ => return glib::ControlFlow::Continue,
        };
        failed(failure);
        glib::ControlFlow::Break
    })?;
    Ok(guard)
}
