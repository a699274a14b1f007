// SPDX-License-Identifier: MPL-2.0

//! How the viewer sees frames: which of the eight turns makes a stored picture upright, and what
//! shape its pixels have on the screen.
//!
//! Frames stay as they are stored. What must look right (the network's input, a background
//! picture, the radius of a blur) asks a [`View`] for the way between the two.

use super::{GrayImage, GrayRef};

/// What makes a stored picture upright. The names are those of the tag `image-orientation`: flip
/// left and right first if the name says so, then rotate clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Orientation {
    /// It is upright.
    #[default]
    Rotate0,
    /// A quarter turn clockwise.
    Rotate90,
    /// Half a turn.
    Rotate180,
    /// A quarter turn counter-clockwise.
    Rotate270,
    /// Left and right change places.
    FlipRotate0,
    /// A mirror along the diagonal from the upper right.
    FlipRotate90,
    /// Top and bottom change places.
    FlipRotate180,
    /// A mirror along the diagonal from the upper left.
    FlipRotate270,
}

/// The way from a place in the upright picture to the stored one: mirror each axis that says so,
/// then swap the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    mirror_x: bool,
    mirror_y: bool,
    swap: bool,
}

impl Orientation {
    /// All eight.
    pub const ALL: [Self; 8] = [
        Self::Rotate0,
        Self::Rotate90,
        Self::Rotate180,
        Self::Rotate270,
        Self::FlipRotate0,
        Self::FlipRotate90,
        Self::FlipRotate180,
        Self::FlipRotate270,
    ];

    const fn way(self) -> Way {
        let (mirror_x, mirror_y, swap) = match self {
            Self::Rotate0 => (false, false, false),
            Self::Rotate90 => (true, false, true),
            Self::Rotate180 => (true, true, false),
            Self::Rotate270 => (false, true, true),
            Self::FlipRotate0 => (true, false, false),
            Self::FlipRotate90 => (true, true, true),
            Self::FlipRotate180 => (false, true, false),
            Self::FlipRotate270 => (false, false, true),
        };
        Way {
            mirror_x,
            mirror_y,
            swap,
        }
    }

    /// Whether nothing is to be turned.
    pub fn is_identity(self) -> bool {
        self == Self::Rotate0
    }

    /// Whether width and height change places.
    pub const fn swaps(self) -> bool {
        self.way().swap
    }

    /// Whether the upright picture's columns, and rows, run against those of the stored one that
    /// they come from.
    pub const fn mirrors(self) -> (bool, bool) {
        (self.way().mirror_x, self.way().mirror_y)
    }

    /// What turns the upright picture back into the stored one.
    pub const fn inverse(self) -> Self {
        match self {
            Self::Rotate90 => Self::Rotate270,
            Self::Rotate270 => Self::Rotate90,
            own => own,
        }
    }

    /// This turn and then another one, as one turn.
    pub fn then(self, next: Self) -> Self {
        let (a, b) = (self.way(), next.way());
        // Mirrors of this turn act on the axes that the next one may have swapped.
        let (own_x, own_y) = match b.swap {
            true => (a.mirror_y, a.mirror_x),
            false => (a.mirror_x, a.mirror_y),
        };
        let both = Way {
            mirror_x: own_x ^ b.mirror_x,
            mirror_y: own_y ^ b.mirror_y,
            swap: a.swap ^ b.swap,
        };
        let found = Self::ALL.into_iter().find(|turn| turn.way() == both);
        found.unwrap_or_default()
    }

    /// Width and height after the turn; the turn back does the same.
    pub fn size<T>(self, (width, height): (T, T)) -> (T, T) {
        match self.swaps() {
            true => (height, width),
            false => (width, height),
        }
    }

    /// Where in the stored picture the upright picture's pixel (`x`, `y`) lies; `size` is the
    /// upright picture's.
    pub fn stored(self, (x, y): (usize, usize), size: (usize, usize)) -> (usize, usize) {
        let way = self.way();
        let x = if way.mirror_x { size.0 - 1 - x } else { x };
        let y = if way.mirror_y { size.1 - 1 - y } else { y };
        self.size((x, y))
    }

    /// The same for a place in shares of the picture, 0 to 1 from the top left.
    pub fn stored_share(self, [x, y]: [f32; 2]) -> [f32; 2] {
        let way = self.way();
        let x = if way.mirror_x { 1.0 - x } else { x };
        let y = if way.mirror_y { 1.0 - y } else { y };
        self.size((x, y)).into()
    }

    /// Whether the upright picture's upper left corner is at the stored one's right, and bottom.
    pub fn corner(self) -> (bool, bool) {
        let way = self.way();
        self.size((way.mirror_x, way.mirror_y))
    }

    /// Writes a gray picture, turned; `out` takes the size.
    pub fn turn(self, from: GrayRef<'_>, out: &mut GrayImage) {
        let size = self.size((from.width(), from.height()));
        out.resize(size.0, size.1);
        for (y, row) in out.data_mut().chunks_exact_mut(size.0).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                let (u, v) = self.stored((x, y), size);
                *pixel = from.row(v)[u];
            }
        }
    }
}

/// How the viewer sees a stream's frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// What makes a frame upright.
    pub orientation: Orientation,
    pixel_aspect: f64,
}

/// Pixels of a longer shape than this are taken to be so long.
const LONGEST: f64 = 64.0;

impl Default for View {
    fn default() -> Self {
        Self {
            orientation: Orientation::Rotate0,
            pixel_aspect: 1.0,
        }
    }
}

impl View {
    /// Frames that `orientation` makes upright, with stored pixels that are `pixel_aspect` times as
    /// wide on the screen as they are high; what is no such number counts as 1.
    pub fn new(orientation: Orientation, pixel_aspect: f64) -> Self {
        let known = pixel_aspect.is_finite() && pixel_aspect > 0.0;
        Self {
            orientation,
            pixel_aspect: match known {
                true => pixel_aspect.clamp(1.0 / LONGEST, LONGEST),
                false => 1.0,
            },
        }
    }

    /// Width of a stored pixel on the screen over its height.
    pub fn pixel_aspect(&self) -> f64 {
        self.pixel_aspect
    }

    /// Width and height of the upright frame in pixels, of a stored one of `size`.
    pub fn upright(&self, size: (usize, usize)) -> (usize, usize) {
        self.orientation.size(size)
    }

    /// The upright frame's width and height on the screen, its rows being one high: what its shape
    /// is, in whole numbers of at least 1.
    pub fn screen(&self, size: (usize, usize)) -> (usize, usize) {
        let (width, height) = self.upright(size);
        let width = (width as f64 * self.upright_aspect()).round() as usize;
        (width.max(1), height)
    }

    /// Width on the screen of the upright frame's pixels over their height.
    pub fn upright_aspect(&self) -> f64 {
        match self.orientation.swaps() {
            true => 1.0 / self.pixel_aspect,
            false => self.pixel_aspect,
        }
    }

    /// How many stored pixels, across and down, the upright frame's row is high: what makes a
    /// radius that counts such rows round on the screen.
    pub fn unit(&self) -> (f32, f32) {
        match self.orientation.swaps() {
            true => (1.0, self.pixel_aspect as f32),
            false => (1.0 / self.pixel_aspect as f32, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (3, 2);

    fn picture() -> GrayImage {
        let mut image = GrayImage::new(SIZE.0, SIZE.1);
        image.data_mut().copy_from_slice(&[0, 1, 2, 3, 4, 5]);
        image
    }

    fn turned(image: &GrayImage, turn: Orientation) -> GrayImage {
        let mut out = GrayImage::default();
        turn.turn(image.as_ref(), &mut out);
        out
    }

    /// What GStreamer's `videoflip video-direction=auto` (1.22) makes of the same picture.
    #[test]
    fn each_turn_is_what_videoflip_makes_of_its_tag() {
        let known: [&[u8]; 8] = [
            &[0, 1, 2, 3, 4, 5],
            &[3, 0, 4, 1, 5, 2],
            &[5, 4, 3, 2, 1, 0],
            &[2, 5, 1, 4, 0, 3],
            &[2, 1, 0, 5, 4, 3],
            &[5, 2, 4, 1, 3, 0],
            &[3, 4, 5, 0, 1, 2],
            &[0, 3, 1, 4, 2, 5],
        ];
        for (turn, known) in Orientation::ALL.into_iter().zip(known) {
            let out = turned(&picture(), turn);
            assert_eq!(out.data(), known, "{turn:?}");
            assert_eq!((out.width(), out.height()), turn.size(SIZE), "{turn:?}");
        }
    }

    #[test]
    fn turns_are_a_group() {
        for a in Orientation::ALL {
            let there = turned(&picture(), a);
            assert_eq!(turned(&there, a.inverse()), picture(), "{a:?}");
            assert!(a.then(a.inverse()).is_identity() && a.inverse().then(a).is_identity());
            for b in Orientation::ALL {
                let both = turned(&there, b);
                assert_eq!(turned(&picture(), a.then(b)), both, "{a:?} then {b:?}");
                assert_eq!(a.then(b).inverse(), b.inverse().then(a.inverse()));
                for c in Orientation::ALL {
                    assert_eq!(a.then(b).then(c), a.then(b.then(c)));
                }
            }
        }
    }

    #[test]
    fn places_and_corners_go_with_the_pixels() {
        for turn in Orientation::ALL {
            let size = turn.size(SIZE);
            for y in 0..size.1 {
                for x in 0..size.0 {
                    let share = |(x, y): (usize, usize), (w, h): (usize, usize)| {
                        [(x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32]
                    };
                    let stored = share(turn.stored((x, y), size), SIZE);
                    let found = turn.stored_share(share((x, y), size));
                    assert!(
                        (0..2).all(|i| (stored[i] - found[i]).abs() < 1e-6),
                        "{turn:?} {x},{y}"
                    );
                }
            }
            let (right, bottom) = turn.corner();
            let corner = (if right { 2 } else { 0 }, if bottom { 1 } else { 0 });
            assert_eq!(turn.stored((0, 0), size), corner, "{turn:?}");
        }
    }

    #[test]
    fn the_screen_knows_the_shape_of_pixels() {
        let view = View::new;
        let wide = view(Orientation::Rotate0, 64.0 / 45.0);
        assert_eq!(wide.screen((720, 576)), (1024, 576));
        assert_eq!(wide.unit(), (45.0 / 64.0, 1.0));
        let lying = view(Orientation::Rotate270, 64.0 / 45.0);
        // 576 lines become columns of 720 pixels that are 64/45 high.
        assert_eq!(lying.upright((720, 576)), (576, 720));
        assert_eq!(lying.screen((720, 576)), (405, 720));
        assert_eq!(lying.unit(), (1.0, 64.0 / 45.0));
        assert_eq!(view(Orientation::Rotate0, 1e-9).screen((20, 576)), (1, 576));
        assert_eq!(View::default().unit(), (1.0, 1.0));
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(view(Orientation::Rotate0, wrong), View::default());
        }
    }
}
