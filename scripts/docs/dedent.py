#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Takes the indent off the parts of programs that pages include, in a copy of the programs.

usage: dedent.py FOLDER

A part stands between lines with ANCHOR: NAME and ANCHOR_END: NAME, as mdBook wants them.
"""
import pathlib
import re
import sys
import textwrap

PART = re.compile(r"(?ms)^[^\n]*ANCHOR: (\S+)[^\n]*\n(.*?)(?=^[^\n]*ANCHOR_END: \1\b)")


def dedented(text: str) -> str:
    def part(found: re.Match) -> str:
        head = found[0][: len(found[0]) - len(found[2])]
        return head + textwrap.dedent(found[2])

    return PART.sub(part, text)


for file in pathlib.Path(sys.argv[1]).rglob("*"):
    if file.is_file() and file.suffix in (".c", ".py", ".rs", ".js", ".html"):
        file.write_text(dedented(file.read_text()))
