#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Runs every gst-launch-1.0 line of the documents and of the elements' own pages.

Cameras become a test picture, windows and devices a fakesink, video files a short clip, and beach.jpg
is the project's background picture; all else runs as it is printed. One TAP line each.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/*.md", "models/*.md", "src/*/mod.rs"]
FRAMES = 20
CAMERA = f"videotestsrc num-buffers={FRAMES} ! video/x-raw,width=640,height=480,framerate=30/1"
SUBSTITUTIONS = [
    (r"v4l2src(?: device=\S+)?", CAMERA),
    (r"pipewiresrc(?: path=\S+)?", CAMERA),
    (r"\bautovideosink\b", "fakesink"),
    # Whatever the video of an example is called.
    (r"\bfilesrc location=(?!\S+\.(?:png|jpg)\b)\S+", "filesrc location=in.mp4"),
    (r"v4l2sink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"pipewiresink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"\b(?:glimagesink|gtksink|waylandsink|ximagesink)\b", "fakesink"),
    # GStreamer 1.28's own: scripts/test-in.sh runs them where they are.
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
    return [line for line in lines if line.startswith("gst-launch-1.0 ") and "..." not in line]


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
            shell=True, check=True, timeout=60,
        )
        shutil.copy(ROOT / "docs/pictures/room.jpg", pathlib.Path(folder) / "beach.jpg")
        for path in sorted(p for glob in DOCUMENTS for p in ROOT.glob(glob)):
            for line in lines_of(path):
                command = runnable(line)
                name = f"{path.relative_to(ROOT)}: {line}"
                try:
                    result = subprocess.run(
                        command, shell=True, cwd=folder, timeout=60,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                    )
                    good, said = result.returncode == 0, result.stdout
                except subprocess.TimeoutExpired as error:
                    good, said = False, f"still running after {error.timeout} s"
                print(("ok " if good else "not ok ") + name)
                if not good:
                    print("# ran: " + command, *said.splitlines()[-8:], sep="\n# ")
                    failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
