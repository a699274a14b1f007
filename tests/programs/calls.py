#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Calls matte-camera over the session bus without waiting for answers, and tells their order.

usage: calls.py CALL...
       CALL: [COUNT*]METHOD[:TEXT...]    a method of the interface, with texts
             [COUNT*]PROPERTY=VALUE      sets a property to a value in GVariant's text format
             [COUNT*]?PROPERTY           asks for a property

Prints a line for each answer, in the order in which they come: the call, then ok or the error.
"""
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "io.github.gst_plugin_matte.Camera"
PATH = "/io/github/gst_plugin_matte/Camera"
INTERFACE = f"{NAME}1"
PROPERTIES = "org.freedesktop.DBus.Properties"


def parsed(call: str) -> tuple[str, str, GLib.Variant | None]:
    """Interface, method and arguments."""
    if call.startswith("?"):
        return PROPERTIES, "Get", GLib.Variant("(ss)", (INTERFACE, call[1:]))
    if "=" in call:
        name, value = call.split("=", 1)
        value = GLib.Variant.parse(None, value, None, None)
        return PROPERTIES, "Set", GLib.Variant("(ssv)", (INTERFACE, name, value))
    method, *texts = call.split(":")
    return INTERFACE, method, GLib.Variant(f"({'s' * len(texts)})", texts) if texts else None


def main() -> int:
    calls = []
    for argument in sys.argv[1:]:
        count, star, call = argument.partition("*")
        calls += [call] * int(count) if star else [argument]
    bus, loop = Gio.bus_get_sync(Gio.BusType.SESSION), GLib.MainLoop()
    left = len(calls)

    def answered(bus, result, call):
        nonlocal left
        try:
            bus.call_finish(result)
            print(f"{call}: ok", flush=True)
        except GLib.Error as error:
            print(f"{call}: {error.message}", flush=True)
        left -= 1
        if left == 0:
            loop.quit()

    for call in calls:
        interface, method, arguments = parsed(call)
        bus.call(NAME, PATH, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 120_000, None,
                 answered, call)
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
