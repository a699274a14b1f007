// SPDX-License-Identifier: MPL-2.0

//! Times of the post-processing on one core, and of the guided filter on pictures that come in
//! through stdin (`serve`), so that another program can take turns with it.

mod common;

use common::{Case, compare};
use gstmatte::filter::edge::fast_guided::{FastGuided, FastGuidedParams};
use gstmatte::filter::{EdgeMode, KeyColor, Params, Preset, Refiner, Timing};
use gstmatte::frame::{Colorimetry, FrameRef, GrayImage, GrayMut, GrayRef, PixelLayout};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// A textured background, a person of head and shoulders before it that sways, and sensor noise.
struct Scene {
    width: usize,
    height: usize,
    frames: Vec<Vec<u8>>,
    raws: Vec<Vec<u8>>,
}

const MATTE: (usize, usize) = (256, 144);

fn random(state: &mut u64) -> f32 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 40) as f32 / (1u64 << 24) as f32
}

/// Signed distance to a person in units of the frame's height; negative inside.
fn person(x: f32, y: f32, sway: f32) -> f32 {
    let head = ((x - 0.9 - sway).hypot((y - 0.38) * 0.8)) - 0.17;
    let body = ((x - 0.9 - sway * 0.5) * 0.7).hypot(y - 1.0) - 0.38;
    head.min(body)
}

impl Scene {
    fn new(width: usize, height: usize) -> Self {
        let mut state = 0x9E37_79B9_7F4A_7C15;
        let count = 4;
        let (mut frames, mut raws) = (Vec::new(), Vec::new());
        for n in 0..count {
            let sway = 0.004 * n as f32;
            let mut frame = vec![128; width * height + width * height.div_ceil(2)];
            for y in 0..height {
                for x in 0..width {
                    let (u, v) = (x as f32 / height as f32, y as f32 / height as f32);
                    let inside = person(u, v, sway) < 0.0;
                    let texture = ((u * 40.0).sin() * (v * 31.0).cos()) * 30.0;
                    let base = if inside {
                        150.0 + texture * 0.2
                    } else {
                        80.0 + texture
                    };
                    frame[y * width + x] = (base + 6.0 * (random(&mut state) - 0.5)) as u8;
                }
            }
            let mut raw = vec![0; MATTE.0 * MATTE.1];
            for y in 0..MATTE.1 {
                for x in 0..MATTE.0 {
                    let (u, v) = (x as f32 / MATTE.1 as f32, y as f32 / MATTE.1 as f32);
                    let soft = 0.5 - person(u, v, sway) / 0.02 + 0.3 * (random(&mut state) - 0.5);
                    raw[y * MATTE.0 + x] = (soft.clamp(0.0, 1.0) * 255.0) as u8;
                }
            }
            frames.push(frame);
            raws.push(raw);
        }
        Self {
            width,
            height,
            frames,
            raws,
        }
    }

    /// The same person before a green screen.
    fn green(width: usize, height: usize) -> Self {
        let mut scene = Self::new(width, height);
        for (n, frame) in scene.frames.iter_mut().enumerate() {
            let chroma = &mut frame[width * height..];
            for (i, color) in chroma.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let (x, y) = (2 * (i % (width / 2)), 2 * (i / (width / 2)));
                let (u, v) = (x as f32 / height as f32, y as f32 / height as f32);
                if person(u, v, 0.004 * n as f32) >= 0.0 {
                    *color = [90 + (i * 7 % 5) as u8, 70 + (i * 3 % 5) as u8];
                }
            }
        }
        scene
    }

    fn run(&self, refiner: &mut Refiner, n: usize, out: &mut GrayImage) -> [f64; 5] {
        let pixels = self.width * self.height;
        let (luma, chroma) = self.frames[n % self.frames.len()].split_at(pixels);
        let planes = [(luma, self.width), (chroma, self.width)];
        let color = Colorimetry::default();
        let frame = FrameRef::new(PixelLayout::Nv12, color, self.width, self.height, &planes)
            .expect("the planes fit");
        let raw = GrayRef::new(&self.raws[n % self.raws.len()], MATTE.0, MATTE.1, MATTE.0)
            .expect("the matte fits");
        let timing = Timing {
            pts: Some(Duration::from_secs(n as u64) / 30),
            discont: false,
        };
        let stats = refiner
            .apply(raw, &frame, timing, out)
            .expect("the sizes are in range");
        let t = stats.times;
        [t.guide, t.temporal, t.clean, t.edge, t.output].map(|d| d.as_secs_f64() * 1e3)
    }
}

/// All presets and edge modes whose name holds `only`.
fn chain(only: &str) {
    let sizes = [
        ("720p", Scene::new(1280, 720)),
        ("1080p", Scene::new(1920, 1080)),
        ("720p, green", Scene::green(1280, 720)),
        ("1080p, green", Scene::green(1920, 1080)),
    ];
    let quality = Params::from(Preset::Quality);
    let presets = [
        ("off", Params::from(Preset::Off)),
        ("fast", Params::from(Preset::Fast)),
        ("balanced", Params::from(Preset::Balanced)),
        ("quality", quality.clone()),
        (
            "joint-bilateral",
            Params {
                edge_mode: EdgeMode::JointBilateral,
                ..quality.clone()
            },
        ),
        (
            "matting",
            Params {
                edge_mode: EdgeMode::Matting,
                ..quality
            },
        ),
        (
            "green screen",
            Params {
                key: Some(KeyColor::Auto),
                ..Params::from(Preset::Balanced)
            },
        ),
    ];
    let mut cases = Vec::new();
    for (size, scene) in &sizes {
        for (name, params) in &presets {
            let case = format!("{name} {size}");
            // The key is for the screen, and the screen for the key.
            let keyed = size.ends_with("green");
            if !case.contains(only) || keyed != params.key.is_some() {
                continue;
            }
            let mut refiner = Refiner::new(gstmatte::simd::level());
            refiner.set_params(params);
            cases.push((case, scene, refiner, GrayImage::default(), 0, Vec::new()));
        }
    }
    let names: Vec<String> = cases.iter().map(|c| c.0.clone()).collect();
    let mut runs: Vec<_> = cases
        .iter_mut()
        .map(|(_, scene, refiner, out, n, stages)| {
            move || {
                stages.push(scene.run(refiner, *n, out));
                *n += 1;
            }
        })
        .collect();
    let mut table: Vec<_> = runs
        .iter_mut()
        .zip(&names)
        .map(|(run, name)| Case { name, run })
        .collect();
    compare("filter", 60, &mut table);
    drop(table);
    drop(runs);
    for (name, _, _, _, _, stages) in &mut cases {
        print!("# {name}:");
        for (i, stage) in ["guide", "temporal", "clean", "edge", "output"]
            .iter()
            .enumerate()
        {
            let mut times: Vec<f64> = stages.iter().map(|s| s[i]).collect();
            times.sort_by(f64::total_cmp);
            print!(" {stage} {:.3}", times[times.len() / 2]);
        }
        println!(" ms");
    }
}

/// `serve WIDTH HEIGHT RADIUS EPSILON SUBSAMPLE`: reads guide and matte, then filters once for
/// every further byte and answers with the milliseconds in a line; `q` ends with the matte.
fn serve(args: &[String]) {
    let number = |i: usize| args[i].parse::<f32>().expect("a number");
    let (width, height) = (number(0) as usize, number(1) as usize);
    let params = FastGuidedParams {
        radius: number(2) as usize,
        epsilon: number(3),
        subsample: number(4) as usize,
    };
    let (mut guide, mut matte) = (vec![0; width * height], vec![0; width * height]);
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    input.read_exact(&mut guide).expect("a guide");
    input.read_exact(&mut matte).expect("a matte");
    let mut out = vec![0; width * height];
    let mut filter = FastGuided::default();
    let level = gstmatte::simd::level();
    let mut command = [0];
    while input.read_exact(&mut command).is_ok() && command[0] != b'q' {
        let start = Instant::now();
        let guide = GrayRef::new(&guide, width, height, width).expect("sizes fit");
        let matte = GrayRef::new(&matte, width, height, width).expect("sizes fit");
        let mut out = GrayMut::new(&mut out, width, height, width).expect("sizes fit");
        filter.apply(level, guide, matte, params, &mut out);
        writeln!(output, "{:.5}", start.elapsed().as_secs_f64() * 1e3).expect("stdout is open");
        output.flush().expect("stdout is open");
    }
    output.write_all(&out).expect("stdout is open");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("serve") => serve(&args[1..]),
        other => chain(
            other
                .filter(|arg| !arg.starts_with("--"))
                .unwrap_or_default(),
        ),
    }
}
