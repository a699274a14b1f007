// SPDX-License-Identifier: MPL-2.0

//! The interface: what each of its properties and methods does.

use super::error::Refusal;
use super::looks::{Cameras, Looks};
use super::request::{Change, Reply, Request};
use super::status::Status;
use super::values::{file, named, typed};
use super::work::Work;
use crate::cameras;
use crate::preview;
use crate::properties;
use crate::settings::{Background, Color, Settings, SettingsError, Size};
use crate::trial;
use futures_channel::{mpsc, oneshot};
use gio::prelude::*;
use gst::glib::{self, Variant};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// The interface's name.
pub const INTERFACE: &str = "io.github.gst_plugin_matte.Camera1";
/// The interface by which properties are asked for and set.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// So many changes wait for those before them.
const MOST_CHANGES: usize = 64;
/// The introspection, which packages install, too.
const XML: &str = include_str!("../../io.github.gst_plugin_matte.Camera1.xml");

/// The interface as the bus knows it.
///
/// # Errors
/// If the introspection is wrong.
pub fn info() -> std::result::Result<gio::DBusInterfaceInfo, glib::Error> {
    let node = gio::DBusNodeInfo::for_xml(XML)?;
    let found = node.lookup_interface(INTERFACE);
    found.ok_or_else(|| glib::Error::new(gio::DBusError::UnknownInterface, INTERFACE))
}

/// A call that waits for its answer.
pub struct Call {
    /// Ours, or that of properties.
    pub interface: String,
    /// A name of the introspection.
    pub method: String,
    /// A tuple of the types of the introspection.
    pub parameters: Variant,
    /// Where the answer goes.
    pub invocation: gio::DBusMethodInvocation,
}

impl Call {
    /// Whether it gives a property of our interface a value.
    fn is_set_to(&self, property: &str, value: &Variant) -> bool {
        (self.interface.as_str(), self.method.as_str()) == (PROPERTIES, "Set")
            && self.parameters == (INTERFACE, property, value).to_variant()
    }
}

/// What a call gives.
enum Answer {
    Values(Variant),
    Pipe(OwnedFd, String),
}

type Result<T> = std::result::Result<T, Refusal>;

/// The object on the bus.
pub struct Interface {
    status: Rc<RefCell<Status>>,
    /// How often the picture was hidden.
    hides: Rc<Cell<u64>>,
    requests: mpsc::UnboundedSender<Request>,
    /// Calls that change something, each with the number of hides before it.
    changes: mpsc::UnboundedSender<(Call, u64)>,
    /// How many of them are not answered.
    waiting: Cell<usize>,
    looks: Looks<fn() -> Cameras>,
    work: Work,
}

fn cameras() -> Cameras {
    let found = cameras::list().into_iter();
    let named = found.map(|camera| (camera.name, camera.path.unwrap_or_default()));
    named.collect()
}

fn done(nothing: Result<()>) -> Result<Answer> {
    nothing.map(|()| Answer::Values(().to_variant()))
}

impl Interface {
    /// An object that shows the status and sends requests.
    pub fn new(
        status: Rc<RefCell<Status>>,
        hides: Rc<Cell<u64>>,
        requests: mpsc::UnboundedSender<Request>,
    ) -> Rc<Self> {
        let (changes, mut changed) = mpsc::unbounded::<(Call, u64)>();
        let interface = Rc::new(Self {
            status,
            hides,
            requests,
            changes,
            waiting: Cell::default(),
            looks: Looks::new(cameras),
            work: Work::default(),
        });
        let worker = Rc::downgrade(&interface);
        glib::MainContext::default().spawn_local(async move {
            // One after the other, so that each sees what those before it have done.
            while let Ok((call, hides)) = changed.recv().await
                && let Some(interface) = worker.upgrade()
            {
                let answer = interface.change_by(&call, hides).await;
                interface.waiting.set(interface.waiting.get() - 1);
                reply(call.invocation, answer);
            }
        });
        interface
    }

    /// Does what a call asks for, and answers it: at once, but for changes, which may have to be
    /// tried. They wait for each other, and nothing waits for them. Above all, nobody waits who
    /// hides the picture.
    pub fn take(self: &Rc<Self>, call: Call) {
        let hides = call.is_set_to("Enabled", &false.to_variant());
        if hides {
            self.hides.set(self.hides.get() + 1);
        }
        match (call.interface.as_str(), call.method.as_str()) {
            (PROPERTIES, "Set") if !hides => self.line_up(call),
            (INTERFACE, "SetProperty" | "ResetProperty" | "Save") => self.line_up(call),
            _ => {
                let interface = self.clone();
                glib::MainContext::default().spawn_local(async move {
                    let answer = interface.answer(&call).await;
                    let is_end =
                        (call.interface.as_str(), call.method.as_str()) == (INTERFACE, "Quit");
                    reply(call.invocation, answer);
                    if is_end {
                        // It may be ending already.
                        let _ = interface.requests.unbounded_send(Request::Quit);
                    }
                });
            }
        }
    }

    /// Lets a change wait for those before it.
    fn line_up(&self, call: Call) {
        if self.waiting.get() >= MOST_CHANGES {
            let why = format!("{MOST_CHANGES} changes wait already");
            return reply(call.invocation, Err(Refusal::Busy(why)));
        }
        self.waiting.set(self.waiting.get() + 1);
        // It is taken as long as the program runs.
        let _ = self.changes.unbounded_send((call, self.hides.get()));
    }

    /// Does what a change asks for. Whoever wanted the picture to be shown before it was hidden
    /// does not get it.
    async fn change_by(&self, call: &Call, hides: u64) -> Result<Answer> {
        if call.is_set_to("Enabled", &true.to_variant()) && self.hides.get() != hides {
            return Err(Refusal::Failed("the picture was hidden meanwhile".into()));
        }
        self.answer(call).await
    }

    async fn answer(&self, call: &Call) -> Result<Answer> {
        match call.interface.as_str() {
            PROPERTIES => self.property(&call.method, &call.parameters).await,
            _ => self.method(&call.method, &call.parameters).await,
        }
    }

    async fn property(&self, method: &str, parameters: &Variant) -> Result<Answer> {
        let values = self.status.borrow().values();
        match method {
            "GetAll" => {
                let all: HashMap<&str, Variant> = values.into_iter().collect();
                Ok(Answer::Values((all,).to_variant()))
            }
            "Get" => {
                let (_, name): (String, String) = typed(method, parameters)?;
                let value = values.into_iter().find(|(other, _)| *other == name);
                let (_, value) = value.ok_or_else(|| Refusal::value(name))?;
                Ok(Answer::Values((value,).to_variant()))
            }
            _ => {
                let (_, name, value): (String, String, Variant) = typed(method, parameters)?;
                done(self.set(&name, &value).await)
            }
        }
    }

    async fn method(&self, method: &str, parameters: &Variant) -> Result<Answer> {
        match method {
            "ListCameras" => {
                let found = self.looks.cameras().await?;
                Ok(Answer::Values((found,).to_variant()))
            }
            "GetProperty" => {
                let (name,): (String,) = typed(method, parameters)?;
                let set = self.ask(Request::Settings).await?.properties;
                let describe = move || properties::describe(&set, &name);
                let found = self.work.apart(describe).await?.map_err(Refusal::value)?;
                let values = (found.value, found.least, found.most);
                Ok(Answer::Values(values.to_variant()))
            }
            "SetProperty" => {
                let (name, value): (String, String) = typed(method, parameters)?;
                done(self.set_property(name, Some(value)).await)
            }
            "ResetProperty" => {
                let (name,) = typed(method, parameters)?;
                done(self.set_property(name, None).await)
            }
            "OpenPreview" => {
                let (width, height): (i32, i32) = typed(method, parameters)?;
                self.open_preview(width, height).await
            }
            "Save" => {
                let (settings, path) = self.ask(Request::ToSave).await?;
                let save = move || settings.write(&path).map(|()| path);
                let failed = |error: SettingsError| Refusal::Failed(error.to_string());
                let path = self.work.apart(save).await?.map_err(failed)?;
                Ok(Answer::Values(
                    (path.to_string_lossy().as_ref(),).to_variant(),
                ))
            }
            // Quit: the answer comes first.
            _ => done(Ok(())),
        }
    }

    /// Sets a property of this interface.
    async fn set(&self, name: &str, value: &Variant) -> Result<()> {
        if name == "Enabled" {
            let enabled = typed(name, value)?;
            return self.ask(|reply| Request::Enable(enabled, reply)).await;
        }
        if name == "BlurStrength" {
            let strength = typed(name, value)?;
            return self
                .change(move |settings| settings.blur_strength = strength)
                .await;
        }
        // All others are texts.
        let text: String = typed(name, value)?;
        match name {
            "Camera" => {
                self.change(move |settings| {
                    settings.device = (!text.is_empty()).then_some(text);
                    settings.source = None;
                })
                .await
            }
            "Background" => {
                let background = named(name, &text)?;
                self.set_background(move |settings| settings.background = background)
                    .await
            }
            "Picture" => {
                let picture = file(name, &text)?;
                self.set_file(Background::Picture, move |settings| {
                    settings.picture = picture.clone();
                })
                .await
            }
            "Video" => {
                let video = file(name, &text)?;
                self.set_file(Background::Video, move |settings| {
                    settings.video = video.clone();
                })
                .await
            }
            "Place" => {
                let place = named(name, &text)?;
                self.change(move |settings| settings.place = place).await
            }
            "Color" => {
                let color = text.parse::<Color>();
                let color = color
                    .map_err(|error| Refusal::Value(format!("{name} is '{text}': {error}")))?;
                self.change(move |settings| settings.color = color).await
            }
            _ => Err(Refusal::Value(format!("{name} is only for reading"))),
        }
    }

    /// Changes what is behind the person, if its file can be used.
    async fn set_background(&self, change: impl Fn(&mut Settings) + Send + 'static) -> Result<()> {
        let mut settings = self.ask(Request::Settings).await?;
        change(&mut settings);
        self.work
            .try_out(move || trial::background(&settings))
            .await?;
        self.change(change).await
    }

    /// Changes the file of a background, which may not be shown now.
    async fn set_file(
        &self,
        background: Background,
        change: impl Fn(&mut Settings) + Send + 'static,
    ) -> Result<()> {
        let mut settings = self.ask(Request::Settings).await?;
        change(&mut settings);
        let named = match background {
            Background::Picture => &settings.picture,
            _ => &settings.video,
        };
        if named.is_some() {
            settings.background = background;
            self.work
                .try_out(move || trial::background(&settings))
                .await?;
        }
        self.change(change).await
    }

    /// Sets a property of `mattebackground`, or forgets what it was set to.
    async fn set_property(&self, name: String, value: Option<String>) -> Result<()> {
        // GLib takes other spellings, too.
        let name = properties::canonical(&name).map_err(Refusal::value)?;
        if let Some(why) = properties::refusal(&name) {
            return Err(Refusal::Value(why));
        }
        let (set, value) = (name.clone(), value.map(toml::Value::String));
        let change = move |settings: &mut Settings| {
            match value.clone() {
                Some(value) => settings.properties.insert(set.clone(), value),
                None => settings.properties.remove(&set),
            };
        };
        let mut settings = self.ask(Request::Settings).await?;
        change(&mut settings);
        self.work
            .try_out(move || trial::property(&settings.properties, &name))
            .await?;
        self.change(change).await
    }

    async fn open_preview(&self, width: i32, height: i32) -> Result<Answer> {
        let size: Size = format!("{width}x{height}")
            .parse()
            .map_err(Refusal::value)?;
        let failed = |error| Refusal::Failed(format!("no pipe: {error}"));
        let (read, write) = std::io::pipe().map_err(failed)?;
        self.ask(|reply| Request::Preview(write.into(), size, reply))
            .await?;
        Ok(Answer::Pipe(read.into(), preview::frames_caps(size)))
    }

    /// Asks the program.
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let ending = || Refusal::Failed("matte-camera is ending".into());
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.unbounded_send(request(reply));
        sent.map_err(|_| ending())?;
        answer.await.map_err(|_| ending())?
    }

    async fn change(&self, change: impl FnOnce(&mut Settings) + 'static) -> Result<()> {
        let change: Change = Box::new(change);
        self.ask(|reply| Request::Change(change, reply)).await
    }
}

fn reply(invocation: gio::DBusMethodInvocation, answer: Result<Answer>) {
    match answer {
        Ok(Answer::Values(values)) => invocation.return_value(Some(&values)),
        Ok(Answer::Pipe(pipe, caps)) => {
            let files = gio::UnixFDList::from_array([pipe]);
            let first = glib::variant::Handle(0);
            let values = (first, caps).to_variant();
            invocation.return_value_with_unix_fd_list(Some(&values), Some(&files));
        }
        Err(refusal) => invocation.return_gerror(refusal.to_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_introspection_has_the_properties() {
        info().expect("it is right");
        for (name, value) in Status::default().values() {
            let line = format!("<property name=\"{name}\" type=\"{}\"", value.type_());
            assert!(XML.contains(&line), "{line}");
        }
        assert_eq!(
            XML.matches("<property ").count(),
            Status::default().values().len()
        );
    }
}
