// SPDX-License-Identifier: MPL-2.0

use super::frames::{Frame, Gray, fill, format, level, side};
use arbitrary::{Result, Unstructured};
use gstmatte::filter::edge::fast_guided::{FastGuided, FastGuidedParams};
use gstmatte::filter::edge::guided_color::GuidedColor;
use gstmatte::filter::edge::joint_bilateral::JointBilateral;
use gstmatte::filter::edge::matting::Matting;
use gstmatte::filter::edge::shape::Shape;
use gstmatte::filter::edge::{
    coefficients::Coefficients,
    guided::{Fit, Guided},
};
use gstmatte::filter::motion::change::Motion;
use gstmatte::filter::motion::flow::{Flow, along};
use gstmatte::filter::plane::resample::{Bilinear, CellMean};
use gstmatte::filter::plane::window::BoxMean;
use gstmatte::filter::regions::components::{Connectivity, Labelling};
use gstmatte::filter::regions::hysteresis::{RegionParams, Regions};
use gstmatte::filter::regions::morphology::Morphology;
use gstmatte::filter::temporal::filter::{TemporalFilter, TemporalParams};
use gstmatte::filter::{
    EdgeMode, KeyColor, Params, Plane, Preset, Refiner, Region, SubjectSelect, TemporalMode, Timing,
};
use gstmatte::frame::GrayImage;
use std::time::Duration;

/// A parameter: usual, odd or no number at all.
fn number(u: &mut Unstructured, most: f32) -> Result<f32> {
    Ok(match u.int_in_range(0..=9u8)? {
        0 => f32::from_bits(u.arbitrary()?),
        1 => 0.0,
        2 => most,
        3 => -most,
        _ => f32::from(u.arbitrary::<i16>()?) / 32767.0 * most,
    })
}

fn region(u: &mut Unstructured) -> Result<Option<Region>> {
    if u.ratio(3, 4)? {
        return Ok(None);
    }
    let mut corners = Vec::new();
    for _ in 0..u.int_in_range(0..=7u8)? {
        corners.push([number(u, 1.5)?, number(u, 1.5)?]);
    }
    Ok(Some(Region {
        corners: corners.into(),
    }))
}

fn params(u: &mut Unstructured) -> Result<Params> {
    let preset = *u.choose(&[Preset::Fast, Preset::Balanced, Preset::Quality, Preset::Off])?;
    let mut params = Params::from(preset);
    params.temporal = *u.choose(TemporalMode::ALL)?;
    params.edge_mode = *u.choose(EdgeMode::ALL)?;
    if u.arbitrary()? {
        params.temporal_strength = number(u, 1.0)?;
        params.hysteresis_low = number(u, 1.0)?;
        params.hysteresis_high = number(u, 1.0)?;
        params.min_area = number(u, 0.1)?;
        params.max_hole = number(u, 0.1)?;
    }
    if u.arbitrary()? {
        params.open = number(u, 64.0)?;
        params.close = number(u, 64.0)?;
        params.grow = number(u, 64.0)?;
        params.feather = number(u, 64.0)?;
    }
    if u.arbitrary()? {
        params.guided_radius = number(u, 128.0)?;
        params.guided_epsilon = number(u, 1.0)?;
        params.guided_subsample = u.int_in_range(0..=12)?;
        params.output_scale = number(u, 1.0)?;
    }
    if u.ratio(1, 3)? {
        params.key = match u.arbitrary()? {
            true => Some(KeyColor::Auto),
            false => Some(KeyColor::Named(u.arbitrary()?)),
        };
        params.key_tolerance = number(u, 1.0)?;
        params.key_softness = number(u, 1.0)?;
    }
    if u.arbitrary()? {
        params.black_point = number(u, 1.0)?;
        params.white_point = number(u, 1.0)?;
        params.gamma = number(u, 10.0)?;
        params.subject_region = region(u)?;
        params.keep = region(u)?;
    }
    if u.arbitrary()? {
        params.subject_select = *u.choose(SubjectSelect::ALL)?;
        params.subject_point = [number(u, 1.5)?, number(u, 1.5)?];
    }
    Ok(params)
}

pub fn refine(u: &mut Unstructured) -> Result<()> {
    let mut refiner = Refiner::new(level(u)?);
    let mut out = GrayImage::default();
    let mut format = format(u)?;
    let (mut width, mut height) = (side(u)?, side(u)?);
    for _ in 0..u.int_in_range(1..=4u8)? {
        if u.ratio(1, 2)? {
            refiner.set_params(&params(u)?);
        }
        if u.ratio(1, 6)? {
            format = super::frames::format(u)?;
        }
        if u.ratio(1, 6)? {
            (width, height) = (side(u)?, side(u)?);
        }
        if u.ratio(1, 10)? {
            refiner.reset();
        }
        let (frame, raw) = (Frame::new(u, format)?, Gray::new(u, width, height)?);
        let pts = match u.int_in_range(0..=3u8)? {
            0 => None,
            1 => Some(Duration::from_nanos(u.arbitrary()?)),
            _ => Some(Duration::from_millis(u.arbitrary::<u8>()?.into())),
        };
        let timing = Timing {
            pts,
            discont: u.ratio(1, 8)?,
        };
        let stats = refiner
            .apply(raw.view(), &frame.view(), timing, &mut out)
            .expect("small pictures can be sampled");
        let size = refiner.output_size(format.width, format.height);
        assert_eq!((out.width(), out.height()), size);
        for share in [stats.changed, stats.coverage, stats.motion] {
            assert!((0.0..=1.0).contains(&share), "{stats:?}");
        }
    }
    Ok(())
}

/// A plane, and whether all of it is in 0 to 1.
fn plane(u: &mut Unstructured, (width, height): (usize, usize)) -> Result<(Plane, bool)> {
    let mut bytes = vec![0; width * height];
    fill(u, &mut bytes)?;
    let mut plane = Plane::new(width, height);
    for (to, from) in plane.data_mut().iter_mut().zip(bytes) {
        *to = f32::from(from) / 255.0;
    }
    let mut tame = true;
    if u.ratio(1, 4)? {
        for _ in 0..u.int_in_range(1..=4u8)? {
            let at = u.int_in_range(0..=width * height - 1)?;
            let value = number(u, 3.0)?;
            plane.data_mut()[at] = value;
            tame &= (0.0..=1.0).contains(&value);
        }
    }
    Ok((plane, tame))
}

fn finite(plane: &Plane, what: &str) {
    assert!(plane.data().iter().all(|x| x.is_finite()), "{what}");
}

pub fn stages(u: &mut Unstructured) -> Result<()> {
    let level = level(u)?;
    let size = (side(u)?, side(u)?);
    let (mut matte, tame) = plane(u, size)?;
    let (guide, tame_guide) = plane(u, size)?;
    let all_tame = tame && tame_guide;
    let radius = u.int_in_range(0..=80usize)?;
    let epsilon = number(u, 1.0)?;
    let window = (
        radius,
        if epsilon > 0.0 && epsilon.is_finite() {
            epsilon.max(1e-6)
        } else {
            5e-4
        },
    );
    let mut out = Coefficients::default();
    match u.int_in_range(0..=13u8)? {
        0 => {
            let fit = *u.choose(&[Fit::Plain, Fit::Confident])?;
            Guided::default().coefficients(level, (&guide, &matte), fit, window, &mut out);
            if all_tame {
                finite(&out.a, "guided");
                finite(&out.b, "guided");
            }
            let (feather, black, white) = (number(u, 64.0)?, number(u, 1.0)?, number(u, 1.0)?);
            let shape = &mut Shape::default();
            shape.feather(level, feather, &guide, &mut out);
            shape.levels(black, white, &mut out);
        }
        1 => {
            let ((a, _), (b, _)) = (plane(u, size)?, plane(u, size)?);
            GuidedColor::default().coefficients(level, [&guide, &a, &b], &matte, window, &mut out);
        }
        2 => {
            Matting::default().apply(level, &guide, window, &mut matte);
            if all_tame {
                finite(&matte, "matting");
            }
        }
        3 => {
            let mut morphology = Morphology::default();
            for _ in 0..u.int_in_range(1..=3u8)? {
                let radius = number(u, 64.0)?;
                match u.int_in_range(0..=2u8)? {
                    0 => morphology.grow(level, &mut matte, radius),
                    1 => morphology.open(level, &mut matte, radius),
                    _ => morphology.close(level, &mut matte, radius),
                }
            }
            if tame {
                finite(&matte, "morphology");
            }
        }
        4 => {
            let mut regions = Regions::default();
            let area = (size.0 * size.1) as f32;
            for _ in 0..u.int_in_range(1..=3u8)? {
                let params = RegionParams {
                    low: number(u, 1.0)?,
                    high: number(u, 1.0)?,
                    min_area: number(u, area)?,
                    max_hole: number(u, area)?,
                };
                regions.apply(level, &mut matte, &params);
                (matte, _) = plane(u, size)?;
            }
        }
        5 => {
            let (mut motion, mut filter) = (Motion::default(), TemporalFilter::default());
            let mut last = Plane::default();
            for _ in 0..u.int_in_range(2..=4u8)? {
                let params = TemporalParams {
                    mode: *u.choose(TemporalMode::ALL)?,
                    strength: number(u, 1.0)?,
                    reprojects: u.arbitrary()?,
                    frames: number(u, 5.0)?,
                };
                let (luma, _) = plane(u, size)?;
                let (mut matte, _) = plane(u, size)?;
                motion.update(level, (&luma, &last), params.frames);
                filter.apply(level, params, &luma, &motion, &mut matte);
                last = luma;
            }
        }
        6 => {
            let mut flow = Flow::default();
            let mut row = Vec::new();
            for _ in 0..2 {
                let (luma, _) = plane(u, size)?;
                flow.update(level, &luma, &guide);
                let y = u.int_in_range(0..=size.1 - 1)?;
                flow.row(y, &mut row);
                along(&row, u.int_in_range(0..=size.0 - 1)?);
            }
        }
        7 => {
            let (luma, _) = plane(u, size)?;
            let target = (side(u)?, side(u)?);
            let (large, _) = plane(u, target)?;
            let deviation = number(u, 1.0)?;
            (out.a, _) = plane(u, target)?;
            JointBilateral::default().apply(level, (&matte, &luma), &large, deviation, &mut out.a);
        }
        8 => {
            let mut to = Plane::new(side(u)?, side(u)?);
            let span = if u.arbitrary()? {
                (size.0 as f32, size.1 as f32)
            } else {
                (number(u, 300.0)?, number(u, 300.0)?)
            };
            Bilinear::default().apply_span(level, &matte, span, &mut to);
        }
        9 => {
            let gray = Gray::any(u)?;
            CellMean::default().apply(level, gray.view(), u.int_in_range(0..=20)?, &mut matte);
            finite(&matte, "cell means");
        }
        10 => {
            BoxMean::default().apply(level, &matte, radius, &mut out.a);
            if tame {
                finite(&out.a, "box mean");
            }
        }
        11 => {
            let mut mask = vec![0; size.0 * size.1];
            fill(u, &mut mask)?;
            let mut labelling = Labelling::default();
            let connectivity = *u.choose(&[Connectivity::Four, Connectivity::Eight])?;
            labelling.label(&mask, size.0, connectivity);
            let set = mask.iter().filter(|v| **v != 0).count();
            let areas = labelling.components().iter().map(|c| c.area as usize);
            assert_eq!(areas.sum::<usize>(), set, "every pixel is in one component");
        }
        12 => {
            let params = FastGuidedParams {
                radius,
                epsilon: window.1,
                subsample: u.int_in_range(0..=9)?,
            };
            let guide = Gray::new(u, size.0, size.1)?;
            let matte = Gray::new(u, size.0, size.1)?;
            let mut out = GrayImage::new(size.0, size.1);
            let (guide, matte) = (guide.view(), matte.view());
            FastGuided::default().apply(level, guide, matte, params, &mut out.as_mut());
        }
        _ => {
            let mut out = GrayImage::new(size.0, size.1);
            matte.store(&mut out.as_mut());
            Shape::default().gamma(number(u, 10.0)?, &mut out.as_mut());
        }
    }
    Ok(())
}
