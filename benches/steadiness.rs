// SPDX-License-Identifier: MPL-2.0

//! The chain as a filter program, for `scripts/bench/steadiness`.
//!
//! `steadiness FRAME_WIDTH FRAME_HEIGHT MATTE_WIDTH MATTE_HEIGHT KEY=VALUE...` with the keys of
//! the element's properties. In, a frame after the other: time in seconds (f64, little endian),
//! the frame (I420 without padding, even sizes), the raw matte. Out: the refined matte of each.
//! At the end, the median milliseconds of a frame go to stderr.

use gstmatte::filter::{EdgeMode, KeyColor, Params, Preset, Refiner, TemporalMode, Timing};
use gstmatte::frame::{Colorimetry, FrameRef, GrayImage, GrayRef, PixelLayout};
use std::error::Error;
use std::io::{self, BufWriter, Read, Write};
use std::time::{Duration, Instant};

fn set(params: &mut Params, key: &str, value: &str) -> Result<(), Box<dyn Error>> {
    let number = || value.parse::<f32>();
    match key {
        "preset" => {
            *params = match value {
                "off" => Preset::Off,
                "fast" => Preset::Fast,
                "balanced" => Preset::Balanced,
                "quality" => Preset::Quality,
                _ => return Err(format!("no preset {value}").into()),
            }
            .into();
        }
        "temporal" => {
            params.temporal = match value {
                "none" => TemporalMode::None,
                "ema" => TemporalMode::Ema,
                "uncertainty" => TemporalMode::Uncertainty,
                "flow" => TemporalMode::Flow,
                "adaptive" => TemporalMode::Adaptive,
                _ => return Err(format!("no temporal mode {value}").into()),
            };
        }
        "edge-mode" => {
            params.edge_mode = match value {
                "none" => EdgeMode::None,
                "guided" => EdgeMode::Guided,
                "guided-color" => EdgeMode::GuidedColor,
                "joint-bilateral" => EdgeMode::JointBilateral,
                "matting" => EdgeMode::Matting,
                _ => return Err(format!("no edge mode {value}").into()),
            };
        }
        "key" => {
            params.key = match value {
                "none" => None,
                "auto" => Some(KeyColor::Auto),
                _ => Some(KeyColor::Named(u32::from_str_radix(value, 16)?)),
            };
        }
        "key-tolerance" => params.key_tolerance = number()?,
        "key-softness" => params.key_softness = number()?,
        "scene-memory" => params.scene_memory = value.parse()?,
        "temporal-strength" => params.temporal_strength = number()?,
        "temporal-flow" => params.temporal_flow = value.parse()?,
        "hysteresis-low" => params.hysteresis_low = number()?,
        "hysteresis-high" => params.hysteresis_high = number()?,
        "min-area" => params.min_area = number()?,
        "max-hole" => params.max_hole = number()?,
        "guided-radius" => params.guided_radius = number()?,
        "guided-epsilon" => params.guided_epsilon = number()?,
        "guided-subsample" => params.guided_subsample = value.parse()?,
        "output-scale" => params.output_scale = number()?,
        _ => return Err(format!("no property {key}").into()),
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let sizes: Vec<usize> = args
        .iter()
        .take(4)
        .map(|size| size.parse())
        .collect::<Result<_, _>>()?;
    let &[width, height, matte_width, matte_height] = &sizes[..] else {
        // Without sizes there is nothing to do: `cargo bench` runs every bench so.
        eprintln!("steadiness: run scripts/bench.sh steadiness");
        return Ok(());
    };
    let mut params = Params::default();
    for arg in &args[4..] {
        let (key, value) = arg.split_once('=').ok_or("properties are KEY=VALUE")?;
        set(&mut params, key, value)?;
    }
    let mut refiner = Refiner::new(gstmatte::simd::level());
    refiner.set_params(&params);
    let (luma, chroma) = (width * height, width.div_ceil(2) * height.div_ceil(2));
    let mut time = [0; 8];
    let mut frame = vec![0; luma + 2 * chroma];
    let mut raw = vec![0; matte_width * matte_height];
    let mut refined = GrayImage::default();
    let (mut input, mut output) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    let mut times = Vec::new();
    while input.read_exact(&mut time).is_ok() {
        input.read_exact(&mut frame)?;
        input.read_exact(&mut raw)?;
        let (y, uv) = frame.split_at(luma);
        let (u, v) = uv.split_at(chroma);
        let half = width.div_ceil(2);
        let planes = [(y, width), (u, half), (v, half)];
        let color = Colorimetry::default();
        let view = FrameRef::new(PixelLayout::I420, color, width, height, &planes)?;
        let matte = GrayRef::new(&raw, matte_width, matte_height, matte_width)?;
        let timing = Timing {
            pts: Some(Duration::from_secs_f64(f64::from_le_bytes(time).max(0.0))),
            discont: false,
        };
        let start = Instant::now();
        refiner.apply(matte, &view, timing, &mut refined)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        output.write_all(refined.data())?;
    }
    output.flush()?;
    times.sort_by(f64::total_cmp);
    eprintln!("{:.4}", times.get(times.len() / 2).copied().unwrap_or(0.0));
    Ok(())
}
