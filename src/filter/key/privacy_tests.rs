// SPDX-License-Identifier: MPL-2.0

//! The room is not shown: wherever the picture shows neither subject nor screen, the matte is at most
//! what the network alone makes of it, in every frame.

use super::tests::{Frame, HEIGHT, RAW, SKIN, WIDTH, over, params};
use crate::filter::testing::disc;
use crate::filter::{KeyColor, Params, Plane, Refiner, Region, Screen, SubjectSelect, Timing};
use crate::frame::{Colorimetry, GrayImage, GrayRef};
use std::ops::Range;
use std::time::Duration;

/// What a frame shows.
#[derive(Debug, Clone)]
struct Shot {
    /// The middle of the person, a disc.
    person: (f32, f32),
    radius: f32,
    /// Columns and rows of the screen.
    screen: (Range<i32>, Range<i32>),
    /// How bright it is.
    light: f32,
    /// How far the room has moved.
    shift: i32,
    /// How far the network's person lies beside the true one.
    off: (f32, f32),
    /// Somebody else: the middle, and how sure the network is.
    other: Option<((f32, f32), f32)>,
}

/// The radius of somebody else.
const OTHER: f32 = 40.0;

const STILL: Shot = Shot {
    person: (240.0, 150.0),
    radius: 70.0,
    screen: (100..380, -1..HEIGHT as i32),
    light: 1.0,
    shift: 0,
    off: (3.0, -2.0),
    other: None,
};

impl Shot {
    fn subject(&self) -> Plane {
        let mut subject = disc(WIDTH, HEIGHT, self.person, self.radius, 2.0);
        if let Some((middle, _)) = self.other {
            add(&mut subject, &disc(WIDTH, HEIGHT, middle, OTHER, 2.0), 1.0);
        }
        subject
    }

    fn is_screen(&self, x: usize, y: usize) -> bool {
        self.screen.0.contains(&(x as i32)) && self.screen.1.contains(&(y as i32))
    }

    /// A room of many colours, some of which are skin's, and some a little green.
    fn room(&self, x: usize, y: usize) -> [f32; 3] {
        let x = (x as i32 + self.shift).div_euclid(13).rem_euclid(6) as usize;
        [
            SKIN,
            [0.6, 0.5, 0.45],
            [0.2, 0.25, 0.5],
            [0.9; 3],
            [0.45, 0.55, 0.42],
            [0.1; 3],
        ][(x + y / 11 * 5) % 6]
    }

    fn frame(&self, seed: u64) -> Frame {
        let alpha = self.subject();
        Frame::new(Colorimetry::default(), seed, |x, y| {
            let back = match self.is_screen(x, y) {
                true => [0.18, 0.62, 0.28].map(|c| c * (1.0 - 0.0004 * x as f32)),
                false => self.room(x, y),
            };
            over(alpha.row(y)[x], SKIN, back).map(|c| c * self.light)
        })
    }

    fn network(&self) -> Vec<u8> {
        let scale = RAW.0 as f32 / WIDTH as f32;
        let middle = (self.person.0 + self.off.0, self.person.1 + self.off.1);
        let middle = (middle.0 * scale, middle.1 * scale);
        let mut matte = disc(RAW.0, RAW.1, middle, self.radius * scale, 5.0);
        if let Some(((x, y), sure)) = self.other {
            let other = disc(RAW.0, RAW.1, (x * scale, y * scale), OTHER * scale, 3.0);
            add(&mut matte, &other, sure);
        }
        let codes = matte.data().iter().map(|v| (v * 255.0 + 0.5) as u8);
        codes.collect()
    }
}

/// Adds a share of another matte where that is more.
fn add(matte: &mut Plane, other: &Plane, share: f32) {
    for (value, other) in matte.data_mut().iter_mut().zip(other.data()) {
        *value = value.max(share * other);
    }
}

/// What a film shows of the room, and how often the key was heard.
#[derive(Debug, Default)]
struct Seen {
    /// Frames with the screen.
    screens: usize,
    /// Places at which key and network differ.
    moved: usize,
    /// Places at which the key adds subject.
    added: usize,
}

/// Runs a film with and without the key, which must be heard in it.
fn watch(what: &str, film: impl IntoIterator<Item = Shot>) -> Seen {
    let seen = watched(what, film, |_| (), |_, _| false);
    assert!(seen.screens > 0, "{what}: no screen was seen");
    assert!(seen.moved > 0, "{what}: the key changed nothing");
    seen
}

/// The same with other parameters. Besides the room, no place that is `forbidden` may gain.
fn watched(
    what: &str,
    film: impl IntoIterator<Item = Shot>,
    set: impl Fn(&mut Params),
    forbidden: impl Fn(usize, usize) -> bool,
) -> Seen {
    let chain = |key| {
        let mut refiner = Refiner::new(crate::simd::level());
        let mut params = params(key);
        set(&mut params);
        refiner.set_params(&params);
        (refiner, GrayImage::default())
    };
    let mut alone = chain(None);
    let mut keyed = chain(Some(KeyColor::Auto));
    let mut seen = Seen::default();
    for (n, shot) in film.into_iter().enumerate() {
        let (frame, raw) = (shot.frame(n as u64), shot.network());
        let raw = GrayRef::new(&raw, RAW.0, RAW.1, RAW.0).unwrap();
        let timing = Timing {
            pts: Some(Duration::from_secs(1) * n as u32 / 30),
            discont: false,
        };
        for (refiner, out) in [&mut alone, &mut keyed] {
            let stats = refiner.apply(raw, &frame.view(), timing, out).unwrap();
            seen.screens += usize::from(stats.screen == Screen::Seen);
        }
        let subject = shot.subject();
        let mattes = alone.1.data().iter().zip(keyed.1.data());
        for (at, (alone, keyed)) in mattes.enumerate() {
            let (x, y) = (at % WIDTH, at / WIDTH);
            seen.moved += usize::from(alone != keyed);
            seen.added += usize::from(keyed > alone);
            let may = shot.is_screen(x, y) || subject.row(y)[x] == 1.0;
            if may && !forbidden(x, y) {
                continue;
            }
            assert!(
                keyed <= alone,
                "{what}, frame {n}: the room at {x}, {y} has {keyed}, by the network alone {alone}"
            );
        }
    }
    seen
}

#[test]
fn the_key_is_heard_in_these_films() {
    let seen = watch("still", vec![STILL; 6]);
    assert_eq!(seen.screens, 6);
    assert!(seen.moved > 6000 && seen.added > 1000, "{seen:?}");
}

#[test]
fn a_room_beside_the_screens_edge() {
    for edge in (290..340).step_by(5) {
        let screen = (60..edge, -1..HEIGHT as i32);
        let left = (480 - edge..420, -1..HEIGHT as i32);
        let top = (60..420, edge - 230..HEIGHT as i32);
        for screen in [screen, left, top] {
            let shot = Shot {
                screen: screen.clone(),
                ..STILL
            };
            watch(&format!("{screen:?}"), vec![shot; 4]);
        }
    }
}

/// The network finds less, and more, than there is.
#[test]
fn whatever_the_network_overlooks() {
    for off in [(9.0, 0.0), (-9.0, 4.0), (0.0, 12.0), (15.0, -12.0)] {
        for edge in [300, 311, 320] {
            let screen = (60..edge, -1..HEIGHT as i32);
            let shot = Shot {
                screen,
                off,
                ..STILL
            };
            watch(&format!("{off:?} {edge}"), vec![shot; 3]);
        }
    }
}

#[test]
fn a_pan() {
    for speed in [2, 7, -12, 23] {
        let film = (0..24).map(|n| {
            let moved = speed * (n - 4).max(0);
            Shot {
                person: (240.0 + moved as f32, 150.0),
                screen: (100 + moved..380 + moved, -1..HEIGHT as i32),
                shift: -moved,
                ..STILL
            }
        });
        let seen = watch(&format!("pan by {speed}"), film);
        assert!(seen.moved > 0);
    }
}

/// The camera turns away while the person walks along: the screen leaves them behind.
#[test]
fn a_screen_that_slides_away_behind_the_person() {
    for speed in [3, 9, -9] {
        let film = (0..30).map(|n| {
            let moved = speed * (n - 4).max(0);
            let screen = (100 + moved..380 + moved, -1..HEIGHT as i32);
            Shot {
                screen,
                shift: -moved,
                ..STILL
            }
        });
        watch(&format!("slides by {speed}"), film);
    }
}

#[test]
fn a_cut() {
    let nothing = (-1..-1, -1..-1);
    let elsewhere = Shot {
        person: (150.0, 170.0),
        screen: nothing.clone(),
        shift: 90,
        ..STILL
    };
    // The same person in the same place, only the screen is gone.
    let fallen = Shot {
        screen: nothing,
        ..STILL
    };
    for after in [elsewhere, fallen] {
        let film = [vec![STILL; 6], vec![after.clone(); 12], vec![STILL; 4]];
        let seen = watch(&format!("{after:?}"), film.concat());
        assert!(seen.moved > 0);
    }
}

#[test]
fn a_person_who_leaves_and_comes_back() {
    let film = (0..50).map(|n: i32| Shot {
        person: (240.0 + 14.0 * (25 - (n - 25).abs()) as f32, 150.0),
        ..STILL
    });
    watch("leaves", film);
}

#[test]
fn other_light() {
    let film = (0..24).map(|n| Shot {
        light: [1.0, 0.4, 1.0, 0.7][n / 6],
        screen: (60..318, 20..HEIGHT as i32),
        ..STILL
    });
    watch("light", film);
}

/// Part of the screen falls, and a curtain that sags leaves room above its middle.
#[test]
fn a_screen_that_changes_its_shape() {
    let film = (0..24).map(|n| Shot {
        screen: (100..380, 9 * n..HEIGHT as i32),
        ..STILL
    });
    watch("falls", film);
}

/// The region of interest ends in the middle of the person: beside it nobody is shown, however
/// plainly they stand before the screen.
#[test]
fn what_lies_outside_of_the_subject_region() {
    for edge in [200.0, 214.0, 240.0, 263.0_f32] {
        let region = [edge / WIDTH as f32, 0.0, 1.0 - edge / WIDTH as f32, 1.0];
        let set = |params: &mut Params| {
            let [left, top, width, height] = region;
            params.subject_region = Some(Region::rectangle(left, top, width, height));
        };
        let film = vec![STILL; 8];
        let seen = watched("region", film, set, |x, _| (x as f32) < edge);
        assert!(seen.screens > 0 && seen.added > 100, "{edge}: {seen:?}");
    }
}

/// Somebody stands close beside the one who is chosen, and the network is more or less sure of them.
#[test]
fn somebody_who_is_not_chosen() {
    for gap in [6.0, 12.0, 20.0] {
        for sure in [0.45, 0.6, 1.0] {
            let middle = (STILL.person.0 + STILL.radius + OTHER + gap, 180.0);
            let shot = Shot {
                screen: (20..460, -1..HEIGHT as i32),
                person: (200.0, 150.0),
                other: Some(((middle.0 - 40.0, middle.1), sure)),
                off: (0.0, 0.0),
                ..STILL
            };
            let set = |params: &mut Params| params.subject_select = SubjectSelect::Largest;
            let other = disc(WIDTH, HEIGHT, (middle.0 - 40.0, middle.1), OTHER, 2.0);
            let what = format!("{gap} {sure}");
            let film = vec![shot; 10];
            let seen = watched(&what, film, set, |x, y| other.row(y)[x] > 0.0);
            assert!(seen.screens > 0 && seen.moved > 100, "{what}: {seen:?}");
        }
    }
}
