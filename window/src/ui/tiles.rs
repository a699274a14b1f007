// SPDX-License-Identifier: MPL-2.0

//! The backgrounds, as pictures to choose from.

use super::asking::{Ask, job};
use super::named::{inner, label_of, named, write_on};
use super::thumbnail;
use crate::pictures;
use crate::status::Status;
use crate::texts::{complain, tr};
use gtk::prelude::*;
use gtk::{gdk, gio, glib};
use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use zbus::zvariant::Value;

/// What is behind the person.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Blur,
    Color,
    Picture(PathBuf),
    /// The effect is off.
    Room,
}

/// The kind that matte-camera shows; None for a video, which is chosen elsewhere.
fn kind_of(status: &Status) -> Option<Kind> {
    match status.background.as_str() {
        _ if status.shows_room() => Some(Kind::Room),
        "blur" => Some(Kind::Blur),
        "color" => Some(Kind::Color),
        "picture" => Some(Kind::Picture(path_of(&status.picture))),
        _ => None,
    }
}

/// The file of a picture, which may be named by an address or from home.
fn path_of(text: &str) -> PathBuf {
    let from_home = text
        .strip_prefix("~/")
        .map(|rest| glib::home_dir().join(rest));
    let named = || {
        gio::File::for_uri(text)
            .path()
            .filter(|_| text.starts_with("file:"))
    };
    from_home.or_else(named).unwrap_or_else(|| text.into())
}

struct Tile {
    kind: Kind,
    button: gtk::ToggleButton,
}

struct Grid {
    ask: Ask,
    grid: gtk::FlowBox,
    tiles: RefCell<Vec<Tile>>,
    color: Rc<Cell<gdk::RGBA>>,
    color_area: gtk::DrawingArea,
    color_button: gtk::ColorButton,
    /// What was shown last.
    shown: RefCell<Status>,
}

/// A heading, the tiles, and buttons below them.
pub struct Tiles {
    /// All of it.
    pub widget: gtk::Box,
    grid: Rc<Grid>,
}

impl Tiles {
    /// The tiles of everything that can be chosen.
    pub fn new(ask: &Ask) -> Self {
        let color = Rc::new(Cell::new(gdk::RGBA::BLACK));
        let grid = Rc::new(Grid {
            ask: ask.clone(),
            grid: flow(&tr("Background")),
            tiles: RefCell::default(),
            color_area: thumbnail::color(color.clone()),
            color,
            color_button: gtk::ColorButton::new(),
            shown: RefCell::default(),
        });
        grid.add(Kind::Blur, &tr("Blurred room"), &thumbnail::blur());
        grid.add(Kind::Color, &tr("Colour"), &grid.color_area);
        grid.add(
            Kind::Room,
            &tr("No effect: the room is seen"),
            &thumbnail::room(),
        );
        let found = grid.clone();
        glib::spawn_future_local(async move {
            // Folders may take their time.
            for path in gio::spawn_blocking(pictures::all).await.unwrap_or_default() {
                found.have(&path);
            }
        });
        let heading = gtk::Label::builder()
            .label(tr("Background"))
            .xalign(0.0)
            .css_classes(["heading"])
            .build();
        let widget = gtk::Box::new(gtk::Orientation::Vertical, 12);
        widget.append(&heading);
        widget.append(&grid.grid);
        widget.append(&grid.clone().buttons());
        Self { widget, grid }
    }

    /// Shows which one is chosen.
    pub fn show(&self, status: &Status) {
        self.grid.show(status);
    }
}

impl Grid {
    /// One more tile, the last but that of no effect.
    fn add(self: &Rc<Self>, kind: Kind, title: &str, picture: &impl IsA<gtk::Widget>) {
        let label = gtk::Label::builder()
            .label(title)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .max_width_chars(16)
            .build();
        let content = gtk::Box::new(gtk::Orientation::Vertical, 6);
        content.append(picture);
        content.append(&label);
        let button: gtk::ToggleButton = named(title);
        button.set_child(Some(&content));
        button.set_tooltip_text(Some(title));
        button.add_css_class("tile");
        let mut tiles = self.tiles.borrow_mut();
        button.set_group(tiles.first().map(|tile| &tile.button));
        let (grid, chosen) = (Rc::downgrade(self), kind.clone());
        button.connect_toggled(move |button| {
            if let Some(grid) = grid.upgrade().filter(|_| button.is_active()) {
                grid.choose(chosen.clone());
            }
        });
        let at = tiles.iter().position(|tile| tile.kind == Kind::Room);
        let at = at.unwrap_or(tiles.len());
        self.grid.insert(&button, at as i32);
        // The button takes the focus, its place in the grid does not.
        if let Some(place) = button.parent() {
            place.set_focusable(false);
        }
        tiles.insert(at, Tile { kind, button });
    }

    fn add_picture(self: &Rc<Self>, path: PathBuf) {
        let (picture, shown) = thumbnail::picture();
        self.add(
            Kind::Picture(path.clone()),
            &pictures::title(&path),
            &picture,
        );
        glib::spawn_future_local(async move {
            match pictures::thumbnail(path.clone()).await {
                Ok(small) => {
                    shown.replace(Some(small));
                    picture.queue_draw();
                }
                // matte-camera may read what this system's gdk-pixbuf does not.
                Err(error) => complain(&format!("{}: {error}", path.display())),
            }
        });
    }

    /// The buttons below the tiles.
    fn buttons(self: Rc<Self>) -> gtk::Box {
        let add = gtk::Button::new();
        write_on(&add, &tr("_Add a picture…"));
        let grid = self.clone();
        add.connect_clicked(move |add| grid.clone().add_by_dialog(add));
        let label = label_of(&inner(&self.color_button), &tr("_Colour:"));
        let title = tr("Colour of the background");
        self.color_button.set_title(&title);
        let ask = self.ask.clone();
        self.color_button.connect_color_set(move |button| {
            let text = hex(button.rgba());
            ask(job(move |camera| async move {
                let values = vec![("Color", text.into()), ("Background", "color".into())];
                camera.set_all(values).await?;
                camera.set_effect(true).await
            }));
        });
        let buttons = gtk::Box::new(gtk::Orientation::Horizontal, 12);
        buttons.append(&add);
        buttons.append(&label);
        buttons.append(&self.color_button);
        buttons
    }

    fn choose(&self, kind: Kind) {
        let shows_room = self.shown.borrow().shows_room();
        (self.ask)(job(move |camera| async move {
            let values: Vec<(&str, Value)> = match kind {
                Kind::Room => return camera.set_effect(false).await,
                Kind::Blur => vec![("Background", "blur".into())],
                Kind::Color => vec![("Background", "color".into())],
                Kind::Picture(path) => vec![
                    ("Picture", path.to_string_lossy().into_owned().into()),
                    ("Background", "picture".into()),
                ],
            };
            camera.set_all(values).await?;
            match shows_room {
                true => camera.set_effect(true).await,
                false => Ok(()),
            }
        }));
    }

    fn show(self: &Rc<Self>, status: &Status) {
        self.shown.replace(status.clone());
        if let Ok(color) = gdk::RGBA::parse(&status.color)
            && color != self.color.replace(color)
        {
            self.color_button.set_rgba(&color);
            self.color_area.queue_draw();
        }
        let kind = kind_of(status);
        if let Some(Kind::Picture(path)) = &kind {
            self.have(path);
        }
        for tile in self.tiles.borrow().iter() {
            tile.button.set_active(Some(&tile.kind) == kind.as_ref());
        }
    }

    /// The tile of a picture, which is made if there is none.
    fn have(self: &Rc<Self>, path: &Path) -> Option<gtk::ToggleButton> {
        let wanted = Kind::Picture(path.into());
        let find = || {
            let tiles = self.tiles.borrow();
            let tile = tiles.iter().find(|tile| tile.kind == wanted);
            tile.map(|tile| tile.button.clone())
        };
        find().or_else(|| {
            self.add_picture(path.into());
            find()
        })
    }

    /// Lets the user choose a file, copies it, and puts it behind the person.
    fn add_by_dialog(self: Rc<Self>, button: &gtk::Button) {
        let window = button.root().and_downcast::<gtk::Window>();
        let dialog = gtk::FileChooserNative::new(
            Some(&tr("Add a picture")),
            window.as_ref(),
            gtk::FileChooserAction::Open,
            Some(&tr("_Add")),
            Some(&tr("_Cancel")),
        );
        let filter = gtk::FileFilter::new();
        filter.set_name(Some(&tr("Pictures")));
        filter.add_mime_type("image/*");
        dialog.add_filter(&filter);
        glib::spawn_future_local(async move {
            let answer = dialog.run_future().await;
            let path = dialog.file().and_then(|file| file.path());
            if let Some(path) = path.filter(|_| answer == gtk::ResponseType::Accept) {
                self.add_file(path).await;
            }
        });
    }

    async fn add_file(self: &Rc<Self>, path: PathBuf) {
        let from = path.clone();
        let copy = move || pictures::add(&from, &pictures::own_folder());
        // Large pictures take their time.
        let copied = gio::spawn_blocking(copy).await;
        let path = match copied.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())) {
            Ok(copy) => copy,
            Err(error) => {
                complain(&format!("{}: {error}", path.display()));
                // It can be shown from where it is, at least now.
                path
            }
        };
        if let Some(button) = self.have(&path) {
            button.set_active(true);
        }
    }
}

/// An empty grid.
fn flow(name: &str) -> gtk::FlowBox {
    let grid: gtk::FlowBox = named(name);
    grid.set_selection_mode(gtk::SelectionMode::None);
    grid.set_homogeneous(true);
    grid.set_min_children_per_line(2);
    grid.set_max_children_per_line(6);
    grid.set_row_spacing(6);
    grid.set_column_spacing(6);
    grid.set_valign(gtk::Align::Start);
    grid
}

/// A colour as the bus takes it.
fn hex(color: gdk::RGBA) -> String {
    let [red, green, blue] = [color.red(), color.green(), color.blue()]
        .map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(background: &str, picture: &str) -> Status {
        Status {
            background: background.into(),
            picture: picture.into(),
            ..Status::default()
        }
    }

    #[test]
    fn the_tile_is_that_of_what_is_shown() {
        let picture = |path: &str| Some(Kind::Picture(path.into()));
        assert_eq!(kind_of(&status("blur", "/beach.jpg")), Some(Kind::Blur));
        assert_eq!(kind_of(&status("color", "")), Some(Kind::Color));
        assert_eq!(kind_of(&status("video", "")), None);
        assert_eq!(kind_of(&status("picture", "/b.jpg")), picture("/b.jpg"));
        let address = status("picture", "file:///my%20b.jpg");
        assert_eq!(kind_of(&address), picture("/my b.jpg"));
        let mut off = status("blur", "");
        off.properties.insert("enabled".into(), "false".into());
        assert_eq!(kind_of(&off), Some(Kind::Room));
    }

    #[test]
    fn colours_are_written_as_read() {
        assert_eq!(hex(gdk::RGBA::new(0.0, 0.694, 0.251, 0.5)), "#00b140");
        assert_eq!(hex(gdk::RGBA::new(2.0, -1.0, 1.0, 1.0)), "#ff00ff");
    }
}
