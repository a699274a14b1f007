#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Checks that every text of the window is in every language of window/po, and nothing else is.

- each text that the code asks for has a translation, and each translation is asked for
- a translation has the same places for values, and a key (the letter after _) if the text has one
- errors say nothing but what is translated, or what others have said; nothing else is printed
- in no language do two labels of the main window have the same key

Prints a TAP line for each language.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2] / "window"
TEXT = re.compile(r'\btr(?:_with)?\(\s*"((?:[^"\\]|\\.)*)"')
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.*)"$', re.M)
ERROR = re.compile(r'#\[error\(\s*"((?:[^"\\]|\\.)*)"')
PRINT = re.compile(r"\be?print(?:ln)?!\(")
# The version, and the one place that complains.
PRINTS = {"main.rs": 1, "texts.rs": 1}
PLACE = re.compile(r"\{\w+\}")
# Labels that are on the main window at the same time.
TOGETHER = ["mod.rs", "cameras.rs", "preview.rs", "sliders.rs", "tiles.rs"]
# Of the dialog, which is a window of its own.
APART = {"_Add", "_Cancel"}


def keys(texts: list[str]) -> list[str]:
    return [text[text.index("_") + 1].lower() for text in texts if "_" in text]


def mistakes(texts: set[str], together: set[str], translated: dict[str, str]) -> list[str]:
    found = [f"not translated: {text}" for text in sorted(texts - translated.keys())]
    found += [f"nobody asks for: {text}" for text in sorted(translated.keys() - texts)]
    for text, translation in translated.items():
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translation)):
            found.append(f"other places for values: {translation}")
        if text.count("_") != translation.count("_"):
            found.append(f"a key too few or too many: {translation}")
    labels = [translated.get(text, text) for text in together - APART]
    used = keys(labels)
    return found + [f"two labels have the key {key}" for key in sorted(set(used)) if used.count(key) > 1]


def untranslated(file: pathlib.Path) -> list[str]:
    text = file.read_text()
    found = [f"{file.name}: an error in English alone: {said}" for said in ERROR.findall(text)
             if re.search(r"[^\W\d_]", re.sub(r"\{[^}]*\}", "", said))]
    if len(PRINT.findall(text)) > PRINTS.get(file.name, 0):
        found.append(f"{file.name}: prints by itself: texts::complain(&tr(...)) is translated")
    return found


def main() -> int:
    files = sorted((ROOT / "src").rglob("*.rs"))
    of_file = {file: set(TEXT.findall(file.read_text())) for file in files}
    texts = set().union(*of_file.values())
    together = set().union(*(of_file[ROOT / "src" / "ui" / name] for name in TOGETHER))
    languages = {"en": {text: text for text in texts}}
    failed = False
    for file in sorted((ROOT / "po").glob("*.po")):
        languages[file.stem] = dict(ENTRY.findall(file.read_text()))
        checked = subprocess.run(["msgfmt", "--check", "-o", "/dev/null", file], capture_output=True, text=True)
        if checked.returncode:
            print(f"not ok msgfmt takes {file.name}\n# {checked.stderr}")
            failed = True
    alone = [mistake for file in files for mistake in untranslated(file)]
    failed |= bool(alone)
    print(f"{'not ok' if alone else 'ok'} texts of the window: all can be translated")
    for mistake in alone:
        print(f"# {mistake}")
    for language, translated in languages.items():
        found = mistakes(texts, together, translated)
        print(f"{'not ok' if found else 'ok'} texts of the window: {language}, {len(translated)}")
        for mistake in found:
            print(f"# {mistake}")
        failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
