#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes docs/reliability.md of what was run.

usage: reliability-page.py [FOLDER]      the folder that the scripts write to, target by default

Reads fuzz/log.tsv (scripts/fuzz.sh), mutants.tsv (scripts/mutants.sh), soak.tsv (scripts/soak.sh)
and valgrind.tsv (scripts/valgrind.sh); what is missing is said to be missing.
"""
import collections
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target")


def rows(name: str) -> list[list[str]] | None:
    file = FOLDER / name
    if not file.exists():
        return None
    return [line.split("\t") for line in file.read_text(errors="replace").splitlines()]


def missing(script: str) -> str:
    return f"Not run for this page: `{script}`.\n"


def table(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


TARGETS = {
    "describe": "`NAME.toml`, `.modelinfo`, metadata, and what models get with them",
    "outline": "ONNX files before ONNX Runtime sees them; guesses from names and shapes",
    "sample": "every layout, size, stride and offset into tensors and guides; all vector levels bit by bit",
    "blend": "compositing, rescaling, alpha and gray output over the same; bytes between rows stay",
    "picture": "background pictures out of files",
    "refine": "the whole post-processing, any parameters, frame after frame",
    "stages": "each stage of it alone, any sizes and values",
    "pipeline": "`mattebackground` in a pipeline, changes between frames",
}


def fuzzing() -> str:
    log = rows("fuzz/log.tsv")
    if log is None:
        return missing("scripts/fuzz.sh")
    wall, processor, runs = (collections.Counter() for _ in range(3))
    for target, seconds, cpu, count in log:
        wall[target] += float(seconds)
        processor[target] += float(cpu)
        runs[target] += int(count)
    body = [
        [f"`{name}`", what, f"{wall[name] / 60:.1f}", f"{processor[name]:.0f} s", f"{runs[name]:,}"]
        for name, what in TARGETS.items()
    ]
    return table(["target", "what it tries", "minutes", "of them computing", "inputs"], body)


def mutants() -> str:
    log = rows("mutants.tsv")
    if log is None:
        return missing("scripts/mutants.sh")
    kinds = collections.Counter(row[1] for row in log)
    words = {
        "works": "loaded and run",
        "fails": "loaded; the run failed with words",
        "refused": "refused with words",
        "crashes": "crashed inside of ONNX Runtime",
        "hangs": "hung",
    }
    body = [[what, f"{kinds[kind]:,}"] for kind, what in words.items()]
    text = table([f"{len(log):,} files", ""], body)
    crashes = [f"- {row[0]}: {row[2]}" for row in log if row[1] == "crashes"]
    return text + ("\nThe crashes:\n\n" + "\n".join(crashes) + "\n" if crashes else "")


def soak() -> str:
    log = rows("soak.tsv")
    if log is None:
        return missing("scripts/soak.sh")
    # The test has fitted the slopes: lines `# what`, slope, standard error.
    slopes = {row[0]: row[1:] for row in log if row[0].startswith("#")}
    cycles = [[float(x) for x in row] for row in log[1:] if not row[0].startswith("#")]
    warm = cycles[-(-len(cycles) // 4):]
    slope = lambda what: "{} KiB a minute, standard error {}".format(*slopes.get(f"# {what}", ("?", "?")))
    spread = lambda column: f"{min(r[column] for r in warm):.0f} to {max(r[column] for r in warm):.0f}"
    body = [
        ["frames", f"{1000 * len(cycles):,}"],
        ["minutes", f"{cycles[-1][1]:.1f}"],
        ["resident memory, after warm-up", f"{spread(2)} KiB"],
        ["its slope", slope("resident")],
        ["allocated, after warm-up", f"{spread(5)} KiB"],
        ["its slope", slope("allocated")],
        ["first and last cycle after warm-up", f"{warm[0][2]:.0f} and {warm[-1][2]:.0f} KiB"],
        ["file descriptors", spread(3)],
        ["threads (`sync` and `async` take turns)", spread(4)],
    ]
    return table(["", ""], body)


def valgrind() -> str:
    log = rows("valgrind.tsv")
    if log is None:
        return missing("scripts/valgrind.sh")
    body = [[f"`{program}`", what, errors] for program, what, errors in log]
    return table(["test binary", "what of it", "errors"], body)


def main() -> None:
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    page = (ROOT / "scripts" / "reliability-page.md").read_text()
    for name, part in (
        ("FUZZING", fuzzing()),
        ("MUTANTS", mutants()),
        ("SOAK", soak()),
        ("VALGRIND", valgrind()),
        ("COMMIT", commit),
    ):
        page = page.replace("{" + name + "}", part.rstrip("\n"))
    print(page, end="")


if __name__ == "__main__":
    main()
