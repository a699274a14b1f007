#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Checks what the documents, and the elements' own documentation, say.

It runs every command of GStreamer's tools. Cameras become a test picture, windows and devices a
fakesink, video files a short clip, and beach.jpg the project's background picture; everything else
runs as it is printed. It also runs the settings over the pictures of docs/tuning.md. Other commands
must be known (ELSEWHERE): other tests run them, and here their scripts must exist.

It also checks, with one TAP line each, that these exist: the tests of each way in which the room
could be seen (docs/security.md), the functions of docs/architecture.md, the types of
docs/glossary.md, every path below one of the project's folders in any text file. Pages must have
the text of the scripts that write them and lines of at most 100 characters, and no merge may have
left its marks.
"""
import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/*.md", "models/*.md", "src/*/mod.rs"]
TOOLS = ("gst-launch-1.0 ", "gst-inspect-1.0 ", "gst-device-monitor-1.0 ")
# What a command begins with, and who runs it for real.
ELSEWHERE = [
    (r"\. scripts/env\.sh", "every test that uses the plugin"),
    (r"scripts/(demo|deps|fetch-models)\.sh", "scripts/test.sh, the demo by hand and in CI"),
    (r"scripts/(package\.sh|systems/|release/)", "what it names, by hand: it needs root folders or qemu"),
    (r"pipelines/", "tests/programs/pipelines.sh"),
    (r"scripts/((test|bench|docs)\.sh|checks/|docs/|robustness/)", "development"),
    (r"cargo (build|test|fmt|clippy|doc)\b", "scripts/test.sh"),
    (r"matte-camera\b", "tests/programs/camera.sh"),
    (r"(python3|cc|cargo run) .*\bexample", "tests/programs/examples.sh"),
    (r"(sudo )?(modprobe|apt) |v4l2-ctl ", "scripts/systems/test-v4l2.sh"),
    (r"systemctl --user |journalctl --user |mkdir -p |cp |install ", "tests/programs/camera.sh, as far as there is systemd"),
]
# The project's folders whose files others name by their path, seen from the top.
NAMED = "benches|camera|docs|examples|findings|fuzz|models|packaging|pipelines|scripts|src|tests"
PATH = re.compile(rf"(?:(?<![\w/.$}}*-])|(?<=\$ROOT/)|(?<=\.\./)|(?<=tree/main/))(?:{NAMED})/[\w./-]*\w(?![\w\\])")
# Folders of the same names in other programs and packages.
FOREIGN = {"src/main.rs", "docs/devel/tcg-plugins.rst", "models/deeplabv3_257_mv_gpu.tflite", "fuzz/log.tsv"}
SKIPPED = {".git", "target", "out", "node_modules", "corpus", "__pycache__"}
# Pages that scripts write from measurements, and the files with their text. A change of one is a
# change of both.
TEMPLATES = {
    "docs/embedded.md": "scripts/bench/embedded-page.py",
    "docs/performance.md": "scripts/bench/performance-tried.md",
    "docs/reliability.md": "scripts/robustness/reliability-page.md",
    "docs/steadiness.md": "scripts/bench/steadiness/report.py",
}
WIDTH = 100
PROSE = ["*.md", "docs/*.md", "packaging/*.md", "scripts/*.md", "tests/*.md"]
WAYS = "## Ways in which the room could be seen"
# What hangs ends then; nothing that works takes so long, however busy the machine is.
HANG = 600
FRAMES = 20
# Live, as cameras are. Where nothing is live, GStreamer may lose the end of the stream
# (docs/troubleshooting.md).
CAMERA = f"videotestsrc is-live=true num-buffers={FRAMES} ! video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"
SUBSTITUTIONS = [
    (r"v4l2src ! image/jpeg(\S*)", rf"videotestsrc num-buffers={FRAMES} ! video/x-raw\1 ! jpegenc"),
    (r"v4l2src(?: [a-z-]+=\S+)*", CAMERA),
    (r"decklinkvideosrc(?: [a-z-]+=\S+)*", CAMERA.replace("YUY2", "v210")),
    (r"pipewiresrc(?: path=\S+)?", CAMERA),
    (r"\bautovideosink\b", "fakesink"),
    # Whatever the video of an example is called.
    (r"\bfilesrc location=(?!\S+\.(?:png|jpg)\b)\S+", "filesrc location=in.mp4"),
    (r"v4l2sink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"pipewiresink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"\b(?:glimagesink|gtksink|waylandsink|ximagesink)\b", "fakesink"),
    # Newer than Debian 12's: scripts/systems/test-in.sh runs them where they are.
    (r"\bunixfdsrc socket-path=\S+", CAMERA),
    (r"\bunixfdsink socket-path=\S+", "fakesink"),
    (r"\bsegmentationoverlay\b|\bonnxinference model-file=\S+", "identity"),
]


def lines_of(path: pathlib.Path) -> list[str]:
    """The gst-launch lines of a document, those that go on over several lines joined."""
    text = path.read_text()
    if path.suffix == ".rs":
        text = re.sub(r"^ \* ?", "", text, flags=re.M)
    text = re.sub(r"\\\n\s*", " ", text)
    lines = [line.strip() for line in text.splitlines()]
    # "..." stands for what the reader has to fill in.
    return [line for line in lines if without_environment(line).startswith(TOOLS) and "..." not in line]


def without_environment(line: str) -> str:
    return re.sub(r"^(\w+=\S+ +)+", "", line)


def other_commands(path: pathlib.Path) -> list[str]:
    """Lines of a document's shell blocks that are no line of GStreamer's tools."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(), re.M | re.S):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            line = re.sub(r"\s+#.*", "", line).strip()
            if line and not line.startswith("#") and not without_environment(line).startswith(TOOLS):
                found.append(line)
    return found


def known(line: str) -> bool:
    """Whether other tests run a command, and the script or example that it names is there."""
    named = re.findall(r"(?:scripts|examples|tests|pipelines|camera)/[\w./-]+", line)
    return all((ROOT / name).exists() for name in named) and any(
        re.match(pattern, without_environment(line)) for pattern, _ in ELSEWHERE
    )


def settings_of(page: pathlib.Path) -> list[str]:
    """The settings that pictures were made with: ![SETTINGS](...)."""
    found = re.findall(r"!\[([a-z-]+=[^\]]*)\]", page.read_text())
    return list(dict.fromkeys(found))


def run(name: str, command: str, folder: str) -> bool:
    try:
        result = subprocess.run(
            command, shell=True, cwd=folder, timeout=HANG,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        good, said = result.returncode == 0, result.stdout
    except subprocess.TimeoutExpired as error:
        good, said = False, f"still running after {error.timeout} s"
    print(("ok " if good else "not ok ") + name, flush=True)
    if not good:
        print("# ran: " + command, *said.splitlines()[-8:], sep="\n# ")
    return good


def ways_of(page: pathlib.Path) -> list[tuple[str, list[str]]]:
    """The ways in which the room could be seen, and the functions (in the table's last column) that test them."""
    _, found, section = page.read_text().partition(WAYS + "\n")
    if not found:
        raise SystemExit(f"{page} has no section '{WAYS}'")
    section = re.split(r"^## ", section, flags=re.M)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    # Without the heading and the line under it.
    return [(cells[0].strip(), re.findall(r"`(\w+)`", cells[-1])) for cells in rows[2:]]


def functions() -> set[str]:
    """Every function of the sources and tests."""
    files = [p for folder in ("src", "tests", "camera", "fuzz/src") for p in (ROOT / folder).rglob("*.*")]
    files = [p for p in files if p.suffix in (".rs", ".py", ".sh")]
    definition = re.compile(r"\b(?:fn|def) (\w+)|^(\w+)\(\) \{", re.M)
    return {name for p in files for found in definition.findall(p.read_text()) for name in found if name}


def lost_on_the_way(page: pathlib.Path) -> list[str]:
    """The functions of the page's way through the code that are not where it says."""
    rows = re.findall(r"^\| `(src/[\w/]+\.rs)` \| `(\w+)` \|", page.read_text(), flags=re.M)
    if not rows:
        raise SystemExit(f"{page} has no way through the code")
    texts = {path: (ROOT / path).read_text() if (ROOT / path).exists() else "" for path, _ in rows}
    return [f"{path}: {name}" for path, name in rows if not re.search(rf"\bfn {name}\b", texts[path])]


def lost_words(page: pathlib.Path) -> list[str]:
    """What the glossary says of the code (its last column) and is not so: a path that is not there, or a name that
    no file below the row's paths has."""
    lost = []
    rows = re.findall(r"^\| (.+?) \|.*\| ([^|]*) \|$", page.read_text(), flags=re.M)
    rows = [(word, re.findall(r"`([^`]+)`", place)) for word, place in rows if word not in ("word", "---")]
    for word, places in rows:
        paths = [ROOT / place for place in places if "/" in place]
        lost += [f"{word}: {path.relative_to(ROOT)}" for path in paths if not path.exists()]
        lost += [] if paths else [f"{word}: no path"]
        files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.rs"))]
        for name in (place for place in places if "/" not in place):
            defined = re.compile(rf"\b(?:struct|enum|trait|fn|const|type) {name}\b")
            if not any(defined.search(file.read_text()) for file in files):
                lost.append(f"{word}: {name}")
    if not rows:
        raise SystemExit(f"{page} has no words")
    return lost


def templates() -> list[tuple[str, str, str]]:
    """Pages that scripts write, the file with their text, and that text, with {NAME} for what was measured."""
    found = []
    for page, source in TEMPLATES.items():
        text = (ROOT / source).read_text()
        if source.endswith(".py"):
            values = [node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)]
            values = [node.value for node in values if isinstance(node, ast.Constant) and isinstance(node.value, str)]
            text = "{}".join(value for value in values if value.count("\n") > 3)
        found.append((page, source, text))
    return found


def drifted(page: str, text: str) -> list[str]:
    """What a page's template says and the page does not."""
    shown = (ROOT / page).read_text()
    parts = re.split(r"\{\w*(?::[^}]*)?\}", text)
    return [part.strip()[:80] for part in parts if part.strip() not in shown]


def wide(page: pathlib.Path) -> list[str]:
    """The lines of prose that are longer than 100 characters. Tables, headings, pictures and code may be longer."""
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
        folders[:] = [name for name in folders if name not in SKIPPED]
        found += [pathlib.Path(folder) / name for name in names]
    return [path for path in sorted(found) if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def lost_paths(path: pathlib.Path) -> list[str]:
    """What a file names below the project's folders and is not there. NAME stands for what the reader fills in."""
    named = dict.fromkeys(PATH.findall(path.read_text(errors="replace")))
    return [
        name for name in named
        if not (ROOT / name).exists() and name not in FOREIGN and not re.search(r"\b[A-Z]{4,}\b", name)
    ]


def conflicts(path: pathlib.Path) -> list[int]:
    """The lines that a merge left behind."""
    lines = path.read_text(errors="replace").splitlines()
    return [at for at, line in enumerate(lines, 1) if re.match(r"(<{7}|>{7})( |$)", line)]


def runnable(line: str) -> str:
    for pattern, replacement in SUBSTITUTIONS:
        line = re.sub(pattern, replacement, line)
    return line


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        clip = pathlib.Path(folder) / "in.mp4"
        subprocess.run(
            f"gst-launch-1.0 -q {CAMERA} ! videoconvert ! video/x-raw,format=I420 ! x264enc ! h264parse ! queue ! mp4mux name=m"
            f" ! filesink location={clip} audiotestsrc num-buffers=30 ! avenc_aac ! aacparse ! m.",
            shell=True, check=True, timeout=HANG,
        )
        shutil.copy(ROOT / "docs/pictures/room.jpg", pathlib.Path(folder) / "beach.jpg")
        for path in sorted(p for glob in DOCUMENTS for p in ROOT.glob(glob)):
            name = path.relative_to(ROOT)
            for line in lines_of(path):
                failed += not run(f"{name}: {line}", runnable(line), folder)
            for line in other_commands(path) if path.suffix == ".md" else []:
                good = known(line)
                print(f"{'ok' if good else 'not ok'} {name}: {line} (run by another test)")
                failed += not good
        there = functions()
        for way, tests in ways_of(ROOT / "docs/security.md"):
            missing = [test for test in tests if test not in there]
            good = bool(tests) and not missing
            print(f"{'ok' if good else 'not ok'} docs/security.md: {way}: tests are there")
            if not good:
                print(f"# not in the tree: {', '.join(missing) or 'the row names no test'}")
            failed += not good
        lost = lost_on_the_way(ROOT / "docs/architecture.md")
        print(f"{'not ok' if lost else 'ok'} docs/architecture.md: the functions of the way are there", *lost)
        failed += bool(lost)
        lost = lost_words(ROOT / "docs/glossary.md")
        print(f"{'not ok' if lost else 'ok'} docs/glossary.md: what it names of the code is there", *lost, sep="\n# ")
        failed += bool(lost)
        lost = [line for glob in PROSE for page in sorted(ROOT.glob(glob)) for line in wide(page)]
        print(f"{'not ok' if lost else 'ok'} no line of a page is longer than {WIDTH}", *lost, sep="\n# ")
        failed += bool(lost)
        for page, source, text in templates():
            lost = drifted(page, text)
            print(f"{'not ok' if lost else 'ok'} {page} has the text of {source}", *lost, sep="\n# ")
            failed += bool(lost)
        lost = [f"{path.relative_to(ROOT)}: {name}" for path in texts() for name in lost_paths(path)]
        print(f"{'not ok' if lost else 'ok'} every path that a file names is there", *lost, sep="\n# ")
        failed += bool(lost)
        left = [f"{path.relative_to(ROOT)}:{line}" for path in texts() for line in conflicts(path)]
        print(f"{'not ok' if left else 'ok'} no merge left its marks", *left, sep="\n# ")
        failed += bool(left)
        for settings in settings_of(ROOT / "docs/tuning.md"):
            line = f"gst-launch-1.0 {CAMERA} ! mattebackground {settings} ! fakesink"
            failed += not run(f"docs/tuning.md: {settings}", line, folder)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
