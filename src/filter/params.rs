// SPDX-License-Identifier: MPL-2.0

//! Everything that can be set on the chain, with units, ranges and the presets.

use super::key_color::KeyColor;
use std::sync::Arc;

/// How the matte is filtered over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TemporalMode {
    /// Not at all.
    None,
    /// Exponential moving average.
    Ema,
    /// Unsure pixels follow the past, sure ones the present (MediaPipe's formula).
    Uncertainty,
    /// Exponential average along the motion of the picture.
    Flow,
    /// By the picture: what stands still in it stands still in the matte, what moves is new.
    #[default]
    Adaptive,
}

impl TemporalMode {
    /// All modes.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::Ema,
        Self::Uncertainty,
        Self::Flow,
        Self::Adaptive,
    ];
}

/// How the matte's edge is fitted to the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EdgeMode {
    /// Bilinear scaling only.
    None,
    /// Guided filter, luma as guide.
    #[default]
    Guided,
    /// Guided filter, luma and both colour differences as guide.
    GuidedColor,
    /// Joint bilateral upsampling.
    JointBilateral,
    /// Closed-form matting of the unsure band.
    Matting,
}

impl EdgeMode {
    /// All modes.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::Guided,
        Self::GuidedColor,
        Self::JointBilateral,
        Self::Matting,
    ];
}

/// Which of several people the matte shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SubjectSelect {
    /// Everybody.
    #[default]
    All,
    /// The largest one.
    Largest,
    /// The one nearest to the centre of the frame.
    Nearest,
    /// The one at the point `subject-point`, wherever they go from there.
    Point,
}

impl SubjectSelect {
    /// All rules.
    pub const ALL: &'static [Self] = &[Self::All, Self::Largest, Self::Nearest, Self::Point];
}

/// A named set of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// Half the time of balanced: no reprojection along the motion, coarser edge fit.
    Fast,
    /// Steady and exact at a few milliseconds.
    #[default]
    Balanced,
    /// The best edge: colour guides it, too.
    Quality,
    /// Every stage off: the raw matte, scaled.
    Off,
}

/// A polygon in fractions of the frame, 0 to 1 from the top left; four corners make a rectangle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Region {
    /// Corners, in order; fewer than three make no region.
    pub corners: Arc<[[f32; 2]]>,
}

impl Region {
    /// A rectangle from its left, top, width and height, in fractions of the frame.
    pub fn rectangle(left: f32, top: f32, width: f32, height: f32) -> Self {
        let (right, bottom) = (left + width, top + height);
        Self {
            corners: [[left, top], [right, top], [right, bottom], [left, bottom]].into(),
        }
    }

    /// Whether a place lies inside (even-odd rule).
    pub fn contains(&self, x: f32, y: f32) -> bool {
        let mut inside = false;
        let corners = &self.corners;
        for (i, [x0, y0]) in corners.iter().enumerate() {
            let [x1, y1] = &corners[(i + 1) % corners.len()];
            if (*y0 > y) != (*y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0) {
                inside = !inside;
            }
        }
        inside
    }
}

/// The parameters of the chain. Values outside their range are held to it by
/// [`Params::sanitized`]; values that are no number become the default.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// `scene-memory`: whether what the room and the subject looked like corrects the raw matte.
    /// Default true.
    pub scene_memory: bool,
    /// `temporal`: how the matte is filtered over time. Default adaptive.
    pub temporal: TemporalMode,
    /// `temporal-strength`: 0 (follow every frame) to 1 (nearly freeze), at any frame rate.
    /// Default 0.8.
    pub temporal_strength: f32,
    /// `temporal-flow`: whether the adaptive filter warps the past along the picture's motion.
    /// Default true; costs about as much as all the rest of the temporal filter.
    pub temporal_flow: bool,
    /// `hysteresis-low`: matte value (0 to 1) that a region needs to go on living, and below which
    /// a still pixel leaves the subject at once. Default 0.3. Hysteresis is off if
    /// `hysteresis_high` is 0.
    pub hysteresis_low: f32,
    /// `hysteresis-high`: matte value (0 to 1) that a region must reach to appear, and above which
    /// a still pixel joins the subject at once. Default 0.7.
    pub hysteresis_high: f32,
    /// `min-area`: regions smaller than this share of the frame (0 to 1) are dropped.
    /// Default 0.002; 0 keeps all.
    pub min_area: f32,
    /// `max-hole`: holes smaller than this share of the frame (0 to 1) are filled.
    /// Default 0.0005; 0 fills none.
    pub max_hole: f32,
    /// `open`: removes what is thinner than twice this, rows of the frame as seen, 0 to 64. Default 0.
    pub open: f32,
    /// `close`: fills gaps thinner than twice this, rows of the frame as seen, 0 to 64. Default 0.
    pub close: f32,
    /// `grow`: moves the edge outward (or inward, below 0), rows of the frame as seen, -64 to 64.
    /// Default 0.
    pub grow: f32,
    /// `edge-mode`: how the edge is fitted to the picture. Default guided.
    pub edge_mode: EdgeMode,
    /// `key`: the colour of the screen behind the subject, whose edge a chroma key then finds.
    /// Default none: the network is alone.
    pub key: Option<KeyColor>,
    /// `key-tolerance`: how far from the screen's colour still is screen, as a share (0 to 1) of the
    /// way to the subject's. Default 0.1.
    pub key_tolerance: f32,
    /// `key-softness`: over which share (0 to 1) of the rest of the way the matte rises.
    /// Default 0.9.
    pub key_softness: f32,
    /// `guided-radius`: half the window of the edge fit, pixels of the frame, 1 to 128; 0 takes
    /// it from the sizes of frame and matte. Default 0.
    pub guided_radius: f32,
    /// `guided-epsilon`: variance of luma (0 to 1) below which the picture counts as flat,
    /// 1e-6 to 1. Default 5e-4.
    pub guided_epsilon: f32,
    /// `guided-subsample`: the fit, and the key, are computed on cells of this many pixels of the
    /// frame, 1, 2, 3, 4, 6 or 8; 0 takes it from the sizes of frame and matte. Default 0.
    pub guided_subsample: u32,
    /// `feather`: softens the edge outward (or inward, below 0), rows of the frame as seen, -64 to 64.
    /// Default 0.
    pub feather: f32,
    /// `black-point`: matte value (0 to 1) that becomes 0. Default 0.
    pub black_point: f32,
    /// `white-point`: matte value (0 to 1) that becomes 1. Default 1.
    pub white_point: f32,
    /// `gamma`: the matte is raised to the power of 1 / gamma, 0.1 to 10. Default 1.
    pub gamma: f32,
    /// `subject-region`: where the subject may be; outside the matte is 0. Default everywhere.
    pub subject_region: Option<Region>,
    /// `keep`: where weak answers of the network (a chair, a microphone) count as subject.
    /// Default nowhere.
    pub keep: Option<Region>,
    /// `subject-select`: which of several people is shown. Default all.
    pub subject_select: SubjectSelect,
    /// `subject-point`: where the one of [`SubjectSelect::Point`] is, in fractions of the frame
    /// (0 to 1) from its left and top. Default the centre.
    pub subject_point: [f32; 2],
    /// `output-scale`: size of the refined matte, as a share of the frame's, 1/16 to 1. Default 1.
    pub output_scale: f32,
}

impl Default for Params {
    fn default() -> Self {
        Preset::Balanced.into()
    }
}

impl From<Preset> for Params {
    fn from(preset: Preset) -> Self {
        let balanced = Self {
            scene_memory: true,
            temporal: TemporalMode::Adaptive,
            temporal_strength: 0.8,
            temporal_flow: true,
            hysteresis_low: 0.3,
            hysteresis_high: 0.7,
            min_area: 0.002,
            max_hole: 0.0005,
            open: 0.0,
            close: 0.0,
            grow: 0.0,
            edge_mode: EdgeMode::Guided,
            key: None,
            key_tolerance: 0.1,
            key_softness: 0.9,
            guided_radius: 0.0,
            guided_epsilon: 5e-4,
            guided_subsample: 0,
            feather: 0.0,
            black_point: 0.0,
            white_point: 1.0,
            gamma: 1.0,
            subject_region: None,
            keep: None,
            subject_select: SubjectSelect::All,
            subject_point: [0.5; 2],
            output_scale: 1.0,
        };
        match preset {
            Preset::Balanced => balanced,
            Preset::Fast => Self {
                scene_memory: false,
                temporal_flow: false,
                guided_subsample: 8,
                ..balanced
            },
            Preset::Quality => Self {
                edge_mode: EdgeMode::GuidedColor,
                ..balanced
            },
            Preset::Off => Self {
                scene_memory: false,
                temporal: TemporalMode::None,
                hysteresis_low: 0.0,
                hysteresis_high: 0.0,
                min_area: 0.0,
                max_hole: 0.0,
                edge_mode: EdgeMode::None,
                ..balanced
            },
        }
    }
}

impl Params {
    /// The same with every value inside its range.
    pub fn sanitized(&self) -> Self {
        let default = Self::default();
        let limited = |value: f32, low: f32, high: f32, default: f32| {
            if value.is_nan() {
                default
            } else {
                value.clamp(low, high)
            }
        };
        let black = limited(self.black_point, 0.0, 1.0, default.black_point);
        let low = limited(self.hysteresis_low, 0.0, 1.0, default.hysteresis_low);
        let usable = |region: &Option<Region>| {
            region.clone().filter(|r| {
                r.corners.len() >= 3 && r.corners.iter().flatten().all(|c| c.is_finite())
            })
        };
        Self {
            scene_memory: self.scene_memory,
            temporal: self.temporal,
            temporal_strength: limited(self.temporal_strength, 0.0, 1.0, default.temporal_strength),
            temporal_flow: self.temporal_flow,
            hysteresis_low: low,
            hysteresis_high: match limited(self.hysteresis_high, 0.0, 1.0, default.hysteresis_high)
            {
                0.0 => 0.0,
                high => high.max(low),
            },
            min_area: limited(self.min_area, 0.0, 1.0, default.min_area),
            max_hole: limited(self.max_hole, 0.0, 1.0, default.max_hole),
            open: limited(self.open, 0.0, 64.0, default.open),
            close: limited(self.close, 0.0, 64.0, default.close),
            grow: limited(self.grow, -64.0, 64.0, default.grow),
            edge_mode: self.edge_mode,
            key: self.key,
            key_tolerance: limited(self.key_tolerance, 0.0, 1.0, default.key_tolerance),
            key_softness: limited(self.key_softness, 0.0, 1.0, default.key_softness),
            guided_radius: match limited(self.guided_radius, 0.0, 128.0, default.guided_radius) {
                0.0 => 0.0,
                radius => radius.max(1.0),
            },
            guided_epsilon: limited(self.guided_epsilon, 1e-6, 1.0, default.guided_epsilon),
            guided_subsample: match self.guided_subsample {
                n @ 0..=4 => n,
                5 => 4,
                6 | 7 => 6,
                _ => 8,
            },
            feather: limited(self.feather, -64.0, 64.0, default.feather),
            black_point: black,
            white_point: limited(self.white_point, 0.0, 1.0, default.white_point)
                .max(black + 1.0 / 255.0),
            gamma: limited(self.gamma, 0.1, 10.0, default.gamma),
            subject_region: usable(&self.subject_region),
            keep: usable(&self.keep),
            subject_select: self.subject_select,
            subject_point: self.subject_point.map(|at| limited(at, 0.0, 1.0, 0.5)),
            output_scale: limited(self.output_scale, 1.0 / 16.0, 1.0, default.output_scale),
        }
    }
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
