// SPDX-License-Identifier: MPL-2.0

//! A model by its name alone: what is installed with the plugin, and what was fetched.

use std::path::PathBuf;

use super::{ModelError, ModelSource, builtin};

/// What the names of our own files start with; a user may leave it out.
const OWN: &str = "matte-";

/// The model that `named` means: a network inside the plugin, else a file.
///
/// A file of that very name wins. What has neither a folder nor an ending is then the name of the first
/// `NAME.onnx` or `matte-NAME.onnx` in `folders`, which are asked for only then.
///
/// # Errors
/// [`ModelError::Unknown`] if none of the folders has a file of that name.
pub fn find(
    named: &str,
    folders: impl FnOnce() -> Vec<PathBuf>,
) -> Result<ModelSource, ModelError> {
    if let Some(builtin) = builtin::find(named) {
        return Ok(builtin);
    }
    let file = PathBuf::from(named);
    if file.components().count() != 1 || file.extension().is_some() || file.is_file() {
        return Ok(ModelSource::File(file));
    }
    let folders = folders();
    let names = [format!("{named}.onnx"), format!("{OWN}{named}.onnx")];
    let found = folders
        .iter()
        .flat_map(|folder| names.iter().map(|name| folder.join(name)))
        .find(|path| path.is_file());
    found
        .map(ModelSource::File)
        .ok_or_else(|| ModelError::Unknown {
            name: named.to_owned(),
            folders,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(named: &str, folders: &[PathBuf]) -> Option<PathBuf> {
        match find(named, || folders.to_vec()) {
            Ok(ModelSource::File(path)) => Some(path),
            _ => None,
        }
    }

    /// Our own folder of models stands for an installed one.
    fn installed() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")
    }

    #[test]
    fn a_name_is_looked_up_in_every_folder() {
        let folders = [installed().join("missing"), installed()];
        let expected = Some(installed().join("matte-lite-int8.onnx"));
        assert_eq!(file_of("matte-lite-int8", &folders), expected);
        assert_eq!(file_of("lite-int8", &folders), expected);
    }

    #[test]
    fn what_looks_like_a_file_is_one() {
        for file in ["matte.onnx", "./matte", "here/matte", "/matte", "LICENSE"] {
            assert_eq!(file_of(file, &[installed()]), Some(file.into()), "{file}");
        }
    }

    #[test]
    fn a_folder_of_that_name_is_no_file() {
        // The working folder of tests is the project's, which has a folder `tests`.
        assert!(find("tests", || vec![installed()]).is_err());
    }

    #[test]
    fn the_networks_inside_the_plugin_need_no_folder() {
        for name in ["builtin", "builtin-lite"] {
            assert!(
                matches!(find(name, Vec::new), Ok(ModelSource::Memory { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn an_unknown_name_tells_where_it_was_looked_for() {
        let folders = [PathBuf::from("/one"), PathBuf::from("/two")];
        let message = find("fien", || folders.to_vec()).unwrap_err().to_string();
        for word in ["fien", "fien.onnx", "/one", "/two", "builtin"] {
            assert!(message.contains(word), "{word}: {message}");
        }
        let message = find("fien", Vec::new).unwrap_err().to_string();
        assert!(message.contains("no file of that name"), "{message}");
        assert!(!message.contains("fien.onnx"), "{message}");
    }
}
