// SPDX-License-Identifier: MPL-2.0

use super::loopback::free;
use super::*;

#[test]
fn devices_of_others_are_left_alone() {
    let devices = || vec![PathBuf::from("/dev/video10"), PathBuf::from("/dev/video11")];
    fn first(path: &Path) -> bool {
        path.ends_with("video10")
    }
    let chosen = |is_fed: fn(&Path) -> bool| free(devices(), is_fed).expect("one is free");
    assert_eq!(chosen(|_| false), devices()[0]);
    assert_eq!(chosen(first), devices()[1]);
    let error = free(devices(), |_| true)
        .expect_err("none is free")
        .to_string();
    assert!(
        error.contains("feeds /dev/video10, /dev/video11"),
        "{error}"
    );
    let error = free(Vec::new(), first)
        .expect_err("none is there")
        .to_string();
    assert!(error.contains("modprobe v4l2loopback"), "{error}");
}

#[test]
fn what_is_missing_is_said() {
    for (output, said) in [
        ("/dev/video987", "modprobe v4l2loopback"),
        ("/dev/null", "not a loopback device"),
        ("screen", "auto, pipewire"),
    ] {
        let error = Output::choose(output).expect_err(output).to_string();
        assert!(error.contains(said), "{output}: {error}");
    }
}

#[test]
fn a_second_program_has_names_of_its_own() {
    let names = |taken: &[&str]| {
        let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
        let Names { node, description } = Names::beside(&taken, "Matte");
        format!("{node}, {description}")
    };
    assert_eq!(names(&["speaker"]), "matte-camera, Matte");
    assert_eq!(names(&["matte-camera"]), "matte-camera-2, Matte 2");
    let gap = names(&["matte-camera-2", "matte-camera-3"]);
    assert_eq!(gap, "matte-camera, Matte");
    let third = names(&["matte-camera-2", "matte-camera"]);
    assert_eq!(third, "matte-camera-3, Matte 3");
}
