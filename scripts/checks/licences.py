#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Checks the licence of every crate against deny.toml; the light stand-in for cargo-deny.

Prints one TAP line for each crate whose licence is not allowed, and one for all others.
"""
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).parents[2]


def allowed(expression: str, allow: set[str]) -> bool:
    """Whether an SPDX expression can be satisfied with the allowed licences alone."""
    if expression in allow:
        return True
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    terms, words = [], []
    for token in [*tokens, ")"]:
        if token in ("(", ")", "AND", "OR"):
            if words:
                terms.append(str(" ".join(words) in allow))
                words = []
            terms.append(token.lower())
        else:
            words.append(token)
    # Only True, False, and, or and parentheses are left to be evaluated.
    return bool(eval(" ".join(terms[:-1]), {"__builtins__": {}}))


def main() -> int:
    allow = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    command = ["cargo", "metadata", "--format-version=1", "--all-features", "--locked"]
    # The window is a workspace of its own.
    answers = [subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
               for folder in (ROOT, ROOT / "window")]
    packages = [package for answer in answers for package in json.loads(answer)["packages"]]
    bad = 0
    for package in packages:
        licence = package["license"] or "none stated"
        if not allowed(licence, allow):
            print(f"not ok {package['name']} {package['version']}: {licence} is not in deny.toml")
            bad += 1
    if not bad:
        print(f"ok licences of {len(packages)} crates")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
