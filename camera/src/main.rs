// SPDX-License-Identifier: MPL-2.0

//! `matte-camera`: the camera with another background, for every program, and only while a program
//! looks at it. Beside it, commands for files (`matte-camera convert`) and for models
//! (`matte-camera describe`).

mod apart;
mod app;
mod background_arguments;
mod background_source;
mod cameras;
mod chain;
mod convert;
mod cost;
mod describe;
mod direction;
mod distributor;
mod elements;
mod ending;
mod error;
mod files;
mod holders;
mod options;
mod output;
mod pipewire;
mod place;
mod preview;
mod progress;
mod properties;
mod published;
mod remote;
mod settings;
mod terminal;
mod trial;
mod watch;

use app::App;
use distributor::FrameDistributor;
use error::Error;
use gst::glib;
use options::{Options, Task};
use output::{Names, Output};
use published::Published;
use settings::Settings;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::{KEYS, Keys};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matte-camera: {error}");
            ExitCode::from(error.status())
        }
    }
}

fn run() -> Result<(), Error> {
    let Options {
        task,
        settings,
        path,
        keys,
    } = options::parse(std::env::args_os().skip(1))?;
    match task {
        Task::Print(text) => tell(&text),
        Task::Show => tell(settings.to_toml()?.trim_end()),
        Task::Describe(describe) => describe.run(tell)?,
        Task::Convert(convert) => {
            gst::init()?;
            files::run(&convert, &settings)?;
        }
        Task::List => {
            gst::init()?;
            list();
        }
        Task::Run => {
            gst::init()?;
            publish(settings, path, keys)?;
        }
    }
    Ok(())
}

/// Writes lines. A reader that has seen enough (`head`, `grep -q`) is no mistake.
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

fn publish(settings: Settings, path: PathBuf, read_keys: bool) -> Result<(), Error> {
    let main = glib::MainLoop::new(None, false);
    ending::at_signals(main.clone())?;
    // Now, not when somebody looks.
    trial::all(&settings)?;
    chain::check_source(&settings)?;
    let output = Output::choose(&settings.output)?;
    let names = Names::unused(&output, &settings.name);
    let distributor = FrameDistributor::new(settings.size, settings.rate);
    let published = Published::start(&output, &names, &distributor)?;
    let bus = published.bus();
    let app = App::new(main, settings, path, distributor, published);

    let failing = app.clone();
    let _bus = bus.add_watch_local(move |_, message| {
        if let gst::MessageView::Error(error) = message.view() {
            failing.output_failed(&error.error());
        }
        glib::ControlFlow::Continue
    })?;
    match &output {
        Output::PipeWire => {
            eprintln!(
                "matte-camera: published as '{}' in PipeWire",
                names.description
            );
        }
        Output::Loopback(path) => eprintln!("matte-camera: published as {}", path.display()),
    }
    let watcher = app.clone();
    // Also if the camera runs all the time: the watch says when PipeWire has gone.
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
