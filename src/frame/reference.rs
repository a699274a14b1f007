// SPDX-License-Identifier: MPL-2.0

//! The slow, exact oracle of sampling: every layout by its table of components, one sample at a
//! time, in f64 and written apart from the fast path. For tests.

use super::{ColorModel, Field, FrameRef, Packing, subsampled};

/// Code value of component `channel` at sample (`x`, `y`); beyond the edges the nearest one.
fn code(frame: &FrameRef<'_>, channel: usize, x: i64, y: i64) -> f64 {
    let info = frame.layout().info();
    let c = &info.components[channel];
    let x = x.clamp(0, subsampled(frame.width(), c.w_sub) as i64 - 1) as usize;
    let y = y.clamp(0, subsampled(frame.height(), c.h_sub) as i64 - 1) as usize;
    let plane = frame.plane(c.plane);
    if let (true, Some(packing)) = (frame.is_packed(), info.packing) {
        return packed_code(packing, &plane[y * frame.stride(0)..], channel, x);
    }
    let at = y * frame.stride(c.plane) + c.offset + x * c.step;
    if info.depth == 8 {
        f64::from(plane[at])
    } else {
        let word = u32::from(plane[at]) + 256 * u32::from(plane[at + 1]);
        f64::from((word >> info.shift) % (1 << info.depth))
    }
}

/// The same if samples are not whole bytes: `x` is the component's own sample.
fn packed_code(packing: Packing, row: &[u8], channel: usize, x: usize) -> f64 {
    let bits = |byte: usize, bytes: usize, at: u32, bits: u32| {
        let word = (0..bytes).map(|i| u64::from(row[byte + i]) << (8 * i));
        (word.sum::<u64>() >> at) % (1 << bits)
    };
    match packing {
        Packing::Tens => {
            let sample = [2 * x + 1, 4 * x, 4 * x + 2][channel];
            bits(sample / 3 * 4, 4, sample as u32 % 3 * 10, 10) as f64
        }
        Packing::Pixels16(fields) => {
            let Field { at, bits: count } = fields[channel];
            let value = bits(2 * x, 2, at, count) as f64;
            (value * 255.0 / f64::from((1u32 << count) - 1)).round()
        }
        Packing::Pixels32(fields) => {
            let Field { at, bits: count } = fields[channel];
            let value = bits(4 * x, 4, at, count) as f64;
            value * 1023.0 / f64::from((1u32 << count) - 1)
        }
    }
}

/// Samples and weights of target position `t` along one axis.
fn taps(t: usize, target: usize, pixels: usize, sub: u32, cosited: bool) -> Vec<(i64, f64)> {
    let sub_pixels = f64::from(1u32 << sub);
    // From pixel edges to sample edges: a midway sample's cell covers its pixels exactly; a
    // cosited one is centred on the first of them.
    let shift = if cosited {
        (sub_pixels - 1.0) / 2.0
    } else {
        0.0
    };
    let to_samples = |x: f64| (x + shift) / sub_pixels;
    let pitch = pixels as f64 / target as f64;
    let (a, b) = (
        to_samples(t as f64 * pitch),
        to_samples((t as f64 + 1.0) * pitch),
    );
    // Compared in integers: at exactly one sample both rules say the same only in exact numbers.
    if pixels >= target << sub {
        (a.floor() as i64..=b.ceil() as i64)
            .map(|j| (j, (b.min(j as f64 + 1.0) - a.max(j as f64)) / (b - a)))
            .filter(|(_, weight)| *weight > 0.0)
            .collect()
    } else {
        let position = (a + b) / 2.0 - 0.5;
        let fraction = position - position.floor();
        let left = position.floor() as i64;
        vec![(left, 1.0 - fraction), (left + 1, fraction)]
    }
}

/// The mean code value of a component over target sample (`x`, `y`) of `width` x `height`.
fn component(
    frame: &FrameRef<'_>,
    channel: usize,
    (x, y): (usize, usize),
    (width, height): (usize, usize),
) -> f64 {
    let c = &frame.layout().info().components[channel];
    let site = frame.color().site;
    let columns = taps(
        x,
        width,
        frame.width(),
        c.w_sub,
        site.cosited_x && c.w_sub > 0,
    );
    let rows = taps(
        y,
        height,
        frame.height(),
        c.h_sub,
        site.cosited_y && c.h_sub > 0,
    );
    let mut mean = 0.0;
    for (j, row_weight) in &rows {
        for (i, weight) in &columns {
            mean += code(frame, channel, *i, *j) * weight * row_weight;
        }
    }
    mean
}

/// Red, green and blue, 0 to 1 (not clamped), of target sample `at` of a picture of `size`.
pub(crate) fn rgb(frame: &FrameRef<'_>, at: (usize, usize), size: (usize, usize)) -> [f64; 3] {
    let info = frame.layout().info();
    match info.model {
        ColorModel::Rgb => {
            let top = f64::from((1u32 << info.depth) - 1);
            std::array::from_fn(|c| component(frame, c, at, size) / top)
        }
        ColorModel::Gray => {
            let map = frame.color().yuv_to_rgb(info.depth);
            let y = component(frame, 0, at, size) + f64::from(map.offset[0]);
            [f64::from(map.m[0][0]) * y; 3]
        }
        ColorModel::Yuv => {
            let map = frame.color().yuv_to_rgb(info.depth);
            let yuv: [f64; 3] =
                std::array::from_fn(|c| component(frame, c, at, size) + f64::from(map.offset[c]));
            std::array::from_fn(|c| (0..3).map(|i| f64::from(map.m[c][i]) * yuv[i]).sum())
        }
    }
}

/// The same before mid gray, by the mean of the frame's own alpha.
pub(crate) fn seen(frame: &FrameRef<'_>, at: (usize, usize), size: (usize, usize)) -> [f64; 3] {
    let share = match frame.layout().info().alpha {
        true => component(frame, 3, at, size) / f64::from(frame.layout().info().top()),
        false => 1.0,
    };
    rgb(frame, at, size).map(|x| x * share + 0.5 * (1.0 - share))
}

/// Luma, 0 to 1 (not clamped), of target sample `at` of a picture of `size`.
pub(crate) fn luma(frame: &FrameRef<'_>, at: (usize, usize), size: (usize, usize)) -> f64 {
    let info = frame.layout().info();
    if info.model == ColorModel::Rgb {
        let (kr, kb) = frame.color().matrix.weights();
        let (kr, kb) = (f64::from(kr), f64::from(kb));
        let [r, g, b] = rgb(frame, at, size);
        return kr * r + (1.0 - kr - kb) * g + kb * b;
    }
    let map = frame.color().yuv_to_rgb(info.depth);
    f64::from(map.m[0][0]) * (component(frame, 0, at, size) + f64::from(map.offset[0]))
}
