// SPDX-License-Identifier: MPL-2.0

//! `matte-camera`: the camera with another background, for every program, and only while one looks.

mod app;
mod behind;
mod cameras;
mod chain;
mod convert;
mod direction;
mod holders;
mod hub;
mod options;
mod output;
mod published;
mod settings;
mod terminal;
mod watch;

use app::App;
use glib_unix::unix_signal_add_local;
use gst::glib;
use gst::prelude::*;
use hub::Hub;
use options::{HELP, Options, Task};
use output::Output;
use published::Published;
use settings::Settings;
use std::io::Write;
use std::process::ExitCode;
use terminal::{KEYS, Keys};

/// POSIX numbers of the signals that end the program.
const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matte-camera: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let Options {
        task,
        settings,
        path,
        keys,
    } = options::parse(std::env::args_os().skip(1))?;
    match task {
        Task::Help => tell(&format!("{HELP}\nKeys:\n{KEYS}")),
        Task::Version => tell(&format!("matte-camera {}", env!("CARGO_PKG_VERSION"))),
        Task::Show => tell(settings.to_toml()?.trim_end()),
        Task::List => {
            gst::init().map_err(|error| error.to_string())?;
            list();
        }
        Task::Run => {
            gst::init().map_err(|error| error.to_string())?;
            publish(settings, path, keys)?;
        }
    }
    Ok(())
}

/// Writes lines for whoever reads them; one that has seen enough (`head`, `grep -q`) is no mistake.
fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Names cameras and where they can be published to.
fn list() {
    tell("cameras:");
    for camera in cameras::list() {
        let path = camera.path.as_deref().unwrap_or("PipeWire");
        tell(&format!("  {} ({path})", camera.name));
    }
    tell("outputs:");
    match Output::choose("pipewire") {
        Ok(_) => tell("  pipewire"),
        Err(error) => tell(&format!("  no pipewire: {error}")),
    }
    for path in output::loopbacks() {
        tell(&format!("  {}", path.display()));
    }
}

/// Whether the plugin is there, its network runs, and the settings for it are right: said now, not when
/// somebody looks.
fn check_plugin(settings: &Settings) -> Result<(), String> {
    let matte = gst::ElementFactory::make("mattebackground").build().map_err(|_| {
        "the GStreamer plugin matte is not found: GST_PLUGIN_PATH must name the folder of libgstmatte.so"
    })?;
    chain::set_properties(&matte, settings)?;
    let bus = gst::Bus::new();
    matte.set_bus(Some(&bus));
    let started = matte.set_state(gst::State::Paused);
    let said = output::error_on(&bus);
    let stopped = matte.set_state(gst::State::Null);
    match started.and(stopped) {
        Ok(_) => Ok(()),
        Err(error) => Err(said.unwrap_or_else(|| format!("mattebackground: {error}"))),
    }
}

fn publish(settings: Settings, path: std::path::PathBuf, read_keys: bool) -> Result<(), String> {
    check_plugin(&settings)?;
    let output = Output::choose(&settings.output)?;
    let hub = Hub::new(settings.size, settings.rate);
    let published = Published::start(&output, &settings.name, &hub)?;
    let bus = published.bus().ok_or("a pipeline without a bus")?;
    let name = settings.name.clone();
    let app = App::new(settings, path, hub, published);

    let ended = app.clone();
    let _bus = bus
        .add_watch_local(move |_, message| {
            if let gst::MessageView::Error(error) = message.view() {
                ended.quit(Err(format!("output: {}", error.error())));
            }
            glib::ControlFlow::Continue
        })
        .map_err(|error| error.to_string())?;
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        let app = app.clone();
        unix_signal_add_local(signal, move || {
            app.quit(Ok(()));
            glib::ControlFlow::Continue
        });
    }
    match &output {
        Output::PipeWire => eprintln!("matte-camera: published as '{name}' in PipeWire"),
        Output::Loopback(path) => eprintln!("matte-camera: published as {}", path.display()),
    }
    let watcher = app.clone();
    // Also where the camera runs all the time: it says when PipeWire has gone.
    let _watch = watch::watch(&output, move |news| watcher.heard(news))
        .map_err(|error| app.heard(watch::News::Unknown(error)));
    let _keys = read_keys.then(|| {
        if Keys::is_terminal() {
            println!("{KEYS}");
        }
        let app = app.clone();
        Keys::read(move |key| app.pressed(key))
    });
    app.run()
}
