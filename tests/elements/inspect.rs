// SPDX-License-Identifier: MPL-2.0

//! What `gst-inspect-1.0` says about the elements besides their properties, and their presets.

use crate::common;
use common::pipeline::scratch;
use common::{ELEMENTS, init};
use gst::glib;
use gst::prelude::*;

#[test]
fn every_element_names_its_authors_and_its_place_in_the_documentation() {
    init();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/elements.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    for &name in ELEMENTS {
        let factory = gst::ElementFactory::find(name).expect("it is registered");
        let about = |key| {
            factory
                .metadata(key)
                .unwrap_or_else(|| panic!("{name}: no {key}"))
        };
        assert_eq!(about("author"), "matte developers");
        let place = about("doc-uri");
        assert!(
            place.starts_with("https://") && place.ends_with(&format!("docs/elements.md#{name}")),
            "{place}"
        );
        assert!(page.contains(&format!("\n## {name}\n")), "{name}");
    }
}

#[test]
fn every_element_is_a_preset() {
    init();
    let folder = scratch("presets");
    let write = |kind: &str, values: &str| {
        let file = folder.join(format!("{kind}.prs"));
        let text =
            format!("[_presets_]\nversion=1.0.0\nelement-name={kind}\n\n[studio]\n{values}\n");
        std::fs::write(file, text).expect("the folder can be written");
    };
    write(
        "GstMatteBackground",
        "background=color\nfeather=3\nblur-strength=20\nkeep=\"0\\\\,0\\\\,1\\\\,1\"\n\
         color-name=\"rgb(1\\\\,2\\\\,3)\"",
    );
    write("GstMatteRefine", "preset=quality\nfeather=3");
    gst::Preset::set_app_dir(folder.to_str().expect("a plain path")).expect("it is taken");
    for &name in ELEMENTS {
        let element = gst::ElementFactory::make(name)
            .build()
            .expect("it is there");
        let preset = element.dynamic_cast_ref::<gst::Preset>().expect(name);
        let names = preset.property_names();
        for spec in element.list_properties() {
            let writable = spec.flags().contains(glib::ParamFlags::WRITABLE);
            let ours = spec.owner_type() == element.type_();
            let named = names.iter().any(|n| n == spec.name());
            assert!(
                !ours || named == writable,
                "{name} {}: {named}",
                spec.name()
            );
        }
    }
    let matte = gst::ElementFactory::make("mattebackground")
        .build()
        .unwrap();
    let preset = matte.dynamic_cast_ref::<gst::Preset>().unwrap();
    assert!(preset.preset_names().iter().any(|name| name == "studio"));
    preset.load_preset("studio").expect("it is loaded");
    assert_eq!(matte.property::<f32>("feather"), 3.0);
    assert_eq!(matte.property::<f64>("blur-strength"), 20.0);
    // As GStreamer writes it, and gives it back.
    assert!(matte.property::<Option<String>>("keep").is_some());
    assert_eq!(matte.property::<u32>("color"), 0xff01_0203);
    assert!(preset.load_preset("nowhere").is_err());

    let refine = gst::ElementFactory::make("matterefine").build().unwrap();
    let preset = refine.dynamic_cast_ref::<gst::Preset>().unwrap();
    preset.load_preset("studio").expect("it is loaded");
    assert_eq!(refine.property::<f32>("feather"), 3.0);
}
