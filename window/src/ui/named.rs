// SPDX-License-Identifier: MPL-2.0

//! Names for screen readers, and keys. A label with a key names its widget by itself. For widgets
//! without one, the bindings can set a name from GTK 4.10 on; GtkBuilder does so in every GTK 4.

use gtk::glib;
use gtk::prelude::*;

/// A widget without a label of its own that screen readers call so.
pub fn named<W: IsA<gtk::Widget> + IsA<glib::Object>>(name: &str) -> W {
    let (class, name) = (W::static_type().name(), escaped(name));
    let widget = gtk::Builder::from_string(&format!(
        "<interface><object class='{class}' id='named'><accessibility>\
         <property name='label'>{name}</property></accessibility></object></interface>"
    ));
    let widget = widget.object("named");
    widget.expect("GtkBuilder makes what it is told")
}

/// A label with a key that leads to a widget.
pub fn label_of(widget: &impl IsA<gtk::Widget>, text: &str) -> gtk::Label {
    let label = gtk::Label::with_mnemonic(text);
    label.set_mnemonic_widget(Some(widget));
    label
}

/// The part of a widget of GTK's own making that takes the focus, and so needs the name.
pub fn inner(widget: &impl IsA<gtk::Widget>) -> gtk::Widget {
    let child = widget.as_ref().first_child();
    child.unwrap_or_else(|| widget.clone().upcast())
}

/// Writes a text with a key on a button. The button's own label would be read with its underscore.
pub fn write_on(button: &impl IsA<gtk::Button>, text: &str) {
    let button = button.upcast_ref();
    button.set_child(Some(&label_of(button, text)));
}

/// A text in XML, which takes no control characters. Names of files may have them.
fn escaped(text: &str) -> glib::GString {
    glib::markup_escape_text(&text.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_fits_into_xml() {
        assert_eq!(
            escaped("a<b> & 'c'\u{1}\n"),
            "a&lt;b&gt; &amp; &apos;c&apos;  "
        );
    }
}
