// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn numbers_are_read_in_place() {
    let values = [0.5f32, -2.0];
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
    // A vector of bytes may lie anywhere.
    let mut aligned = [0u64; 1];
    zerocopy::IntoBytes::as_mut_bytes(&mut aligned).copy_from_slice(&bytes);
    let bytes = zerocopy::IntoBytes::as_bytes(&aligned);
    assert_eq!(numbers::<f32>(bytes).unwrap(), values);
    assert_eq!(floats(E::Float32, bytes).unwrap(), values);
    assert_eq!(floats(E::Int32, bytes), None);
}

#[test]
fn a_wrong_length_and_a_wrong_place_are_told() {
    let aligned = [0u64; 2];
    let bytes = zerocopy::IntoBytes::as_bytes(&aligned);
    let error = numbers::<f32>(&bytes[..6]).unwrap_err();
    assert!(error.contains("6 bytes, 0 behind"), "{error}");
    let error = numbers::<f32>(&bytes[2..6]).unwrap_err();
    assert!(error.contains("4 bytes, 2 behind"), "{error}");
    assert!(numbers::<i8>(&bytes[3..6]).is_ok());
}

#[test]
fn every_number_of_a_matte_has_a_size() {
    assert_eq!(size(E::Float16), Some(2));
    assert_eq!(size(E::Bool), Some(1));
    assert_eq!(size(E::String), None);
}
