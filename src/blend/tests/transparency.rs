// SPDX-License-Identifier: MPL-2.0

//! What is transparent holds nothing of the room, in every layout and on every way to it.

use crate::blend::reference::{self, Owned, extent};
use crate::blend::*;
use crate::frame::{ColorModel, Colorimetry, GrayImage, PixelLayout, Range};
use crate::simd::{self, Level};

/// Frames of `from` become transparent in `to`, in place if both are the same.
struct Way {
    from: PixelLayout,
    to: PixelLayout,
    color: Colorimetry,
    size: (usize, usize),
    level: Level,
    strength: u8,
}

impl Way {
    fn ways(color: Colorimetry, size: (usize, usize), level: Level) -> Vec<Self> {
        let pairs = PixelLayout::ALL
            .iter()
            .flat_map(|&from| PixelLayout::ALL.iter().map(move |&to| (from, to)));
        pairs
            .filter(|&(from, to)| match from == to {
                true => to.info().alpha && to.info().packing.is_none(),
                // If there is enough alpha it is used in place.
                false => {
                    (!from.info().alpha || from.info().packing.is_some())
                        && AlphaOut::new(from, to, color, 2, 2, level).is_ok()
                }
            })
            .map(|(from, to)| Self {
                from,
                to,
                color,
                size,
                level,
                strength: 255,
            })
            .collect()
    }

    fn run(&self, mut frame: Owned, matte: &GrayImage) -> Owned {
        let (w, h) = self.size;
        if self.from == self.to {
            let mut compositor = Compositor::new(self.to, self.color, w, h, self.level).unwrap();
            let background = Background::Transparent { keep_colors: false };
            compositor.set_background(background).unwrap();
            compositor.set_strength(self.strength);
            compositor
                .apply(&mut frame.as_mut(), matte.as_ref())
                .unwrap();
            return frame;
        }
        let mut out = Owned::noise(self.to, self.color, self.size, 3, 99);
        let mut way = AlphaOut::new(self.from, self.to, self.color, w, h, self.level).unwrap();
        way.set_strength(self.strength);
        way.apply(&frame.as_ref(), matte.as_ref(), &mut out.as_mut())
            .unwrap();
        out
    }

    fn name(&self) -> String {
        format!(
            "{:?} to {:?} {:?} {:?}",
            self.from, self.to, self.size, self.color
        )
    }

    /// Black in a colour component.
    fn black(&self, index: usize) -> u16 {
        match (self.to.info().model, index, self.color.range) {
            (ColorModel::Rgb, ..) | (_, 0, Range::Full) => 0,
            (_, 0, Range::Limited) => 16 << (self.to.info().depth - 8),
            _ => 128 << (self.to.info().depth - 8),
        }
    }

    /// Code values of the output for each of 8 bits.
    fn finer(&self) -> f64 {
        f64::from(1u32 << (self.to.info().depth - 8))
    }
}

fn colors() -> impl Iterator<Item = Colorimetry> {
    let ranges = [Range::Limited, Range::Full];
    reference::sites().into_iter().flat_map(move |site| {
        ranges.map(|range| Colorimetry {
            site,
            range,
            ..Default::default()
        })
    })
}

/// Every pixel of alpha 0 is black, by whatever it got there; a chroma sample is neutral where all
/// that it colours is. The alpha is the frame's own times the matte.
#[test]
fn what_has_alpha_0_is_black() {
    for level in simd::levels() {
        for (n, color) in colors().enumerate() {
            // Each siting and range with sizes of its own; high frames are looked at in larger
            // cells.
            let sizes = [
                (1, 1),
                (2, 2),
                (33, 6),
                (47, 31),
                (64, 20),
                (3, 17),
                (18, 370),
            ];
            for size in [0, 1].map(|k| sizes[(2 * n + k) % sizes.len()]) {
                for mut way in Way::ways(color, size, level) {
                    way.strength = if n % 3 == 2 { 200 } else { 255 };
                    let matte = reference::matte(size.0, size.1, n as u32 + 7);
                    let before = Owned::noise(way.from, color, size, 2, 5);
                    let out = way.run(Owned::noise(way.from, color, size, 2, 5), &matte);
                    check_black(&way, &before, &matte, &out);
                }
            }
        }
    }
}

fn check_black(way: &Way, before: &Owned, matte: &GrayImage, out: &Owned) {
    let (w, h) = way.size;
    let alpha = |x: usize, y: usize| out.sample(3, x, y);
    for y in 0..h {
        for x in 0..w {
            let m = f64::from(matte.data()[y * w + x]);
            let faded = 255.0 - (255.0 - m) * f64::from(way.strength) / 255.0;
            let top = |layout: PixelLayout| f64::from(layout.info().top());
            let own = match way.from.info().alpha {
                true => f64::from(before.sample(3, x, y)) / top(way.from) * top(way.to),
                false => top(way.to),
            };
            let wanted = own * faded / 255.0;
            assert!(
                (f64::from(alpha(x, y)) - wanted).abs() <= 1.001 * way.finer(),
                "{} {x},{y}",
                way.name()
            );
        }
    }
    let site = way.color.site;
    for (index, c) in way.to.info().components.iter().take(3).enumerate() {
        let (cw, ch) = extent(c, w, h);
        let reach = |at: usize, sub: u32, cosited: bool, end: usize| {
            let first = at << sub;
            let before = usize::from(sub > 0 && cosited);
            first.saturating_sub(before)..(first + (1 << sub)).min(end)
        };
        for y in 0..ch {
            for x in 0..cw {
                let rows = reach(y, c.h_sub, site.cosited_y, h);
                let columns = reach(x, c.w_sub, site.cosited_x, w);
                let seen = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
                if seen.into_iter().all(|(x, y)| alpha(x, y) == 0) {
                    let found = out.sample(index, x, y);
                    assert_eq!(found, way.black(index), "{} {index} {x},{y}", way.name());
                }
            }
        }
    }
    assert!(out.padding_is_intact(), "{}", way.name());
}

/// A frame of one colour.
fn flat(layout: PixelLayout, color: Colorimetry, size: (usize, usize), rgb: Rgba) -> Owned {
    let mut frame = Owned::noise(layout, color, size, 0, 1);
    let from = Backdrop::render(layout, color, size.0, size.1, |_, _| rgb).unwrap();
    frame.show(&from.view());
    frame
}

/// If a matte is a haze over the room and nobody is near, a program that drops the alpha shows no
/// more of the room than the alpha says (and less than half of that again).
#[test]
fn a_haze_shows_the_room_by_its_alpha() {
    let (color, size) = (Colorimetry::default(), (40, 30));
    let rooms = [[0.9, 0.2, 0.1, 1.0], [0.1, 0.4, 0.95, 1.0]];
    for way in Way::ways(color, size, simd::level()) {
        for haze in [1, 5, 30, 160] {
            let mut matte = GrayImage::new(size.0, size.1);
            matte.data_mut().fill(haze);
            let [a, b] = rooms.map(|room| way.run(flat(way.from, color, size, room), &matte));
            let [wide_a, wide_b] = rooms.map(|room| flat(way.to, color, size, room));
            for (index, c) in way.to.info().components.iter().take(3).enumerate() {
                let (w, h) = extent(c, size.0, size.1);
                for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
                    let apart = |a: &Owned, b: &Owned| {
                        f64::from(a.sample(index, x, y).abs_diff(b.sample(index, x, y)))
                    };
                    // Gray frames have lost their colours.
                    // In few bits the rooms may be further apart.
                    let rooms = apart(&wide_a, &wide_b) + 2.0 * reference::grain(way.from, index);
                    let most = rooms * 1.45 * f64::from(haze) / 255.0 + 2.0 * way.finer();
                    let found = apart(&a, &b);
                    assert!(
                        found <= most,
                        "{} haze {haze} {index}: {found} > {most}",
                        way.name()
                    );
                }
            }
        }
    }
}

/// Two rooms behind the same person leave about the same colours under every alpha: the person's.
#[test]
fn two_rooms_leave_the_same_person() {
    let (color, size) = (Colorimetry::default(), (96, 250));
    let alpha = |x: usize, y: usize| {
        let (dx, dy) = (x as f32 - 46.0, y as f32 - 120.0);
        ((36.0 - (dx * dx + dy * dy).sqrt()) / 9.0 + 0.5).clamp(0.0, 1.0)
    };
    let mut matte = GrayImage::new(size.0, size.1);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = (alpha(i % size.0, i / size.0) * 255.0).round() as u8;
    }
    let person = [0.7, 0.5, 0.4, 1.0];
    let rooms = [[0.9, 0.9, 0.2, 1.0], [0.1, 0.2, 0.5, 1.0]];
    for way in Way::ways(color, size, simd::level()) {
        let render = |room: Rgba| {
            let mut frame = flat(way.from, color, size, room);
            let picture = Backdrop::render(way.from, color, size.0, size.1, |x, y| {
                let a = alpha(x, y);
                std::array::from_fn(|i| person[i] * a + room[i] * (1.0 - a))
            });
            frame.show(&picture.unwrap().view());
            frame
        };
        let [a, b] = rooms.map(|room| way.run(render(room), &matte));
        for (index, c) in way.to.info().components.iter().take(3).enumerate() {
            let (w, h) = extent(c, size.0, size.1);
            let (mut sum, mut count) = (0.0, 0.0);
            for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
                let apart = f64::from(a.sample(index, x, y).abs_diff(b.sample(index, x, y)));
                let apart = apart / way.finer();
                assert!(apart <= 40.0, "{} {index} {x},{y}: {apart}", way.name());
                let cover = alpha(x << c.w_sub, y << c.h_sub);
                if cover > 0.05 && cover < 0.95 {
                    sum += apart;
                    count += 1.0;
                }
            }
            // Without its own colour it would be about half of how far the rooms are apart, 50 to
            // 100.
            assert!(
                sum / count < 12.0,
                "{} {index}: {}",
                way.name(),
                sum / count
            );
        }
    }
}

#[test]
fn every_level_clears_alike() {
    let (color, size) = (Colorimetry::default(), (69, 53));
    let matte = reference::matte(20, 15, 4);
    let count = Way::ways(color, size, simd::level()).len();
    for i in 0..count {
        let run = |level| {
            let way = &Way::ways(color, size, level)[i];
            way.run(Owned::noise(way.from, color, size, 1, 3), &matte)
                .planes
        };
        let all: Vec<_> = simd::levels().into_iter().map(run).collect();
        assert!(all.windows(2).all(|w| w[0] == w[1]), "way {i}");
    }
}

/// Whatever was asked for before, the newest wishes hold.
#[test]
fn wishes_may_come_in_any_order() {
    let (layout, color, size) = (PixelLayout::Bgra, Colorimetry::default(), (40, 30));
    let matte = reference::matte(size.0, size.1, 2);
    let compose = |setup: &dyn Fn(&mut Compositor)| {
        let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
        setup(&mut compositor);
        let mut frame = Owned::noise(layout, color, size, 0, 3);
        compositor
            .apply(&mut frame.as_mut(), matte.as_ref())
            .unwrap();
        frame.planes
    };
    let set = |c: &mut Compositor, keep_colors| {
        c.set_background(Background::Transparent { keep_colors })
            .unwrap();
    };
    let clear = compose(&|c| set(c, false));
    let kept = compose(&|c| set(c, true));
    assert_ne!(clear, kept);
    assert_eq!(
        clear,
        compose(&|c| {
            set(c, true);
            c.set_decontamination(77);
            set(c, false);
            c.set_decontamination(0);
        })
    );
    assert_eq!(
        kept,
        compose(&|c| {
            set(c, false);
            c.set_decontamination(255);
            set(c, true);
            c.set_decontamination(0);
        })
    );
}
