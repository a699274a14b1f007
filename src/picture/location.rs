// SPDX-License-Identifier: MPL-2.0

//! Where a picture lies: a path, a path in the user's own folder, or a `file://` address.

use std::ffi::OsString;
use std::path::PathBuf;

/// Why a text names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// An address that is not a file's.
    #[error(
        "{0}:// is not read, only files are: download the picture and name the file, as a path or \
         as file:///path"
    )]
    Scheme(String),
    /// A file of another machine.
    #[error(
        "file://{0}/ names a file on another machine: mount its folder and name the path, or write \
         file:///path for this machine"
    )]
    Host(String),
    /// Characters that an address may not hold.
    #[error(
        "'{0}' in a file:// address stands for nothing: write every %, # and ? of the file's name \
         as %25, %23 and %3F, or name the plain path"
    )]
    Escape(String),
    /// The user's folder is not known.
    #[error("~ is the folder that HOME names, but HOME is not set: name the whole path")]
    Home,
}

/// The path that a text names. `home` is the user's folder.
///
/// # Errors
/// [`LocationError`] if it names none.
pub fn path_of(text: &str, home: Option<OsString>) -> Result<PathBuf, LocationError> {
    if let Some(rest) = text.strip_prefix('~')
        && (rest.is_empty() || rest.starts_with('/'))
    {
        let home = home.filter(|home| !home.is_empty());
        let home = PathBuf::from(home.ok_or(LocationError::Home)?);
        return Ok(home.join(rest.trim_start_matches('/')));
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return Ok(text.into());
    };
    if scheme.eq_ignore_ascii_case("file") && rest.starts_with('/') {
        return path_of_uri(rest);
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if rest.starts_with("//") && !scheme.is_empty() && scheme.chars().all(letter) {
        return Err(LocationError::Scheme(scheme.into()));
    }
    Ok(text.into())
}

/// What follows `file:`.
fn path_of_uri(rest: &str) -> Result<PathBuf, LocationError> {
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(rest) => {
            let slash = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(slash);
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(LocationError::Host(host.into()));
            }
            path
        }
    };
    let bytes = unescape(path)?;
    // A drive's letter needs no slash in front of it.
    let bytes = match &bytes[..] {
        [b'/', letter, b':', ..] if cfg!(windows) && letter.is_ascii_alphabetic() => &bytes[1..],
        all => all,
    };
    path_from(bytes)
}

#[cfg(unix)]
fn path_from(bytes: &[u8]) -> Result<PathBuf, LocationError> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn path_from(bytes: &[u8]) -> Result<PathBuf, LocationError> {
    let text = std::str::from_utf8(bytes);
    let lossy = || LocationError::Escape(String::from_utf8_lossy(bytes).into());
    Ok(text.map_err(|_| lossy())?.into())
}

fn unescape(text: &str) -> Result<Vec<u8>, LocationError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'%' => {
                let byte = tail
                    .get(..2)
                    .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
                    .and_then(|digits| std::str::from_utf8(digits).ok())
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .filter(|byte| *byte != 0);
                let shown = || String::from_utf8_lossy(&tail[..tail.len().min(2)]);
                bytes.push(byte.ok_or_else(|| LocationError::Escape(format!("%{}", shown())))?);
                rest = &tail[2..];
            }
            b'#' | b'?' => {
                return Err(LocationError::Escape(char::from(*first).into()));
            }
            byte => bytes.push(*byte),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<String, LocationError> {
        path_of(text, Some("/home/me".into())).map(|path| path.to_str().unwrap().into())
    }

    #[test]
    fn paths_and_file_addresses_name_files() {
        for (text, wanted) in [
            ("beach.jpg", "beach.jpg"),
            ("/a/b c%20.jpg", "/a/b c%20.jpg"),
            ("odd:name.jpg", "odd:name.jpg"),
            ("~", "/home/me/"),
            ("~/beach.jpg", "/home/me/beach.jpg"),
            ("~you/beach.jpg", "~you/beach.jpg"),
            ("file:///a/b.jpg", "/a/b.jpg"),
            ("file:/a/b.jpg", "/a/b.jpg"),
            ("FILE://LocalHost/a/b.jpg", "/a/b.jpg"),
            (
                "file:///Mein%20Bild%20%C3%A4/Strand%20(1)%23%25.png",
                "/Mein Bild ä/Strand (1)#%.png",
            ),
            ("file:///日本.png", "/日本.png"),
        ] {
            assert_eq!(path(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_words() {
        for (text, said) in [
            (
                "http://example.org/a.jpg",
                "http:// is not read, only files are",
            ),
            ("HTTPS://example.org/a.jpg", "download the picture"),
            ("smb://nas/a.jpg", "smb:// is not read"),
            (
                "file://nas/a.jpg",
                "file://nas/ names a file on another machine",
            ),
            ("file:///a%2", "'%2'"),
            ("file:///a%zz.jpg", "'%zz'"),
            ("file:///a%00.jpg", "'%00'"),
            ("file:///a#b.jpg", "%23"),
            ("file:///a?b.jpg", "'?'"),
        ] {
            let error = path(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!(path_of("~/a.jpg", None), Err(LocationError::Home));
    }
}
