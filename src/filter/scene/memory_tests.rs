// SPDX-License-Identifier: MPL-2.0

//! What the memory of the scene promises.

use super::*;
use crate::filter::plane::NEUTRAL;
use crate::filter::scene::{SEGMENT, chroma_size};
use crate::filter::testing::{Random, disc, noise, sizes};

const SIZE: (usize, usize) = (96, 64);
const CENTRE: (f32, f32) = (48.0, 40.0);
const RADIUS: f32 = 18.0;

/// A patterned room and a subject, seen by a camera with noise, and the memory of it.
struct Scene {
    random: Random,
    room: Plane,
    memory: SceneMemory,
    luma: Plane,
    chroma: [Plane; 2],
    /// Luma of the subject; its colour differs from the room's unless this is `None`.
    subject: Option<f32>,
    light: f32,
    shift: usize,
}

impl Scene {
    fn new() -> Self {
        Self {
            random: Random::new(5),
            room: noise(SIZE.0, SIZE.1, 3),
            memory: SceneMemory::default(),
            luma: Plane::new(SIZE.0, SIZE.1),
            chroma: [(); 2].map(|()| {
                let (width, height) = chroma_size(SIZE);
                Plane::new(width, height)
            }),
            subject: Some(0.25),
            light: 1.0,
            shift: 0,
        }
    }

    /// Draws the subject where `front` is above one half.
    fn draw(&mut self, front: &Plane) {
        self.chroma
            .iter_mut()
            .for_each(|c| c.data_mut().fill(NEUTRAL));
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let back = 0.5 + 0.2 * self.room.row(y)[(x + self.shift) % SIZE.0];
                let inside = front.row(y)[x] > 0.5;
                let luma = self.subject.filter(|_| inside).unwrap_or(back) * self.light;
                self.luma.row_mut(y)[x] = luma + 0.004 * self.random.normal();
                if inside && self.subject.is_some() {
                    self.chroma[1].row_mut(y / 2)[x / 2] = NEUTRAL + 0.1;
                }
            }
        }
    }

    /// Shows the subject where `front` is, with a raw matte; the corrected one.
    fn show(&mut self, front: &Plane, raw: &Plane) -> Plane {
        self.draw(front);
        let mut matte = raw.clone();
        let colors = Colors {
            luma: &self.luma,
            chroma: self.chroma.each_ref(),
        };
        let level = crate::simd::level();
        self.memory.apply(level, colors, 1.0, &mut matte);
        matte
    }

    /// Shows the same for many frames, with the matte as it should be.
    fn learn(&mut self, front: &Plane, frames: usize) {
        for _ in 0..frames {
            self.show(front, front);
        }
    }
}

fn nobody() -> Plane {
    let mut plane = Plane::new(SIZE.0, SIZE.1);
    plane.data_mut().fill(0.0);
    plane
}

fn somebody(left: f32) -> Plane {
    disc(SIZE.0, SIZE.1, (CENTRE.0 + left, CENTRE.1), RADIUS, 1.0)
}

/// The matte with a square of 6x6 pixels at a place set to a value.
fn with(matte: &Plane, (left, top): (usize, usize), value: f32) -> Plane {
    let mut matte = matte.clone();
    for y in top..top + 6 {
        matte.row_mut(y)[left..left + 6].fill(value);
    }
    matte
}

/// Mean over that square.
fn mean(matte: &Plane, (left, top): (usize, usize)) -> f32 {
    let rows = (top..top + 6).map(|y| matte.row(y)[left..left + 6].iter().sum::<f32>());
    rows.sum::<f32>() / 36.0
}

/// Beside the subject, in the room.
const BESIDE: (usize, usize) = (70, 30);
/// In the subject.
const INSIDE: (usize, usize) = (45, 37);

#[test]
fn what_was_room_is_room_beside_the_subject() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.learn(&front, 60);
    let found = scene.show(&front, &with(&front, BESIDE, 0.6));
    assert!(mean(&found, BESIDE) < 0.15, "{}", mean(&found, BESIDE));
    assert!(mean(&found, INSIDE) > 0.99);
}

#[test]
fn without_memory_the_network_is_believed() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    let raw = with(&front, BESIDE, 0.6);
    assert_eq!(scene.show(&front, &raw), raw);
    scene.learn(&front, 60);
    scene.memory.reset();
    assert_eq!(scene.show(&front, &raw), raw);
}

#[test]
fn who_enters_is_not_held_back() {
    let mut scene = Scene::new();
    scene.learn(&nobody(), 60);
    let front = somebody(0.0);
    let mut raw = front.clone();
    raw.data_mut().iter_mut().for_each(|v| *v *= 0.6);
    let found = scene.show(&front, &raw);
    assert!(mean(&found, INSIDE) >= 0.6, "{}", mean(&found, INSIDE));
}

#[test]
fn what_is_uncovered_is_known_at_once() {
    let mut scene = Scene::new();
    scene.learn(&somebody(-30.0), 60);
    scene.learn(&somebody(0.0), 60);
    // The subject is away again, and the network still sees half of it.
    let mut raw = somebody(-30.0);
    for (value, ghost) in raw.data_mut().iter_mut().zip(somebody(0.0).data()) {
        *value = value.max(0.6 * ghost);
    }
    let found = scene.show(&somebody(-30.0), &raw);
    let place = (54, 37);
    assert!(mean(&raw, place) > 0.55);
    assert!(mean(&found, place) < 0.15, "{}", mean(&found, place));
}

#[test]
fn who_sits_still_is_never_room() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.learn(&front, 200);
    let inside = (CENTRE.1 as usize, CENTRE.0 as usize);
    let place = (inside.1 / SEGMENT * SEGMENT, inside.0);
    let known = scene.memory.known.room.segment(place);
    assert_eq!(known.seen[inside.1 % SEGMENT], 0.0);
    let mut weak = front.clone();
    weak.data_mut().iter_mut().for_each(|v| *v *= 0.6);
    assert!(mean(&scene.show(&front, &weak), INSIDE) >= 0.6);
}

#[test]
fn what_was_subject_stays() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.learn(&front, 60);
    let found = scene.show(&front, &with(&front, INSIDE, 0.4));
    assert!(mean(&found, INSIDE) > 0.6, "{}", mean(&found, INSIDE));
}

#[test]
fn a_shirt_like_the_wall_is_left_to_the_network() {
    let mut scene = Scene::new();
    scene.room.data_mut().fill(0.5);
    scene.subject = None;
    scene.learn(&nobody(), 60);
    let front = somebody(0.0);
    let raw = with(&front, INSIDE, 0.7);
    let found = scene.show(&front, &raw);
    assert!(mean(&found, INSIDE) > 0.5, "{}", mean(&found, INSIDE));
}

#[test]
fn the_light_is_followed() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.learn(&front, 60);
    for light in [1.06, 1.12, 1.05, 0.95] {
        scene.light = light;
        let found = scene.show(&front, &with(&front, BESIDE, 0.6));
        assert!(
            mean(&found, BESIDE) < 0.25,
            "{light} {}",
            mean(&found, BESIDE)
        );
    }
}

#[test]
fn a_camera_that_moves_silences_the_memory() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.learn(&front, 60);
    scene.shift = 9;
    let raw = with(&front, BESIDE, 0.6);
    let found = scene.show(&front, &raw);
    let away = |found: &Plane| {
        let pairs = found.data().iter().zip(raw.data());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(away(&found) < 0.25, "{}", away(&found));
    // And it learns the new view.
    scene.learn(&front, 90);
    assert!(mean(&scene.show(&front, &raw), BESIDE) < 0.15);
}

#[test]
fn a_thing_that_was_put_down_is_learnt() {
    let mut scene = Scene::new();
    scene.learn(&nobody(), 90);
    // A thing of the subject's colour, which the network knows to be none.
    let thing = with(&nobody(), BESIDE, 1.0);
    for _ in 0..120 {
        scene.show(&thing, &nobody());
    }
    let found = scene.show(&thing, &with(&nobody(), BESIDE, 0.5));
    assert!(mean(&found, BESIDE) < 0.3, "{}", mean(&found, BESIDE));
}

#[test]
fn pictures_that_do_not_count_teach_nothing() {
    let mut scene = Scene::new();
    let front = somebody(0.0);
    scene.draw(&front);
    for _ in 0..60 {
        let colors = Colors {
            luma: &scene.luma,
            chroma: scene.chroma.each_ref(),
        };
        let mut matte = front.clone();
        scene
            .memory
            .apply(crate::simd::level(), colors, 0.0, &mut matte);
    }
    let known = &mut scene.memory.known.room;
    known.change(|_, segment| assert_eq!(segment.seen, [0.0; SEGMENT]));
}

#[test]
fn a_spoilt_memory_shows_nothing_that_is_hidden() {
    let wild = [0.0, 1e-5, 1e-3, 0.1, 0.5, 0.9, 12.0, f32::INFINITY];
    let mut random = Random::new(9);
    let mut scene = Scene::new();
    let front = somebody(0.0);
    for _ in 0..40 {
        let memory = &mut scene.memory.known;
        for known in [&mut memory.room, &mut memory.subject] {
            known.change(|_, segment| {
                let colors = segment.means.as_flattened_mut().iter_mut();
                let values = colors.chain(segment.variances.as_flattened_mut());
                let any = |v: &mut f32| *v = wild[(random.unit() * 7.99) as usize];
                values.chain(&mut segment.seen).for_each(any);
            });
        }
        let unsure = [0.02, 0.06, 0.099, 0.5, 0.98][(random.unit() * 4.99) as usize];
        let raw = with(&front, BESIDE, unsure);
        let found = scene.show(&front, &raw);
        for (found, raw) in found.data().iter().zip(raw.data()) {
            assert!((0.0..=1.0).contains(found));
            assert!((0.03..=0.97).contains(raw) || found == raw);
            assert!(*raw >= 0.1 || *found < 0.5, "{raw} became {found}");
        }
    }
}

#[test]
fn every_size_and_level_does_the_same() {
    for (width, height) in sizes() {
        let (luma, matte) = (noise(width, height, 1), noise(width, height, 2));
        let (columns, rows) = chroma_size((width, height));
        let chroma = [noise(columns, rows, 3), noise(columns, rows, 4)];
        let colors = Colors {
            luma: &luma,
            chroma: chroma.each_ref(),
        };
        let mut first: Option<Plane> = None;
        for level in crate::simd::levels() {
            let mut memory = SceneMemory::default();
            let mut found = matte.clone();
            for _ in 0..30 {
                found = matte.clone();
                memory.apply(level, colors, 1.0, &mut found);
            }
            let first = first.get_or_insert_with(|| found.clone());
            for (a, b) in first.data().iter().zip(found.data()) {
                assert!((a - b).abs() < 1e-3, "{width}x{height} {level:?}");
            }
        }
    }
}
