#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Checks every link and picture of the built documentation site and of the Markdown files in the
repository: the target must be there, and so must the heading that it names.

usage: links.py SITE

Addresses of other sites are not checked; those of this project's own repository must name a file of
this checkout. Prints one TAP line per page.
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = ["", "docs/", "docs/pictures/", "models/**/", "packaging/", "scripts/", "tests/"]
MARKDOWN = [f"{folder}*.md" for folder in FOLDERS]
REPOSITORY = re.compile(r"https://github\.com/gst-plugin-matte/matte/(?:tree|blob)/main/([^#?]*)")
# All chapters in one page for printing, their headings renamed; the table beside every page; a page
# that is seen at any address.
SKIPPED = {"print.html", "toc.html", "404.html"}


class Page(html.parser.HTMLParser):
    """What a page links to and what can be linked to in it."""

    def __init__(self, path: pathlib.Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(base: pathlib.Path, link: str, top: pathlib.Path, anchors) -> str | None:
    """Why a link leads nowhere, if it does. `anchors` tells what a file can be entered by."""
    own = REPOSITORY.match(link)
    if own:
        return None if (ROOT / own.group(1)).exists() else "no such file in the repository"
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = base if not parts.path else (base.parent / urllib.parse.unquote(parts.path)).resolve()
    if not target.exists():
        return "no such file"
    if top not in (target, *target.parents):
        return f"leads out of {top.name}"
    if parts.fragment and target.suffix in (".html", ".md"):
        if parts.fragment not in anchors(target):
            return f"no heading #{parts.fragment} there"
    return None


def site(folder: pathlib.Path):
    pages: dict[pathlib.Path, Page] = {}

    def page(path):
        if path not in pages:
            pages[path] = Page(path)
        return pages[path]

    for path in sorted(folder.rglob("*.html")):
        if path.name in SKIPPED:
            continue
        for link in page(path).links:
            yield path, link, broken(path, link, folder, lambda p: page(p).anchors)


def headings(path: pathlib.Path) -> set[str]:
    """The anchors that headings of a Markdown file get, and those that it has itself."""
    text = path.read_text()
    found = re.findall(r"^#+ (.*)$", text, re.M)
    words = (re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()) for title in found)
    return {title.replace(" ", "-") for title in words} | set(re.findall(r'<a id="([^"]+)">', text))


def markdown():
    for path in sorted(p for glob in MARKDOWN for p in ROOT.glob(glob)):
        text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            yield path, link, broken(path, link, ROOT, headings)


def main() -> int:
    folder = pathlib.Path(sys.argv[1]).resolve()
    failed: dict[pathlib.Path, list[str]] = {}
    for path, link, why in [*site(folder), *markdown()]:
        failed.setdefault(path, [])
        if why:
            failed[path].append(f"{link}: {why}")
    for path, reasons in failed.items():
        top = folder if folder in path.parents else ROOT
        print("not ok" if reasons else "ok", "links of", path.relative_to(top))
        for reason in reasons:
            print("#", reason)
    return any(failed.values())


if __name__ == "__main__":
    sys.exit(main())
