// SPDX-License-Identifier: MPL-2.0

//! Texts in the user's language, by gettext; `po/` has them.

use gettextrs::{LocaleCategory, bind_textdomain_codeset, bindtextdomain, setlocale, textdomain};
use std::env;
use std::path::PathBuf;

const DOMAIN: &str = "matte-window";

/// Finds the user's language.
pub fn init() {
    // What fails here leaves the texts in English.
    // SAFETY: this is the program's first deed; no other thread runs that may ask for the locale.
    unsafe { setlocale(LocaleCategory::LcAll, "") };
    let _ = bindtextdomain(DOMAIN, folder());
    let _ = bind_textdomain_codeset(DOMAIN, "UTF-8");
    let _ = textdomain(DOMAIN);
}

/// The folder of translations: beside the program's, or the system's.
fn folder() -> PathBuf {
    if let Some(named) = env::var_os("MATTE_LOCALEDIR") {
        return named.into();
    }
    let program = env::current_exe().ok();
    let beside = program.and_then(|program| Some(program.parent()?.parent()?.join("share/locale")));
    let beside = beside.filter(|folder| folder.is_dir());
    beside.unwrap_or_else(|| "/usr/share/locale".into())
}

/// The text in the user's language.
pub fn tr(text: &str) -> String {
    gettextrs::gettext(text)
}

/// The text in the user's language, with values in the places of `{names}`.
pub fn tr_with(text: &str, values: &[(&str, &str)]) -> String {
    let mut text = tr(text);
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// Says on the terminal what the window does not show.
pub fn complain(text: &str) {
    eprintln!("matte-window: {text}");
}
