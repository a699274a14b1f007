// SPDX-License-Identifier: MPL-2.0

//! The window: what it shows, and what it asks matte-camera for.

mod asking;
mod cameras;
mod cost;
mod named;
mod notice;
mod preview;
mod sliders;
mod thumbnail;
mod tiles;

use crate::camera::Camera;
use crate::link::{self, LinkError, News};
use crate::status::Status;
use crate::texts::{complain, tr, tr_with};
use crate::tray::{self, Tray, Wish};
use asking::{Ask, Job, job};
use cameras::Cameras;
use cost::Cost;
use gtk::prelude::*;
use gtk::{gdk, gio, glib};
use named::{label_of, write_on};
use notice::Notice;
use preview::Preview;
use sliders::Sliders;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tiles::Tiles;

const STYLE: &str = "
.tile { padding: 6px; }
.tile:checked { outline: 3px solid @theme_selected_bg_color; outline-offset: -3px; }
.trouble { padding: 8px; background: alpha(@warning_color, 0.3); }
.preview { background: #252525; }
";

struct Ui {
    window: gtk::ApplicationWindow,
    pages: gtk::Stack,
    switch: gtk::Switch,
    save: gtk::Button,
    trouble: gtk::Label,
    cameras: Cameras,
    preview: Preview,
    cost: Cost,
    tiles: Tiles,
    sliders: Sliders,
    notice: Notice,
    camera: RefCell<Option<Camera>>,
    status: RefCell<Status>,
    tray: RefCell<Option<ksni::Handle<Tray>>>,
    /// Whether the symbol can be used.
    in_tray: Cell<bool>,
    /// How many answers are waited for.
    asking: Cell<u32>,
    /// What matte-camera does not do, in its words.
    refused: RefCell<Option<String>>,
    /// The window shows what was told, so that a change of it is no wish.
    showing: Rc<Cell<bool>>,
}

/// Opens the window, or brings it to the front.
pub fn activate(program: &gtk::Application) {
    if let Some(window) = program.windows().first() {
        window.present();
        return;
    }
    style();
    keys(program);
    let (again, asked) = async_channel::bounded(1);
    let ui = Ui::new(program, again);
    ui.window.present();
    let told = ui.clone();
    glib::spawn_future_local(link::follow(move |news| told.heard(news), asked));
    let (wishes, wished) = async_channel::unbounded();
    glib::spawn_future_local(async move {
        match tray::show(wishes).await {
            Ok(tray) => ui.with_tray(tray, wished).await,
            Err(error) => complain(&tr_with(
                "No symbol in the tray: {why}",
                &[("why", &error.to_string())],
            )),
        }
    });
}

/// Keys that close the window, and end the program.
fn keys(program: &gtk::Application) {
    let quit = gio::SimpleAction::new("quit", None);
    let ended = program.downgrade();
    quit.connect_activate(move |_, _| {
        if let Some(program) = ended.upgrade() {
            program.quit();
        }
    });
    program.add_action(&quit);
    program.set_accels_for_action("app.quit", &["<Control>q"]);
    program.set_accels_for_action("window.close", &["<Control>w"]);
}

fn style() {
    let style = gtk::CssProvider::new();
    style.load_from_data(STYLE);
    if let Some(display) = gdk::Display::default() {
        let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION;
        gtk::style_context_add_provider_for_display(&display, &style, priority);
    }
}

impl Ui {
    fn new(program: &gtk::Application, again: async_channel::Sender<()>) -> Rc<Self> {
        Rc::new_cyclic(|weak: &std::rc::Weak<Self>| {
            let showing = Rc::new(Cell::new(false));
            let ask: Ask = {
                let (weak, showing) = (weak.clone(), showing.clone());
                Rc::new(move |job| {
                    if let Some(ui) = weak.upgrade().filter(|_| !showing.get()) {
                        ui.ask(job);
                    }
                })
            };
            let ui = Self {
                window: gtk::ApplicationWindow::builder()
                    .application(program)
                    .title(tr("Matte Camera"))
                    .icon_name("io.github.gst_plugin_matte.Camera")
                    .default_width(980)
                    .default_height(640)
                    .build(),
                pages: gtk::Stack::new(),
                switch: gtk::Switch::builder().valign(gtk::Align::Center).build(),
                save: gtk::Button::new(),
                trouble: gtk::Label::builder()
                    .wrap(true)
                    .xalign(0.0)
                    .visible(false)
                    .accessible_role(gtk::AccessibleRole::Alert)
                    .css_classes(["trouble"])
                    .build(),
                cameras: Cameras::new(&ask),
                preview: Preview::new(),
                cost: Cost::new(),
                tiles: Tiles::new(&ask),
                sliders: Sliders::new(&ask, &showing),
                notice: Notice::new(again),
                camera: RefCell::default(),
                status: RefCell::default(),
                tray: RefCell::default(),
                in_tray: Cell::default(),
                asking: Cell::default(),
                refused: RefCell::default(),
                showing,
            };
            ui.build(&ask, weak);
            ui.show_page("notice");
            ui
        })
    }

    fn build(&self, ask: &Ask, weak: &std::rc::Weak<Self>) {
        self.header(ask);
        let left = column();
        left.append(&self.preview.widget);
        left.append(&self.cost.widget);
        left.append(&self.sliders.widget);
        let right = column();
        right.append(&self.tiles.widget);
        right.set_hexpand(true);
        let both = gtk::Box::new(gtk::Orientation::Horizontal, 18);
        both.append(&left);
        both.append(&right);
        both.set_margin_top(12);
        both.set_margin_bottom(12);
        both.set_margin_start(12);
        both.set_margin_end(12);
        let scrolled = gtk::ScrolledWindow::builder()
            .child(&both)
            .vexpand(true)
            .build();
        let page = gtk::Box::new(gtk::Orientation::Vertical, 0);
        page.append(&self.trouble);
        page.append(&scrolled);
        self.pages.add_named(&self.notice.widget, Some("notice"));
        self.pages.add_named(&page, Some("camera"));
        self.window.set_child(Some(&self.pages));
        let ui = weak.clone();
        self.preview.wanted(move || {
            if let Some(ui) = ui.upgrade() {
                ui.look();
            }
        });
        let ui = weak.clone();
        self.window.connect_close_request(move |window| {
            // With a symbol in the tray, the window can be had again.
            if ui.upgrade().is_some_and(|ui| ui.in_tray.get()) {
                window.set_visible(false);
                return glib::Propagation::Stop;
            }
            glib::Propagation::Proceed
        });
        for shown in [true, false] {
            let ui = weak.clone();
            let look = move |_: &gtk::ApplicationWindow| {
                if let Some(ui) = ui.upgrade() {
                    ui.look();
                }
            };
            match shown {
                true => self.window.connect_map(look),
                false => self.window.connect_unmap(look),
            };
        }
    }

    fn header(&self, ask: &Ask) {
        let bar = gtk::HeaderBar::new();
        bar.pack_start(&self.cameras.widget);
        let label = label_of(&self.switch, &tr("Camera _on"));
        let asked = ask.clone();
        self.switch.connect_active_notify(move |switch| {
            let enabled = switch.is_active();
            asked(job(
                move |camera| async move { camera.enable(enabled).await },
            ));
        });
        let save = &self.save;
        write_on(save, &tr("Sa_ve"));
        save.set_tooltip_text(Some(&tr("Keep these settings for the next start")));
        let asked = ask.clone();
        save.connect_clicked(move |_| {
            asked(job(|camera| async move { camera.save().await.map(drop) }));
        });
        bar.pack_end(save);
        bar.pack_end(&self.switch);
        bar.pack_end(&label);
        self.window.set_titlebar(Some(&bar));
    }

    /// Asks matte-camera, and shows what it says against it.
    fn ask(self: Rc<Self>, job: Job) {
        let Some(camera) = self.camera.borrow().clone() else {
            return;
        };
        glib::spawn_future_local(async move {
            self.asking.set(self.asking.get() + 1);
            let refused = job(camera).await.err().map(|error| error.to_string());
            self.asking.set(self.asking.get() - 1);
            self.refused.replace(refused);
            // What was refused is not so.
            self.show();
        });
    }

    fn heard(self: &Rc<Self>, news: News) {
        match news {
            News::Found(camera, status) => {
                self.camera.replace(Some(camera.clone()));
                self.status.replace(status);
                self.refused.replace(None);
                self.cameras.look(camera);
                self.sliders.forget();
                self.show();
                self.read_sliders();
                self.show_page("camera");
            }
            News::Changed(status) => {
                self.status.replace(status);
                self.show();
                self.read_sliders();
            }
            News::Gone(why) => {
                self.camera.replace(None);
                self.notice.show(&said(why));
                self.show_page("notice");
            }
        }
        self.look();
        self.tell_tray();
    }

    /// Asks for what the sliders show that nobody has set.
    fn read_sliders(self: &Rc<Self>) {
        let ui = self.clone();
        glib::spawn_future_local(async move {
            let camera = ui.camera.borrow().clone();
            let status = ui.status.borrow().clone();
            if let Some(camera) = camera
                && ui.sliders.read(&camera, &status).await
            {
                ui.show();
            }
        });
    }

    /// Shows a page. Without matte-camera there is nothing to choose, to switch and to save.
    fn show_page(&self, name: &str) {
        let runs = name == "camera";
        self.cameras.set_sensitive(runs);
        self.switch.set_sensitive(runs);
        self.save.set_sensitive(runs);
        self.pages.set_visible_child_name(name);
    }

    /// Tells the tray whether the camera is on.
    fn tell_tray(&self) {
        let runs = self.camera.borrow().is_some();
        let enabled = runs.then(|| self.status.borrow().enabled);
        let tray = self.tray.borrow().clone();
        if let Some(tray) = tray {
            glib::spawn_future_local(async move {
                tray.update(|tray| tray.enabled = enabled).await;
            });
        }
    }

    /// Shows how matte-camera is.
    fn show(&self) {
        let status = self.status.borrow();
        self.cost.show(&status);
        // What was just asked for is not so yet, and is not put back.
        if self.asking.get() == 0 {
            self.showing.set(true);
            // Otherwise a switch that is on its way would stop there.
            if self.switch.is_active() != status.enabled {
                self.switch.set_active(status.enabled);
            }
            self.cameras.show(&status);
            self.tiles.show(&status);
            self.sliders.show(&status);
            self.showing.set(false);
        }
        drop(status);
        self.show_trouble();
    }

    fn show_trouble(&self) {
        let refused = self.refused.borrow();
        let status = self.status.borrow();
        let text = match (refused.as_deref(), status.failure.as_str()) {
            (Some(why), _) => tr_with("Not possible: {why}", &[("why", why)]),
            (None, "") => String::new(),
            (None, why) => tr_with("No picture: {why}", &[("why", why)]),
        };
        self.trouble.set_visible(!text.is_empty());
        self.trouble.set_text(&text);
    }

    /// Opens or closes the preview: it is open while somebody can see it.
    fn look(&self) {
        let camera = self.camera.borrow().clone();
        let seen = self.window.is_mapped() && self.status.borrow().enabled;
        let size = self.status.borrow().size;
        self.preview.show(camera.filter(|_| seen), size);
    }

    /// Does what is wished in the tray.
    async fn with_tray(
        self: Rc<Self>,
        tray: ksni::Handle<Tray>,
        wishes: async_channel::Receiver<Wish>,
    ) {
        self.tray.replace(Some(tray));
        self.in_tray.set(true);
        self.tell_tray();
        while let Ok(wish) = wishes.recv().await {
            match wish {
                Wish::Open => self.window.present(),
                Wish::Enable(enabled) => {
                    let enable = job(move |camera| async move { camera.enable(enabled).await });
                    self.clone().ask(enable);
                }
                Wish::Shown(shown) => {
                    self.in_tray.set(shown);
                    // Without the symbol, nobody could have the window again.
                    if !shown && !self.window.is_visible() {
                        self.window.present();
                    }
                }
                Wish::Quit => {
                    if let Some(program) = self.window.application() {
                        program.quit();
                    }
                }
            }
        }
    }
}

/// Why there is no matte-camera, for people.
fn said(why: Option<LinkError>) -> String {
    match why {
        None => tr("matte-camera has ended."),
        Some(why) => why.to_string(),
    }
}

fn column() -> gtk::Box {
    gtk::Box::new(gtk::Orientation::Vertical, 12)
}
