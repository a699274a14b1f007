// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::background::MatteBackground;
use crate::blend::ColorName;
use crate::compose::{MatteCompose, OnMissingMatte};
use crate::mix::MatteMix;
use crate::refine::MatteRefine;
use crate::segment::MatteSegment;
use std::sync::Arc;

properties! {
    /// A table of its own.
    struct Table {
        /// A number
        /// with a range
        some_number: u32 [2, 9] = 4, "Some number", CONTROLLABLE;
        /// A text
        text: Option<Arc<str>> = Some("start".into()), "Text", READY;
        /// A row of a feature that is not built
        #[cfg(not(test))]
        absent: bool = false, "Absent", READY;
        with group: Group;
        forms {
            /// The number as a colour
            number_name: ColorName = some_number, "Number name", PLAYING;
        }
        read_only {
            /// What is computed
            computed: Option<gst::Structure>, "Computed";
        }
    }
}

properties! {
    /// Rows of another table.
    struct Group {
        /// A switch
        switch: bool = true, "Switch", PLAYING;
        /// An enum
        kind: OnMissingMatte = OnMissingMatte::Freeze, "Kind", PLAYING;
    }
}

#[derive(Default)]
struct Base {
    number: f32,
    switch: bool,
    other: u8,
}

properties! {
    /// What overrides the base.
    #[derive(Default)]
    struct Overrides over Base as Values {
        /// A number
        number: f32 [0.0, 1.0], "Number", CONTROLLABLE;
        /// A switch
        switch: bool, "Switch", PLAYING;
    }
}

#[test]
fn a_row_is_a_field_and_a_param_spec() {
    gst::init().unwrap();
    let specs = Table::specs();
    let names: Vec<_> = specs.iter().map(|spec| spec.name()).collect();
    assert_eq!(
        names,
        [
            "some-number",
            "text",
            "switch",
            "kind",
            "number-name",
            "computed"
        ]
    );
    let number = specs[0].downcast_ref::<glib::ParamSpecUInt>().unwrap();
    assert_eq!(
        (number.minimum(), number.maximum(), number.default_value()),
        (2, 9, 4)
    );
    assert_eq!(
        (number.nick(), number.blurb()),
        ("Some number", Some("A number with a range"))
    );
    assert_eq!(number.flags(), CONTROLLABLE);
    let flags: Vec<_> = specs.iter().map(|spec| spec.flags()).collect();
    assert_eq!(flags[1..], [READY, PLAYING, PLAYING, PLAYING, READ_ONLY]);
    let table = Table::default();
    assert_eq!(
        (table.some_number, table.group.kind),
        (4, OnMissingMatte::Freeze)
    );
}

#[test]
fn values_go_in_and_out_by_name() {
    gst::init().unwrap();
    let mut table = Table::default();
    assert!(table.set("some-number", &7u32.to_value()).unwrap());
    assert!(table.set("switch", &false.to_value()).unwrap());
    assert_eq!((table.some_number, table.group.switch), (7, false));
    assert_eq!(table.value("some-number").get(), Ok(7u32));
    assert_eq!(table.value("switch").get(), Ok(false));
    for unknown in ["some-numbers", "some-", "computed", ""] {
        assert!(!table.set(unknown, &1u32.to_value()).unwrap(), "{unknown}");
        assert!(table.get(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn a_row_has_another_form() {
    gst::init().unwrap();
    let mut table = Table::default();
    assert_eq!(table.value("number-name").get(), Ok("#00000400"));
    assert!(table.set("number-name", &"#01020305".to_value()).unwrap());
    assert_eq!(table.some_number, 0x0501_0203);
    assert!(table.set("number-name", &"greem".to_value()).is_err());
    assert_eq!(table.some_number, 0x0501_0203);
    assert!(table.set("number-name", &"".to_value()).unwrap());
    assert_eq!(table.some_number, 4);
}

#[test]
fn a_value_of_another_type_is_refused_and_the_old_one_stays() {
    gst::init().unwrap();
    let mut table = Table::default();
    let error = table.set("some-number", &"seven".to_value()).unwrap_err();
    assert!(error.to_string().starts_with("some-number: "), "{error}");
    assert_eq!(table.some_number, 4);
}

#[test]
fn an_empty_text_stands_for_the_default() {
    gst::init().unwrap();
    let mut table = Table::default();
    table.set("text", &"other".to_value()).unwrap();
    assert_eq!(table.text.as_deref(), Some("other"));
    for unset in ["".to_value(), None::<&str>.to_value()] {
        table.set("text", &unset).unwrap();
        assert_eq!(table.text.as_deref(), Some("start"));
    }
}

#[test]
fn what_was_set_stays_over_a_change_of_the_base() {
    gst::init().unwrap();
    let mut overrides = Overrides::default();
    assert!(overrides.set("number", &0.5f32.to_value()).unwrap());
    assert!(!overrides.set("other", &1u8.to_value()).unwrap());
    for (switch, other) in [(true, 3), (false, 8)] {
        let base = Base {
            number: 0.1,
            switch,
            other,
        };
        assert_eq!(Values::from(&base).value("number").get(), Ok(0.1f32));
        let all = overrides.over(base);
        assert_eq!((all.number, all.switch, all.other), (0.5, switch, other));
    }
}

/// A fresh one of each element, with the properties that are its own.
fn elements() -> Vec<(gst::Element, Vec<glib::ParamSpec>)> {
    gst::init().unwrap();
    let types = [
        MatteSegment::static_type(),
        MatteRefine::static_type(),
        MatteCompose::static_type(),
        MatteMix::static_type(),
        MatteBackground::static_type(),
    ];
    let element = |kind| {
        let element = glib::Object::with_type(kind)
            .downcast::<gst::Element>()
            .unwrap();
        let mut specs = element.list_properties().to_vec();
        specs.retain(|spec| spec.owner_type() == kind);
        (element, specs)
    };
    types.map(element).into()
}

/// Values at both ends of what a property can have.
fn bounds(spec: &glib::ParamSpec) -> Vec<glib::Value> {
    fn ends<T: ToValue>(low: T, high: T) -> Vec<glib::Value> {
        vec![low.to_value(), high.to_value()]
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        ends(spec.minimum(), spec.maximum())
    } else if let Some(spec) = spec.downcast_ref::<glib::ParamSpecFloat>() {
        ends(spec.minimum(), spec.maximum())
    } else if let Some(spec) = spec.downcast_ref::<glib::ParamSpecDouble>() {
        ends(spec.minimum(), spec.maximum())
    } else if let Some(spec) = spec.downcast_ref::<glib::ParamSpecEnum>() {
        // "custom" says nothing about the frames and is refused.
        let class = spec.enum_class();
        let values = class.values().iter();
        let valid = values.filter(|value| value.nick() != "custom");
        valid.map(|value| value.to_value(&class)).collect()
    } else if spec.value_type() == bool::static_type() {
        ends(false, true)
    } else if spec.value_type() == String::static_type() {
        if spec.name().ends_with("color-name") {
            return ends("#00000000", "#ffffff");
        }
        if spec.name() == "key" {
            return ends("auto", "#00b140");
        }
        if spec.name() == "subject-point" {
            return ends("0,0", "1,1");
        }
        // A region as well as a text, and no empty one: that stands for the default.
        ends("0,0,0,0", "1,1,1,1")
    } else {
        let options = gst::Structure::builder("options").field("fast", true);
        ends(gst::Structure::new_empty("options"), options.build())
    }
}

/// A value as text, floating-point numbers with all of their digits.
fn text(value: &glib::Value) -> String {
    if let Ok(number) = value.get::<f32>() {
        return format!("{number:?}");
    }
    if let Ok(number) = value.get::<f64>() {
        return format!("{number:?}");
    }
    if let Ok(structure) = value.get::<Option<gst::Structure>>() {
        return format!("{structure:?}");
    }
    format!("{value:?}")
}

#[test]
fn a_fresh_element_has_the_default_of_every_param_spec() {
    for (element, specs) in elements() {
        assert!(specs.len() >= 11, "{}", element.type_());
        // Statistics are computed when they are asked for.
        for spec in specs.iter().filter(|spec| !spec.name().ends_with("stats")) {
            let (default, value) = (spec.default_value(), element.property_value(spec.name()));
            let place = format!("{}:{}", element.type_(), spec.name());
            assert_eq!(text(&value), text(default), "{place}");
        }
    }
}

#[test]
fn every_property_gives_back_what_it_was_set_to_at_its_bounds() {
    for (element, specs) in elements() {
        let writable = |spec: &&glib::ParamSpec| spec.flags().contains(glib::ParamFlags::WRITABLE);
        for spec in specs.iter().filter(writable) {
            let bounds = bounds(spec);
            assert!(bounds.len() >= 2, "{}", spec.name());
            for value in bounds {
                element.set_property_from_value(spec.name(), &value);
                let now = element.property_value(spec.name());
                // White is above black.
                let counts = match (spec.name(), value.get::<f32>()) {
                    ("white-point", Ok(0.0)) => (1.0f32 / 255.0).to_value(),
                    _ => value,
                };
                let place = format!("{}:{}", element.type_(), spec.name());
                assert_eq!(text(&now), text(&counts), "{place}");
            }
            // Some values hold others within limits.
            element.set_property_from_value(spec.name(), spec.default_value());
        }
    }
}

#[test]
fn a_refused_value_is_told_on_the_bus_and_the_old_one_stays() {
    for (element, specs) in elements() {
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        for spec in specs {
            let name = spec.name();
            let (good, bad) = match name {
                "video-direction" => ("90r", "custom"),
                "color-name" => ("#0000ff", "blu"),
                "keep" | "subject-region" => ("0,0,1,1", "0,0,1"),
                _ => continue,
            };
            element.set_property_from_str(name, good);
            let before = text(&element.property_value(name));
            element.set_property_from_str(name, bad);
            assert_eq!(text(&element.property_value(name)), before, "{name}");
            // The bin hands on what each of its children says.
            let warnings = bus.iter_filtered(&[gst::MessageType::Warning]);
            let words: Vec<_> = warnings.map(|warning| words_of(&warning)).collect();
            assert!(!words.is_empty(), "{name}");
            for words in words {
                assert!(words.starts_with(name), "{words}");
                assert!(words.ends_with("the old value stays"), "{words}");
            }
        }
    }
}

fn words_of(warning: &gst::Message) -> String {
    match warning.view() {
        gst::MessageView::Warning(warning) => warning.error().to_string(),
        _ => String::new(),
    }
}

#[test]
fn what_counts_at_the_start_is_refused_later() {
    #[derive(Clone, PartialEq)]
    struct Two(Option<Arc<str>>, bool);
    impl Properties for Two {
        fn specs() -> Vec<glib::ParamSpec> {
            let about = |name: &str, flags| About {
                name: name.into(),
                nick: "",
                blurb: "",
                flags,
            };
            vec![
                PropertyType::spec(&about("early", READY), None::<Arc<str>>, &[]),
                PropertyType::spec(&about("late", PLAYING), false, &[]),
            ]
        }

        fn get(&self, _name: &str) -> Option<glib::Value> {
            None
        }

        fn set(&mut self, name: &str, value: &glib::Value) -> Result<bool, Refused> {
            match name {
                "early" => self.0 = take(name, value, None)?,
                _ => self.1 = take(name, value, false)?,
            }
            Ok(true)
        }
    }
    gst::init().unwrap();
    let (specs, mut two) = (Two::specs(), Two(Some("a".into()), false));
    let error = set_while_running(&mut two, &specs[0], &"b".to_value()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("early: it counts from the start on"),
        "{error}"
    );
    assert!(set_while_running(&mut two, &specs[0], &"a".to_value()).unwrap());
    assert!(set_while_running(&mut two, &specs[1], &true.to_value()).unwrap());
    assert_eq!((two.0.as_deref(), two.1), (Some("a"), true));
}
