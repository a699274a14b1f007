// SPDX-License-Identifier: MPL-2.0

//! States are paired with care.

use super::*;
use ort::value::TensorElementType;

#[test]
fn states_are_paired_by_name_and_shape() {
    let tensor = |name: &str, dims: &[Option<usize>]| TensorInfo {
        name: name.into(),
        element: Some(TensorElementType::Float32),
        dims: dims.to_vec(),
    };
    let dims = [Some(1), Some(16), None, None];
    let signature = Signature {
        inputs: vec![],
        outputs: vec![
            tensor("pha", &dims),
            tensor("r1o", &dims),
            tensor("r2o", &[Some(1), Some(20), None, None]),
            tensor("out_h", &dims),
        ],
    };
    let guess = |name: &str| state_output(&tensor(name, &dims), &signature);
    assert_eq!(guess("r1i").as_deref(), Some("r1o"));
    assert_eq!(guess("in_h").as_deref(), Some("out_h"));
    assert_eq!(guess("r2i"), None, "other shape");
    assert_eq!(guess("mask"), None);
}
