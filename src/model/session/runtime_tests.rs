// SPDX-License-Identifier: MPL-2.0

//! Where the library is looked for.

use super::*;

#[test]
fn versions_are_read_from_names() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    assert_eq!(version("libonnxruntime.so"), Some(vec![]));
    assert_eq!(version("libonnxruntime.so.1.21.0"), Some(vec![1, 21, 0]));
    for other in [
        "libonnxruntime_providers_shared.so",
        "libonnxruntime.so.old",
        "x.so",
    ] {
        assert_eq!(version(other), None, "{other}");
    }
}

#[test]
fn the_given_path_is_the_only_one() {
    let search = Search {
        library: Some("/a/lib.so".into()),
        plugin_folder: Some("/".into()),
    };
    let variable = Some(PathBuf::from("/b/lib.so"));
    assert_eq!(
        candidates(&search, variable.clone()),
        [PathBuf::from("/a/lib.so")]
    );
    let search = Search::default();
    assert_eq!(candidates(&search, variable), [PathBuf::from("/b/lib.so")]);
    let names: Vec<PathBuf> = NAMES.iter().map(PathBuf::from).collect();
    assert!(candidates(&search, Some(PathBuf::new())).starts_with(&names));
}
