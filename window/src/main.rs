// SPDX-License-Identifier: MPL-2.0

//! `matte-window`: a window that drives `matte-camera` over the session bus. The camera goes on
//! without it.

mod camera;
mod frames;
mod launch;
mod link;
mod pictures;
mod status;
mod texts;
mod tray;
mod ui;

use gtk::prelude::*;
use gtk::{gio, glib};
use std::ops::ControlFlow;

/// The program's name on the bus, as its desktop entry is called.
const ID: &str = "io.github.gst_plugin_matte.Window";

fn main() -> glib::ExitCode {
    texts::init();
    glib::set_prgname(Some("matte-window"));
    let program = gtk::Application::new(Some(ID), gio::ApplicationFlags::default());
    let about = texts::tr("Print the version");
    program.add_main_option(
        "version",
        b'v'.into(),
        glib::OptionFlags::NONE,
        glib::OptionArg::None,
        &about,
        None,
    );
    program.connect_handle_local_options(|_, options| {
        if options.contains("version") {
            println!("matte-window {}", env!("CARGO_PKG_VERSION"));
            return ControlFlow::Break(glib::ExitCode::SUCCESS);
        }
        if gtk::init().is_err() {
            let why = texts::tr("There is no display: WAYLAND_DISPLAY or DISPLAY must name one");
            let remedy = texts::tr("Without a desktop, use matte-camera and its keys");
            texts::complain(&format!("{why}. {remedy}."));
            return ControlFlow::Break(glib::ExitCode::FAILURE);
        }
        ControlFlow::Continue(())
    });
    program.connect_activate(ui::activate);
    program.run()
}
