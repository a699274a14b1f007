// SPDX-License-Identifier: MPL-2.0

use super::*;

fn node(id: u64, process: u32, state: &str) -> String {
    format!(
        "[\n  {{\"id\": {id}, \"type\": \"PipeWire:Interface:Node\", \"info\": \
         {{\"state\": \"{state}\", \"props\": {{\"{PROCESS}\": \"{process}\"}}}}}}\n]\n"
    )
}

#[test]
fn the_node_of_this_process_is_followed() {
    let (own, other) = (std::process::id(), 1);
    let mut dump = Dump::default();
    for (text, expected) in [
        (node(30, other, "running"), false),
        (node(34, own, "suspended"), false),
        (node(34, own, "running"), true),
        (node(30, other, "idle"), true),
        (node(34, own, "idle") + &node(34, own, "running"), true),
        ("[\n  {\"id\": 34, \"info\": null}\n]\n".into(), false),
    ] {
        // In pieces, as a pipe gives them.
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        assert_eq!(dump.read(head).expect("it is no end"), None, "{text}");
        assert_eq!(
            dump.read(tail).expect("it is an array"),
            Some(expected),
            "{text}"
        );
    }
    assert!(dump.read(b"[ what\n]\n").is_err());
}
