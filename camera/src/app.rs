// SPDX-License-Identifier: MPL-2.0

//! What runs when: the published camera all the time, the camera's pipeline while somebody looks.

mod keys;
mod remote;

use crate::apart::apart;
use crate::cameras::{self, Camera, CameraError};
use crate::chain::{Chain, ChainError};
use crate::cost::{Cost, Meter};
use crate::distributor::FrameDistributor;
use crate::ending;
use crate::error::Error;
use crate::output::OutputError;
use crate::preview::Preview;
use crate::published::Published;
use crate::remote::Remote;
use crate::settings::{CheckError, Settings};
use crate::watch::News;
use gst::glib;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// The camera stays open this long after the last look: programs look twice.
const LINGER: Duration = Duration::from_millis(1500);
/// A camera that failed is tried again after this; an output, too, if it fails at once.
const RETRY: Duration = Duration::from_secs(2);
/// Between two dark pictures while somebody looks, and always with PipeWire: its sink drops frames
/// at no cost while nobody looks, and (0.3) gets stuck if the first frame comes long after a
/// reader.
const DARK_FAST: Duration = Duration::from_millis(33);
/// The same for a loopback device that nobody looks at.
const DARK_SLOW: Duration = Duration::from_secs(1);

struct State {
    settings: Settings,
    path: PathBuf,
    chain: Option<Chain>,
    preview: Option<Preview>,
    /// Of programs that show the pictures themselves, by a number for each.
    pipes: Vec<(u64, Preview)>,
    next_pipe: u64,
    watched: bool,
    hidden: bool,
    /// How often a key has chosen a background: the last one counts.
    choices: u64,
    /// A start or a stop of the camera is due.
    pending: bool,
    /// The camera is looked for.
    finding: bool,
    meter: Meter,
    cost: Cost,
    /// Why there is no picture.
    failure: Option<String>,
    outcome: Result<(), Error>,
}

/// The program; clones are the same one.
#[derive(Clone)]
pub struct App {
    state: Rc<RefCell<State>>,
    distributor: FrameDistributor,
    published: Rc<Published>,
    remote: Remote,
    main: glib::MainLoop,
}

fn say(text: &str) {
    eprintln!("matte-camera: {text}");
}

impl App {
    /// A program that does nothing yet.
    pub fn new(
        main: glib::MainLoop,
        settings: Settings,
        path: PathBuf,
        distributor: FrameDistributor,
        published: Published,
    ) -> Self {
        let state = State {
            settings,
            path,
            chain: None,
            preview: None,
            pipes: Vec::new(),
            next_pipe: 0,
            watched: false,
            hidden: false,
            choices: 0,
            pending: false,
            finding: false,
            meter: Meter::new(),
            cost: Cost::default(),
            failure: None,
            outcome: Ok(()),
        };
        Self {
            state: Rc::new(RefCell::new(state)),
            distributor,
            published: Rc::new(published),
            remote: Remote::default(),
            main,
        }
    }

    /// Runs until `quit`, and answers those on the session bus.
    ///
    /// # Errors
    /// What ended it, if nobody wanted it to.
    pub fn run(&self) -> Result<(), Error> {
        let context = glib::MainContext::default();
        let _owned = context.acquire()?;
        self.report();
        self.serve();
        if self.state.borrow().settings.preview {
            self.toggle_preview();
        }
        self.tick();
        self.settle();
        if !ending::is_asked() {
            self.main.run();
        }
        ending::deadline();
        let mut state = self.state.borrow_mut();
        (state.chain, state.preview) = (None, None);
        state.pipes.clear();
        std::mem::replace(&mut state.outcome, Ok(()))
    }

    /// Ends it.
    pub fn quit(&self, outcome: Result<(), Error>) {
        self.state.borrow_mut().outcome = outcome;
        self.main.quit();
    }

    /// Somebody looks, or nobody does.
    pub fn heard(&self, news: News) {
        match news {
            News::Watched(watched) => {
                say(if watched {
                    "somebody looks"
                } else {
                    "nobody looks"
                });
                self.state.borrow_mut().watched = watched;
            }
            // The sink itself does not say that its server has gone.
            News::Gone(why) => {
                self.quit(Err(OutputError::Gone(why.to_string()).into()));
                return;
            }
            News::Unknown(why) => {
                say(&format!("{why}: the camera runs all the time"));
                self.state.borrow_mut().settings.on_demand = false;
            }
        }
        self.distributor.push_dark();
        self.settle();
        self.report();
    }

    /// The published stream has failed. It is published again if that can help.
    pub fn output_failed(&self, why: &glib::Error) {
        if self.published.goes_on(why) {
            return;
        }
        let Some(wait) = self.published.retry(RETRY) else {
            self.quit(Err(OutputError::Stopped(why.to_string()).into()));
            return;
        };
        say(&format!("output: {why}; publishing it anew"));
        let app = self.clone();
        glib::timeout_add_local_once(wait, move || app.published.renew());
    }

    /// Sends the dark picture now and then, for those who look while there are no frames.
    fn tick(&self) {
        let (watched, previewed) = {
            let state = self.state.borrow();
            let previewed = state.preview.is_some() || !state.pipes.is_empty();
            (state.watched, previewed)
        };
        self.distributor.push_dark();
        if self.published.look_after(watched) {
            say("the output was stuck and was woken");
        }
        let chain = self.state.borrow().chain.as_ref().map(Chain::is_silent);
        if chain == Some(true) {
            self.failed(ChainError::Silent);
        }
        self.measure();
        let fast = watched || previewed || self.published.drops_unseen();
        let next = if fast { DARK_FAST } else { DARK_SLOW };
        let app = self.clone();
        glib::timeout_add_local_once(next, move || app.tick());
    }

    fn wanted(&self) -> bool {
        let state = self.state.borrow();
        let previewed = state.preview.is_some() || !state.pipes.is_empty();
        !state.hidden && (state.watched || previewed || !state.settings.on_demand)
    }

    /// Starts or stops the camera if it is not as it should be: a start at once, a stop after a
    /// while.
    fn settle(&self) {
        let running = self.state.borrow().chain.is_some();
        match (self.wanted(), running) {
            (true, false) => self.start(),
            (false, true) => self.later(LINGER),
            (false, false) => self.forget_failure(),
            (true, true) => (),
        }
    }

    /// Nobody wants a picture: nobody asks why there is none.
    fn forget_failure(&self) {
        if self.state.borrow_mut().failure.take().is_some() {
            self.report();
        }
    }

    /// Looks again after a while, once.
    fn later(&self, delay: Duration) {
        if std::mem::replace(&mut self.state.borrow_mut().pending, true) {
            return;
        }
        let app = self.clone();
        glib::timeout_add_local_once(delay, move || {
            app.state.borrow_mut().pending = false;
            if !app.wanted() {
                app.stop();
            }
            app.settle();
        });
    }

    fn start(&self) {
        let settings = self.state.borrow().settings.clone();
        if settings.source.is_some() {
            self.open(None);
        } else if !std::mem::replace(&mut self.state.borrow_mut().finding, true) {
            self.find(settings.device);
        }
    }

    /// Looks for the camera in a thread of its own: devices and PipeWire may take their time.
    fn find(&self, device: Option<String>) {
        let wanted = device.clone();
        let app = self.clone();
        glib::MainContext::default().spawn_local(async move {
            let found = apart("cameras", move || cameras::find(wanted.as_deref())).await;
            let found = found.unwrap_or(Err(CameraError::Search));
            app.state.borrow_mut().finding = false;
            let is_other = app.state.borrow().settings.device != device;
            match found {
                _ if !app.wanted() => app.forget_failure(),
                // Another one was chosen meanwhile.
                _ if is_other => app.start(),
                Ok(camera) => app.open(Some(camera)),
                Err(error) => app.failed(error.into()),
            }
        });
    }

    fn open(&self, camera: Option<Camera>) {
        let settings = self.state.borrow().settings.clone();
        let app = self.clone();
        let failed = move |failure| app.failed(failure);
        match Chain::start(&settings, camera, &self.distributor, failed) {
            Ok(chain) => {
                say(&format!("camera on: {}", chain.camera));
                let mut state = self.state.borrow_mut();
                (state.chain, state.failure) = (Some(chain), None);
                drop(state);
                self.report();
            }
            Err(failure) => self.failed(failure),
        }
    }

    fn stop(&self) {
        let chain = self.state.borrow_mut().chain.take();
        if chain.is_some() {
            drop(chain);
            self.distributor.forget();
            say("camera off");
            self.report();
        }
    }

    fn failed(&self, failure: ChainError) {
        if failure.is_final() {
            self.quit(Err(failure.into()));
            return;
        }
        say(&format!("camera: {failure}; trying again"));
        self.stop();
        self.state.borrow_mut().failure = Some(failure.to_string());
        self.report();
        self.later(RETRY);
    }

    /// Changes settings, in the running camera, too; those that do not fit are refused.
    fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<(), CheckError> {
        let old = self.state.borrow().settings.clone();
        let mut new = old.clone();
        change(&mut new);
        new.check_values()?;
        let live = {
            let mut state = self.state.borrow_mut();
            state.settings = new.clone();
            state
                .chain
                .as_ref()
                .map_or_else(|| old.has_camera_of(&new), |chain| chain.change(&old, &new))
        };
        if !live {
            self.stop();
            // Another camera is not waited for.
            self.settle();
        }
        Ok(())
    }

    fn set_hidden(&self, hidden: bool) {
        if hidden {
            self.remote.hidden();
        }
        if std::mem::replace(&mut self.state.borrow_mut().hidden, hidden) == hidden {
            return;
        }
        if hidden {
            self.stop();
            say("hidden");
        } else {
            say("shown");
        }
        self.distributor.push_dark();
        self.settle();
    }

    fn toggle_preview(&self) {
        let open = self.state.borrow_mut().preview.take();
        if open.is_none() {
            let sink = self.state.borrow().settings.preview_sink.clone();
            let app = self.clone();
            match Preview::open(&sink, &self.distributor, move |why| {
                app.preview_failed(&why)
            }) {
                Ok(preview) => self.state.borrow_mut().preview = Some(preview),
                Err(error) => say(&format!("no preview window: {error}")),
            }
        }
        self.settle();
    }

    fn preview_failed(&self, why: &str) {
        say(&format!("preview: {why}"));
        // Not from inside of the watch that goes with it.
        let app = self.clone();
        glib::idle_add_local_once(move || {
            let open = app.state.borrow_mut().preview.take();
            drop(open);
            app.settle();
        });
    }
}
