#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A desktop's tray: it takes StatusNotifierItems, and does with the first one what its input says.

usage: tray.py     reads lines: activate | menu | press LABEL; answers each with one line
"""
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

WATCHER = Gio.DBusNodeInfo.new_for_xml("""
<node><interface name="org.kde.StatusNotifierWatcher">
  <method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
  <method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
  <property name="RegisteredStatusNotifierItems" type="as" access="read"/>
  <property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
  <property name="ProtocolVersion" type="i" access="read"/>
  <signal name="StatusNotifierItemRegistered"><arg type="s"/></signal>
</interface></node>""").interfaces[0]
ITEM = ("/StatusNotifierItem", "org.kde.StatusNotifierItem")


class Tray:
    def __init__(self):
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.item = None
        self.bus.register_object("/StatusNotifierWatcher", WATCHER, self.called, self.asked, None)
        Gio.bus_own_name_on_connection(
            self.bus, "org.kde.StatusNotifierWatcher", Gio.BusNameOwnerFlags.NONE, None, None)

    def called(self, _bus, sender, _path, _interface, method, arguments, invocation):
        if method == "RegisterStatusNotifierItem":
            (name,) = arguments.unpack()
            self.item = sender if name.startswith("/") else name
            print(f"item {self.item}", flush=True)
        invocation.return_value(None)

    def asked(self, _bus, _sender, _path, _interface, name):
        return {
            "RegisteredStatusNotifierItems": GLib.Variant("as", [self.item] if self.item else []),
            "IsStatusNotifierHostRegistered": GLib.Variant("b", True),
            "ProtocolVersion": GLib.Variant("i", 0),
        }[name]

    def call(self, path, interface, method, arguments):
        return self.bus.call_sync(self.item, path, interface, method, arguments, None,
                                  Gio.DBusCallFlags.NONE, 60_000, None)

    def property(self, name):
        answer = self.call(ITEM[0], "org.freedesktop.DBus.Properties", "Get",
                           GLib.Variant("(ss)", (ITEM[1], name)))
        return answer.unpack()[0]

    def menu(self):
        """Numbers, labels and marks of the menu."""
        answer = self.call(self.property("Menu"), "com.canonical.dbusmenu", "GetLayout",
                           GLib.Variant("(iias)", (0, -1, [])))
        _, (_, _, children) = answer.unpack()
        return [(number, shown.get("label", "-"), shown.get("toggle-state", -1)) for number, shown, _ in children]

    def obey(self, line):
        what, _, rest = line.strip().partition(" ")
        if what == "activate":
            self.call(*ITEM, "Activate", GLib.Variant("(ii)", (0, 0)))
            return "activated"
        if what == "menu":
            return " | ".join(f"{label}{':on' if state == 1 else ''}" for _, label, state in self.menu())
        if what == "press":
            number = next(number for number, label, _ in self.menu() if label == rest)
            event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("i", 0), 0))
            self.call(self.property("Menu"), "com.canonical.dbusmenu", "Event", event)
            return f"pressed {rest}"
        return f"what is '{line}'?"


def main():
    tray, loop = Tray(), GLib.MainLoop()
    source = GLib.IOChannel.unix_new(sys.stdin.fileno())

    def read(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        try:
            print(tray.obey(line), flush=True)
        except (GLib.Error, StopIteration) as error:
            print(f"not possible: {error!r}", flush=True)
        return True

    GLib.io_add_watch(source, GLib.IO_IN | GLib.IO_HUP, read)
    loop.run()


if __name__ == "__main__":
    main()
