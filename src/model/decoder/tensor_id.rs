// SPDX-License-Identifier: MPL-2.0

//! Which tensors are meant, and what their ids say. Ids are words on which elements agree, listed by
//! <https://github.com/collabora/tensor-id-registry>: a tensor with one needs no description.

use super::super::ModelError;
use super::super::description::{DescriptionKeys, Origin};
use super::super::signature::GraphHint;
use super::about::{Element, TensorAbout};
use super::known::Known;

/// Id of a matte: one channel, rows first, 0 where the background is to 1 where the subject is; 0
/// to 255 in unsigned and -128 to 127 in signed bytes. Named by the rules of the registry, as
/// `classification-generic-out` is: no architecture was the first to have it.
pub const MATTE: &str = "matting-generic-out";

/// Ids of the registry for the instance segmentation of YOLO: boxes with coefficients, prototypes.
const YOLO: [&str; 2] = [
    "yolo-v8-segmentation-out-detections",
    "yolo-v8-segmentation-out-protos",
];

/// The places of the tensors that may be the matte, among all of a frame.
///
/// # Errors
/// The frame has none with the id that is asked for.
pub(super) fn wanted(
    tensors: &[TensorAbout],
    asked: Option<&str>,
    known: &Known,
) -> Result<Vec<usize>, ModelError> {
    let find = |id: &str| tensors.iter().position(|tensor| tensor.id == id);
    if let Some(id) = asked {
        return match (find(id), YOLO.contains(&id)) {
            (Some(_), true) => Ok(YOLO.iter().filter_map(|id| find(id)).collect()),
            (Some(place), false) => Ok(vec![place]),
            (None, _) => Err(ModelError::tensor(&known.file, id, missing(tensors))),
        };
    }
    if let Some(name) = known.keys.text("output.name")
        && let Some(place) = find(known.id_of(name))
        && !YOLO.contains(&tensors[place].id.as_str())
    {
        return Ok(vec![place]);
    }
    if let Some(place) = find(MATTE) {
        return Ok(vec![place]);
    }
    match YOLO.map(find) {
        [Some(boxes), Some(prototypes)] => Ok(vec![boxes, prototypes]),
        _ => Ok((0..tensors.len()).collect()),
    }
}

/// What there is in the place of a tensor that is not there.
fn missing(tensors: &[TensorAbout]) -> String {
    let ids: Vec<String> = tensors
        .iter()
        .map(|tensor| format!("`{}`", tensor.id))
        .collect();
    format!(
        "the frame has no tensor of this id, only {}; set the property `tensor-id` to one of them",
        ids.join(", ")
    )
}

/// Adds what the id of the only wanted tensor says, where neither a description nor the graph
/// (`hint`) says anything else.
///
/// # Errors
/// None that a test does not find.
pub(super) fn describe(
    tensors: &[TensorAbout],
    wanted: &[usize],
    hint: Option<&GraphHint>,
    keys: &mut DescriptionKeys,
) -> Result<(), ModelError> {
    let &[place] = wanted else { return Ok(()) };
    let tensor = &tensors[place];
    if tensor.id != MATTE || keys.text("output.kind").is_some_and(|kind| kind != "alpha") {
        return Ok(());
    }
    let origin = Origin::new(format!("tensor id {MATTE}"));
    keys.insert("output.kind", "alpha".into(), &origin)?;
    let said = ["output.range", "output.scale", "output.zero"];
    let ends: Option<[i64; 2]> = match tensor.element {
        Some(Element::Uint8) => Some([0, 255]),
        Some(Element::Int8) => Some([-128, 127]),
        _ => None,
    };
    let ends = ends.filter(|_| hint.is_none_or(|hint| hint.quantised.is_none()));
    match ends {
        Some(ends) if said.iter().all(|key| keys.origin(key).is_none()) => {
            keys.insert("output.range", ends.to_vec().into(), &origin)
        }
        _ => Ok(()),
    }
}
