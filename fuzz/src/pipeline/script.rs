// SPDX-License-Identifier: MPL-2.0

//! What happens to a running chain, read from a target's bytes before anything runs, so that it can
//! happen again with another room.

use super::frame::Shot;
use arbitrary::{Result, Unstructured};
use gstmatte::frame::{ColorModel, PixelLayout};
use gstmatte::video::format_of;

/// A property and values for it.
type Choice = (&'static str, &'static [&'static str]);

const PROPERTIES: &[Choice] = &[
    (
        "background",
        &[
            "blur",
            "color",
            "image",
            "matte",
            "overlay",
            "none",
            "transparent",
        ],
    ),
    ("blur-strength", &["0", "50", "100"]),
    ("blur-bokeh", &["true", "false"]),
    ("decontamination", &["0", "1"]),
    ("light-wrap", &["0", "1"]),
    ("preset", &["fast", "balanced", "quality", "off"]),
    (
        "edge-mode",
        &[
            "none",
            "guided",
            "guided-color",
            "joint-bilateral",
            "matting",
        ],
    ),
    (
        "temporal",
        &["none", "ema", "uncertainty", "flow", "adaptive"],
    ),
    ("output-scale", &["1", "0.3", "0.0625"]),
    ("grow", &["0", "64", "-64"]),
    ("feather", &["0", "64", "-64"]),
    ("subject-region", &["", "0.1,0.1,0.8,0.8", "0,0,0,0"]),
    ("interval", &["1", "2"]),
    ("still-threshold", &["0", "0.1"]),
    ("enabled", &["true", "false"]),
    ("transition-ms", &["0", "100"]),
    ("image-fit", &["cover", "contain", "stretch", "tile"]),
    ("on-missing-matte", &["hide", "freeze", "passthrough"]),
];

/// What may change while the right of the frame stays background: nothing that moves the matte.
const KEEPING: &[Choice] = &[
    ("background", &["color", "image", "matte", "transparent"]),
    ("decontamination", &["0", "1"]),
    ("light-wrap", &["0", "1"]),
    ("still-threshold", &["0", "0.1"]),
    ("image-fit", &["cover", "contain", "stretch", "tile"]),
    ("on-missing-matte", &["hide", "freeze"]),
];

/// What the property `video-direction` and the tag `image-orientation` may say.
pub const DIRECTIONS: &[&str] = &[
    "auto", "identity", "90r", "180", "90l", "horiz", "vert", "ul-lr", "ur-ll",
];
const ORIENTATIONS: &[&str] = &[
    "rotate-0",
    "rotate-90",
    "rotate-180",
    "rotate-270",
    "flip-rotate-0",
    "flip-rotate-90",
    "flip-rotate-180",
    "flip-rotate-270",
];

/// Networks whose matte comes from the room, or is none.
const MODELS: &[&str] = &["alpha", "classes", "nan", "sound", "missing"];

/// Where the subject is, by the network that the script runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Where the room is green: nothing is known about it.
    Anywhere,
    /// Nowhere: all of the room is background.
    Nowhere,
    /// In the left half of the upright picture.
    Left,
    /// Unknown: the network gives no values, so that no frame has a matte.
    Unknown,
}

impl Subject {
    /// The file of the network, without its ending.
    pub fn model(self) -> &'static str {
        match self {
            Self::Anywhere => "alpha",
            Self::Nowhere => "nowhere",
            Self::Left => "left",
            Self::Unknown => "never",
        }
    }
}

/// What frames are from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    pub layout: PixelLayout,
    pub width: u32,
    pub height: u32,
    pub rate: (i32, i32),
    pub pixel: (i32, i32),
    pub colorimetry: Option<&'static str>,
}

impl Format {
    fn read(u: &mut Unstructured) -> Result<Self> {
        let mut format = Self {
            layout: *u.choose(PixelLayout::ALL)?,
            width: u.int_in_range(1..=100)?,
            height: u.int_in_range(1..=100)?,
            rate: (30, 1),
            pixel: (1, 1),
            colorimetry: None,
        };
        format.vary(u)?;
        Ok(format)
    }

    /// Changes what leaves the pixels where they are.
    fn vary(&mut self, u: &mut Unstructured) -> Result<()> {
        self.rate = *u.choose(&[(30, 1), (25, 1), (0, 1), (60, 1), (1, 1)])?;
        self.pixel = *u.choose(&[(1, 1), (1, 1), (4, 3), (16, 11), (1, 2), (2, 1)])?;
        let known: &[Option<&str>] = match self.layout.info().model {
            ColorModel::Rgb => &[None, Some("sRGB"), Some("1:1:14:7")],
            _ => &[
                None,
                Some("bt601"),
                Some("bt709"),
                Some("1:4:0:0"),
                Some("bt2020"),
                Some("bt2100-pq"),
                Some("bt2100-hlg"),
            ],
        };
        self.colorimetry = *u.choose(known)?;
        Ok(())
    }

    /// As GStreamer says it.
    pub fn info(&self) -> gst_video::VideoInfo {
        let format = format_of(self.layout);
        let color = self.colorimetry.and_then(|name| name.parse().ok());
        let mut info = gst_video::VideoInfo::builder(format, self.width, self.height)
            .fps(self.rate)
            .par(self.pixel);
        if let Some(color) = &color {
            info = info.colorimetry(color);
        }
        info.build().expect("small")
    }
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A property changes.
    Set(&'static str, &'static str),
    /// Another network.
    Model(&'static str),
    /// New caps.
    Caps(Format),
    /// A tag that says how the picture is to be turned.
    Tag(&'static str),
    /// A flush, as a seek makes one.
    Flush,
    /// A new segment with this rate.
    Segment(f64),
    /// A frame.
    Frame(Shot),
}

/// A run of the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub mode: &'static str,
    pub subject: Subject,
    pub background: &'static str,
    pub format: Format,
    pub events: Vec<Event>,
}

impl Script {
    pub fn read(u: &mut Unstructured) -> Result<Self> {
        let subject = *u.choose(&[
            Subject::Anywhere,
            Subject::Nowhere,
            Subject::Left,
            Subject::Unknown,
        ])?;
        let mut script = Self {
            mode: *u.choose(&["sync", "async"])?,
            subject,
            background: *u.choose(&["color", "image", "matte", "transparent", "blur"])?,
            format: Format::read(u)?,
            events: Vec::new(),
        };
        let mut format = script.format.clone();
        for _ in 0..u.int_in_range(1..=16u8)? {
            let event = event(u, subject, &mut format)?;
            script.events.push(event);
        }
        Ok(script)
    }
}

fn event(u: &mut Unstructured, subject: Subject, format: &mut Format) -> Result<Event> {
    Ok(match u.int_in_range(0..=15u8)? {
        0..3 => {
            let choices = match subject {
                Subject::Left => KEEPING,
                _ => PROPERTIES,
            };
            let (name, values) = *u.choose(choices)?;
            Event::Set(name, u.choose(values)?)
        }
        3 => {
            *format = Format::read(u)?;
            Event::Caps(format.clone())
        }
        4 => {
            format.vary(u)?;
            Event::Caps(format.clone())
        }
        5 => Event::Model(match subject {
            Subject::Anywhere => u.choose(MODELS)?,
            known => u.choose(&[known.model(), "sound", "missing"])?,
        }),
        6 => match u.arbitrary()? {
            true => Event::Tag(u.choose(ORIENTATIONS)?),
            false => Event::Set("video-direction", u.choose(DIRECTIONS)?),
        },
        7 => match u.arbitrary()? {
            true => Event::Flush,
            false => Event::Segment(*u.choose(&[1.0, -1.0, 2.0, 0.5])?),
        },
        _ => Event::Frame(Shot::read(u)?),
    })
}
