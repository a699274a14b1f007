# SPDX-License-Identifier: MPL-2.0
"""scripts/docs/dedent.py: what pages include of programs has no indent."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "docs" / "dedent.py"
BEFORE = """\
fn main() {
    // ANCHOR: part
    if true {
        call();
    }

    // ANCHOR_END: part
    other();
    // ANCHOR: last
        deep();
    // ANCHOR_END: last
}
"""
AFTER = """\
fn main() {
    // ANCHOR: part
if true {
    call();
}

    // ANCHOR_END: part
    other();
    // ANCHOR: last
deep();
    // ANCHOR_END: last
}
"""


class Dedent(unittest.TestCase):
    def test_parts_lose_their_indent_and_nothing_else_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            inside = pathlib.Path(folder) / "c"
            inside.mkdir()
            program, picture = inside / "a.rs", inside / "a.png"
            program.write_text(BEFORE)
            picture.write_bytes(b"\xff\xd8 ANCHOR: part")
            subprocess.run([sys.executable, SCRIPT, folder], check=True)
            self.assertEqual(program.read_text(), AFTER)
            self.assertEqual(picture.read_bytes(), b"\xff\xd8 ANCHOR: part")


if __name__ == "__main__":
    unittest.main()
