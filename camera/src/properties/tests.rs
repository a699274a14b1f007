// SPDX-License-Identifier: MPL-2.0

use super::*;

/// An element with properties of many types.
fn test_source() -> gst::Element {
    gst::init().expect("GStreamer is there");
    let element = gst::ElementFactory::make("videotestsrc");
    element.build().expect("GStreamer has test pictures")
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    let element = test_source();
    for (name, text, said) in [
        ("num-buffers", "-2", "-1 to 2147483647"),
        ("kx", "4294967296", "a gint is wanted"),
        ("horizontal-speed", "fast", "a gint is wanted"),
        ("pattern", "beach", "is wanted"),
        ("beauty", "1", "no property 'beauty'"),
    ] {
        let before = element
            .find_property(name)
            .map(|_| element.property_value(name));
        let error = set(&element, name, text).expect_err(text).to_string();
        assert!(error.contains(said), "{error}");
        if let Some(before) = before {
            let equal = element.property_value(name).compare(&before);
            assert_eq!(equal, Some(std::cmp::Ordering::Equal), "{name}");
        }
    }
    for (name, text) in [
        ("num-buffers", "-1"),
        ("pattern", "ball"),
        ("is-live", "true"),
    ] {
        set(&element, name, text).expect(text);
    }
}

#[test]
fn the_ends_of_a_range_belong_to_it() {
    let spec = glib::ParamSpecDouble::builder("x")
        .minimum(0.0)
        .maximum(16.0)
        .build();
    for (number, fits) in [
        (0.0, true),
        (16.0, true),
        (-0.1, false),
        (1000.0, false),
        (f64::NAN, false),
    ] {
        assert_eq!(
            range_without(&spec, &number.to_value()).is_none(),
            fits,
            "{number}"
        );
    }
}

#[test]
fn no_spelling_hides_what_a_property_is() {
    gst::init().expect("GStreamer is there");
    gstmatte::plugin_register_static().expect("the plugin is linked in");
    for (text, name, said) in [
        ("model", "model", "--set model="),
        ("onnxruntime-library", "onnxruntime-library", "write files"),
        ("onnxruntime_library", "onnxruntime-library", "write files"),
        (
            "GstMatteBackground::onnxruntime-library",
            "onnxruntime-library",
            "write files",
        ),
        ("provider_options", "provider-options", "write files"),
        ("color_name", "color-name", "by the property Color"),
        (
            "blur_strength",
            "blur-strength",
            "by the property BlurStrength",
        ),
        ("image", "image", "by the property Picture"),
    ] {
        assert_eq!(canonical(text).expect(text), name);
        let why = refusal(name).expect(name);
        assert!(why.contains(said), "{text}: {why}");
    }
    assert_eq!(
        canonical("light_wrap").expect("GLib takes it"),
        "light-wrap"
    );
    assert_eq!(refusal("light-wrap"), None);
    let error = canonical("beauty").expect_err("there is none").to_string();
    assert!(error.contains("no property 'beauty'"), "{error}");
}

/// Whoever adds a property that names a file has to say who may set it.
#[test]
fn every_property_that_may_name_a_file_is_known() {
    gst::init().expect("GStreamer is there");
    gstmatte::plugin_register_static().expect("the plugin is linked in");
    let matte = elements::matte().expect("the plugin is linked in");
    // Numbers, words and places in the frame.
    let plain = [
        "execution-provider",
        "keep",
        "key",
        "name",
        "subject",
        "subject-point",
        "subject-region",
    ];
    let properties = matte.list_properties().into_iter();
    for spec in properties.filter(|spec| spec.flags().contains(glib::ParamFlags::WRITABLE)) {
        let name = spec.name();
        let is_text =
            [glib::Type::STRING, gst::Structure::static_type()].contains(&spec.value_type());
        let is_known = plain.contains(&name) || refusal(name).is_some();
        assert!(!is_text || is_known, "{name}: who may set it?");
    }
}
