#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes what packaging/ must know of Cargo.toml and Cargo.lock: the crates of the Yocto recipe and of the
Flatpak manifest, and the version in file names, makefiles and manifests.

usage: crates.py [--check]

--check writes nothing and fails where something is out of date.
"""
import json
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).parents[2]
YOCTO = ROOT / "packaging" / "yocto"
MAKE = ROOT / "packaging" / "buildroot" / "gst1-plugin-matte" / "gst1-plugin-matte.mk"
FLATPAK = ROOT / "packaging" / "flatpak"
MANIFEST = FLATPAK / "org.freedesktop.Platform.GStreamer.matte.yml"


def locked() -> list[tuple[str, str, str]]:
    """Name, version and checksum of every crate that comes from a registry."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return sorted((p["name"], p["version"], p["checksum"]) for p in lock["package"] if "checksum" in p)


def sources() -> str:
    """The sources of the Flatpak manifest, in the form of Flatpak's own cargo generator: each crate in
    a folder that Cargo takes for the registry."""
    found: list[dict[str, object]] = []
    for name, version, checksum in locked():
        folder = f"cargo/vendor/{name}-{version}"
        found += [
            {"type": "archive", "archive-type": "tar-gzip", "dest": folder, "sha256": checksum,
             "url": f"https://static.crates.io/crates/{name}/{name}-{version}.crate"},
            {"type": "inline", "dest": folder, "dest-filename": ".cargo-checksum.json",
             "contents": json.dumps({"package": checksum, "files": {}})},
        ]
    settings = '[source.vendored-sources]\ndirectory = "cargo/vendor"\n\n' \
               '[source.crates-io]\nreplace-with = "vendored-sources"\n'
    found.append({"type": "inline", "dest": "cargo", "dest-filename": "config.toml", "contents": settings})
    return json.dumps(found, indent=1) + "\n"


def crates() -> str:
    """The include file of the recipe, in the form of Yocto's own cargo-update-recipe-crates."""
    found = locked()
    lines = ["# Written by scripts/release/crates.py from Cargo.lock", 'SRC_URI += "\\']
    lines += [f"    crate://crates.io/{name}/{version} \\" for name, version, _ in found]
    lines += ['"', ""]
    lines += [f'SRC_URI[{name}-{version}.sha256sum] = "{checksum}"' for name, version, checksum in found]
    return "\n".join(lines) + "\n"


def main() -> int:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    make = re.sub(r"(?m)^(\w+_VERSION = ).*", rf"\g<1>{version}", MAKE.read_text())
    manifest = re.sub(r"(?m)^( +tag: v).*", rf"\g<1>{version}", MANIFEST.read_text())
    wanted = {YOCTO / "gst-plugin-matte-crates.inc": crates(), MAKE: make,
              MANIFEST: manifest, FLATPAK / "cargo-sources.json": sources()}
    (recipe,) = YOCTO.glob("gst-plugin-matte_*.bb")
    named = YOCTO / f"gst-plugin-matte_{version}.bb"
    if sys.argv[1:] == ["--check"]:
        stale = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
        stale += [recipe.name] if recipe != named else []
        print(f"not ok packaging is out of date, run scripts/release/crates.py: {', '.join(stale)}" if stale
              else "ok packaging knows the crates and the version")
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text)
    recipe.rename(named)
    return 0


if __name__ == "__main__":
    sys.exit(main())
