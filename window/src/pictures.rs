// SPDX-License-Identifier: MPL-2.0

//! The pictures that can be chosen: the user's folder and those of the system, and small copies of
//! them.

use crate::texts::tr;
use gtk::gdk_pixbuf::{Colorspace, Pixbuf};
use gtk::glib;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where pictures lie in a folder of data.
const FOLDER: &str = "matte/backgrounds";

/// Where the user's pictures are.
pub fn own_folder() -> PathBuf {
    glib::user_data_dir().join(FOLDER)
}

/// Every picture that can be chosen, the user's first, each folder by name.
pub fn all() -> Vec<PathBuf> {
    let system = glib::system_data_dirs().into_iter();
    let folders = std::iter::once(own_folder()).chain(system.map(|folder| folder.join(FOLDER)));
    folders.flat_map(|folder| files_of(&folder)).collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// What people call a picture: its file's name without the ending.
pub fn title(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    stem.to_string_lossy().replace(['-', '_'], " ")
}

/// Copies a picture to the user's folder, so that it stays when the original goes. The copy of
/// another picture with the same name is kept.
///
/// # Errors
/// If it cannot be copied.
pub fn add(from: &Path, folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let stem = from.file_stem().unwrap_or(from.as_os_str());
    let content = fs::read(from)?;
    for number in 1.. {
        let mut name = stem.to_os_string();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        if let Some(ending) = from.extension() {
            name.push(".");
            name.push(ending);
        }
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(other) if other == content => return Ok(path),
            Ok(_) => (),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::write(&path, content)?;
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("numbers do not end")
}

/// The longer side of a small copy, in pixels: enough for screens with small ones.
const SMALL: i32 = 256;

/// A small copy of a picture.
///
/// # Errors
/// What gdk-pixbuf says.
pub async fn thumbnail(path: PathBuf) -> Result<Pixbuf, glib::Error> {
    let read = move || {
        let picture = Pixbuf::from_file_at_scale(&path, SMALL, SMALL, true)?;
        let picture = picture.apply_embedded_orientation().unwrap_or(picture);
        let (width, height, stride) = (picture.width(), picture.height(), picture.rowstride());
        let bytes = picture.read_pixel_bytes();
        Ok((bytes, picture.has_alpha(), width, height, stride))
    };
    // Large pictures take their time.
    let read = gtk::gio::spawn_blocking(read).await;
    let (bytes, has_alpha, width, height, stride) = read.unwrap_or_else(|_| {
        let said = tr("The picture cannot be read");
        Err(glib::Error::new(glib::FileError::Failed, &said))
    })?;
    let (colours, depth) = (Colorspace::Rgb, 8);
    Ok(Pixbuf::from_bytes(
        &bytes, colours, has_alpha, depth, width, height, stride,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_copied_once_and_none_is_lost() {
        let folder = std::env::temp_dir().join(format!("matte-pictures-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(&from).expect("there is a place for files");
        let picture = from.join("my_beach.jpg");
        fs::write(&picture, "one").expect("it can be written");
        let first = add(&picture, &to).expect("it is copied");
        assert_eq!(first, to.join("my_beach.jpg"));
        assert_eq!(add(&picture, &to).expect("it is there"), first);
        fs::write(&picture, "two").expect("it can be written");
        let second = add(&picture, &to).expect("it is copied");
        assert_eq!(second, to.join("my_beach-2.jpg"));
        assert_eq!(files_of(&to), [second.clone(), first.clone()]);
        assert_eq!(fs::read(&first).expect("it is there"), b"one");
        assert_eq!(title(&second), "my beach 2");
        add(&from.join("nowhere.jpg"), &to).expect_err("it is not there");
        assert!(files_of(&folder.join("none")).is_empty());
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
