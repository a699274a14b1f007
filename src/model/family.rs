// SPDX-License-Identifier: MPL-2.0

//! Networks that many people have, recognised by the names, sides and layers of their files: what
//! their authors feed them, so that nobody has to write it down; and those that want more than a
//! picture, which are refused by their name.

use super::ModelError;
use super::description::{DescriptionKeys, parse_toml};
use super::onnx::Outline;

/// A family of networks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    /// What people call it.
    pub name: &'static str,
    /// What its authors make of code values: `range`, `mean` and `std`.
    numbers: &'static str,
    /// What else its authors do, as lines of a description.
    others: String,
}

const UNIT: &str = "range = [0.0, 1.0]";
const SIGNED: &str = "range = [-1.0, 1.0]";
const AROUND_HALF: &str = "range = [-0.5, 0.5]";
const IMAGENET: &str =
    "range = [0.0, 1.0]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]";
/// Published as (x - mean) / std / 255 for code values x, blue first.
const SINET: &str = "range = [0.0, 255.0]\nmean = [102.890434, 111.25247, 126.91212]\n\
                     std = [16047.8946, 16019.4519, 16920.704775]";

/// What a row of the table looks at.
struct Face<'a> {
    outline: &'a Outline<'a>,
    /// The only input, or the first one.
    input: &'a str,
    /// The first output.
    output: &'a str,
}

impl Face<'_> {
    fn named(&self, input: &str, output: &str) -> bool {
        // Converters from TensorFlow number their tensors.
        let plain = |name: &str| name.strip_suffix(":0").unwrap_or(name) == input;
        let end = self.output.strip_suffix(":0").unwrap_or(self.output);
        plain(self.input) && end == output
    }

    fn count(&self, operator: &str) -> usize {
        self.outline.count(operator)
    }

    /// The sides of a tensor, 0 for those that are open.
    fn sides(&self, tensor: &str) -> &[usize] {
        self.outline.sides.get(tensor).map_or(&[], |sides| sides)
    }

    /// The classes of the first output, its rows and columns.
    fn classes(&self) -> usize {
        self.sides(self.output).get(1).copied().unwrap_or_default()
    }

    fn is_open(&self) -> bool {
        self.sides(self.input).contains(&0)
    }
}

/// Name, what tells it, what its authors make of code values, and what else they do.
type Row = (
    &'static str,
    fn(&Face) -> bool,
    &'static str,
    fn(&Face) -> String,
);

fn nothing(_: &Face) -> String {
    String::new()
}

/// Sides of an input that leaves them open.
fn open_sides(face: &Face, multiple: usize, pixels: usize) -> String {
    match face.is_open() {
        true => format!("input.multiple = {multiple}\ninput.pixels = {pixels}\n"),
        false => String::new(),
    }
}

/// Blocks of a U with a U in each, as U2-Net and those after it have.
fn is_nested_u(face: &Face) -> bool {
    let kinds = ["Conv", "ConvInteger", "QLinearConv"];
    let convolutions: usize = kinds.iter().map(|kind| face.count(kind)).sum();
    face.count("MaxPool") == 33 && convolutions >= 112
}

/// The output of a network that gives its finest matte first, and coarser ones and features after it.
fn first_output(face: &Face) -> String {
    match face.outline.outputs.len() {
        1 => String::new(),
        _ => format!("output.name = \"{}\"\n", face.output),
    }
}

const FAMILIES: &[Row] = &[
    (
        "RobustVideoMatting",
        |face| face.outline.has_input("src") && face.outline.has_input("r1i"),
        UNIT,
        |_| "input.name = \"src\"\noutput.name = \"pha\"\noutput.kind = \"alpha\"\n".into(),
    ),
    (
        "MODNet",
        |face| face.named("input", "output") && face.count("InstanceNormalization") == 16,
        SIGNED,
        |face| open_sides(face, 32, 512 * 512),
    ),
    (
        "U2-Net",
        |face| is_nested_u(face) && face.outline.outputs.len() == 7,
        IMAGENET,
        |face| {
            format!(
                "output.name = \"{}\"\noutput.kind = \"minmax\"\n",
                face.output
            )
        },
    ),
    (
        "IS-Net of IMG.LY",
        |face| is_nested_u(face) && face.outline.outputs.len() == 1 && face.is_open(),
        // Published as (x - 128) / 256 for code values x.
        "range = [-0.5, 0.49609375]",
        |face| open_sides(face, 128, 1024 * 1024),
    ),
    (
        "IS-Net or RMBG-1.4",
        |face| is_nested_u(face) && matches!(face.outline.outputs.len(), 1 | 12),
        AROUND_HALF,
        first_output,
    ),
    (
        "BiRefNet or RMBG-2.0",
        |face| face.named("input_image", "output_image") || face.named("pixel_values", "alphas"),
        IMAGENET,
        |face| open_sides(face, 32, 1024 * 1024),
    ),
    (
        "SegFormer",
        |face| face.named("pixel_values", "logits") && face.outline.has_depthwise(),
        IMAGENET,
        |face| {
            let person = match face.classes() {
                150 => "output.subject = [12]\n",
                19 => "output.subject = [11]\n",
                _ => "",
            };
            format!(
                "output.kind = \"classes\"\n{person}{}",
                open_sides(face, 32, 512 * 512)
            )
        },
    ),
    (
        "torchvision's DeepLab, FCN or LR-ASPP",
        |face| face.named("input", "out") && face.classes() == 21,
        IMAGENET,
        |_| "output.name = \"out\"\noutput.kind = \"classes\"\noutput.subject = [15]\n".into(),
    ),
    (
        "DeepLab",
        |face| face.named("sub_7", "ResizeBilinear_3") || face.named("sub_7", "ResizeBilinear_2"),
        SIGNED,
        |_| "output.kind = \"classes\"\noutput.subject = [15]\n".into(),
    ),
    (
        "DeepLab with MobileNetV2",
        // What follows the layers that bring the picture to -1 to 1.
        |face| face.named("MobilenetV2/MobilenetV2/input", "transpose"),
        SIGNED,
        |face| match face.classes() {
            21 => "output.kind = \"classes\"\noutput.subject = [15]\n".into(),
            _ => "output.kind = \"classes\"\n".into(),
        },
    ),
    (
        "DeepLab",
        |face| face.named("ImageTensor", "SemanticPredictions"),
        "range = [0.0, 255.0]",
        |_| "output.kind = \"labels\"\noutput.subject = [15]\n".into(),
    ),
    (
        "PP-HumanSeg",
        |face| {
            face.input == "x"
                && face.output.starts_with("save_infer_model/scale_0.tmp")
                && face.classes() == 2
        },
        SIGNED,
        nothing,
    ),
    (
        "SINet",
        |face| {
            face.count("PRelu") >= 20
                && face.classes() == 2
                && matches!(face.sides(face.input), [_, 3, 320, 320] | [_, 3, 224, 224])
        },
        SINET,
        |_| "input.order = \"bgr\"\n".into(),
    ),
    (
        "MediaPipe's selfie segmentation",
        |face| {
            let pools = ["GlobalAveragePool", "ReduceMean", "AveragePool"];
            let squeezed: usize = pools.iter().map(|pool| face.count(pool)).sum();
            let sides = face.sides(face.input);
            let sized = matches!(
                sides,
                [_, 3, 256, 256] | [_, 3, 144, 256] | [_, 256, 256, 3] | [_, 144, 256, 3]
            );
            sized && squeezed == 10 && face.outline.outputs.len() == 1
        },
        UNIT,
        nothing,
    ),
    (
        "YOLO's semantic segmentation",
        |face| face.outline.said("task") == Some("semantic"),
        UNIT,
        |face| labels(face.outline),
    ),
    (
        "YOLO's instance segmentation",
        |face| face.outline.is_instances(),
        UNIT,
        |face| labels(face.outline),
    ),
];

/// The classes' names in a file of Ultralytics: `{0: 'person', 1: 'bicycle'}`.
fn labels(outline: &Outline) -> String {
    let text = outline.said("names").unwrap_or_default();
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let mut names = Vec::new();
    for (index, entry) in inner.split(", ").enumerate() {
        let Some((number, name)) = entry.split_once(": ") else {
            return String::new();
        };
        let name = name.trim_matches(['\'', '"']);
        if number.trim().parse() != Ok(index) || name.contains(['"', '\\']) {
            return String::new();
        }
        names.push(format!("\"{name}\""));
    }
    format!("output.labels = [{}]\n", names.join(", "))
}

impl Family {
    /// The family that a file is one of.
    pub fn of(outline: &Outline) -> Option<Self> {
        let face = Face {
            outline,
            input: outline.inputs.first()?.0,
            output: outline.outputs.first()?,
        };
        let (name, _, numbers, others) = FAMILIES.iter().find(|(_, tells, ..)| tells(&face))?;
        Some(Self {
            name,
            numbers,
            others: others(&face),
        })
    }

    /// Adds what is known of the family, where nobody said anything else. `changed`: the graph itself
    /// changes its picture's values, and so takes others than its authors' programs give.
    ///
    /// # Errors
    /// None that a test of the table does not find.
    pub fn describe(&self, keys: &mut DescriptionKeys, changed: bool) -> Result<(), ModelError> {
        let source = format!("what is known of {}", self.name);
        let said = ["input.range", "input.mean", "input.std"];
        if !changed && said.iter().all(|key| keys.origin(key).is_none()) {
            keys.merge(parse_toml(
                &format!("[input]\n{}\n", self.numbers),
                &source,
            )?);
        }
        let order = "input.order = \"rgb\"\n";
        let order = if self.others.contains("input.order") {
            ""
        } else {
            order
        };
        keys.merge(parse_toml(&format!("{order}{}", self.others), &source)?);
        Ok(())
    }
}

/// Networks that need more than a picture: what tells them, their name, and what to use instead.
type Refusal = (fn(&Outline) -> bool, &'static str, &'static str);

const REFUSED: &[Refusal] = &[
    (
        |outline| outline.has_input("point_coords") || outline.has_input("image_embeddings"),
        "Segment Anything: it segments what is pointed at",
        "use a network that finds people by itself, such as builtin",
    ),
    (
        |outline| outline.has_output("masks_queries_logits"),
        "MaskFormer or Mask2Former: its masks are queries, not classes",
        "use a semantic segmentation network, such as SegFormer",
    ),
    (
        |outline| outline.has_output("pred_masks") && outline.has_output("logits"),
        "DETR or Mask R-CNN: its masks are objects, not classes",
        "use a semantic segmentation network, such as SegFormer",
    ),
    (
        |outline| outline.has_input("input_ids"),
        "CLIPSeg or a relative: it segments what a text asks for",
        "use a network that finds people by itself, such as builtin",
    ),
];

/// Refuses networks that are none for a picture alone.
///
/// # Errors
/// [`ModelError::Unsuitable`] with the network's name and what to use instead.
pub(super) fn refuse(outline: &Outline, file: &str) -> Result<(), ModelError> {
    let found = REFUSED.iter().find(|(tells, ..)| tells(outline));
    let (name, instead) = match found {
        Some((_, name, instead)) => ((*name).to_owned(), *instead),
        None => match outline.said("task") {
            Some(task @ ("detect" | "classify" | "pose" | "obb")) => (
                format!("a YOLO for the task \"{task}\", which gives no matte"),
                "use one for segmentation (-seg or -sem), or a network for people",
            ),
            _ => return Ok(()),
        },
    };
    Err(ModelError::Unsuitable {
        file: file.to_owned(),
        reason: format!("it is {name}; {instead}"),
    })
}

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
