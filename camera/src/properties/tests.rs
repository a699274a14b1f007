// SPDX-License-Identifier: MPL-2.0

use super::*;

/// An element with properties of many types.
fn element() -> gst::Element {
    gst::init().expect("GStreamer is there");
    let element = gst::ElementFactory::make("videotestsrc");
    element.build().expect("GStreamer has test pictures")
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    let element = element();
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
