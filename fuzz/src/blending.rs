// SPDX-License-Identifier: MPL-2.0

use super::frames::{Frame, Gray, fill, format, level};
use arbitrary::{Result, Unstructured};
use gstmatte::blend::{
    AlphaOut, Backdrop, Background, Compositor, Fit, Fitter, GrayOut, Placement, Rescaler, Setting,
    fitted,
};
use gstmatte::frame::{FrameFormat, GrayImage, Orientation, PixelLayout, Range, View};
use gstmatte::picture::Picture;
use gstmatte::simd::Level;
use std::sync::Arc;

pub fn blend(u: &mut Unstructured) -> Result<()> {
    let format = format(u)?;
    let level = level(u)?;
    match u.int_in_range(0..=7u8)? {
        0 => rescale(u, format, level),
        1 => alpha_out(u, format, level),
        2 => gray_out(u, level),
        _ => compose(u, format, level),
    }
}

fn backdrop(u: &mut Unstructured, format: FrameFormat) -> Result<Arc<Backdrop>> {
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    let mut backdrop = Backdrop::new(layout, color, width, height).expect("sides are not 0");
    let mut view = backdrop.view_mut();
    for plane in view.planes_mut() {
        fill(u, plane)?;
    }
    Ok(Arc::new(backdrop))
}

fn background(u: &mut Unstructured, format: FrameFormat) -> Result<Background> {
    Ok(match u.int_in_range(0..=8u8)? {
        0 => Background::None,
        1 | 2 => Background::Blur {
            strength: if u.ratio(1, 8)? {
                f32::from_bits(u.arbitrary()?)
            } else {
                f32::from(u.int_in_range(0..=100u8)?)
            },
            bokeh: u.arbitrary()?,
        },
        3 => Background::Color(u.arbitrary()?),
        4 | 5 => Background::Image(backdrop(u, format)?),
        6 => Background::Transparent { keep_colors: false },
        7 => Background::Matte,
        _ => Background::Overlay,
    })
}

/// Two compositors of different levels in lockstep.
fn compose(u: &mut Unstructured, format: FrameFormat, level: Level) -> Result<()> {
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    let mut pair = [Level::baseline(), level]
        .map(|level| Compositor::new(layout, color, width, height, level).expect("not empty"));
    let mut frame = Frame::new(u, format)?;
    let mut other = Frame::new(u, format)?;
    for _ in 0..u.int_in_range(1..=6u8)? {
        match u.int_in_range(0..=13u8)? {
            0 => {
                let strength = u.arbitrary()?;
                pair.iter_mut().for_each(|c| c.set_strength(strength));
            }
            1 => {
                let amount = u.arbitrary()?;
                pair.iter_mut().for_each(|c| c.set_decontamination(amount));
            }
            2 => {
                let amount = u.arbitrary()?;
                pair.iter_mut().for_each(|c| c.set_light_wrap(amount));
            }
            3 | 4 => {
                let background = background(u, format)?;
                let done = pair
                    .each_mut()
                    .map(|c| c.set_background(background.clone()));
                assert_eq!(done[0], done[1]);
            }
            5 => other = Frame::new(u, format)?,
            12 => {
                let amount = u.arbitrary()?;
                pair.iter_mut().for_each(|c| c.set_tone_match(amount));
            }
            step => {
                let matte = Gray::any(u)?;
                let mut twin = frame.clone();
                let padding = frame.padding();
                let again = u.arbitrary()?;
                for (compositor, frame) in pair.iter_mut().zip([&mut frame, &mut twin]) {
                    let mut view = frame.view_mut();
                    match step {
                        6 => compositor.hide(&mut view),
                        7 => compositor.hide_over(&mut view, &other.view()),
                        8 => compositor.apply_over(&mut view, matte.view(), &other.view(), again),
                        9 => compositor.apply_again(&mut view, matte.view()),
                        _ => compositor.apply(&mut view, matte.view()),
                    }
                    .expect("the frame is of the compositor's format");
                }
                assert!(frame.same(&twin), "{format:?} {level:?} step {step}");
                assert!(
                    padding == frame.padding(),
                    "{format:?} step {step}: padding written"
                );
            }
        }
    }
    Ok(())
}

/// How frames are seen: any way up, and in any shape.
fn view(u: &mut Unstructured) -> Result<View> {
    let shape = match u.ratio(1, 4)? {
        true => f64::from_bits(u.arbitrary()?),
        false => 1.0,
    };
    Ok(View::new(*u.choose(&Orientation::ALL)?, shape))
}

fn rescale(u: &mut Unstructured, from: FrameFormat, level: Level) -> Result<()> {
    let to = format(u)?;
    let placement = Placement {
        fit: fit(u)?,
        from: view(u)?,
        to: view(u)?,
        bars: u.arbitrary()?,
    };
    let frame = Frame::new(u, from)?;
    let mut first: Option<Vec<Vec<u8>>> = None;
    for level in [Level::baseline(), level] {
        let mut rescaler = Rescaler::new(from, to, placement, level).expect("not empty");
        rescaler
            .convert(&frame.view())
            .expect("of the rescaler's format");
        let view = rescaler.view();
        let planes = (0..to.layout.info().planes).map(|p| view.plane(p).to_vec());
        let planes: Vec<_> = planes.collect();
        let first = first.get_or_insert_with(|| planes.clone());
        assert!(*first == planes, "{from:?} {to:?} {placement:?} {level:?}");
    }
    Ok(())
}

fn alpha_out(u: &mut Unstructured, from: FrameFormat, level: Level) -> Result<()> {
    let to = FrameFormat {
        layout: *u.choose(PixelLayout::ALL)?,
        ..from
    };
    let (frame, matte) = (Frame::new(u, from)?, Gray::any(u)?);
    let mut out = Frame::new(u, to)?;
    let strength = u.arbitrary()?;
    let mut first: Option<Frame> = None;
    let padding = out.padding();
    for level in [Level::baseline(), level] {
        let made = AlphaOut::new(
            from.layout,
            to.layout,
            from.color,
            from.width,
            from.height,
            level,
        );
        let Ok(mut alpha) = made else {
            return Ok(());
        };
        alpha.set_strength(strength);
        alpha
            .apply(&frame.view(), matte.view(), &mut out.view_mut())
            .expect("fits");
        let first = first.get_or_insert_with(|| out.clone());
        assert!(first.same(&out), "{from:?} {to:?} {level:?}");
        alpha.hide(&mut out.view_mut()).expect("fits");
    }
    assert!(padding == out.padding(), "{to:?}: padding written");
    Ok(())
}

fn gray_out(u: &mut Unstructured, level: Level) -> Result<()> {
    let (matte, size) = (Gray::any(u)?, Gray::any(u)?);
    let range = *u.choose(&[Range::Limited, Range::Full])?;
    let mut first: Option<GrayImage> = None;
    for level in [Level::baseline(), level] {
        let mut out = GrayImage::new(size.width, size.height);
        GrayOut::new(size.width, size.height, level).apply(
            matte.view(),
            None,
            range,
            &mut out.as_mut(),
        );
        let first = first.get_or_insert_with(|| out.clone());
        assert!(*first == out, "{level:?}");
    }
    Ok(())
}

fn fit(u: &mut Unstructured) -> Result<Fit> {
    Ok(*u.choose(&[Fit::Cover, Fit::Contain, Fit::Stretch, Fit::Tile])?)
}

/// A picture's file, followed by what is done with the picture. Every vector level must give the
/// same bytes.
pub fn picture(data: &[u8]) {
    let Ok(picture) = Picture::decode(data) else {
        return;
    };
    let _ = show(&picture, &mut Unstructured::new(data));
}

fn show(picture: &Picture, u: &mut Unstructured) -> Result<()> {
    let (fit, bars, format, view) = (fit(u)?, u.arbitrary()?, format(u)?, view(u)?);
    let setting = Setting {
        fit,
        bars,
        format,
        view,
    };
    let level = level(u)?;
    if let Some(image) = picture.still() {
        let one = fitted(image, setting, Level::baseline()).expect("the frame is not empty");
        let other = fitted(image, setting, level).expect("the frame is not empty");
        for plane in 0..format.layout.info().planes {
            assert_eq!(one.view().row(plane, 0), other.view().row(plane, 0));
        }
        return Ok(());
    }
    let Ok(Some(frames)) = picture.frames() else {
        return Ok(());
    };
    let mut fitter: Option<Fitter> = None;
    for frame in frames.take(20) {
        let Ok(frame) = frame else {
            break;
        };
        assert!(!frame.delay.is_zero());
        let new = || Fitter::new(frame.image.dimensions(), setting, level);
        let fitter = fitter.get_or_insert_with(|| new().expect("the frame is not empty"));
        let mut backdrop = fitter.blank().expect("the frame is not empty");
        fitter
            .fit(&frame.image, &mut backdrop)
            .expect("all frames have one size");
    }
    Ok(())
}
