#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Uses a program as a screen reader does, by AT-SPI.

usage: atspi.py PROGRAM list                 role and name of everything that is shown
       atspi.py PROGRAM unnamed              what can be used, but has no name: none may be
       atspi.py PROGRAM press NAME           presses a button, a switch or a tile
       atspi.py PROGRAM set NAME VALUE       moves a slider
       atspi.py PROGRAM value NAME           where a slider stands
       atspi.py PROGRAM checked NAME         fails if it is not chosen, or off
       atspi.py PROGRAM off NAME             fails if it can be used now
       atspi.py PROGRAM focused NAME         fails if keys do not go to it
       atspi.py PROGRAM focus                where keys go
       atspi.py PROGRAM says TEXT            fails if no text that is shown contains this
"""
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

USABLE = {
    Atspi.Role.PUSH_BUTTON, Atspi.Role.TOGGLE_BUTTON, Atspi.Role.SLIDER, Atspi.Role.COMBO_BOX,
    Atspi.Role.CHECK_BOX, Atspi.Role.RADIO_BUTTON, Atspi.Role.MENU_ITEM, Atspi.Role.ENTRY,
    Atspi.Role.IMAGE,
}


def everything(at: Atspi.Accessible):
    """Everything that is shown below something."""
    for index in range(at.get_child_count()):
        child = at.get_child_at_index(index)
        if child is None:
            continue
        states = child.get_state_set()
        if not states.contains(Atspi.StateType.VISIBLE):
            continue
        yield child
        yield from everything(child)


def program(name: str) -> Atspi.Accessible:
    desktop = Atspi.get_desktop(0)
    programs = [desktop.get_child_at_index(index) for index in range(desktop.get_child_count())]
    found = [one for one in programs if one is not None and one.get_name() == name]
    if not found:
        sys.exit(f"no program {name}; there are: {[one.get_name() for one in programs if one]}")
    return found[-1]


def named(at: Atspi.Accessible, name: str) -> Atspi.Accessible:
    candidates = [one for one in everything(at) if one.get_name() == name]
    usable = [one for one in candidates if one.get_role() in USABLE]
    if not usable:
        sys.exit(f"nothing to use is called '{name}'")
    return usable[0]


def has_name(at: Atspi.Accessible) -> bool:
    """GTK gives what has no name that of its class."""
    name = at.get_name()
    return bool(name) and not name.startswith("Gtk")


def has_focus(at: Atspi.Accessible) -> bool:
    return at.get_state_set().contains(Atspi.StateType.FOCUSED)


def is_checked(at: Atspi.Accessible) -> bool:
    states = at.get_state_set()
    return any(states.contains(state) for state in (Atspi.StateType.CHECKED, Atspi.StateType.PRESSED))


def texts(at: Atspi.Accessible) -> list[str]:
    found = []
    for one in everything(at):
        found.append(one.get_name() or "")
        if "Text" in one.get_interfaces():
            found.append(Atspi.Text.get_text(one, 0, Atspi.Text.get_character_count(one)))
    return found


def main() -> int:
    Atspi.init()
    at, what, rest = program(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if what == "list":
        for one in everything(at):
            print(f"{one.get_role_name()}: {one.get_name()}")
        return 0
    if what == "unnamed":
        bad = [one for one in everything(at) if one.get_role() in USABLE and not has_name(one)]
        for one in bad:
            print(f"{one.get_role_name()} in {one.get_parent().get_role_name()} '{one.get_parent().get_name()}'")
        return 1 if bad else 0
    if what == "focus":
        names = [one.get_name() for one in everything(at) if has_focus(one)]
        print(names[-1] if names else "nothing")
        return 0
    if what == "says":
        found = [text for text in texts(at) if rest[0] in text]
        print(found or texts(at))
        return 0 if found else 1
    one = named(at, rest[0])
    if what == "press":
        return 0 if Atspi.Action.do_action(one, 0) else 1
    if what == "set":
        return 0 if Atspi.Value.set_current_value(one, float(rest[1])) else 1
    if what == "value":
        print(Atspi.Value.get_current_value(one))
        return 0
    if what == "off":
        return 1 if one.get_state_set().contains(Atspi.StateType.SENSITIVE) else 0
    if what == "focused":
        return 0 if has_focus(one) else 1
    if what == "checked":
        print(is_checked(one))
        return 0 if is_checked(one) else 1
    sys.exit(f"what is '{what}'?")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GLib.Error as error:
        # Whatever was looked at has just gone.
        sys.exit(f"AT-SPI: {error.message}")
