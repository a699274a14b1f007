// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattecompose`. What pixels become is decided in `crate::blend`.

use super::error::ComposeError;
use super::image_loader::ImageLoader;
use super::renderer::Renderer;
use super::settings::Settings;
use super::{Background, caps};
use crate::bus_gate::BusGate;
use crate::control::Control;
use crate::frame::{FrameFormat, View};
use crate::meta::Matte;
use crate::properties::{AtRest, Properties};
use crate::sync::lock;
use crate::timeline::Timeline;
use crate::video::direction::Direction;
use crate::video::{Stream, allocation, allow_any_link, as_plain, report_refused};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::base_transform::{InputBuffer, PrepareOutputBufferSuccess};
use gst_base::subclass::prelude::*;
use gst_video::{VideoCropMeta, VideoMeta};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattecompose",
        gst::DebugColorFlags::empty(),
        Some("Puts another background behind a subject"),
    )
});

/// State of the element.
#[derive(Default)]
pub struct MatteCompose {
    pub(super) settings: Mutex<Settings>,
    /// Properties that move over time.
    pub(super) control: Control,
    /// The picture of the property `image`.
    pub(super) loader: ImageLoader,
    /// Lets the loader's thread post between start and stop.
    bus_gate: BusGate,
    /// Between caps and stop: the format that pictures are converted to, and how the viewer sees
    /// it.
    pub(super) format: Mutex<Option<(FrameFormat, View)>>,
    /// Which way up the frames are.
    pub(super) direction: Direction,
    /// Between start and stop, a new picture is decoded when it is set, not when it is needed.
    pub(super) started: AtomicBool,
    /// Set by property changes: settings are locked for frames after a change only.
    pub(super) changed: AtomicBool,
    /// What the streaming thread owns between caps.
    pub(super) renderer: Mutex<Option<Renderer>>,
    pub(super) timeline: Mutex<Timeline>,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

#[glib::object_subclass]
impl ObjectSubclass for MatteCompose {
    const NAME: &'static str = "GstMatteCompose";
    type Type = super::MatteCompose;
    type ParentType = gst_base::BaseTransform;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for MatteCompose {
    fn constructed(&self) {
        self.parent_constructed();
        report_refused(self.obj().sink_pad());
        allow_any_link(self.obj().src_pad());
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::specs);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let name = pspec.name();
        // First the picture, then the setting: caps may change meanwhile, and want what is set.
        if let Err(error) = self.prepare(name, value) {
            gst::element_imp_warning!(
                self,
                gst::ResourceError::Read,
                ("{error}; the background stays as it was")
            );
            return;
        }
        let (set, before, after) = {
            let mut settings = lock(&self.settings);
            let before = settings.background;
            let set = settings.apply(name, value);
            self.direction.choose(settings.direction.video_direction);
            (set, before, settings.background)
        };
        self.at_rest.note(&*self.obj(), name, set.as_ref().err());
        self.changed.store(true, Ordering::Release);
        if caps::kind(before) != caps::kind(after) {
            self.obj().reconfigure_src();
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        lock(&self.settings).value(pspec.name())
    }
}

impl GstObjectImpl for MatteCompose {}

impl PresetImpl for MatteCompose {}

impl ElementImpl for MatteCompose {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "mattecompose",
                "Matte compositing",
                "Filter/Effect/Video",
                "Blurs or replaces what a frame's matte says is background",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let template = |name, direction, caps| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
                    .expect("the template is valid")
            };
            vec![
                template("sink", gst::PadDirection::Sink, caps::sink_caps()),
                template("src", gst::PadDirection::Src, caps::src_caps()),
            ]
        });
        &TEMPLATES
    }
}

impl BaseTransformImpl for MatteCompose {
    const MODE: gst_base::subclass::BaseTransformMode = gst_base::subclass::BaseTransformMode::Both;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.at_rest.check()?;
        self.started.store(true, Ordering::Release);
        let settings = lock(&self.settings).clone();
        self.loader
            .open(settings.image.as_deref())
            .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{error}")))?;
        if settings.background == Background::Image && settings.image.is_none() {
            let error = ComposeError::NoPicture;
            return Err(gst::error_msg!(gst::ResourceError::NotFound, ("{error}")));
        }
        self.bus_gate.open();
        let element = self.obj().downgrade();
        let on_reload = move |result| {
            if let Some(element) = element.upgrade() {
                let imp = element.imp();
                imp.bus_gate.post(|| imp.picture_reloaded(result));
            }
        };
        if let Err(error) = self.loader.start(Box::new(on_reload)) {
            gst::warning!(
                CAT,
                imp = self,
                "no thread to watch the picture's file: {error}"
            );
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.started.store(false, Ordering::Release);
        self.bus_gate.close();
        *lock(&self.renderer) = None;
        *lock(&self.format) = None;
        *lock(&self.timeline) = Timeline::new();
        self.loader.stop();
        Ok(())
    }

    fn transform_caps(
        &self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> Option<gst::Caps> {
        let background = lock(&self.settings).background;
        let result = caps::transform(background, direction, caps);
        Some(match filter {
            Some(filter) => filter.intersect_with_mode(&result, gst::CapsIntersectMode::First),
            None => result,
        })
    }

    fn unit_size(&self, caps: &gst::Caps) -> Option<usize> {
        gst_video::VideoInfo::from_caps(&as_plain(caps))
            .ok()
            .map(|info| info.size())
    }

    /// Buffers may hold more than a frame: only the caps tell how large the other one is.
    fn transform_size(
        &self,
        _direction: gst::PadDirection,
        _caps: &gst::Caps,
        _size: usize,
        othercaps: &gst::Caps,
    ) -> Option<usize> {
        self.unit_size(othercaps)
    }

    fn propose_allocation(
        &self,
        _decide_query: Option<&gst::query::Allocation>,
        query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        if self.obj().is_in_place() {
            allocation::relay_as_plain(self.obj().src_pad(), query);
        } else {
            allocation::answer(query);
        }
        Ok(())
    }

    /// An output of another format shows the same frame: metas that describe the frame hold for the
    /// output, too. Metas that describe memory do not, and the matte is handed on separately.
    fn transform_meta<'a>(
        &self,
        outbuf: &mut gst::BufferRef,
        meta: gst::MetaRef<'a, gst::Meta>,
        inbuf: &'a gst::BufferRef,
    ) -> bool {
        let memory = [VideoMeta::meta_api(), VideoCropMeta::meta_api()];
        let custom = meta.try_as_custom_meta();
        let ours = custom.is_some_and(|meta| meta.structure().name() == crate::meta::NAME);
        if ours || memory.contains(&meta.api()) {
            return false;
        }
        // The format has changed, not the frame's size and not which side is up.
        meta.tags_contain_only(&["video", "size", "orientation"])
            || self.parent_transform_meta(outbuf, meta, inbuf)
    }

    /// A buffer that contradicts its caps cannot be composed in place.
    fn prepare_output_buffer(
        &self,
        inbuf: InputBuffer,
    ) -> Result<PrepareOutputBufferSuccess, gst::FlowError> {
        let buffer = match &inbuf {
            InputBuffer::Writable(buffer) => &**buffer,
            InputBuffer::Readable(buffer) => buffer,
        };
        let replacement = match lock(&self.renderer).as_mut() {
            Some(renderer) => renderer.replacement(buffer),
            None => Ok(None),
        };
        match replacement {
            Ok(Some(black)) => Ok(PrepareOutputBufferSuccess::Buffer(black)),
            Ok(None) => self.parent_prepare_output_buffer(inbuf),
            Err(error) => {
                gst::element_imp_error!(self, gst::ResourceError::NoSpaceLeft, ("{error}"));
                Err(gst::FlowError::Error)
            }
        }
    }

    fn set_caps(&self, incaps: &gst::Caps, outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let (input, output) = (Stream::from_caps(incaps)?, Stream::from_caps(outcaps)?);
        let in_place = input.layout == output.layout;
        gst::debug!(
            CAT,
            imp = self,
            "{incaps} to {outcaps}, in place: {in_place}"
        );
        self.changed.store(false, Ordering::Release);
        let settings = lock(&self.settings).clone();
        let orientation = self.direction.orientation();
        let view = output.view(orientation);
        *lock(&self.format) = in_place.then(|| (output.frame_format(), view));
        lock(&self.timeline).set_rate(input.info.fps());
        let before = lock(&self.renderer).take();
        let streams = (input, output);
        let renderer = self
            .picture(&settings)
            .and_then(|picture| Renderer::new(streams, orientation, settings, picture, before))
            .map_err(|error| {
                // Without it the application hears no more than that something is not negotiated.
                gst::element_imp_error!(self, gst::LibraryError::Settings, ("{error}"));
                gst::loggable_error!(CAT, "{error}")
            })?;
        *lock(&self.renderer) = Some(renderer);
        self.obj().set_in_place(in_place);
        Ok(())
    }

    fn before_transform(&self, frame: &gst::BufferRef) {
        self.control.before_transform(&*self.obj(), frame);
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        lock(&self.timeline).event(&event);
        self.direction.note(&event);
        self.parent_sink_event(event)
    }

    fn transform_ip(
        &self,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        crate::fault::point("mattecompose");
        let (matte, tick) = (Matte::of(buffer), self.tick(buffer));
        let visible = self.locate(buffer)?;
        self.process(matte, &visible, tick, |renderer, matte| {
            renderer.compose(buffer, matte)
        })
    }

    fn transform(
        &self,
        inbuf: &gst::Buffer,
        outbuf: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let tick = self.tick(inbuf);
        let (matte, visible) = (Matte::of(inbuf), self.locate(inbuf)?);
        if let (Some(matte), Ok(visible)) = (&matte, &visible) {
            self.hand_on_matte(matte, visible, outbuf)?;
        }
        self.process(matte, &visible, tick, |renderer, matte| {
            renderer.convert(inbuf, outbuf, matte)
        })
    }
}
