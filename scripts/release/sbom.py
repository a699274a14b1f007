#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes the bill of materials of a build as CycloneDX 1.5 JSON: every crate that is linked in (plugin and
programs), with its version, licence, checksum and what it depends on.

usage: sbom.py [--target TRIPLE] [--features LIST] [--workspace FOLDER] > matte-VERSION.cdx.json

Crates that only build or test the plugin are left out.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).parents[2]


def linked(metadata: dict) -> set[str]:
    """Ids of the packages that end up in the plugin and its programs: reached by normal dependencies alone."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    procedural = {package["id"] for package in metadata["packages"]
                  if any("proc-macro" in target["kind"] for target in package["targets"])}
    found, todo = set(), [*metadata["workspace_members"]]
    while todo:
        current = todo.pop()
        # A procedural macro runs while compiling; nothing of it is linked.
        if current in found or current in procedural:
            continue
        found.add(current)
        todo += normal(nodes[current])
    return found


def normal(node: dict) -> list[str]:
    return [dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--target", help="only what this target triple links")
    parser.add_argument("--features", default="", help="cargo features of the build")
    parser.add_argument("--workspace", default=".", help="a workspace of its own, such as window")
    args = parser.parse_args()
    workspace = ROOT / args.workspace
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--features", args.features]
    if args.target:
        command += ["--filter-platform", args.target]
    metadata = json.loads(subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=True).stdout)
    lock = tomllib.loads((workspace / "Cargo.lock").read_text())
    sums = {(entry["name"], entry["version"]): entry.get("checksum") for entry in lock["package"]}
    keep = linked(metadata)
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}

    def reference(package: dict) -> str:
        return f"pkg:cargo/{package['name']}@{package['version']}"

    def component(package: dict, kind: str) -> dict:
        entry = {
            "type": kind,
            "bom-ref": reference(package),
            "name": package["name"],
            "version": package["version"],
            "purl": reference(package),
            "licenses": [{"expression": (package["license"] or "NOASSERTION").replace("/", " OR ")}],
        }
        if package.get("description"):
            entry["description"] = " ".join(package["description"].split())
        if package.get("repository"):
            entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        if checksum := sums.get((package["name"], package["version"])):
            entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return entry

    root = packages[metadata["resolve"]["root"]]
    libraries = [packages[i] for i in keep if i != root["id"]]
    libraries.sort(key=lambda package: (package["name"], package["version"]))
    seed = f"{reference(root)} {args.target} {args.features} {(workspace / 'Cargo.lock').read_text()}"
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        # Of the content, so that the same sources give the same file.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {"component": component(root, "library")},
        "components": [component(package, "library") for package in libraries],
        "dependencies": [
            {"ref": reference(packages[i]),
             "dependsOn": sorted(reference(packages[d]) for d in normal(nodes[i]) if d in keep)}
            for i in sorted(keep, key=lambda i: reference(packages[i]))
        ],
    }
    json.dump(bom, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
