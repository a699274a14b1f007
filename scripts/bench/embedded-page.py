#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/embedded.md from what was measured.

usage: embedded-page.py TSV      what scripts/bench.sh embedded printed
"""
import collections
import pathlib
import subprocess
import sys

# Instructions per cycle that code like this reaches (in-order A53, out-of-order A72) and usual clocks.
BOARDS = [("Cortex-A53 at 1.4 GHz", 1.4e9, 0.8), ("Cortex-A72 at 1.5 GHz", 1.5e9, 1.5)]
TEXT = """# Embedded

`scripts/bench.sh embedded` writes this page. No board was at hand: sizes are of real builds, memory
was measured on x86-64, and instructions were counted on emulated Arm cores. Shares of a board's
core are estimates from these.

| | |
| --- | --- |
| model | {model} |
| commit | {commit} |

## Build

```sh
scripts/systems/cross.sh aarch64 build     # target/aarch64-unknown-linux-gnu/dist/stripped/libgstmatte.so
scripts/systems/cross.sh armv7 build
```

The script uses Debian's cross compiler, Rust's own targets, and a Debian 12 for the board's
processor in a folder. The plugin then runs on Debian 12 and newer, Raspberry Pi OS included.

- `scripts/systems/cross.sh aarch64 check` loads it there with qemu-user and lets the network make
  mattes.
- `scripts/systems/cross.sh aarch64 test --release --tests` runs the tests;
  `scripts/test.sh systems` leaves out those that emulation cannot run.
- `scripts/package.sh build arm64` makes a Debian package of that build.
- [packaging/](../packaging) has a Yocto recipe and a Buildroot package, and says how far each was
  tried.

The plugin runs its networks by itself ([Engines](engines.md)) and needs nothing but GStreamer.
Where ONNX Runtime is installed, it runs them instead; it is not linked in. PyPI's wheels contain it
for aarch64 (27 MB, glibc 2.28); Debian 13 and newer have packages. For 32-bit Arm there is no
wheel: build it, or take the distribution's.

## Size

The stripped plugin with its networks, which take {inside:,} bytes of it:

| processor | bytes |
| --- | --- |
{sizes}

## Memory

Peak of a whole `gst-launch-1.0` process with all its libraries, in MiB; ONNX Runtime runs the
network where no engine is named:

| pipeline | resident | not shared with others |
| --- | --- | --- |
{memory}

## Reading and writing frames

A camera's memory is often uncached, and reading it costs more than what is computed from it. So
often is a byte of a 480p NV12 frame read and written, counted on an emulated Arm core from one
frame to the next (commit {counted}):

| elements | luma read | never read | chroma read | never read | luma written | never written |
| --- | --- | --- | --- | --- | --- | --- |
{touches}

## Instructions

Millions per frame, NV12, one thread, a webcam clip of one person; ONNX Runtime runs the network
where no engine is named:

| elements | core | {heights} |
| --- | --- |{rule}
{instructions}

Shares of a core at 30 frames per second, estimated from these numbers and from the instructions per
cycle that such code reaches (0.8 on the A53, which is in-order and 64 bits wide, 1.5 on the A72):

| elements | size | {boards} |
| --- | --- |{boards_rule}
{estimates}

## A profile for small boards

By these numbers, 30 frames per second of the fast preset with a colour at 720p take {a72} of one
core of an A72 and {a53} of an A53. If that is too much, these settings help; the first saves most:

1. **The camera's frame rate.** Everything is proportional to it: 15 frames per second take half of
   every figure. 15 are usual for calls on small boards, and a background needs fewer than a face.
2. **`interval=0`, or 2 or 3.** The network, {network} of that work, then runs where the picture asks for
   it ([how much that saves](tuning.md#less-work-interval-still-threshold-mode)), or on every second
   or third frame; the frames between reuse its matte. With 2 or 3 the work is the same whatever
   happens, with 0 a person who moves much costs as much as with 1. `still-threshold=0.006` lets it
   rest while nobody moves.
3. **`input-pixels=28672`.** On a picture of 224x128 the network takes 0.83 of its time (measured on
   x86-64) and loses one point of IoU; [Tuning](tuning.md#finer-or-cheaper-mattes-input-pixels) has
   more sizes.
4. **`background=color` or a picture, with `preset=fast`**: at 720p {plain} less than blur with the
   balanced preset.
5. **640x480 instead of 1280x720**: only {small}. The network sees as many pixels, and the fast
   preset works at the matte's size, whatever the frame's. A smaller picture saves work in the
   camera, the encoder and memory.
6. **The camera's own format.** NV12, I420, YUY2 and others are read as they are, without
   `videoconvert`. `io-mode=dmabuf` on `v4l2src` leaves frames where the driver put them. DMABuf
   memory (libcamera's, too) is mapped where it is; with each map GStreamer begins and ends the
   processor's access (`DMA_BUF_IOCTL_SYNC`). Linear memory under the caps that GStreamer has for it
   since 1.24 (`video/x-raw(memory:DMABuf), format=DMA_DRM, drm-format=NV12`) is taken in the same
   way. `mattesegment` and `matterefine` hand such frames on as they come. `mattecompose` and
   `mattemix` work in the same memory and give plain `video/x-raw`; if others use the memory as
   well, GStreamer copies it, and the copy is not a DMABuf. Tiled memory (`NV12:0x01...`) is
   refused, with the remedy.
7. **The camera's small stream.** Most camera hardware scales a second stream for nothing. On the
   pad `small`, the network, the motion compensation and the still gate read it, and `mattesegment`
   does not even map the frames ([Live behaviour](live.md#the-small-stream)):
   `pipelines/two-streams.sh`, with libcamera.
8. **`threads=1`.** A second thread saves 10 to 25 % of time for twice the power; leave that core to
   the encoder.
9. **A cheaper network.** `models/matte-int8.onnx` is the default's int8 version and as exact;
   `model=builtin-lite` and its int8 version take least time and are least exact
   ([model card](../models/MODEL_CARD.md)).
{networks}
The smallest profile uses all of this:
`MATTE_MODEL=models/matte-lite-int8.onnx pipelines/embedded.sh nv12`, the last row of the
instructions above{smallest}.

[pipelines/embedded.sh](../pipelines/embedded.sh) has these pipelines for libcamera, V4L2 NV12,
DMABuf and MJPEG cameras, and uses the board's H.264 encoder if there is one:

```sh
pipelines/embedded.sh libcamera                    # Raspberry Pi camera to a window
HOST=192.168.1.20 pipelines/embedded.sh nv12 rtp   # hardware encoder, RTP
pipelines/embedded.sh mjpeg meeting.mkv            # USB camera to a file
```
"""


def table(rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def networks(rows: list[list[str]]) -> str:
    """The counts of each network, as a table within the list."""
    if not rows:
        return ""
    cores = list(dict.fromkeys(core for _, core, _ in rows))
    counts: dict = collections.defaultdict(dict)
    for name, core, count in rows:
        counts[name][core] = f"{float(count):.1f}"
    cells = [["`mattesegment` at 480p, millions per frame", *cores], ["---"] * (1 + len(cores)),
             *([name, *by_core.values()] for name, by_core in counts.items())]
    return "\n" + "\n".join("   " + line for line in table(cells).splitlines()) + "\n"


def touched(name: str, *counts: str) -> list[str]:
    """A row: of luma and chroma how often it is read, and of luma how often it is written."""
    read, unread, written, unwritten, chroma, no_chroma, *_ = (float(count) for count in counts)
    return [f"`{name}`" if name.startswith("matte") else name, f"{read:.2f}", f"{unread:.0%}", f"{chroma:.2f}",
            f"{no_chroma:.0%}", f"{written:.2f}", f"{unwritten:.0%}"]


def main() -> None:
    found = collections.defaultdict(list)
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        kind, *cells = line.split("\t")
        found[kind].append(cells)
    heights = list(dict.fromkeys(height for *_, height, _ in found["instructions"]))
    counts: dict = collections.defaultdict(dict)
    for name, core, height, count in found["instructions"]:
        counts[name, core][height] = float(count)
    instructions = [[f"`{name}`" if name.startswith("matte") else name, core,
                     *(f"{sizes[h]:.1f}" if h in sizes else "" for h in heights)]
                    for (name, core), sizes in counts.items()]
    estimates = []
    for (name, core), sizes in counts.items():
        if "A53" not in core or name.startswith("nothing"):
            continue
        for height, count in sizes.items():
            shares = [f"{100 * 30 * count * 1e6 / (clock * ipc):.0f} %" for _, clock, ipc in BOARDS]
            estimates.append([f"`{name}`" if name.startswith("matte") else name, height, *shares])
    models = pathlib.Path(__file__).parents[2] / "models"
    inside = sum((models / name).stat().st_size for name in ("matte.onnx", "matte-lite.onnx"))
    fast, full = (counts[name, "A53/A72"]["720p"]
                  for name in ("mattebackground preset=fast background=color", "mattebackground (balanced, blur)"))
    small = counts["mattebackground preset=fast background=color", "A53/A72"]["480p"]
    a53, a72 = (f"{100 * 30 * fast * 1e6 / (clock * ipc):.0f} %" for _, clock, ipc in BOARDS)
    last = list(counts.values())[-1]
    a53_small = 100 * 30 * last["480p"] * 1e6 / (BOARDS[0][1] * BOARDS[0][2])
    smallest = f" ({a53_small:.0f} % of a Cortex-A53 at 480p and 30 frames per second)" if found["network"] else ""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    print(TEXT.format(
        model=found["model"][0][0] if found["model"] else "builtin",
        commit=commit.stdout.strip(),
        inside=inside,
        a53=a53, a72=a72,
        network=f"{100 * counts['mattesegment', 'A53/A72']['720p'] / fast:.0f} %",
        plain=f"{100 - 100 * fast / full:.0f} %",
        small=f"{100 - 100 * small / fast:.0f} %",
        networks=networks(found["network"]), smallest=smallest,
        sizes=table([[name, f"{int(size):,}"] for name, size in found["size"]]),
        memory=table(found["memory"]), counted=commit.stdout.strip(),
        touches=table([touched(*row) for row in found["touches"]]),
        heights=" | ".join(heights), rule=" --- |" * len(heights), instructions=table(instructions),
        boards=" | ".join(name for name, *_ in BOARDS), boards_rule=" --- |" * len(BOARDS),
        estimates=table(estimates)), end="")


if __name__ == "__main__":
    main()
