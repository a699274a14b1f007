// SPDX-License-Identifier: MPL-2.0

//! The table of keys and its page agree.

use super::*;

#[test]
fn the_documentation_has_every_key_as_it_is() {
    let page = include_str!("../../../docs/models.md");
    for (key, kind, meaning) in KEYS {
        let row = format!("| `{key}` | {} | {meaning} |", kind.expected());
        assert!(page.contains(&row), "docs/models.md lacks this row:\n{row}");
    }
    let table = page.split("| key | value | meaning |").nth(1);
    let rows = table.unwrap_or_default().lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).count();
    assert_eq!(rows, KEYS.len(), "docs/models.md has rows for no key");
}

#[test]
fn near_misses_are_suggested() {
    assert_eq!(suggestion("output.knd"), Some("output.kind"));
    assert_eq!(suggestion("something.else"), None);
}
