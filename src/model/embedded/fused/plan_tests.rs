// SPDX-License-Identifier: MPL-2.0

//! Memory that other tensors, and other runs, have left numbers in.

use super::layers::{Layer, Layers};
use super::*;
use std::cell::Cell;

/// A number that no result hides.
const LEFT: f32 = 1e30;

fn shipped(name: &str) -> Network {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    Network::read(&std::fs::read(models.join(name)).unwrap()).unwrap()
}

fn picture([width, height]: [usize; 2]) -> Vec<f32> {
    let mut random = crate::testing::Random::new(7);
    let mut values = vec![0.0; 3 * width * height];
    values.fill_with(|| random.unit());
    values
}

#[test]
fn a_run_that_was_stopped_leaves_nothing_behind() {
    let size = [64, 48];
    for name in ["matte.onnx", "matte-lite.onnx"] {
        let network = shipped(name);
        let picture = picture(size);
        let left = vec![LEFT; picture.len()];
        let level = crate::simd::level();
        let mut memory = network.memory(size, level).unwrap();
        let mut expected = vec![0.0; memory.outputs()];
        memory
            .run(&network, &picture, &mut expected, || true)
            .unwrap();
        let mut found = expected.clone();
        for passes in 0..network.layers.layers.len() {
            let done = Cell::new(0);
            let go_on = || done.replace(done.get() + 1) < passes;
            memory
                .run(&network, &left, &mut found, go_on)
                .expect_err("it was stopped");
            memory.run(&network, &picture, &mut found, || true).unwrap();
            assert!(
                found == expected,
                "{name}, after a run of {passes} passes: another matte"
            );
        }
    }
}

#[test]
fn channels_that_fill_up_a_pixel_are_zero_whatever_lay_there() {
    // 48 channels, then 24 in the same memory.
    let concat = |input, count, output| Layer::Concat {
        inputs: vec![input; count],
        output,
    };
    let layers = vec![
        concat(0, 16, 1),
        concat(0, 1, 2),
        concat(2, 8, 3),
        Layer::Output {
            input: 3,
            block: 1,
            sigmoid: false,
        },
    ];
    let network = Network {
        layers: Layers {
            layers,
            channels: vec![3, 48, 3, 24],
        },
        input: String::new(),
        output: String::new(),
    };
    let size = [5, 4];
    let mut memory = network.memory(size, crate::simd::level()).unwrap();
    for buffer in &mut memory.plan.buffers {
        buffer.fill(LEFT);
    }
    let picture = picture(size);
    let mut found = vec![0.0; memory.outputs()];
    memory.run(&network, &picture, &mut found, || true).unwrap();
    assert_eq!(found, picture[..found.len()], "the first channel");
    let plane = memory.plan.planes[3];
    let values = &memory.plan.buffers[plane.buffer];
    assert!(plane.pitch > 24, "{}", plane.pitch);
    for pixel in 0..plane.pixels() {
        let pixel = &values[plane.at(pixel)..][..plane.pitch];
        assert!(pixel[..24].iter().all(|value| *value < LEFT));
        assert_eq!(pixel[24..], vec![0.0; plane.pitch - 24]);
    }
}
