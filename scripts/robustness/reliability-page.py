#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes docs/reliability.md from what the long runs measured.

usage: reliability-page.py [FOLDER]      the folder that the scripts write to, target by default

The scripts beside this one wrote the folder: fuzz.sh the log.tsv of its folder fuzz, mutants.sh
mutants.tsv, soak.sh soak.tsv and restarts.tsv, asan.sh asan.tsv, valgrind.sh valgrind.tsv. The page
says so if one of them was not run.
"""
import collections
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target")


def rows(name: str) -> list[list[str]] | None:
    file = FOLDER / name
    if not file.exists():
        return None
    return [line.split("\t") for line in file.read_text(errors="replace").splitlines()]


def split(log: list[list[str]]) -> tuple[list[list[str]], dict[str, list[str]]]:
    """Lines that were measured, and by name what the lines with `# name` say of them."""
    measured = [row for row in log if not row[0].startswith("#")]
    return measured, {row[0][2:]: row[1:] for row in log if row[0].startswith("#")}


def at(notes: dict[str, list[str]]) -> str:
    return "".join(f", at {commit}" for commit in notes.get("commit", []))


def missing(script: str) -> str:
    return f"Not run for this page: `{script}`.\n"


def table(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


TARGETS = {
    "describe": "`NAME.toml`, `.modelinfo`, metadata, and what models become with them",
    "outline": "ONNX files before ONNX Runtime sees them; guesses from names and shapes",
    "sample": "every layout, size, stride and offset into tensors and guides; all vector levels bit by bit",
    "blend": "compositing, rescaling, alpha and gray output over the same; bytes between rows stay",
    "picture": "background pictures from files",
    "refine": "the whole post-processing with any parameters, frame after frame",
    "stages": "each of its stages alone, with any sizes and values",
    "pipeline": "`mattebackground` in a pipeline, with changes between frames",
}


def fuzzing() -> str:
    log = rows("fuzz/log.tsv")
    if log is None:
        return missing("scripts/robustness/fuzz.sh")
    wall, processor, runs = (collections.Counter() for _ in range(3))
    for target, seconds, cpu, count in log:
        wall[target] += float(seconds)
        processor[target] += float(cpu)
        runs[target] += int(count)
    body = [
        [f"`{name}`", what, f"{wall[name] / 60:.1f}", f"{processor[name]:.0f} s", f"{runs[name]:,}"]
        for name, what in TARGETS.items()
    ]
    return table(["target", "what it tries", "minutes", "processor time", "inputs"], body)


def mutants() -> str:
    log = rows("mutants.tsv")
    if log is None:
        return missing("scripts/robustness/mutants.sh")
    kinds = collections.Counter(row[1] for row in log)
    words = {
        "works": "loaded and run",
        "fails": "loaded; the run failed with a message",
        "refused": "refused with a message",
        "crashes": "crashed inside of ONNX Runtime",
        "hangs": "hung",
    }
    body = [[what, f"{kinds[kind]:,}"] for kind, what in words.items()]
    text = table([f"{len(log):,} files", ""], body)
    crashes = [f"- {row[0]}: {row[2]}" for row in log if row[1] == "crashes"]
    return text + ("\nThe crashes:\n\n" + "\n".join(crashes) + "\n" if crashes else "")


def spread(cycles: list[list[float]], column: int) -> str:
    return f"{min(r[column] for r in cycles):.0f} to {max(r[column] for r in cycles):.0f}"


def bounded(notes: dict[str, list[str]], what: str, unit: str) -> str:
    """A slope that the test has fitted, with its standard error."""
    if what not in notes:
        return "?"
    slope, error = (float(number) for number in notes[what])
    return f"{slope:+.2f} {unit}, standard error {error:.2f}; with two standard errors {slope + 2 * error:+.2f}"


def soak() -> str:
    log = rows("soak.tsv")
    if log is None:
        return missing("scripts/robustness/soak.sh")
    measured, notes = split(log)
    cycles = [[float(x) for x in row] for row in measured[1:]]
    warm = cycles[-(-len(cycles) // 4):]
    slope = lambda what: bounded(notes, what, "KiB per minute")
    spread_of = lambda column: spread(warm, column)
    body = [
        ["frames", f"{1000 * len(cycles):,}{at(notes)}"],
        ["minutes", f"{cycles[-1][1]:.1f}"],
        ["resident memory after warm-up", f"{spread_of(2)} KiB"],
        ["slope of resident memory", slope("resident")],
        ["allocated memory after warm-up", f"{spread_of(5)} KiB"],
        ["slope of allocated memory", slope("allocated")],
        ["resident memory in the first and last cycle after warm-up", f"{warm[0][2]:.0f} and {warm[-1][2]:.0f} KiB"],
        ["file descriptors", spread_of(3)],
        ["threads (`sync` and `async` in turns)", spread_of(4)],
    ]
    return table(["", ""], body)


def restarts() -> str:
    log = rows("restarts.tsv")
    if log is None:
        return missing("scripts/robustness/soak.sh")
    measured, notes = split(log)
    cycles = [[float(x) for x in row] for row in measured[1:]]
    warm = cycles[len(cycles) // 4:]
    body = [
        ["restarts", f"{len(cycles):,} times, in {cycles[-1][1]:.1f} minutes{at(notes)}"],
        ["first and last number of file descriptors", f"{cycles[0][3]:.0f} and {cycles[-1][3]:.0f}"],
        ["file descriptors after warm-up", spread(warm, 3)],
        ["threads after warm-up", spread(warm, 4)],
        ["allocated memory after warm-up", f"{spread(warm, 5)} KiB"],
        ["slope of allocated memory", bounded(notes, "allocated", "bytes per restart")],
        ["resident memory after warm-up", f"{spread(warm, 2)} KiB"],
    ]
    return table(["", ""], body)


def asan() -> str:
    log = rows("asan.tsv")
    if log is None:
        return missing("scripts/robustness/asan.sh")
    binaries, passed, failed, errors, commit = log[0]
    return (f"{binaries} test binaries with all elements in pipelines, {passed}\ntests passed, {failed} failed, "
            f"{errors} errors, at {commit}.")


def valgrind() -> str:
    log = rows("valgrind.tsv")
    if log is None:
        return missing("scripts/robustness/valgrind.sh")
    body = [[f"`{program}`", what, errors, *commit] for program, what, errors, *commit in log]
    return table(["test binary", "what it tests", "errors", "at"], body)


def main() -> None:
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    page = pathlib.Path(__file__).with_suffix(".md").read_text()
    for name, part in (
        ("FUZZING", fuzzing()),
        ("MUTANTS", mutants()),
        ("SOAK", soak()),
        ("RESTARTS", restarts()),
        ("ASAN", asan()),
        ("VALGRIND", valgrind()),
        ("COMMIT", commit),
    ):
        page = page.replace("{" + name + "}", part.rstrip("\n"))
    print(page, end="")


if __name__ == "__main__":
    main()
