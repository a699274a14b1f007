// SPDX-License-Identifier: MPL-2.0

use super::super::error::Fault;
use super::*;
use std::path::PathBuf;

/// A tensor of floats of these sides.
fn floats(id: &str, sides: &[usize]) -> TensorAbout {
    TensorAbout {
        id: id.into(),
        element: Some(Element::Float32),
        sides: sides.to_vec(),
        by_columns: false,
    }
}

fn of(element: Element, about: TensorAbout) -> TensorAbout {
    TensorAbout {
        element: Some(element),
        ..about
    }
}

/// Memory as GStreamer gives it: it begins at a whole number.
struct Memory(Vec<u64>, usize);

impl Memory {
    fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0u64; bytes.len().div_ceil(8)];
        zerocopy::IntoBytes::as_mut_bytes(&mut words[..])[..bytes.len()].copy_from_slice(bytes);
        Self(words, bytes.len())
    }

    fn floats(values: &[f32]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
        Self::new(&bytes)
    }

    fn bytes(&self) -> &[u8] {
        &zerocopy::IntoBytes::as_bytes(&self.0[..])[..self.1]
    }
}

fn described(lines: &[(&str, &str)]) -> DescriptionKeys {
    let mut keys = DescriptionKeys::default();
    for (key, value) in lines {
        let origin = super::super::Origin::new("test");
        keys.insert_text(key, value, &origin).unwrap();
    }
    keys
}

fn decoder(lines: &[(&str, &str)]) -> Decoder {
    Decoder::new(None, None, &described(lines)).unwrap()
}

fn settle(decoder: &mut Decoder, tensor: &TensorAbout, memory: &Memory) -> Result<(), ModelError> {
    let one = std::slice::from_ref(tensor);
    decoder.settle(one, (4, 2), |_| Some(memory.bytes().to_vec()))
}

/// What a decoder makes of a frame of 4x2 pixels with one tensor.
fn matte(decoder: &mut Decoder, tensor: &TensorAbout, memory: &Memory) -> Vec<u8> {
    settle(decoder, tensor, memory).unwrap();
    let mut matte = GrayImage::new(0, 0);
    decoder.decode(&[memory.bytes()], &mut matte).unwrap();
    assert_eq!((matte.width(), matte.height()), (4, 2));
    matte.data().to_vec()
}

const RAMP: [f32; 8] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.5, 0.1];

fn expected(share: impl Fn(f32) -> f32) -> Vec<u8> {
    RAMP.iter()
        .map(|x| (255.0 * share(*x)).round_ties_even() as u8)
        .collect()
}

#[test]
fn the_id_alone_tells_a_matte() {
    for sides in [&[2, 4][..], &[1, 1, 2, 4], &[1, 2, 4, 1], &[1, 8]] {
        let found = matte(
            &mut decoder(&[]),
            &floats(MATTE, sides),
            &Memory::floats(&RAMP),
        );
        assert_eq!(found, expected(|x| x), "{sides:?}");
    }
    let bytes = [0, 1, 2, 127, 128, 255, 254, 3];
    let unsigned = of(Element::Uint8, floats(MATTE, &[2, 4]));
    assert_eq!(
        matte(&mut decoder(&[]), &unsigned, &Memory::new(&bytes)),
        bytes
    );
    let signed = of(Element::Int8, floats(MATTE, &[2, 4]));
    let moved = bytes.map(|x| x.wrapping_sub(128));
    assert_eq!(
        matte(&mut decoder(&[]), &signed, &Memory::new(&moved)),
        bytes
    );
}

#[test]
fn values_tell_what_the_id_does_not() {
    let tensor = floats("whatever", &[1, 1, 2, 4]);
    let mut found = decoder(&[]);
    assert_eq!(
        matte(&mut found, &tensor, &Memory::floats(&RAMP)),
        expected(|x| x)
    );
    assert!(
        found
            .output()
            .unwrap()
            .1
            .iter()
            .any(|guess| guess.contains("output.kind"))
    );
    let logits = RAMP.map(|x| 8.0 * x - 4.0);
    let found = matte(&mut decoder(&[]), &tensor, &Memory::floats(&logits));
    assert_eq!(found, expected(|x| 1.0 / (1.0 + (4.0 - 8.0 * x).exp())));
    // Two classes, plane by plane.
    let shares: Vec<f32> = RAMP.iter().map(|x| 1.0 - x).chain(RAMP).collect();
    let tensor = floats("whatever", &[1, 2, 2, 4]);
    let found = matte(&mut decoder(&[]), &tensor, &Memory::floats(&shares));
    assert_eq!(found, expected(|x| x));
}

#[test]
fn descriptions_hold_for_tensors_as_for_networks() {
    let tensor = floats("whatever", &[1, 2, 4, 2]);
    let shares: Vec<f32> = RAMP.iter().flat_map(|x| [*x, 1.0 - x]).collect();
    let lines = [("output.kind", "softmax"), ("output.subject", "[0]")];
    let found = matte(&mut decoder(&lines), &tensor, &Memory::floats(&shares));
    assert_eq!(found, expected(|x| x));
    // Scale and zero point of an NPU's output, which no file tells.
    let tensor = of(Element::Int8, floats("whatever", &[1, 2, 4, 1]));
    let whole = RAMP.map(|x| (50.0 * x).round() as i8 as u8);
    let lines = [("output.kind", "alpha"), ("output.scale", "0.02")];
    let found = matte(&mut decoder(&lines), &tensor, &Memory::new(&whole));
    assert_eq!(found, expected(|x| x));
    let lines = [
        ("output.kind", "logits"),
        ("output.scale", "0.1"),
        ("output.zero", "20"),
    ];
    let whole = RAMP.map(|x| (80.0 * x - 20.0).round() as i8 as u8);
    let found = matte(&mut decoder(&lines), &tensor, &Memory::new(&whole));
    assert_eq!(found, expected(|x| 1.0 / (1.0 + (4.0 - 8.0 * x).exp())));
}

#[test]
fn a_black_first_frame_asks_and_the_next_one_answers() {
    let (tensor, mut found) = (floats("whatever", &[1, 1, 2, 4]), decoder(&[]));
    let error = settle(&mut found, &tensor, &Memory::floats(&[0.0; 8])).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("alpha, logits, minmax or labels?"), "{said}");
    assert!(
        said.contains("a description (.toml) that the property `model` names"),
        "{said}"
    );
    assert!(found.sources((4, 2)).is_empty());
    assert_eq!(
        matte(&mut found, &tensor, &Memory::floats(&RAMP)),
        expected(|x| x)
    );
}

#[test]
fn values_that_contradict_the_description_are_refused() {
    let (tensor, mut found) = (floats(MATTE, &[2, 4]), decoder(&[]));
    settle(&mut found, &tensor, &Memory::floats(&RAMP)).unwrap();
    let mut matte = GrayImage::new(0, 0);
    let wrong = Memory::floats(&RAMP.map(|x| 255.0 * x));
    let error = found.decode(&[wrong.bytes()], &mut matte).unwrap_err();
    match error {
        ModelError::Implausible { what, .. } => assert!(matches!(what.fault, Fault::Outside(_))),
        other => panic!("{other}"),
    }
    let wrong = Memory::floats(&[f32::NAN; 8]);
    let error = found.decode(&[wrong.bytes()], &mut matte).unwrap_err();
    assert!(matches!(error, ModelError::NonFinite { .. }));
    // The tensor says more numbers than there are, or fewer.
    for length in [0, 28, 31] {
        let short = Memory::new(&vec![0; length]);
        let error = found.decode(&[short.bytes()], &mut matte).unwrap_err();
        assert!(
            error.to_string().contains("expected those of [2, 4]"),
            "{error}"
        );
    }
    assert!(found.decode(&[], &mut matte).is_err());
    assert!(decoder(&[]).decode(&[wrong.bytes()], &mut matte).is_err());
}

#[test]
fn tensors_that_are_no_matte_are_refused() {
    let memory = Memory::floats(&RAMP);
    for (tensor, words) in [
        (
            floats("boxes", &[1, 100]),
            "none of its outputs can be a matte",
        ),
        (
            floats("high", &[1, 1, 4, 2]),
            "none of its outputs can be a matte",
        ),
        (floats("none", &[]), "none of its outputs can be a matte"),
        (
            floats("huge", &[usize::MAX, usize::MAX]),
            "none of its outputs can be a matte",
        ),
        (
            TensorAbout {
                element: None,
                ..floats("text", &[2, 4])
            },
            "none of its outputs can be a matte",
        ),
        (
            TensorAbout {
                by_columns: true,
                ..floats(MATTE, &[2, 4])
            },
            "stored column by column",
        ),
    ] {
        let error = settle(&mut decoder(&[]), &tensor, &memory)
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn an_unknown_id_names_those_that_are_there() {
    let mut found = Decoder::new(None, Some("matte"), &DescriptionKeys::default()).unwrap();
    let tensors = [floats("a", &[2, 4]), floats("b", &[2, 4])];
    let error = found.settle(&tensors, (4, 2), |_| None).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("`matte`") && said.contains("only `a`, `b`"),
        "{said}"
    );
    // Several that can be one, and nobody says which.
    let error = decoder(&[]).settle(&tensors, (4, 2), |_| None).unwrap_err();
    assert!(
        error.to_string().contains("which output holds the matte?"),
        "{error}"
    );
    // The property, the description and the known id answer it.
    let mut asked = Decoder::new(None, Some("b"), &described(&[("output.kind", "alpha")])).unwrap();
    asked.settle(&tensors, (4, 2), |_| None).unwrap();
    assert_eq!(asked.sources((4, 2)), &tensors[1..]);
    let mut named = decoder(&[("output.name", "a"), ("output.kind", "alpha")]);
    named.settle(&tensors, (4, 2), |_| None).unwrap();
    assert_eq!(named.sources((4, 2)), &tensors[..1]);
    let tensors = [floats("a", &[2, 4]), floats(MATTE, &[2, 4])];
    let mut known = decoder(&[]);
    known.settle(&tensors, (4, 2), |_| None).unwrap();
    assert_eq!(known.sources((4, 2)), &tensors[1..]);
}

#[test]
fn other_frames_and_other_tensors_are_settled_anew() {
    let (tensor, mut found) = (floats(MATTE, &[2, 4]), decoder(&[]));
    settle(&mut found, &tensor, &Memory::floats(&RAMP)).unwrap();
    let [source] = found.sources((4, 2)) else {
        panic!("one source")
    };
    assert!(source.is(MATTE, Some(Element::Float32), &[2, 4], false));
    assert!(!source.is(MATTE, Some(Element::Float32), &[4, 2], false));
    assert!(!source.is(MATTE, Some(Element::Uint8), &[2, 4], false));
    assert!(found.sources((2, 4)).is_empty());
    // Frames that the network sees squeezed: the description says its sides.
    let lines = [("input.width", "4"), ("input.height", "2")];
    let mut squeezed = decoder(&lines);
    squeezed.settle(&[tensor], (200, 200), |_| None).unwrap();
}

#[test]
fn registered_ids_of_yolo_become_one_matte() {
    let ids = [
        "yolo-v8-segmentation-out-detections",
        "yolo-v8-segmentation-out-protos",
    ];
    // 9 detections of one class, 8 prototypes of 4x2.
    let detections = TensorAbout {
        by_columns: true,
        ..floats(ids[0], &[1, 13, 9])
    };
    let prototypes = floats(ids[1], &[1, 8, 2, 4]);
    let mut numbers = vec![0.0f32; 13 * 9];
    let set = [(0, 2.0), (1, 1.0), (2, 4.0), (3, 2.0), (4, 0.9), (5, 40.0)];
    set.into_iter()
        .for_each(|(row, value)| numbers[row * 9 + 3] = value);
    let mut masks = vec![0.0f32; 8 * 8];
    (0..8).for_each(|x| masks[x] = if x % 4 < 2 { 1.0 } else { -1.0 });
    let others = floats("other", &[1, 5]);
    let mut found = decoder(&[]);
    let all = [prototypes.clone(), others, detections.clone()];
    found.settle(&all, (4, 2), |_| None).unwrap();
    assert_eq!(found.sources((4, 2)), [detections, prototypes]);
    let (numbers, masks) = (Memory::floats(&numbers), Memory::floats(&masks));
    let mut matte = GrayImage::new(0, 0);
    found
        .decode(&[numbers.bytes(), masks.bytes()], &mut matte)
        .unwrap();
    assert_eq!(matte.data(), [255, 255, 0, 0, 255, 255, 0, 0]);
}

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "models", name]
        .iter()
        .collect()
}

#[test]
fn the_graph_of_an_onnx_file_tells_as_for_a_network() {
    // Bytes that stand for logits; neither the tensor nor a description says it.
    let path = file("given_logits_i8.onnx");
    let mut found = Decoder::new(Some(&path), None, &DescriptionKeys::default()).unwrap();
    let tensor = of(Element::Int8, floats("any", &[1, 1, 2, 4]));
    let memory = Memory::new(&[0x80, 0xc0, 0, 0x10, 0x20, 0x40, 0x60, 0x7f]);
    settle(&mut found, &tensor, &memory).unwrap();
    let (plan, _) = found.output().unwrap();
    assert_eq!(plan.kind, OutputKind::Logits);
    assert!(plan.quantised.scale != 1.0);
}

#[test]
fn missing_files_are_told() {
    for (name, words) in [
        ("no_such.onnx", "the file that the inference element runs"),
        ("no_such.toml", "name a description that can be read"),
    ] {
        let error = Decoder::new(Some(&file(name)), None, &DescriptionKeys::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(words), "{error}");
    }
    let odd = described(&[("output.kind", "alpha"), ("output.scale", "0.1")]);
    let mut decoder = Decoder::new(None, None, &odd).unwrap();
    let error = decoder.settle(&[floats(MATTE, &[2, 4])], (4, 2), |_| None);
    assert!(error.unwrap_err().to_string().contains("whole numbers"));
    let mut decoder = self::decoder(&[("output.zero", "3"), ("output.kind", "alpha")]);
    let whole = of(Element::Int8, floats("any", &[2, 4]));
    let error = decoder.settle(&[whole], (4, 2), |_| None).unwrap_err();
    assert!(
        error.to_string().contains("output.scale is missing"),
        "{error}"
    );
    let mut decoder = self::decoder(&[("output.scale", "3"), ("output.kind", "labels")]);
    let whole = of(Element::Int8, floats("any", &[2, 4]));
    let error = decoder.settle(&[whole], (4, 2), |_| None).unwrap_err();
    assert!(
        error.to_string().contains("stand for themselves"),
        "{error}"
    );
}

#[test]
fn a_tflite_file_tells_scale_zero_point_and_kind() {
    let whole = [-128i8, -77, -26, 26, 77, 127, 0, -102];
    let memory = Memory::new(&whole.map(|x| x as u8));
    let share = |x: i8| (f32::from(x) + 128.0) / 256.0;
    for (id, sides) in [
        ("alpha", &[1, 2, 4, 1][..]),
        (MATTE, &[1, 2, 4, 1]),
        ("any", &[2, 4]),
    ] {
        let path = file("sigmoid_i8.tflite");
        let mut found = Decoder::new(Some(&path), None, &DescriptionKeys::default()).unwrap();
        let tensor = of(Element::Int8, floats(id, sides));
        let expected = whole.map(|x| (255.0 * share(x)).round_ties_even() as u8);
        assert_eq!(matte(&mut found, &tensor, &memory), expected, "{id}");
    }
    let path = file("logits_i8.tflite");
    let mut found = Decoder::new(Some(&path), None, &DescriptionKeys::default()).unwrap();
    let tensor = of(Element::Int8, floats("scores", &[1, 2, 4, 1]));
    let logit = |x: i8| 0.05 * (f32::from(x) - 10.0);
    let expected = whole.map(|x| (255.0 / (1.0 + (-logit(x)).exp())).round_ties_even() as u8);
    assert_eq!(matte(&mut found, &tensor, &memory), expected);
    // Turned over before the sigmoid: which end is the subject is asked.
    let path = file("turned.tflite");
    let mut found = Decoder::new(Some(&path), None, &DescriptionKeys::default()).unwrap();
    let tensor = floats("alpha", &[1, 2, 4, 1]);
    let error = settle(&mut found, &tensor, &Memory::floats(&RAMP)).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("turned.toml beside it") && said.contains("output.range"),
        "{said}"
    );
}
