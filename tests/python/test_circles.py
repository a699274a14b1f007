# SPDX-License-Identifier: MPL-2.0
"""scripts/checks/circles.py finds circles of imports, and nothing that is none."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/checks/circles.py"


def check(**files):
    """Runs the script on a crate of these files: `a__b` is a/b.rs. Status and output."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, "src", name.replace("__", "/") + ".rs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [sys.executable, SCRIPT, Path(folder, "src")]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout


class Circles(unittest.TestCase):
    def test_two_files_that_need_each_other_are_named_with_the_imports(self):
        status, told = check(
            lib="mod one; mod two;", one="use super::two::B;", two="use crate::one::A;"
        )
        self.assertEqual(status, 1)
        self.assertIn("circle in src: one -> two -> one", told)
        self.assertIn("one.rs: crate::two::B", told)

    def test_a_path_in_the_code_counts_as_an_import(self):
        status, _ = check(
            lib="mod one; mod two;",
            one="pub fn f() { super::two::g(); }",
            two="use super::one; pub fn g() { one::f(); }",
        )
        self.assertEqual(status, 1)

    def test_folders_are_looked_at_as_wholes(self):
        # No file is in a circle, but the folders need each other.
        status, told = check(
            lib="mod a; mod b;",
            a__mod="pub mod x; pub mod y;",
            a__x="use crate::b::z::Z;",
            a__y="pub struct Y;",
            b__mod="pub mod z; pub mod w;",
            b__z="pub struct Z;",
            b__w="use crate::a::y::Y;",
        )
        self.assertEqual(status, 1)
        self.assertIn("circle in src: a -> b -> a", told)

    def test_what_is_passed_on_is_imported_from_where_it_is_defined(self):
        status, told = check(
            lib="mod a;",
            a__mod="mod x; mod y; pub use x::{X as Passed, other}; pub use y::*;",
            a__x="use super::Y; pub struct X; pub mod other {}",
            a__y="pub struct Y;",
        )
        self.assertEqual((status, told), (0, ""))

    def test_tests_comments_and_gobject_wrappers_are_no_imports(self):
        status, told = check(
            lib="mod one; mod two;",
            one="//! See [`super::two`].\nuse super::two::B; /* use super::two; */",
            two='#[cfg(test)]\nmod tests { use crate::one::A; }\nconst S: &str = "crate::one::A";'
            "\nglib::wrapper! { pub struct W(ObjectSubclass<super::one::W>); }",
        )
        self.assertEqual((status, told), (0, ""))


if __name__ == "__main__":
    unittest.main()
