#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Builds the module of the Flatpak manifest as flatpak-builder would, but in a plain folder: the
runtime that it needs comes from Flathub alone. tests/systems/recipes.sh calls it.

usage: flatpak.py WORK

The manifest comes from standard input, as `flatpak-builder --show-manifest` prints it. The sources of
its Git repository are this checkout's commit; crates come from Cargo's own cache, by their sums. The
extension lands in WORK/extension.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).parents[2]


def cached_crates() -> dict[str, pathlib.Path]:
    """Cargo's downloads by their SHA-256."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    files = home.glob("registry/cache/*/*.crate")
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in files}


def unpack(source: dict[str, str], into: pathlib.Path, crates: dict[str, pathlib.Path]) -> None:
    """Puts one source where flatpak-builder puts it."""
    folder = into / source.get("dest", ".")
    folder.mkdir(parents=True, exist_ok=True)
    match source["type"]:
        case "git":
            archive = subprocess.run(["git", "-C", ROOT, "archive", "HEAD"], check=True, stdout=subprocess.PIPE)
            subprocess.run(["tar", "-x", "-C", folder], check=True, input=archive.stdout)
        case "archive":
            with tarfile.open(crates[source["sha256"]]) as crate:
                # The first folder of an archive is left out.
                for member in crate.getmembers():
                    member.name = member.name.partition("/")[2]
                    if member.name:
                        crate.extract(member, folder)
        case "inline":
            (folder / source["dest-filename"]).write_text(source["contents"])
        case other:
            raise SystemExit(f"a source of the kind {other}: this program knows git, archive and inline")


def main() -> int:
    work = pathlib.Path(sys.argv[1]).resolve()
    manifest = json.load(sys.stdin)
    (module,) = manifest["modules"]
    build = work / "build" / module["name"]
    subprocess.run(["cargo", "fetch", "--locked", "--manifest-path", ROOT / "Cargo.toml"], check=True)
    crates = cached_crates()
    for source in module["sources"]:
        unpack(source, build, crates)
    # Where flatpak-builder has the folder of a module.
    settings = {name: value.replace("/run/build/", f"{work}/build/")
                for name, value in manifest["build-options"]["env"].items()}
    # What is tested is that the commands build and install the plugin, not how fast it is.
    hasty = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "CARGO_PROFILE_RELEASE_LTO": "off",
             "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "64"}
    environment = os.environ | hasty | settings | {"FLATPAK_DEST": str(work / "extension")}
    for command in module["build-commands"]:
        print(f"$ {command}", flush=True)
        subprocess.run(["sh", "-ec", command], check=True, cwd=build, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
