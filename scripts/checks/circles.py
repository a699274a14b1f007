#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Finds circles of imports in src/: files or folders that need each other.

    scripts/checks/circles.py [SOURCE]...        (default: src and camera/src)
    scripts/checks/circles.py --graph FOLDER     what the files and folders in FOLDER import of each other

A file imports another if one of its paths (`use`, or `crate::`, `super::` and names of modules in
the code) leads to an item of it. `pub use` only passes an item on: whoever uses the item imports
the file that defines it. Tests may import what they like, so `#[cfg(test)]` is left out, and so is
`glib::wrapper!`: a GObject type and its implementation name each other by design.

A folder imports another if any of its files does. So the check goes through the tree from the top:
in every folder, its files and its folders must form no circle. The exit status is 1 if one does;
the path of the circle is printed, with the import behind each step.
"""
import re
import sys
from pathlib import Path


def strip(text: str) -> str:
    """The code without comments, strings and characters."""
    pattern = r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|\'(?:\\.[^\']*|[^\\\'])\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def without_tests(text: str) -> str:
    """The code without `glib::wrapper!` and the items behind `#[cfg(test)]`."""
    while found := re.search(r"#\[cfg\((?:test|all\(test)[^\n]*\]|\bglib::wrapper!", text):
        depth, at = 0, found.end()
        while at < len(text):
            depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(text[at], 0)
            at += 1
            if depth == 0 and text[at - 1] in ";}":
                break
        gone = re.sub(r"[^\n]", " ", text[found.start() : at])
        text = text[: found.start()] + gone + text[at:]
    return text


def flatten(tree: str, before: tuple = ()) -> list:
    """The paths of a `use` tree, as tuples of names with the last one's new name."""
    parts, depth, part = [], 0, ""
    for letter in tree:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    paths = []
    for part in [*parts, part]:
        part = part.strip()
        if not part:
            continue
        if brace := re.match(r"(.*?)(?:::)?\s*\{(.*)\}$", part, re.S):
            names = tuple(n.strip() for n in brace[1].split("::") if n.strip())
            paths += flatten(brace[2], before + names)
            continue
        path, _, alias = part.partition(" as ")
        names = before + tuple(n.strip() for n in path.split("::") if n.strip())
        if names[-1] == "self":
            names = names[:-1]
        paths.append((names, alias.strip() or names[-1]))
    return paths


class Tree:
    """The modules of a crate."""

    def __init__(self, source: Path):
        self.source = source
        self.files, self.code, self.passed, self.uses, self.edges = {}, {}, {}, {}, {}
        self.add((), next(p for p in [source / "lib.rs", source / "main.rs"] if p.exists()))
        for module in self.files:
            self.read_uses(module)
        for module in self.files:
            self.find_edges(module)

    def add(self, module: tuple, file: Path) -> None:
        text = without_tests(strip(file.read_text()))
        self.files[module], self.code[module] = file, text
        folder = file.parent if file.name in ("mod.rs", "lib.rs", "main.rs") else file.parent / file.stem
        for name in re.findall(r"\bmod\s+(\w+)\s*;", text):
            for child in (folder / f"{name}.rs", folder / name / "mod.rs"):
                if child.exists():
                    self.add((*module, name), child)

    def absolute(self, module: tuple, names: tuple):
        """The path from the crate's root, or None if it leads to another crate."""
        if names[0] in ("crate", "$crate"):
            return names[1:]
        at = module
        if names[0] == "self":
            return at + names[1:]
        if names[0] == "super":
            while names and names[0] == "super":
                at, names = at[:-1], names[1:]
            return at + names
        return at + names if (*at, names[0]) in self.files else None

    def read_uses(self, module: tuple) -> None:
        self.uses[module], self.passed[module] = [], []
        for public, tree in re.findall(r"(pub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);", self.code[module]):
            for names, alias in flatten(tree):
                path = self.absolute(module, names)
                if path is not None:
                    (self.passed if public else self.uses)[module].append((path, alias))

    def owner(self, path: tuple, seen: frozenset = frozenset()):
        """The module that defines what a path leads to."""
        at = len(path)
        while path[:at] not in self.files:
            at -= 1
        module, rest = path[:at], path[at:]
        if rest and (module, rest[0]) not in seen:
            for target, alias in self.passed[module]:
                if alias == rest[0] or alias == "*" and self.defines(target[:-1], rest[0]):
                    more = target[:-1] + rest if alias == "*" else target + rest[1:]
                    return self.owner(more, seen | {(module, rest[0])})
        return module

    def defines(self, module: tuple, name: str) -> bool:
        return bool(re.search(rf"\b(?:fn|struct|enum|trait|type|const|static|union)\s+{name}\b", self.code.get(module, "")))

    def find_edges(self, module: tuple) -> None:
        code = re.sub(r"\buse\s+[^;]+;", lambda m: "\n" * m[0].count("\n"), self.code[module])
        paths = [path for path, _ in self.uses[module]]
        for text in re.findall(r"(?<![\w:$])(?:\$?crate|super|self|[a-z_]\w*)(?:::\w+)+", code):
            path = self.absolute(module, tuple(text.split("::")))
            if path is not None:
                paths.append(path)
        for path in paths:
            if (target := self.owner(path)) != module:
                self.edges.setdefault((module, target), "::".join(("crate", *path)))

    def graph(self, folder: tuple) -> dict:
        """What the parts of a folder import of each other, each with one import to show for it.
        The folder's own file is the part ""."""
        graph = {}
        part = lambda module: module[len(folder)] if len(module) > len(folder) else ""
        inside = lambda module: module[: len(folder)] == folder
        for (source, target), path in self.edges.items():
            if inside(source) and inside(target) and part(source) != part(target):
                shown = f"{self.files[source]}: {path}"
                graph.setdefault(part(source), {}).setdefault(part(target), shown)
        return graph

    def folders(self) -> list:
        return sorted({module[:n] for module in self.files for n in range(len(module))})


def circles(graph: dict) -> list:
    """The shortest circle through each group of parts that reach each other."""
    found, done = [], set()
    for start in sorted(graph):
        if start in done:
            continue
        ways, queue = {start: [start]}, [start]
        while queue:
            at = queue.pop(0)
            if start in graph.get(at, {}):
                found.append([*ways[at], start])
                done.update(ways[at])
                break
            for target in graph.get(at, {}):
                if target not in ways:
                    ways[target] = [*ways[at], target]
                    queue.append(target)
    return found


def main() -> int:
    root = Path(__file__).resolve().parent
    while not (root / "Cargo.toml").exists():
        root = root.parent
    arguments = sys.argv[1:]
    if arguments[:1] == ["--graph"]:
        folder = Path(arguments[1])
        source = next(p for p in [folder, *folder.parents] if (p / "lib.rs").exists())
        tree = Tree(source)
        for name, targets in sorted(tree.graph(folder.relative_to(source).parts).items()):
            print(f"{name or 'mod.rs'}: {' '.join(sorted(t or 'mod.rs' for t in targets))}")
        return 0
    count = 0
    for source in map(Path, arguments or [root / "src", root / "camera/src"]):
        tree = Tree(source)
        for folder in tree.folders():
            graph = tree.graph(folder)
            for circle in circles(graph):
                count += 1
                name = "/".join((source.name, *folder))
                print(f"circle in {name}: {' -> '.join(p or 'mod.rs' for p in circle)}")
                for one, next_one in zip(circle, circle[1:]):
                    print(f"    {graph[one][next_one]}")
    if count:
        print(f"{count} circles of imports; move what both need into a file of its own")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
