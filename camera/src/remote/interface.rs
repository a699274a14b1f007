// SPDX-License-Identifier: MPL-2.0

//! The interface: what each of its properties and methods does.

use super::error::Refusal;
use super::request::{Change, Reply, Request};
use super::status::Status;
use super::values::{file, named, typed};
use crate::cameras;
use crate::preview;
use crate::properties;
use crate::settings::{Background, Color, Settings, Size};
use crate::trial::{self, TrialError};
use futures_channel::{mpsc, oneshot};
use gio::prelude::*;
use gst::glib::{self, Variant};
use std::cell::RefCell;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

/// The interface's name.
pub const INTERFACE: &str = "io.github.gst_plugin_matte.Camera1";
/// The interface by which properties are asked for and set.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// What takes longer is refused: a file on a machine that does not answer, say.
const PATIENCE: Duration = Duration::from_secs(60);
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

/// What a call gives.
enum Answer {
    Values(Variant),
    Pipe(OwnedFd, String),
}

type Result<T> = std::result::Result<T, Refusal>;

/// The object on the bus.
pub struct Interface {
    status: Rc<RefCell<Status>>,
    requests: mpsc::UnboundedSender<Request>,
}

/// Does what takes its time in a thread of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (tell, told) = oneshot::channel();
    let thread = thread::Builder::new().name("call".into());
    // Without a thread `told` is cancelled.
    let _ = thread.spawn(move || tell.send(work()));
    match glib::future_with_timeout(PATIENCE, told).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(Refusal::Failed("no thread for it".into())),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            Err(Refusal::Failed(format!("not done after {seconds} s")))
        }
    }
}

/// Tries what may take its time before the camera has it.
async fn try_out(
    work: impl FnOnce() -> std::result::Result<(), TrialError> + Send + 'static,
) -> Result<()> {
    apart(work).await?.map_err(Refusal::value)
}

async fn list_cameras() -> Result<Answer> {
    let found = apart(cameras::list).await?;
    let named = found
        .into_iter()
        .map(|camera| (camera.name, camera.path.unwrap_or_default()));
    Ok(Answer::Values((named.collect::<Vec<_>>(),).to_variant()))
}

fn done(nothing: Result<()>) -> Result<Answer> {
    nothing.map(|()| Answer::Values(().to_variant()))
}

impl Interface {
    /// An object that shows the status and sends requests.
    pub fn new(status: Rc<RefCell<Status>>, requests: mpsc::UnboundedSender<Request>) -> Self {
        Self { status, requests }
    }

    /// Does what a call asks for, and answers it.
    pub async fn answer(&self, call: Call) {
        let Call {
            interface,
            method,
            parameters,
            invocation,
        } = call;
        if (interface.as_str(), method.as_str()) == (INTERFACE, "ListCameras") {
            // Calls after it do not wait for slow devices.
            glib::MainContext::default()
                .spawn_local(async move { reply(invocation, list_cameras().await) });
            return;
        }
        let answer = match interface.as_str() {
            PROPERTIES => self.property(&method, &parameters).await,
            _ => self.method(&method, &parameters).await,
        };
        reply(invocation, answer);
        if (interface.as_str(), method.as_str()) == (INTERFACE, "Quit") {
            // It may be ending already.
            let _ = self.requests.unbounded_send(Request::Quit);
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
            "GetProperty" => {
                let (name,): (String,) = typed(method, parameters)?;
                let set = self.ask(Request::Settings).await?.properties;
                let describe = move || properties::describe(&set, &name);
                let found = apart(describe).await?.map_err(Refusal::value)?;
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
                let path: PathBuf = self.ask(Request::Save).await?;
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
        try_out(move || trial::background(&settings)).await?;
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
            try_out(move || trial::background(&settings)).await?;
        }
        self.change(change).await
    }

    /// Sets a property of `mattebackground`, or forgets what it was set to.
    async fn set_property(&self, name: String, value: Option<String>) -> Result<()> {
        if let Some(own) = properties::own_setting(&name) {
            let why = format!("{name} is set by the property {own} of this interface");
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
        try_out(move || trial::property(&settings.properties, &name)).await?;
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
