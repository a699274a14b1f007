// SPDX-License-Identifier: MPL-2.0

//! How much brighter a frame in high dynamic range is to be made before a network looks at it.
//!
//! Where diffuse white lies is a convention (203 cd/m²) that cameras and night scenes do not keep:
//! a room whose white is 50 cd/m² would be an underexposed picture to a network. So the bright part
//! of the picture is lifted to where it lies in a picture that was exposed for standard dynamic
//! range; bright enough pictures stay as they are. The decision is steady: small changes of the
//! scene change nothing, large ones are followed slowly.

/// Bins a stop.
const FINE: f32 = 8.0;
/// Stops below and above diffuse white that are told apart.
const RANGE: (f32, f32) = (-12.0, 6.0);
const BINS: usize = ((RANGE.1 - RANGE.0) * FINE) as usize;
/// Share of the picture that may be brighter than what is exposed for: lamps, windows, the sun.
const BRIGHTER: f32 = 0.05;
/// Where that lies in an exposed picture, in stops from diffuse white.
const BRIGHT: f32 = -0.5;
/// Most stops that are added.
const MOST: f32 = 3.0;
/// Stops by which a scene may change without any change here.
const HOLD: f32 = 0.5;
/// Stops by which one frame's gain may differ from the last one's.
const STEP: f32 = 1.0 / 16.0;

/// The exposure of a stream.
#[derive(Debug, Default)]
pub(super) struct Exposure {
    /// In stops; none before the first frame.
    now: Option<f32>,
    /// It is on its way.
    moving: bool,
}

impl Exposure {
    /// Factor for the light of a frame of these luminances, where 1 is diffuse white; at least 1.
    pub fn gain(&mut self, luminances: impl Iterator<Item = f32>) -> f32 {
        let wanted = wanted(luminances);
        let now = self.now.unwrap_or(wanted);
        let off = wanted - now;
        self.moving = off.abs() > if self.moving { STEP } else { HOLD };
        let next = match self.moving {
            true => now + off.clamp(-STEP, STEP),
            false => now,
        };
        self.now = Some(next);
        next.exp2()
    }
}

/// The stops that a frame wants.
fn wanted(luminances: impl Iterator<Item = f32>) -> f32 {
    let mut bins = [0u32; BINS];
    let mut count = 0;
    for luminance in luminances {
        let stop = (luminance.max(0.0).log2() - RANGE.0) * FINE;
        // Nothing is minus infinity stops, and the first bin.
        bins[(stop as usize).min(BINS - 1)] += 1;
        count += 1;
    }
    let mut brighter = (count as f32 * BRIGHTER) as u32;
    let mut bright = BINS - 1;
    while bright > 0 && bins[bright] <= brighter {
        brighter -= bins[bright];
        bright -= 1;
    }
    let bright = RANGE.0 + (bright as f32 + 0.5) / FINE;
    (BRIGHT - bright).clamp(0.0, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scene from black to `white`, with a lamp.
    fn scene(white: f32) -> Vec<f32> {
        let mut scene: Vec<f32> = (0..1000).map(|i| white * i as f32 / 1000.0).collect();
        scene[..20].fill(20.0);
        scene
    }

    fn gain(exposure: &mut Exposure, white: f32) -> f32 {
        exposure.gain(scene(white).into_iter())
    }

    #[test]
    fn a_dim_scene_is_lifted_and_a_bright_one_is_not() {
        assert_eq!(gain(&mut Exposure::default(), 1.0), 1.0);
        assert_eq!(gain(&mut Exposure::default(), 4.0), 1.0);
        let dim = gain(&mut Exposure::default(), 50.0 / 203.0);
        assert!((1.8..=4.1).contains(&dim), "{dim}");
        // Night is not made day.
        assert_eq!(gain(&mut Exposure::default(), 1e-4), 8.0);
        assert_eq!(Exposure::default().gain([0.0; 9].into_iter()), 8.0);
        assert_eq!(Exposure::default().gain([].into_iter()), 8.0);
        assert_eq!(
            Exposure::default().gain([f32::NAN, f32::INFINITY].into_iter()),
            1.0
        );
    }

    #[test]
    fn it_is_steady_where_the_scene_flickers_and_slow_where_it_changes() {
        let mut exposure = Exposure::default();
        let first = gain(&mut exposure, 0.2);
        for i in 0..50 {
            let white = if i % 2 == 0 { 0.2 } else { 0.26 };
            assert_eq!(gain(&mut exposure, white), first, "frame {i}");
        }
        let mut last = first;
        for _ in 0..100 {
            let next = gain(&mut exposure, 1.0);
            let stops = (next / last).log2().abs();
            assert!(stops <= STEP + 1e-6, "{stops}");
            last = next;
        }
        assert!(last < 1.05, "{last}");
    }
}
