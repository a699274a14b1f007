// SPDX-License-Identifier: MPL-2.0

//! The fused way against the general one.

use super::*;
use crate::model::engine::EngineKind;
use crate::testing::Random;

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    std::fs::read(models.join(name)).unwrap()
}

fn floats(shape: &[usize], value: impl FnMut() -> f32) -> Tensor {
    let element = Some(TensorElementType::Float32);
    let mut tensor = Tensor::zeros(EngineKind::Embedded, element, shape).unwrap();
    tensor.values_mut::<f32>().fill_with(value);
    tensor
}

/// A picture of large, soft patches.
fn picture([width, height]: [usize; 2]) -> Tensor {
    let mut random = Random::new((width * height) as u64);
    let mut level = 0.0f32;
    floats(&[1, 3, height, width], || {
        level = (level + 0.05 * random.normal()).clamp(0.0, 1.0);
        level
    })
}

#[test]
fn our_networks_are_fused_and_give_what_the_general_way_gives() {
    for name in ["matte.onnx", "matte-lite.onnx"] {
        let bytes = shipped(name);
        let network = fused::Network::read(&bytes).expect(name);
        let general =
            general::Model::load(&bytes, None, &Outline::read(&bytes, name).unwrap()).expect(name);
        for size in [
            [256, 144],
            [192, 192],
            [144, 256],
            [272, 128],
            [64, 64],
            [16, 16],
        ] {
            let picture = picture(size);
            let inputs = [(network.input.as_str(), &picture)];
            let given = general.run_once(&inputs).unwrap();
            let expected = given.values[0].1.values::<f32>();
            for level in crate::simd::levels() {
                let mut memory = network.memory(size, level).unwrap();
                let mut found = vec![0.0; memory.outputs()];
                // Twice: nothing of the first run is left over.
                for _ in 0..2 {
                    let picture = picture.values();
                    memory.run(&network, picture, &mut found, || true).unwrap();
                    let far = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
                    let far = far.fold(0.0, f32::max);
                    assert!(far < 1e-4, "{name} {size:?} {level:?}: {far}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_ours_takes_the_general_way() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    for (folder, name) in [
        ("models", "matte-int8.onnx"),
        ("tests/models", "alpha.onnx"),
    ] {
        let bytes = std::fs::read(models.join("../..").join(folder).join(name)).unwrap();
        assert!(fused::Network::read(&bytes).is_err(), "{name}");
        let outline = Outline::read(&bytes, name).unwrap();
        let model = Model::load(&bytes, None, &outline).unwrap();
        assert!(!model.is_single_threaded(), "{name}");
    }
}

#[test]
fn what_cannot_be_run_is_named_with_a_way_out() {
    let mut bytes = shipped("matte.onnx");
    let operator = b"DepthToSpace";
    let mut places = bytes.windows(operator.len());
    let at = places.position(|part| part == operator).unwrap();
    bytes[at..at + operator.len()].copy_from_slice(b"SpaceToDream");
    let outline = Outline::read(&bytes, "dream.onnx").unwrap();
    let error = Model::load(&bytes, None, &outline).expect_err("no such operator");
    let words = error.to_string();
    for part in ["SpaceToDream", "engine=onnxruntime"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn pictures_that_are_too_small_or_too_large_are_refused() {
    let network = fused::Network::read(&shipped("matte.onnx")).unwrap();
    let level = crate::simd::level();
    let large = network
        .memory([1 << 16, 1 << 16], level)
        .expect_err("large");
    assert!(large.contains("too large"), "{large}");
    assert!(network.memory([0, 16], level).is_err());
    let mut memory = network.memory([16, 16], level).unwrap();
    let error = memory.run(&network, &[0.0; 5], &mut [0.0; 256], || true);
    assert!(error.expect_err("short").contains("expected"));
}

#[test]
fn a_broken_file_is_refused_wherever_it_ends() {
    let bytes = shipped("matte-lite.onnx");
    for end in (0..bytes.len()).step_by(bytes.len() / 97) {
        assert!(fused::Network::read(&bytes[..end]).is_err());
    }
}

#[test]
fn networks_share_the_memory_of_runs() {
    let bytes = shipped("matte.onnx");
    let network = fused::Network::read(&bytes).unwrap();
    let sizes = Sizes::default();
    let [small, large] = [[128, 80], [256, 144]];
    let first = sizes.of(&network, small).unwrap();
    let second = sizes.of(&network, small).unwrap();
    assert!(Arc::ptr_eq(&first, &second), "one size, one memory");
    assert!(!Arc::ptr_eq(&first, &sizes.of(&network, large).unwrap()));
    // Two runs at the same time have one each, and both are kept.
    let inside = |_: &mut fused::Memory| Ok(second.spare());
    assert_eq!(first.spare(), 1);
    assert_eq!(first.with(&network, inside).unwrap(), 0);
    let nested = first.with(&network, |_| second.with(&network, |_| Ok(())));
    nested.unwrap();
    assert_eq!(first.spare(), 2);
    let weak = Arc::downgrade(&first);
    drop((first, second));
    assert!(weak.upgrade().is_none(), "it goes with the last network");
    assert!(sizes.of(&network, [1, 1]).is_err(), "too small");
}

#[test]
fn tensors_share_memory() {
    for (name, most) in [("matte.onnx", 0.5), ("matte-lite.onnx", 0.5)] {
        let network = fused::Network::read(&shipped(name)).unwrap();
        let memory = network.memory([256, 144], crate::simd::level()).unwrap();
        let (taken, all) = memory.numbers();
        println!("{name}: {taken} of {all}");
        assert!(
            (taken as f64) < most * all as f64,
            "{name}: {taken} of {all}"
        );
    }
}
