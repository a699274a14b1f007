// SPDX-License-Identifier: MPL-2.0

//! What the first layers do to a picture.

use super::super::constant::Constant;
use super::*;

fn constant(sides: &[usize], values: &[f32]) -> Constant {
    let (sides, values) = (sides.to_vec(), values.to_vec());
    Constant { sides, values }
}

/// An outline of nodes that are written as operator, inputs, output.
fn graph(nodes: &[(&'static str, &[&'static str], &'static str)]) -> Outline<'static> {
    let mut outline = Outline::default();
    for (name, sides, values) in [
        ("255", &[][..], &[255.0][..]),
        ("two", &[], &[2.0]),
        ("one", &[], &[1.0]),
        ("nothing", &[], &[0.0]),
        ("three", &[3], &[1.0, 2.0, 4.0]),
        ("eight", &[2], &[1.0, 2.0]),
        ("weights", &[16, 3, 3, 3], &[]),
    ] {
        outline.constants.insert(name, constant(sides, values));
    }
    for (operator, inputs, output) in nodes {
        outline.makers.insert(output, outline.nodes.len());
        outline.nodes.push(Node {
            operator,
            inputs: inputs.to_vec(),
            outputs: vec![output],
            attributes: vec![("perm", constant(&[], &[0.0, 3.0, 1.0, 2.0]))],
        });
    }
    outline
}

#[test]
fn layers_that_scale_and_move_are_read_in_their_order() {
    let outline = graph(&[
        ("Cast", &["x"], "a"),
        ("Transpose", &["a"], "b"),
        ("Div", &["b", "255"], "c"),
        ("Sub", &["c", "three"], "d"),
        ("Mul", &["two", "d"], "e"),
        ("Conv", &["e", "weights"], "y"),
    ]);
    let feed = outline.feed("x");
    let two = 2.0 / 255.0;
    assert_eq!(feed.changes, [[two, -2.0], [two, -4.0], [two, -8.0]]);
    assert_eq!((feed.channel_axis, feed.channels), (Some(3), Some(3)));
    let outline = graph(&[
        ("Sub", &["one", "x"], "a"),
        ("Conv", &["a", "weights"], "y"),
    ]);
    let feed = outline.feed("x");
    assert_eq!(feed.changes, [[-1.0, 1.0]]);
    assert_eq!((feed.channel_axis, feed.channels), (Some(1), Some(3)));
    let outline = graph(&[
        ("DequantizeLinear", &["x", "two", "one"], "a"),
        (
            "BatchNormalization",
            &["a", "three", "three", "three", "three"],
            "b",
        ),
    ]);
    let [first, ..] = outline.feed("x").changes[..] else {
        panic!("no changes")
    };
    assert!(
        (first[0] - 2.0).abs() < 1e-4 && (first[1] + 2.0).abs() < 1e-4,
        "{first:?}"
    );
}

#[test]
fn what_is_no_change_of_values_ends_it() {
    for (nodes, count) in [
        (
            &[
                ("Div", &["x", "255"][..], "a"),
                ("Exp", &["a"], "b"),
                ("Div", &["b", "255"], "c"),
            ][..],
            1,
        ),
        (&[("Div", &["255", "x"], "a")], 0),
        (&[("Mul", &["x", "nothing"], "a")], 0),
        (&[("Mul", &["x", "eight"], "a")], 0),
        (&[("Mul", &["x", "unknown"], "a")], 0),
        // Two layers take it: neither is all that happens.
        (
            &[("Div", &["x", "255"], "a"), ("Mul", &["x", "two"], "b")],
            0,
        ),
        (&[("Identity", &["x"], "x")], 0),
    ] {
        assert_eq!(graph(nodes).feed("x").changes.len(), count, "{nodes:?}");
    }
    assert_eq!(graph(&[]).feed("x"), Feed::default());
}
