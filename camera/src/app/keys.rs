// SPDX-License-Identifier: MPL-2.0

//! What the keys do.

use super::{App, say};
use crate::apart::apart;
use crate::settings::{Background, Settings};
use crate::terminal::KEYS;
use crate::trial;
use gst::glib;

/// One press of + or -.
const BLUR_STEP: f64 = 10.0;

impl App {
    /// A key was pressed.
    pub fn pressed(&self, key: char) {
        match key {
            'b' => self.background(Background::Blur),
            'p' => self.background(Background::Picture),
            'v' => self.background(Background::Video),
            'c' => self.background(Background::Color),
            '+' | '=' => self.blur(BLUR_STEP),
            '-' => self.blur(-BLUR_STEP),
            'm' => self.place(),
            'f' => self.framing(),
            'h' => self.hide(),
            'w' => self.toggle_preview(),
            's' => self.save(),
            'q' => self.quit(Ok(())),
            _ => println!("{KEYS}"),
        }
    }

    /// Puts something else behind the person, if its file can be used. That is tried beside the
    /// running camera, and only the last choice counts.
    fn background(&self, background: Background) {
        let (before, number) = {
            let mut state = self.state.borrow_mut();
            state.choices += 1;
            (state.settings.clone(), state.choices)
        };
        let tried = Settings {
            background,
            ..before.clone()
        };
        if matches!(background, Background::Blur | Background::Color) {
            self.show_background(background);
            return;
        }
        let app = self.clone();
        glib::MainContext::default().spawn_local(async move {
            let fits = apart("background", move || trial::background(&tried)).await;
            let is_last = {
                let state = app.state.borrow();
                state.choices == number && before.has_background_of(&state.settings)
            };
            match fits {
                _ if !is_last => (),
                Some(Ok(())) => app.show_background(background),
                Some(Err(error)) => say(&error.to_string()),
                None => say("the background cannot be tried"),
            }
        });
    }

    fn show_background(&self, background: Background) {
        if self.change_by_key(|settings| settings.background = background) {
            say(&format!("background: {background:?}").to_lowercase());
        }
    }

    /// The next place before the video.
    fn place(&self) {
        self.change_by_key(|settings| settings.place = settings.place.next());
        let settings = self.state.borrow().settings.clone();
        let without = match settings.background {
            Background::Video => "",
            _ => ", once a video is behind you",
        };
        say(&format!("place: {:?}{without}", settings.place).to_lowercase());
    }

    /// The picture follows the person, or shows the whole frame.
    fn framing(&self) {
        const FRAMING: &str = "framing";
        self.change_by_key(|settings| {
            let follows = |value: &toml::Value| value.as_str() == Some("follow");
            let next = match settings.properties.get(FRAMING).is_some_and(follows) {
                true => "off",
                false => "follow",
            };
            settings.properties.insert(FRAMING.into(), next.into());
        });
        if let Some(framing) = self.state.borrow().settings.properties.get(FRAMING) {
            say(&format!(
                "framing: {}",
                framing.as_str().unwrap_or_default()
            ));
        }
    }

    fn blur(&self, step: f64) {
        self.change_by_key(|settings| {
            settings.blur_strength = (settings.blur_strength + step).clamp(0.0, 100.0);
        });
        say(&format!(
            "blur strength {}",
            self.state.borrow().settings.blur_strength
        ));
    }

    /// Says what does not fit; true if all does.
    fn change_by_key(&self, change: impl FnOnce(&mut Settings)) -> bool {
        let changed = self.change(change);
        if let Err(error) = &changed {
            say(&error.to_string());
        }
        self.report();
        changed.is_ok()
    }

    fn hide(&self) {
        let hidden = !self.state.borrow().hidden;
        self.set_hidden(hidden);
        self.report();
    }

    fn save(&self) {
        let (settings, path) = self.to_save();
        glib::MainContext::default().spawn_local(async move {
            let saved = path.clone();
            match apart("save", move || settings.write(&saved)).await {
                Some(Ok(())) => say(&format!("saved to {}", path.display())),
                Some(Err(error)) => say(&error.to_string()),
                None => say("nothing is saved"),
            }
        });
    }
}
