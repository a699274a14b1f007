// SPDX-License-Identifier: MPL-2.0

use super::frames::{Frame, fill, format, level, side};
use arbitrary::{Result, Unstructured};
use gstmatte::frame::{
    ChannelOrder, ChromaScaler, ElementType, FrameMut, FrameRef, GrayImage, Half, LumaScaler,
    Sampler, StillDetector, TensorLayout, TensorMut, TensorSpec,
};
use gstmatte::simd::Level;

pub fn sample(u: &mut Unstructured) -> Result<()> {
    let format = format(u)?;
    if u.ratio(1, 16)? {
        return views(u);
    }
    let mut frame = Frame::new(u, format)?;
    let level = level(u)?;
    let (width, height) = (side(u)?, side(u)?);
    match u.int_in_range(0..=3u8)? {
        0 | 1 => tensor(u, &mut frame, level, (width, height))?,
        2 => guides(&mut frame, level, (width, height)),
        _ => still(&frame, level),
    }
    Ok(())
}

/// Views over memory that need not fit: an error or a view whose rows are all there.
fn views(u: &mut Unstructured) -> Result<()> {
    let format = format(u)?;
    let (width, height) = if u.ratio(1, 4)? {
        (
            u.arbitrary::<u32>()? as usize,
            u.arbitrary::<u32>()? as usize,
        )
    } else {
        (format.width, format.height)
    };
    let mut memory = [vec![], vec![], vec![], vec![], vec![]];
    let mut planes = Vec::new();
    for memory in &mut memory[..u.int_in_range(0..=5)?] {
        memory.resize(u.int_in_range(0..=2000)?, 0);
        fill(u, memory)?;
        let stride = if u.ratio(1, 8)? {
            u.arbitrary()?
        } else {
            u.int_in_range(0..=200)?
        };
        planes.push((&mut memory[..], stride));
    }
    let read: Vec<_> = planes
        .iter()
        .map(|(data, stride)| (&**data, *stride))
        .collect();
    if let Ok(view) = FrameRef::new(format.layout, format.color, width, height, &read) {
        for plane in 0..format.layout.info().planes {
            let (row, rows) = format.layout.info().plane_extent(plane, width, height);
            assert!((0..rows).all(|y| view.row(plane, y).len() == row));
        }
    }
    if let Ok(mut view) = FrameMut::new(format.layout, format.color, width, height, planes) {
        for plane in 0..format.layout.info().planes {
            let (row, rows) = format.layout.info().plane_extent(plane, width, height);
            assert!((0..rows).all(|y| view.row_mut(plane, y).len() == row));
        }
    }
    Ok(())
}

fn factor(u: &mut Unstructured) -> Result<f32> {
    Ok(match u.int_in_range(0..=7u8)? {
        0 => f32::from_bits(u.arbitrary()?),
        1 => f32::NAN,
        2 => 65504.0,
        3 => 0.0,
        _ => f32::from(u.arbitrary::<i16>()?) / 100.0,
    })
}

fn tensor(
    u: &mut Unstructured,
    frame: &mut Frame,
    level: Level,
    (width, height): (usize, usize),
) -> Result<()> {
    let spec = TensorSpec {
        width,
        height,
        layout: *u.choose(&[TensorLayout::Nchw, TensorLayout::Nhwc])?,
        order: *u.choose(&[ChannelOrder::Rgb, ChannelOrder::Bgr])?,
        element: *u.choose(&[ElementType::F32, ElementType::F16, ElementType::U8])?,
        scale: [factor(u)?, factor(u)?, factor(u)?],
        bias: [factor(u)?, factor(u)?, factor(u)?],
    };
    let Ok(mut sampler) = Sampler::new(frame.format, &spec, level) else {
        return Ok(());
    };
    let mut baseline = Sampler::new(frame.format, &spec, Level::baseline()).expect("as above");
    let first = run(&mut baseline, frame);
    frame.spoil_padding();
    assert_eq!(
        first,
        run(&mut sampler, frame),
        "{:?} {spec:?} {level:?}",
        frame.format
    );
    Ok(())
}

/// The tensor's bits; they are finite.
fn run(sampler: &mut Sampler, frame: &Frame) -> Vec<u32> {
    let spec = *sampler.spec();
    let frame = frame.view();
    match spec.element {
        ElementType::F32 => {
            let mut out = vec![f32::NAN; spec.elements()];
            sampler
                .sample(&frame, TensorMut::F32(&mut out))
                .expect("fits");
            assert!(out.iter().all(|x| x.is_finite()), "{spec:?}");
            out.into_iter().map(f32::to_bits).collect()
        }
        ElementType::F16 => {
            let mut out = vec![Half::default(); spec.elements()];
            sampler
                .sample(&frame, TensorMut::F16(&mut out))
                .expect("fits");
            out.into_iter().map(|h| u32::from(h.0)).collect()
        }
        ElementType::U8 => {
            let mut out = vec![0u8; spec.elements()];
            sampler
                .sample(&frame, TensorMut::U8(&mut out))
                .expect("fits");
            out.into_iter().map(u32::from).collect()
        }
    }
}

fn guides(frame: &mut Frame, level: Level, (width, height): (usize, usize)) {
    let mut first = None;
    for level in [Level::baseline(), level] {
        let mut luma = LumaScaler::new(frame.format, width, height, level).expect("small");
        let mut color = ChromaScaler::new(frame.format, width, height, level).expect("small");
        let mut out = [(); 3].map(|()| GrayImage::new(width, height));
        let [y, u, v] = &mut out;
        luma.scale(&frame.view(), &mut y.as_mut()).expect("fits");
        let planes = &mut [u.as_mut(), v.as_mut()];
        color.scale(&frame.view(), planes).expect("fits");
        let first = first.get_or_insert_with(|| out.clone());
        assert!(*first == out, "{:?} {level:?}", frame.format);
        frame.spoil_padding();
    }
}

fn still(frame: &Frame, level: Level) {
    let mut still = StillDetector::new(frame.format, level).expect("small");
    assert!(still.change(&frame.view()).expect("fits").is_infinite());
    still.take_reference();
    assert_eq!(still.change(&frame.view()).expect("fits"), 0.0);
}
