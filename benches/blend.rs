// SPDX-License-Identifier: MPL-2.0

//! Times of composing a frame, beside a plain copy of the same bytes. Arguments select layouts,
//! sizes and cases by name (`cargo bench --bench blend -- NV12 2160p "blur 50"`); the default is all
//! cases in the four layouts that cameras and sinks use most at 1080p, and NV12 at 2160p: four
//! times the pixels, to see that times grow with them and no faster.

mod common;

use common::{Case, compare};
use gstmatte::blend::{Background, Compositor, Fit, Setting, fitted};
use gstmatte::frame::{Colorimetry, FrameFormat, FrameMut, GrayImage, PixelLayout, View};
use std::hint::black_box;
use std::sync::Arc;

/// Name, width and height of the frames.
const SIZES: [(&str, usize, usize); 2] = [("1080p", 1920, 1080), ("2160p", 3840, 2160)];

/// A head and shoulders, with an edge some pixels wide.
fn matte(width: usize, height: usize) -> GrayImage {
    let mut image = GrayImage::new(width, height);
    let soft = width as f64 * 0.006;
    for (i, value) in image.data_mut().iter_mut().enumerate() {
        let x = (i % width) as f64 / width as f64 - 0.5;
        let y = (i / width) as f64 / width as f64;
        let head = 0.11 - (x * x * 1.4 + (y - 0.2) * (y - 0.2)).sqrt();
        let body = 0.28 - (x * x + (y - 0.6) * (y - 0.6)).sqrt();
        let inside = head.max(body) * width as f64 / soft;
        *value = ((inside + 0.5).clamp(0.0, 1.0) * 255.0) as u8;
    }
    image
}

struct Frame {
    layout: PixelLayout,
    width: usize,
    height: usize,
    planes: Vec<(Vec<u8>, usize)>,
}

impl Frame {
    fn new(layout: PixelLayout, width: usize, height: usize) -> Self {
        let info = layout.info();
        let planes = (0..info.planes)
            .map(|p| {
                let (row, rows) = info.plane_extent(p, width, height);
                let data = (0..row * rows)
                    .map(|i| (i * 7 + i / row * 13) as u8)
                    .collect();
                (data, row)
            })
            .collect();
        Self {
            layout,
            width,
            height,
            planes,
        }
    }

    fn view(&mut self) -> FrameMut<'_> {
        let planes = self.planes.iter_mut().map(|(d, s)| (&mut d[..], *s));
        let color = Colorimetry::default();
        FrameMut::new(self.layout, color, self.width, self.height, planes).unwrap()
    }

    fn copy_to(&self, other: &mut Frame) {
        for (from, to) in self.planes.iter().zip(&mut other.planes) {
            to.0.copy_from_slice(&from.0);
        }
    }
}

fn bench(layout: PixelLayout, size: &str, width: usize, height: usize, wanted: &[String]) {
    let color = Colorimetry::default();
    let level = gstmatte::simd::level();
    let compositor = |background| {
        let mut compositor = Compositor::new(layout, color, width, height, level).unwrap();
        compositor.set_background(background).unwrap();
        compositor
    };
    let picture = image::RgbaImage::from_fn(640, 480, |x, y| {
        image::Rgba([x as u8, y as u8, (x + y) as u8, 255])
    });
    let setting = Setting {
        fit: Fit::Cover,
        bars: 0,
        format: FrameFormat {
            layout,
            color,
            width,
            height,
        },
        view: View::default(),
    };
    let backdrop = fitted(&picture, setting, level).unwrap();
    let blur = |strength, bokeh| Background::Blur { strength, bokeh };
    let green = || compositor(Background::Color(0xff00_8000));
    let (mut clean, mut clean_quarter) = (green(), green());
    let mut wrapped = green();
    wrapped.set_light_wrap(128);
    clean.set_decontamination(255);
    clean_quarter.set_decontamination(255);
    let (full, quarter) = (matte(width, height), matte(width / 4, height / 4));
    let mut frame = Frame::new(layout, width, height);
    let source = Frame::new(layout, width, height);
    let mut copy = Frame::new(layout, width, height);
    let mut runs: Vec<(&str, Compositor, &GrayImage)> = vec![
        ("color", green(), &full),
        ("color, matte 1/4", green(), &quarter),
        (
            "image",
            compositor(Background::Image(Arc::new(backdrop))),
            &full,
        ),
        ("color, decontaminated", clean, &full),
        ("color, decontaminated, matte 1/4", clean_quarter, &quarter),
        ("color, light wrap", wrapped, &full),
        ("blur 20", compositor(blur(20.0, false)), &full),
        ("blur 50", compositor(blur(50.0, false)), &full),
        ("blur 100", compositor(blur(100.0, false)), &full),
        (
            "blur 50, matte 1/4",
            compositor(blur(50.0, false)),
            &quarter,
        ),
        ("bokeh 50", compositor(blur(50.0, true)), &full),
    ];
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    runs.retain(|(name, ..)| asked(name));
    let names: Vec<String> = runs
        .iter()
        .map(|r| format!("{} {size} {}", layout.info().name, r.0))
        .collect();
    let copied = format!("{} {size} plain copy", layout.info().name);
    let mut copying = || source.copy_to(black_box(&mut copy));
    let frame = std::cell::RefCell::new(&mut frame);
    let mut closures: Vec<_> = runs
        .iter_mut()
        .map(|(_, compositor, matte)| {
            || {
                let mut frame = frame.borrow_mut();
                let result = compositor.apply(&mut frame.view(), matte.as_ref());
                black_box(result).unwrap();
            }
        })
        .collect();
    let mut cases = vec![Case {
        name: &copied,
        run: &mut copying,
    }];
    cases.extend(
        names
            .iter()
            .zip(&mut closures)
            .map(|(name, run)| Case { name, run }),
    );
    let rounds = std::env::var("ROUNDS").map_or(60, |r| r.parse().unwrap());
    compare("blend", rounds, &mut cases);
}

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let is_layout = |name: &String| PixelLayout::ALL.iter().any(|l| l.info().name == name);
    let is_size = |name: &String| SIZES.iter().any(|size| size.0 == name);
    let (layouts, rest): (Vec<String>, Vec<String>) = asked.into_iter().partition(is_layout);
    let (sizes, cases): (Vec<String>, Vec<String>) = rest.into_iter().partition(is_size);
    let usual = ["NV12", "I420", "YUY2", "BGRx"];
    for &layout in PixelLayout::ALL {
        let name = layout.info().name;
        if !(layouts.iter().any(|w| w == name) || layouts.is_empty() && usual.contains(&name)) {
            continue;
        }
        for (size, width, height) in SIZES {
            let usual = size == "1080p" || name == "NV12";
            if sizes.iter().any(|w| w == size) || sizes.is_empty() && usual {
                bench(layout, size, width, height, &cases);
            }
        }
    }
}
