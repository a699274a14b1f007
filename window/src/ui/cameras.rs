// SPDX-License-Identifier: MPL-2.0

//! The list of cameras.

use super::asking::{Ask, job};
use super::named::{inner, label_of, named};
use crate::camera::Camera;
use crate::status::Status;
use crate::texts::{tr, tr_with};
use gtk::glib;
use gtk::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// What can be chosen: how matte-camera is told, and how people are.
#[derive(Debug, Clone, PartialEq)]
struct Choice {
    value: String,
    text: String,
}

/// Names and device files of cameras.
type Found = Vec<(String, String)>;

/// A list to choose from, and a button that looks again.
pub struct Cameras {
    /// Both.
    pub widget: gtk::Box,
    list: gtk::DropDown,
    found: Rc<RefCell<Found>>,
    choices: Rc<RefCell<Vec<Choice>>>,
    status: Rc<RefCell<Status>>,
}

impl Cameras {
    /// No cameras yet.
    pub fn new(ask: &Ask) -> Self {
        let list: gtk::DropDown = named(&tr("Camera"));
        list.set_factory(Some(&short_lines()));
        list.set_list_factory(Some(&whole_lines()));
        let label = label_of(&inner(&list), &tr("Ca_mera:"));
        let name = tr("Look for cameras again");
        let refresh: gtk::Button = named(&name);
        refresh.set_icon_name("view-refresh-symbolic");
        refresh.set_tooltip_text(Some(&name));
        let widget = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        widget.append(&label);
        widget.append(&list);
        widget.append(&refresh);
        let cameras = Self {
            widget,
            list,
            found: Rc::default(),
            choices: Rc::default(),
            status: Rc::default(),
        };
        let (asked, choices) = (ask.clone(), cameras.choices.clone());
        cameras.list.connect_selected_notify(move |list| {
            let choice = choices.borrow().get(list.selected() as usize).cloned();
            if let Some(Choice { value, .. }) = choice {
                asked(job(move |camera| async move {
                    camera.set("Camera", value.into()).await
                }));
            }
        });
        let (asked, again) = (ask.clone(), cameras.again());
        refresh.connect_clicked(move |_| {
            let again = again.clone();
            asked(job(move |camera| async move {
                again(camera.cameras().await?);
                Ok(())
            }));
        });
        cameras
    }

    /// Takes what was found, and shows it.
    fn again(&self) -> Rc<dyn Fn(Found)> {
        let (list, found) = (self.list.clone(), self.found.clone());
        let (choices, status) = (self.choices.clone(), self.status.clone());
        Rc::new(move |cameras| {
            found.replace(cameras);
            fill(&list, &found.borrow(), &choices, &status.borrow());
        })
    }

    /// Looks which cameras there are.
    pub fn look(&self, camera: Camera) {
        let again = self.again();
        glib::spawn_future_local(async move {
            match camera.cameras().await {
                Ok(cameras) => again(cameras),
                Err(error) => eprintln!("matte-window: no list of cameras: {error}"),
            }
        });
    }

    /// Shows which one is chosen.
    pub fn show(&self, status: &Status) {
        let same = {
            let before = self.status.borrow();
            before.camera == status.camera && before.open_camera == status.open_camera
        };
        if !same || self.choices.borrow().is_empty() {
            self.status.replace(status.clone());
            fill(&self.list, &self.found.borrow(), &self.choices, status);
        }
    }
}

/// Names that leave room for the rest of the bar.
fn short_lines() -> gtk::SignalListItemFactory {
    lines(|label| {
        label.set_ellipsize(gtk::pango::EllipsizeMode::End);
        label.set_width_chars(18);
        label.set_max_width_chars(18);
    })
}

/// Names that can be read to their end.
fn whole_lines() -> gtk::SignalListItemFactory {
    lines(|label| {
        label.set_wrap(true);
        label.set_max_width_chars(60);
    })
}

/// Lines of a list, made by labels of a kind.
fn lines(make: impl Fn(&gtk::Label) + 'static) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(move |_, item| {
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            let label = gtk::Label::builder().xalign(0.0).build();
            make(&label);
            item.set_child(Some(&label));
        }
    });
    factory.connect_bind(|_, item| {
        let item = item.downcast_ref::<gtk::ListItem>();
        let text = item.and_then(|item| item.item().and_downcast::<gtk::StringObject>());
        let label = item.and_then(|item| item.child().and_downcast::<gtk::Label>());
        if let (Some(text), Some(label)) = (text, label) {
            label.set_text(&text.string());
        }
    });
    factory
}

/// What can be chosen, and which of it is.
fn choices(found: &[(String, String)], chosen: &str, open: &str) -> (Vec<Choice>, usize) {
    let first = match (chosen, open) {
        ("", open) if !open.is_empty() => tr_with("First camera ({name})", &[("name", open)]),
        _ => tr("First camera"),
    };
    let mut choices = vec![Choice {
        value: String::new(),
        text: first,
    }];
    choices.extend(found.iter().map(|(name, path)| Choice {
        value: if path.is_empty() { name } else { path }.clone(),
        text: name.clone(),
    }));
    let small = chosen.to_lowercase();
    let is_meant = |choice: &Choice| {
        choice.value == chosen || (!small.is_empty() && choice.text.to_lowercase().contains(&small))
    };
    let at = match chosen {
        "" => 0,
        _ => choices.iter().skip(1).position(is_meant).map_or_else(
            || {
                choices.push(Choice {
                    value: chosen.into(),
                    text: tr_with("{name} (not found)", &[("name", chosen)]),
                });
                choices.len() - 1
            },
            |at| at + 1,
        ),
    };
    (choices, at)
}

fn fill(
    list: &gtk::DropDown,
    found: &[(String, String)],
    shown: &RefCell<Vec<Choice>>,
    status: &Status,
) {
    let (choices, at) = choices(found, &status.camera, &status.open_camera);
    if *shown.borrow() != choices {
        let texts: Vec<&str> = choices.iter().map(|choice| choice.text.as_str()).collect();
        let model = gtk::StringList::new(&texts);
        // Nothing is wished while the list is replaced.
        shown.borrow_mut().clear();
        list.set_model(Some(&model));
        list.set_selected(at as u32);
        shown.replace(choices);
    } else if list.selected() != at as u32 {
        list.set_selected(at as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_camera_is_in_the_list_also_when_it_has_gone() {
        let found = [
            ("HD Webcam".to_string(), "/dev/video0".to_string()),
            ("Phone".to_string(), String::new()),
        ];
        for (chosen, expected, text) in [
            ("", 0, "First camera (HD Webcam)"),
            ("/dev/video0", 1, "HD Webcam"),
            ("webcam", 1, "HD Webcam"),
            ("Phone", 2, "Phone"),
            ("/dev/video7", 3, "/dev/video7 (not found)"),
        ] {
            let (choices, at) = choices(&found, chosen, "HD Webcam");
            assert_eq!(
                (at, choices[at].text.as_str()),
                (expected, text),
                "{chosen}"
            );
            assert_eq!(choices[0].value, "");
        }
        assert_eq!(choices(&found, "", "").0[1].value, "/dev/video0");
        assert_eq!(choices(&found, "", "").0[2].value, "Phone");
    }
}
