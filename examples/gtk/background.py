#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A window with the camera and a chooser of backgrounds: background.py [--source FRAGMENT] [PICTURE...]

GTK 3 with gtksink; everything changes while the video plays.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, GLib, Gst, Gtk  # noqa: E402  (the versions must be named first)

THUMBNAIL = 96


class Window(Gtk.ApplicationWindow):
    def __init__(self, application: Gtk.Application, source: str, pictures: list[str]):
        super().__init__(application=application, title="matte", default_width=900, default_height=560)
        # ANCHOR: pipeline
        self.pipeline = Gst.parse_launch(
            f"{source} ! queue ! mattebackground name=matte ! videoconvert ! gtksink name=sink"
        )
        self.matte = self.pipeline.get_by_name("matte")
        video = self.pipeline.get_by_name("sink").get_property("widget")
        # ANCHOR_END: pipeline
        self.status = Gtk.Label(xalign=0, label="starting")
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)

        panel = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=8, margin=8)
        self.flow = Gtk.FlowBox(max_children_per_line=2, selection_mode=Gtk.SelectionMode.SINGLE)
        self.flow.connect("child-activated", lambda _, child: child.choose())
        self.add_choice("Blur", None, self.blur)
        self.add_choice("Colour", None, self.color)
        for picture in pictures:
            self.add_picture(picture)
        add = Gtk.Button(label="Picture …")
        add.connect("clicked", self.on_add)
        self.strength = Gtk.Scale.new_with_range(Gtk.Orientation.HORIZONTAL, 0, 100, 5)
        self.strength.set_value(self.matte.get_property("blur-strength"))
        self.strength.connect(
            "value-changed", lambda scale: self.matte.set_property("blur-strength", scale.get_value())
        )
        self.button = Gtk.ColorButton()
        self.button.connect("color-set", lambda _: self.color())
        on = Gtk.CheckButton(label="Replace the background", active=True)
        on.connect("toggled", lambda box: self.matte.set_property("enabled", box.get_active()))
        scroll = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, vexpand=True)
        scroll.add(self.flow)
        for widget in (on, scroll, add, Gtk.Label(label="Blur", xalign=0), self.strength,
                       Gtk.Label(label="Colour", xalign=0), self.button, self.status):
            panel.add(widget)
        panes = Gtk.Box()
        panes.pack_start(video, True, True, 0)
        panes.pack_start(panel, False, False, 0)
        self.add(panes)
        self.connect("destroy", lambda _: self.pipeline.set_state(Gst.State.NULL))
        self.pipeline.set_state(Gst.State.PLAYING)

    def add_choice(self, name: str, image: Gtk.Image | None, choose) -> Gtk.FlowBoxChild:
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        if image:
            box.add(image)
        box.add(Gtk.Label(label=name, max_width_chars=12, ellipsize=3))
        child = Gtk.FlowBoxChild()
        child.add(box)
        child.choose = choose
        self.flow.add(child)
        child.show_all()
        return child

    def add_picture(self, path: str):
        try:
            thumbnail = GdkPixbuf.Pixbuf.new_from_file_at_scale(path, THUMBNAIL, THUMBNAIL, True)
        except GLib.Error as error:
            self.status.set_text(error.message)
            return None
        name = path.rsplit("/", 1)[-1]
        return self.add_choice(name, Gtk.Image.new_from_pixbuf(thumbnail), lambda: self.picture(path))

    # ANCHOR: change
    def blur(self):
        self.matte.set_property("background", "blur")

    def picture(self, path: str):
        self.matte.set_property("image", path)
        self.matte.set_property("background", "image")

    def color(self):
        rgba = self.button.get_rgba()
        red, green, blue = (round(255 * part) for part in (rgba.red, rgba.green, rgba.blue))
        self.matte.set_property("color", 0xFF000000 | red << 16 | green << 8 | blue)
        self.matte.set_property("background", "color")
    # ANCHOR_END: change

    def on_add(self, _):
        chooser = Gtk.FileChooserNative.new("A background", self, Gtk.FileChooserAction.OPEN, None, None)
        pictures = Gtk.FileFilter()
        pictures.add_pixbuf_formats()
        chooser.set_filter(pictures)
        if chooser.run() == Gtk.ResponseType.ACCEPT:
            child = self.add_picture(chooser.get_filename())
            if child:
                self.flow.select_child(child)
                child.choose()

    # ANCHOR: bus
    def on_message(self, _, message: Gst.Message):
        if message.type == Gst.MessageType.ERROR:
            self.status.set_text(message.parse_error().gerror.message)
        elif message.type == Gst.MessageType.ELEMENT:
            name = message.get_structure().get_name()
            if name == "matte-missing":
                self.status.set_text("nobody to be seen yet")
            elif name == "matte-recovered":
                self.status.set_text("")
        elif message.type == Gst.MessageType.STATE_CHANGED and message.src == self.pipeline:
            if message.parse_state_changed().newstate == Gst.State.PLAYING:
                self.status.set_text("")
    # ANCHOR_END: bus


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="v4l2src ! decodebin", help="gst-launch fragment")
    parser.add_argument("pictures", nargs="*")
    options = parser.parse_args()
    Gst.init(None)
    for element in ("mattebackground", "gtksink"):
        if Gst.ElementFactory.find(element) is None:
            sys.exit(f"the element {element} is missing")
    application = Gtk.Application()

    def activate(application):
        window = Window(application, options.source, options.pictures)
        window.show_all()
        # The last background that was named, as if it had been clicked.
        if options.pictures:
            child = window.flow.get_children()[-1]
            window.flow.select_child(child)
            child.choose()

    application.connect("activate", activate)
    return application.run(None)


if __name__ == "__main__":
    sys.exit(main())
