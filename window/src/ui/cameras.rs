// SPDX-License-Identifier: MPL-2.0

//! The list of cameras.

use super::asking::{Ask, job};
use super::named::{inner, label_of, named};
use crate::camera::Camera;
use crate::status::Status;
use crate::texts::{complain, tr, tr_with};
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

/// What the list knows.
#[derive(Debug, Default)]
struct Known {
    found: Found,
    /// The chosen camera: what matte-camera has told, or what was wished since then.
    chosen: String,
    /// The open camera, as matte-camera has told.
    open: String,
    /// What the list shows.
    shown: Vec<Choice>,
}

impl Known {
    /// Somebody chooses a line. What matte-camera is to be told; None if it knows.
    fn choose(&mut self, line: usize) -> Option<String> {
        let value = self.shown.get(line)?.value.clone();
        let is_other = value != self.chosen;
        self.chosen.clone_from(&value);
        is_other.then_some(value)
    }

    /// The lines, whether they are others than before, and the line that is chosen.
    fn lines(&mut self) -> (&[Choice], bool, usize) {
        let (lines, at) = choices(&self.found, &self.chosen, &self.open);
        let others = self.shown != lines;
        self.shown = lines;
        (&self.shown, others, at)
    }
}

/// A list to choose from, and a button that looks again.
pub struct Cameras {
    /// Both.
    pub widget: gtk::Box,
    list: Rc<List>,
    refresh: gtk::Button,
}

struct List {
    list: gtk::DropDown,
    known: Rc<RefCell<Known>>,
    /// Sends what somebody chooses.
    wishes: glib::SignalHandlerId,
}

impl List {
    fn new(list: gtk::DropDown, ask: &Ask) -> Self {
        let known: Rc<RefCell<Known>> = Rc::default();
        let (asked, choices) = (ask.clone(), known.clone());
        let wishes = list.connect_selected_notify(move |list| {
            let wish = choices.borrow_mut().choose(list.selected() as usize);
            if let Some(value) = wish {
                asked(job(move |camera| async move {
                    camera.set("Camera", value.into()).await
                }));
            }
        });
        Self {
            list,
            known,
            wishes,
        }
    }

    /// Shows what is known. That is nobody's wish.
    fn fill(&self) {
        let mut known = self.known.borrow_mut();
        let (lines, others, at) = known.lines();
        self.list.block_signal(&self.wishes);
        if others {
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            self.list.set_model(Some(&gtk::StringList::new(&texts)));
        }
        if self.list.selected() != at as u32 {
            self.list.set_selected(at as u32);
        }
        self.list.unblock_signal(&self.wishes);
    }

    fn found(&self, cameras: Found) {
        self.known.borrow_mut().found = cameras;
        self.fill();
    }
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
        let list = Rc::new(List::new(list, ask));
        let (asked, found) = (ask.clone(), list.clone());
        refresh.connect_clicked(move |_| {
            let found = found.clone();
            asked(job(move |camera| async move {
                found.found(camera.cameras().await?);
                Ok(())
            }));
        });
        Self {
            widget,
            list,
            refresh,
        }
    }

    /// Whether they can be used: screen readers ask each part of it.
    pub fn set_sensitive(&self, sensitive: bool) {
        self.list.list.set_sensitive(sensitive);
        self.refresh.set_sensitive(sensitive);
    }

    /// Looks which cameras there are.
    pub fn look(&self, camera: Camera) {
        let list = self.list.clone();
        glib::spawn_future_local(async move {
            match camera.cameras().await {
                Ok(cameras) => list.found(cameras),
                Err(error) => complain(&tr_with(
                    "No list of cameras: {why}",
                    &[("why", &error.to_string())],
                )),
            }
        });
    }

    /// Shows which one is chosen. To be called when no answer is waited for.
    pub fn show(&self, status: &Status) {
        {
            let mut known = self.list.known.borrow_mut();
            known.chosen.clone_from(&status.camera);
            known.open.clone_from(&status.open_camera);
        }
        self.list.fill();
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

    #[test]
    fn a_look_for_cameras_does_not_undo_a_choice() {
        let camera = |name: &str| (name.to_string(), format!("/dev/{name}"));
        let mut known = Known {
            found: vec![camera("a"), camera("b")],
            ..Known::default()
        };
        assert_eq!(known.lines().2, 0);
        assert_eq!(known.choose(2), Some("/dev/b".into()));
        // matte-camera has not answered yet.
        known.found = vec![camera("new"), camera("a"), camera("b")];
        let (lines, others, at) = known.lines();
        assert!(others);
        assert_eq!(lines[at].text, "b");
        assert_eq!(known.choose(3), None, "it is wished already");
        // It has refused.
        known.chosen = String::new();
        let (_, others, at) = known.lines();
        assert_eq!((others, at), (false, 0));
    }
}
