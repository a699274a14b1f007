// SPDX-License-Identifier: MPL-2.0

//! What reading a frame costs: sampling into a 256x144 tensor and luma at a quarter, beside a
//! plain copy of the same frame and `fast_image_resize`'s box filter on its planes, which neither
//! converts colours nor normalises.
//!
//! `cargo bench --bench frame`

mod common;

use common::{Case, compare};
use fast_image_resize as fir;
use gstmatte::frame::{
    Colorimetry, FrameFormat, FrameRef, GrayImage, LumaScaler, PixelLayout, Sampler, TensorMut,
    TensorSpec,
};
use gstmatte::simd;
use std::hint::black_box;

const ROUNDS: usize = 200;

struct Frame {
    format: FrameFormat,
    planes: Vec<(Vec<u8>, usize)>,
}

impl Frame {
    fn new(layout: PixelLayout, width: usize, height: usize) -> Self {
        let info = layout.info();
        let planes = (0..info.planes)
            .map(|plane| {
                let (row, rows) = info.plane_extent(plane, width, height);
                let stride = row.next_multiple_of(4);
                let data = (0..stride * rows).map(|i| (i * 7 + i / 97) as u8).collect();
                (data, stride)
            })
            .collect();
        let format = FrameFormat {
            layout,
            color: Colorimetry::default(),
            width,
            height,
        };
        Self { format, planes }
    }

    fn view(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self.planes.iter().map(|(d, s)| (&d[..], *s)).collect();
        let f = self.format;
        FrameRef::new(f.layout, f.color, f.width, f.height, &planes).expect("a valid frame")
    }
}

/// Box resampling of one plane by another library.
struct Peer {
    resizer: fir::Resizer,
    out: fir::images::Image<'static>,
    pixel: fir::PixelType,
    plane: usize,
    size: (u32, u32),
}

impl Peer {
    fn new(plane: usize, pixel: fir::PixelType, size: (usize, usize), target: (u32, u32)) -> Self {
        Self {
            resizer: fir::Resizer::new(),
            out: fir::images::Image::new(target.0, target.1, pixel),
            pixel,
            plane,
            size: (size.0 as u32, size.1 as u32),
        }
    }

    fn run(&mut self, frame: &Frame) {
        let (width, height) = self.size;
        let data = &frame.planes[self.plane].0[..];
        let image = fir::images::ImageRef::new(width, height, data, self.pixel)
            .expect("planes without padding");
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Box))
            .use_alpha(false);
        self.resizer
            .resize(&image, &mut self.out, &options)
            .expect("same pixel type");
    }
}

fn copy_case(frame: &Frame) -> impl FnMut() {
    let mut copy = frame.planes.clone();
    move || {
        for ((to, _), (from, _)) in copy.iter_mut().zip(&frame.planes) {
            to.copy_from_slice(black_box(from));
        }
        black_box(&copy);
    }
}

fn sample_case(frame: &Frame) -> impl FnMut() {
    let spec = TensorSpec::new(256, 144);
    let mut tensor = vec![0.0; spec.elements()];
    let mut sampler = Sampler::new(frame.format, &spec, simd::level()).expect("a valid plan");
    move || {
        let out = TensorMut::F32(&mut tensor);
        sampler
            .sample(&frame.view(), out)
            .expect("the planned format");
        black_box(&tensor);
    }
}

fn luma_case(frame: &Frame, width: usize, height: usize) -> impl FnMut() {
    let mut guide = GrayImage::new(width, height);
    let mut scaler =
        LumaScaler::new(frame.format, width, height, simd::level()).expect("a valid plan");
    move || {
        let mut out = guide.as_mut();
        scaler
            .scale(&frame.view(), &mut out)
            .expect("the planned format");
        black_box(&guide);
    }
}

fn main() {
    for (name, width, height) in [("720p", 1280, 720), ("1080p", 1920, 1080)] {
        for layout in [
            PixelLayout::Nv12,
            PixelLayout::I420,
            PixelLayout::Yuy2,
            PixelLayout::Bgrx,
            PixelLayout::P010Le,
            PixelLayout::V210,
            PixelLayout::Y210,
        ] {
            let frame = Frame::new(layout, width, height);
            let name = format!("{name} {}", layout.info().name);
            compare(
                "frame",
                ROUNDS,
                &mut [
                    Case {
                        name: &format!("{name} copy"),
                        run: &mut copy_case(&frame),
                    },
                    Case {
                        name: &format!("{name} to tensor 256x144"),
                        run: &mut sample_case(&frame),
                    },
                    Case {
                        name: &format!("{name} luma quarter"),
                        run: &mut luma_case(&frame, width / 4, height / 4),
                    },
                ],
            );
        }
        let frame = Frame::new(PixelLayout::Nv12, width, height);
        let size = (width, height);
        let chroma_size = (width / 2, height / 2);
        let (small, quarter) = ((256, 144), (width as u32 / 4, height as u32 / 4));
        let mut luma = Peer::new(0, fir::PixelType::U8, size, small);
        let mut chroma = Peer::new(1, fir::PixelType::U8x2, chroma_size, small);
        let mut luma_quarter = Peer::new(0, fir::PixelType::U8, size, quarter);
        compare(
            "frame",
            ROUNDS,
            &mut [
                Case {
                    name: &format!("{name} NV12 to tensor 256x144"),
                    run: &mut sample_case(&frame),
                },
                Case {
                    name: &format!("{name} NV12 planes to 256x144, fast_image_resize box"),
                    run: &mut || {
                        luma.run(&frame);
                        chroma.run(&frame);
                    },
                },
                Case {
                    name: &format!("{name} NV12 luma quarter"),
                    run: &mut luma_case(&frame, width / 4, height / 4),
                },
                Case {
                    name: &format!("{name} NV12 luma quarter, fast_image_resize box"),
                    run: &mut || luma_quarter.run(&frame),
                },
                Case {
                    name: &format!("{name} NV12 luma full size"),
                    run: &mut luma_case(&frame, width, height),
                },
            ],
        );
    }
}
