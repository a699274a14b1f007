// SPDX-License-Identifier: MPL-2.0

//! Subtitles without marks, for files that hold plain text only.

use gst::prelude::*;

/// Takes the marks out of every text that passes a pad.
pub fn without_marks(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let Some(gst::PadProbeData::Buffer(marked)) = &info.data else {
            return gst::PadProbeReturn::Ok;
        };
        let Ok(map) = marked.map_readable() else {
            return gst::PadProbeReturn::Ok;
        };
        let text = plain(&String::from_utf8_lossy(&map));
        drop(map);
        let mut buffer = gst::Buffer::from_slice(text.into_bytes());
        if let Some(buffer) = buffer.get_mut() {
            let copied = gst::BufferCopyFlags::FLAGS | gst::BufferCopyFlags::TIMESTAMPS;
            // A buffer that was just made takes them.
            let _ = marked.copy_into(buffer, copied, ..);
        }
        info.data = Some(gst::PadProbeData::Buffer(buffer));
        gst::PadProbeReturn::Ok
    });
}

/// A text of Pango's as it is read: without tags, with the signs that the entities name.
fn plain(marked: &str) -> String {
    let mut text = String::with_capacity(marked.len());
    let mut rest = marked;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('<') { '>' } else { ';' };
        let Some(length) = rest.find(end) else {
            break;
        };
        if end == ';' {
            match sign(&rest[1..length]) {
                Some(sign) => text.push(sign),
                None => text.push_str(&rest[..=length]),
            }
        }
        rest = &rest[length + 1..];
    }
    text.push_str(rest);
    text
}

/// The sign that an entity names.
fn sign(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out() {
        for (marked, expected) in [
            ("<i>Hello</i> &amp; you", "Hello & you"),
            ("1 &lt; 2 &#33;&#x21;", "1 < 2 !!"),
            ("no marks", "no marks"),
            ("a &unknown; b", "a &unknown; b"),
            ("an end <i", "an end <i"),
            ("AT&T", "AT&T"),
            ("<b>größer</b>", "größer"),
            ("", ""),
        ] {
            assert_eq!(plain(marked), expected, "{marked}");
        }
    }
}
