// SPDX-License-Identifier: MPL-2.0

//! What those on the session bus are told, and what is done for them.

use super::{App, say};
use crate::preview::Preview;
use crate::properties;
use crate::remote::{Refusal, Request, Status, name_of};
use crate::settings::{Settings, Size};
use futures_channel::mpsc;
use gst::glib;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// More windows than anybody opens.
const MOST_PIPES: usize = 16;

impl App {
    /// Goes on the session bus, if there is one, and answers.
    pub(super) fn serve(&self) {
        let context = glib::MainContext::default();
        let (requests, mut asked) = mpsc::unbounded();
        let remote = self.remote.clone();
        context.spawn_local(async move {
            if let Err(error) = remote.serve(requests, say).await {
                say(&format!("not on the session bus: {error}"));
            }
        });
        let app = self.clone();
        context.spawn_local(async move {
            while let Ok(request) = asked.recv().await {
                app.answer(request);
            }
        });
    }

    /// Does what is asked for. Who has asked may be gone when the answer comes.
    fn answer(&self, request: Request) {
        match request {
            Request::Settings(reply) => {
                let _ = reply.send(Ok(self.state.borrow().settings.clone()));
            }
            Request::Change(change, reply) => {
                let changed = self.change(change).map_err(Refusal::value);
                self.report();
                let _ = reply.send(changed);
            }
            Request::Enable(enabled, reply) => {
                self.set_hidden(!enabled);
                self.report();
                let _ = reply.send(Ok(()));
            }
            Request::Preview(pipe, size, reply) => {
                let _ = reply.send(self.open_pipe(pipe, size));
            }
            Request::ToSave(reply) => {
                let _ = reply.send(Ok(self.to_save()));
            }
            Request::Quit => self.quit(Ok(())),
        }
    }

    /// The settings, and the file that keeps them.
    pub(super) fn to_save(&self) -> (Settings, PathBuf) {
        let state = self.state.borrow();
        (state.settings.clone(), state.path.clone())
    }

    fn open_pipe(&self, pipe: OwnedFd, size: Size) -> Result<(), Refusal> {
        let number = {
            let mut state = self.state.borrow_mut();
            if state.pipes.len() >= MOST_PIPES {
                let why = format!("{MOST_PIPES} previews are open: close one");
                return Err(Refusal::Failed(why));
            }
            state.next_pipe += 1;
            state.next_pipe
        };
        let app = self.clone();
        let preview = Preview::pipe(pipe, size, &self.distributor, move |_| {
            // Its reader has closed it. Not from inside of the watch that goes with it.
            let app = app.clone();
            glib::idle_add_local_once(move || app.close_pipe(number));
        });
        let preview = preview.map_err(|error| Refusal::Failed(error.to_string()))?;
        self.state.borrow_mut().pipes.push((number, preview));
        self.distributor.push_dark();
        self.settle();
        Ok(())
    }

    fn close_pipe(&self, number: u64) {
        let closed: Vec<_> = {
            let mut state = self.state.borrow_mut();
            state
                .pipes
                .extract_if(.., |(other, _)| *other == number)
                .collect()
        };
        drop(closed);
        self.settle();
    }

    /// Tells the cost, once per second while the camera is open, and once more when it has closed.
    pub(super) fn measure(&self) {
        let changed = {
            let mut state = self.state.borrow_mut();
            let tally = state.chain.as_ref().map(|chain| chain.tally.clone());
            let cost = state.meter.read(tally.as_ref());
            let was_still = state.cost.rate == 0.0;
            cost.is_some_and(|cost| {
                state.cost = cost;
                tally.is_some() || !was_still
            })
        };
        if changed {
            self.report();
        }
    }

    /// Tells the bus what has changed.
    pub(super) fn report(&self) {
        self.remote.tell(self.status());
    }

    fn status(&self) -> Status {
        let state = self.state.borrow();
        let Settings {
            size,
            device,
            background,
            picture,
            video,
            place,
            color,
            blur_strength,
            properties,
            ..
        } = &state.settings;
        let properties = properties
            .iter()
            .map(|(name, value)| (name.clone(), properties::text_of(value)));
        let chain = state.chain.as_ref();
        Status {
            name: self.published.name.clone(),
            size: (size.width, size.height),
            camera: device.clone().unwrap_or_default(),
            open_camera: chain.map_or_else(String::new, |chain| chain.camera.clone()),
            enabled: !state.hidden,
            watched: state.watched,
            background: name_of(background),
            picture: text_of(picture.as_deref()),
            video: text_of(video.as_deref()),
            place: name_of(place),
            color: (*color).into(),
            blur_strength: *blur_strength,
            properties: properties.collect(),
            cost: state.cost,
            failure: state.failure.clone().unwrap_or_default(),
        }
    }
}

/// A path as the bus carries it.
fn text_of(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| path.to_string_lossy().into())
}
