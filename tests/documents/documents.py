#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Runs every command of the documents, and of the elements' own documentation.

Cameras become a test picture, windows and devices a fakesink, video files a short clip, and
beach.jpg the project's background picture; everything else runs as it is printed. The settings over
the pictures of docs/tuning.md run, too. Other commands than GStreamer's must be known (ELSEWHERE):
other tests run them, and here their scripts must exist. Prints one TAP line each.
"""
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
    (r"scripts/(package\.sh|systems/|release/)", "by hand: they need root folders or qemu"),
    (r"pipelines/", "tests/programs/pipelines.sh"),
    (r"scripts/((test|bench|docs)\.sh|checks/|docs/|robustness/)", "development"),
    (r"cargo (build|test|fmt|clippy|doc)\b", "scripts/test.sh"),
    (r"meson (setup|install)\b|export PKG_CONFIG_PATH=", "scripts/test.sh meson"),
    (r"matte-camera convert ", "tests/programs/files.sh"),
    (r"matte-camera\b", "tests/programs/camera.sh, recipes.sh"),
    (r"matte-window\b", "tests/programs/window.sh"),
    (r"gdbus |busctl ", "tests/programs/dbus.sh"),
    (r"(python3|cc|cargo run) .*\bexample", "tests/programs/examples.sh"),
    (r"(sudo )?(modprobe|apt) |v4l2-ctl ", "scripts/systems/test-v4l2.sh"),
    (r"systemctl --user |journalctl --user |mkdir -p |cp |install ", "tests/programs/camera.sh"),
]
# A command that hangs ends after so many seconds; nothing that works takes so long.
HANG = 600
FRAMES = 20
# Live, as cameras are. Where nothing is live, GStreamer may lose the end of the stream
# (docs/troubleshooting.md).
CAMERA = (
    f"videotestsrc is-live=true num-buffers={FRAMES}"
    " ! video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"
)
SUBSTITUTIONS = [
    (r"v4l2src ! image/jpeg(\S*)", rf"videotestsrc num-buffers={FRAMES} ! video/x-raw\1 ! jpegenc"),
    (r"v4l2src(?: [a-z-]+=\S+)*", CAMERA),
    (r"decklinkvideosrc(?: [a-z-]+=\S+)*", CAMERA.replace("YUY2", "v210")),
    (r"pipewiresrc(?: path=\S+)?", CAMERA),
    # tests/programs/examples.sh has the server.
    (r"\brtspsrc location=\S+ ! decodebin", CAMERA),
    (r"ximagesrc(?: [a-z-]+=\S+)*", CAMERA),
    # One stream in place of a camera's two, as in pipelines/two-streams.sh.
    (r"libcamerasrc name=(\w+) \1\.src !(.*) \1\.src_0 !",
     rf"{CAMERA} ! tee name=\1 \1.src_1 ! videoconvertscale !\2 \1.src_0 ! videoconvertscale !"),
    (r"\bautovideosink\b", "fakesink"),
    # Whatever the video of an example is called.
    (r"\bfilesrc location=(?!\S+\.(?:png|jpg)\b)\S+", "filesrc location=in.mp4"),
    (r"v4l2sink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"pipewiresink(?: [a-z-]+=\S+)*", "fakesink"),
    (r"\b(?:glimagesink|gtksink|waylandsink|ximagesink)\b", "fakesink"),
    # Newer than Debian 12's: scripts/systems/test-in.sh runs them where they are.
    (r"\bunixfdsrc socket-path=\S+", CAMERA),
    (r"\bunixfdsink socket-path=\S+", "fakesink"),
    (r"\bsegmentationoverlay\b|\b(?:onnx|tflite)inference model-file=\S+", "identity"),
    (r"\boriginalbuffer(?:save|restore)\b", "identity"),
    # It needs GStreamer 1.26; tests/systems/decode.py runs it.
    (r"\bmattedecode model=\S+", "mattesegment"),
]


def lines_of(path: pathlib.Path) -> list[str]:
    """The gst-launch lines of a document, those that go on over several lines joined."""
    text = path.read_text()
    if path.suffix == ".rs":
        text = re.sub(r"^ \* ?", "", text, flags=re.M)
    text = re.sub(r"\\\n\s*", " ", text)
    lines = [line.strip() for line in text.splitlines()]
    # "..." stands for what the reader has to fill in.
    lines = [line for line in lines if without_environment(line).startswith(TOOLS)]
    return [line for line in lines if "..." not in line]


def without_environment(line: str) -> str:
    return re.sub(r"^(\w+=\S+ +)+", "", line)


def other_commands(path: pathlib.Path) -> list[str]:
    """Lines of a document's shell blocks that are no line of GStreamer's tools."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(), re.M | re.S):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            line = re.sub(r"\s+#.*", "", line).strip()
            if line and not line.startswith("#"):
                found.append(line)
    return [line for line in found if not without_environment(line).startswith(TOOLS)]


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


def runnable(line: str) -> str:
    for pattern, replacement in SUBSTITUTIONS:
        line = re.sub(pattern, replacement, line)
    return line


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        clip = pathlib.Path(folder) / "in.mp4"
        subprocess.run(
            f"gst-launch-1.0 -q {CAMERA} ! videoconvert ! video/x-raw,format=I420 ! x264enc"
            f" ! h264parse ! queue ! mp4mux name=m ! filesink location={clip}"
            " audiotestsrc num-buffers=30 ! avenc_aac ! aacparse ! m.",
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
        for settings in settings_of(ROOT / "docs/tuning.md"):
            line = f"gst-launch-1.0 {CAMERA} ! mattebackground {settings} ! fakesink"
            failed += not run(f"docs/tuning.md: {settings}", line, folder)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
