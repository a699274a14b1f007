#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Looks up what the documents name, without running anything; takes some seconds.

- the tests of each way in which the room could be seen (docs/security.md)
- the functions of docs/architecture.md and the types of docs/glossary.md
- every path below one of the project's folders, in any text file
- the text of pages that scripts write from measurements
- lines of pages of at most 100 characters
- marks that a merge left

Prints one TAP line each.
"""
import ast
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
WAYS = "## Ways in which the room could be seen"
# The project's folders whose files others name by their path, seen from the top.
NAMED = "benches|camera|docs|examples|findings|fuzz|models|packaging|pipelines|scripts|src|tests"
# At the beginning of a path: nothing that could be a part of it, or what stands for the top.
BEGIN = r"(?:(?<![\w/.$}*-])|(?<=\$ROOT/)|(?<=\.\./)|(?<=tree/main/))"
PATH = re.compile(rf"{BEGIN}(?:{NAMED})/[\w./-]*\w(?![\w\\])")
# Folders of the same names in other programs and packages.
FOREIGN = {
    "src/main.rs",
    "docs/devel/tcg-plugins.rst",
    "models/deeplabv3_257_mv_gpu.tflite",
    "models/deeplab_dm05_513/deeplab_aiseg513_dm05_float.tflite",
    "models/deeplab_dm05_513/deeplab_nchw.onnx",
    "models/prisma_seg/prisma-net.tflite",
    "models/prisma_seg/prisma-net_fp16.tflite",
    "models/prisma_seg/prisma-trinet.tflite",
    "models/prisma_seg/prisma_nchw.onnx",
    "fuzz/log.tsv",
}
SKIPPED = {".git", "target", ".pytest_cache", "out", "node_modules", "corpus", "__pycache__"}
# Pages that scripts write from measurements, and the files with their text. A change of one is a
# change of both.
TEMPLATES = {
    "docs/embedded.md": "scripts/bench/embedded-page.py",
    "docs/performance.md": "scripts/bench/performance-tried.md",
    "docs/reliability.md": "scripts/robustness/reliability-page.md",
    "docs/steadiness.md": "scripts/bench/steadiness/report.py",
}
WIDTH = 100
PROSE = ["*.md", "docs/*.md", "models/**/*.md", "packaging/*.md", "scripts/*.md", "tests/*.md"]


def rows_of(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without headings and the lines under them."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    ruled = [at for at, cells in enumerate(rows) if set(cells[0].strip()) <= {"-", ":"}]
    left_out = {*ruled, *(at - 1 for at in ruled)}
    return [[c.strip() for c in cells] for at, cells in enumerate(rows) if at not in left_out]


def functions() -> set[str]:
    """Every function of the sources and tests."""
    definition = re.compile(r"\b(?:fn|def) (\w+)|^(\w+)\(\) \{", re.M)
    found = set()
    for folder in ("src", "tests", "camera", "fuzz/src"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".rs", ".py", ".sh"):
                for names in definition.findall(path.read_text()):
                    found.update(names)
    return found


def ways(page: pathlib.Path) -> list[tuple[str, list[str]]]:
    """The ways in which the room could be seen, and which of their tests are missing."""
    _, found, section = page.read_text().partition(WAYS + "\n")
    if not found:
        raise SystemExit(f"{page} has no section '{WAYS}'")
    there, checked = functions(), []
    for way, *_, tests in rows_of(re.split(r"^## ", section, flags=re.M)[0]):
        names = re.findall(r"`(\w+)`", tests)
        lost = [name for name in names if name not in there]
        checked.append((way, lost if names else ["no test"]))
    return checked


def lost_on_the_way(page: pathlib.Path) -> list[str]:
    """The functions of a frame's way through the code that are not where the page says."""
    steps = re.findall(r"^\| `(src/[\w/]+\.rs)` \| `(\w+)` \|", page.read_text(), flags=re.M)
    if not steps:
        raise SystemExit(f"{page} has no way through the code")
    lost = []
    for path, name in steps:
        file = ROOT / path
        if not file.exists() or not re.search(rf"\bfn {name}\b", file.read_text()):
            lost.append(f"{path}: {name}")
    return lost


def lost_words(page: pathlib.Path) -> list[str]:
    """What the glossary's last column names and is not there: a path, or a type below the paths."""
    lost, rows = [], rows_of(page.read_text())
    if not rows:
        raise SystemExit(f"{page} has no words")
    for word, *_, place in rows:
        places = re.findall(r"`([^`]+)`", place)
        paths = [ROOT / name for name in places if "/" in name]
        lost += [f"{word}: {path.relative_to(ROOT)}" for path in paths if not path.exists()]
        lost += [] if paths else [f"{word}: no path"]
        files = [f for path in paths for f in ([path] if path.is_file() else path.rglob("*.rs"))]
        for name in (name for name in places if "/" not in name):
            definition = re.compile(rf"\b(?:struct|enum|trait|fn|const|type) {name}\b")
            if not any(definition.search(file.read_text()) for file in files):
                lost.append(f"{word}: {name}")
    return lost


def template(source: str) -> str:
    """The text of a page in the script that writes it, with {NAME} for each measurement."""
    text = (ROOT / source).read_text()
    if not source.endswith(".py"):
        return text
    values = [node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    texts = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return "{}".join(text for text in texts if text.count("\n") > 3)


def drifted(page: str, text: str) -> list[str]:
    """What a page's template has and the page has not."""
    shown = (ROOT / page).read_text()
    parts = re.split(r"\{\w*(?::[^}]*)?\}", text)
    return [part.strip()[:80] for part in parts if part.strip() not in shown]


def wide(page: pathlib.Path) -> list[str]:
    """Lines of prose that are too long. Tables, headings, pictures and code may be longer."""
    found, code = [], False
    for at, line in enumerate(page.read_text().splitlines(), 1):
        code ^= line.lstrip().startswith("```")
        if len(line) > WIDTH and not code and not re.match(r" *(\||#|!\[|    |```)", line):
            found.append(f"{page.relative_to(ROOT)}:{at}: {len(line)}")
    return found


def texts() -> list[pathlib.Path]:
    """Every file of the project that is text."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        made = (name.endswith(".egg-info") or name in SKIPPED for name in folders)
        folders[:] = [name for name, skip in zip(folders, made) if not skip]
        found += [pathlib.Path(folder) / name for name in names]
    files = [path for path in sorted(found) if path.is_file()]
    return [path for path in files if b"\0" not in path.read_bytes()[:8192]]


def lost_paths(path: pathlib.Path) -> list[str]:
    """Paths that a file names and that are not there. Words in capitals stand for any name."""
    named = dict.fromkeys(PATH.findall(path.read_text(errors="replace")))
    lost = [name for name in named if not (ROOT / name).exists() and name not in FOREIGN]
    return [name for name in lost if not re.search(r"\b[A-Z]{4,}\b", name)]


def conflicts(path: pathlib.Path) -> list[int]:
    """The lines that a merge left behind."""
    lines = path.read_text(errors="replace").splitlines()
    return [at for at, line in enumerate(lines, 1) if re.match(r"(<{7}|>{7})( |$)", line)]


def checks():
    """The name of each check, and what it found wrong."""
    for way, missing in ways(ROOT / "docs/security.md"):
        yield f"docs/security.md: {way}: tests are there", missing
    lost = lost_on_the_way(ROOT / "docs/architecture.md")
    yield "docs/architecture.md: functions are there", lost
    yield "docs/glossary.md: types and paths are there", lost_words(ROOT / "docs/glossary.md")
    for page, source in TEMPLATES.items():
        yield f"{page} has the text of {source}", drifted(page, template(source))
    pages = sorted(page for glob in PROSE for page in ROOT.glob(glob))
    long = [line for page in pages for line in wide(page)]
    yield f"no line of a page has more than {WIDTH} characters", long
    files = [(path.relative_to(ROOT), path) for path in texts()]
    yield "paths are there", [f"{name}: {path}" for name, p in files for path in lost_paths(p)]
    yield "no merge left its marks", [f"{name}:{at}" for name, p in files for at in conflicts(p)]


def main() -> int:
    failed = 0
    for name, wrong in checks():
        print(f"{'not ok' if wrong else 'ok'} {name}", *wrong, sep="\n# ")
        failed += bool(wrong)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
