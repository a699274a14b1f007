// SPDX-License-Identifier: MPL-2.0

//! The sliders: how much the room is blurred, and how the person's edge looks.

use super::asking::{Ask, job};
use super::named::label_of;
use crate::camera::{CallError, Camera};
use crate::status::Status;
use crate::texts::tr;
use gtk::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What a slider sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The property BlurStrength of the interface.
    BlurStrength,
    /// A property of the element mattebackground.
    Element(&'static str),
}

struct Slider {
    target: Target,
    scale: gtk::Scale,
}

/// Labels with sliders.
pub struct Sliders {
    /// All of them.
    pub widget: gtk::Grid,
    sliders: Vec<Slider>,
    /// What properties of the element are where nobody has set them.
    defaults: RefCell<HashMap<&'static str, f64>>,
    /// What was set when they were asked for.
    read_for: RefCell<Option<Others>>,
}

/// What the properties depend on that nobody has set: a preset, say, and which ones these are.
type Others = BTreeMap<String, Option<String>>;

impl Sliders {
    /// Sliders that stand anywhere.
    pub fn new(ask: &Ask, showing: &Rc<Cell<bool>>) -> Self {
        let grid = gtk::Grid::builder()
            .column_spacing(12)
            .row_spacing(6)
            .build();
        let element = Target::Element;
        let rows = [
            (tr("_Blur strength"), Target::BlurStrength, 0.0, 100.0, 1.0),
            (tr("Edge so_ftness"), element("feather"), -10.0, 10.0, 0.5),
            (tr("Edge out_ward"), element("grow"), -10.0, 10.0, 0.5),
            (
                tr("Background _light on you"),
                element("light-wrap"),
                0.0,
                1.0,
                0.05,
            ),
            (
                tr("S_teadiness"),
                element("temporal-strength"),
                0.0,
                1.0,
                0.05,
            ),
        ];
        let rows = rows.into_iter().enumerate();
        let sliders = rows.map(|(row, (text, target, least, most, step))| {
            let scale = gtk::Scale::with_range(gtk::Orientation::Horizontal, least, most, step);
            scale.set_hexpand(true);
            scale.set_draw_value(true);
            scale.set_value_pos(gtk::PositionType::Right);
            let label = label_of(&scale, &text);
            label.set_xalign(0.0);
            grid.attach(&label, 0, row as i32, 1, 1);
            grid.attach(&scale, 1, row as i32, 1, 1);
            sends(&scale, target, ask, showing);
            Slider { target, scale }
        });
        Self {
            sliders: sliders.collect(),
            widget: grid,
            defaults: RefCell::default(),
            read_for: RefCell::default(),
        }
    }

    /// Another matte-camera may have others.
    pub fn forget(&self) {
        self.read_for.replace(None);
        self.defaults.borrow_mut().clear();
    }

    /// Asks what the properties are that nobody has set, if that is not known. True if something
    /// is known now that is to be shown.
    pub async fn read(&self, camera: &Camera, status: &Status) -> bool {
        let others = self.others(status);
        if self.read_for.borrow().as_ref() == Some(&others) {
            return false;
        }
        self.read_for.replace(Some(others));
        for Slider { target, .. } in &self.sliders {
            let Target::Element(name) = *target else {
                continue;
            };
            if status.properties.contains_key(name) {
                continue;
            }
            let value = camera.element_property(name).await.ok();
            if let Some(value) = value.and_then(|value| value.parse().ok()) {
                self.defaults.borrow_mut().insert(name, value);
            }
        }
        true
    }

    /// The properties that are set, with the values of those that have no slider here.
    fn others(&self, status: &Status) -> Others {
        let has_slider = |name: &str| {
            let mut targets = self.sliders.iter().map(|slider| slider.target);
            targets.any(|target| matches!(target, Target::Element(other) if other == name))
        };
        let set = status.properties.iter();
        set.map(|(name, value)| (name.clone(), (!has_slider(name)).then(|| value.clone())))
            .collect()
    }

    /// Shows what is set.
    pub fn show(&self, status: &Status) {
        for Slider { target, scale } in &self.sliders {
            let value = match target {
                Target::BlurStrength => Some(status.blur_strength),
                Target::Element(name) => {
                    let set = status.properties.get(*name);
                    let set = set.and_then(|value| value.parse().ok());
                    set.or_else(|| self.defaults.borrow().get(name).copied())
                }
            };
            // What is being dragged is not drawn back.
            let is_held = scale.state_flags().contains(gtk::StateFlags::ACTIVE);
            if let Some(value) = value.filter(|_| !is_held) {
                scale.set_value(value);
            }
        }
    }
}

/// Sends where a slider stands, the newest place only, while an answer is waited for.
fn sends(scale: &gtk::Scale, target: Target, ask: &Ask, showing: &Rc<Cell<bool>>) {
    let (newest, busy) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(false)));
    let (ask, showing) = (ask.clone(), showing.clone());
    scale.connect_value_changed(move |scale| {
        if showing.get() {
            return;
        }
        let (newest, busy) = (newest.clone(), busy.clone());
        newest.set(Some(scale.value()));
        let job = job(move |camera| async move {
            if busy.replace(true) {
                return Ok(());
            }
            let mut answer = Ok(());
            while let Some(value) = newest.take().filter(|_| answer.is_ok()) {
                answer = send(&camera, target, value).await;
            }
            busy.set(false);
            answer
        });
        ask(job);
    });
}

async fn send(camera: &Camera, target: Target, value: f64) -> Result<(), CallError> {
    match target {
        Target::BlurStrength => camera.set("BlurStrength", value.into()).await,
        Target::Element(name) => {
            // Steps are decimal: 0.30000000000000004 is meant as 0.3.
            let text = format!("{:.3}", value);
            camera.set_element_property(name, &text).await
        }
    }
}
