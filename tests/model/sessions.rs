// SPDX-License-Identifier: MPL-2.0

//! Networks beside each other: shared sessions, threads, providers.

use gstmatte::model::{ModelError, Network, Options, ProviderRequest, Search, SessionOptions};

use crate::*;

/// What `recurrent.onnx` needs to be told.
pub const RECURRENT: [(&str, &str); 3] = [
    ("extra.ratio", "0.5"),
    ("input.width", "8"),
    ("input.height", "6"),
];

/// Two networks of `recurrent.onnx` share the model, and neither tensors nor states.
pub fn assert_share_model_alone(first: &mut Network, second: &mut Network) {
    assert!(first.shares_session_with(second));
    fill(first, |_, _| 1.0);
    fill(second, |_, p| ramp(p));
    for factor in [0.5, 0.75] {
        assert_matte(&matte(first), |_| factor);
        assert_matte(&matte(second), |p| factor * ramp(p));
    }
    first.reset();
    assert_matte(&matte(second), |p| 0.875 * ramp(p));
    assert_matte(&matte(first), |_| 0.5);
}

#[test]
fn sessions_are_shared_but_not_tensors_and_states() {
    let mut first = load_ok("recurrent.onnx", &RECURRENT);
    let mut second = load_ok("recurrent.onnx", &RECURRENT);
    assert_share_model_alone(&mut first, &mut second);

    let other = Options {
        session: SessionOptions {
            threads: 2,
            ..SessionOptions::default()
        },
        ..with(&RECURRENT)
    };
    assert!(!first.shares_session_with(&load("recurrent.onnx", &other).unwrap()));
}

#[test]
fn an_open_size_is_fixed_and_sessions_are_shared_by_size() {
    let sized = |width: &str, height: &str| {
        load_ok(
            "open_alpha.onnx",
            &[("input.width", width), ("input.height", height)],
        )
    };
    let (mut wide, mut tall) = (sized("12", "4"), sized("4", "12"));
    assert!(!wide.shares_session_with(&tall));
    assert!(wide.shares_session_with(&sized("12", "4")));
    for network in [&mut wide, &mut tall] {
        assert!(network.warnings().is_empty(), "{:?}", network.warnings());
        fill(network, |_, p| ramp(p));
        assert_matte(&matte(network), ramp);
    }
    assert_eq!((wide.matte_size(), tall.matte_size()), ((12, 4), (4, 12)));
}

#[test]
fn networks_run_on_any_thread_at_once() {
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut network = load_ok("alpha.onnx", &[]);
                for run in 0..50 {
                    let value = (worker * 50 + run) as f32 / 200.0;
                    fill(&mut network, |_, _| value);
                    assert_matte(&matte(&mut network), |_| value);
                }
            })
        })
        .collect();
    workers
        .into_iter()
        .for_each(|worker| worker.join().unwrap());
}

#[test]
fn providers_that_are_not_there_warn_or_fail() {
    let options = |text: &str, strict: bool| Options {
        session: SessionOptions {
            provider: ProviderRequest {
                strict,
                ..ProviderRequest::parse(text).unwrap()
            },
            ..SessionOptions::default()
        },
        ..Options::default()
    };
    // Rockchip's is in no public build for this machine.
    let network = load("alpha.onnx", &options("rknpu", false)).unwrap();
    assert_eq!(network.active_provider().to_string(), "cpu");
    assert!(
        network.warnings()[0].contains("rknpu is not part of"),
        "{:?}",
        network.warnings()
    );
    let error = load("alpha.onnx", &options("rknpu", true))
        .map(|_| ())
        .expect_err("strict");
    assert!(matches!(error, ModelError::Provider(_)), "{error}");
    let words = error.to_string();
    assert!(
        words.contains("which has cpu") && words.contains("strict-provider"),
        "{words}"
    );
    let network = load("alpha.onnx", &options("auto", false)).unwrap();
    assert!(network.warnings().is_empty(), "auto takes what there is");
}

#[test]
fn a_stopped_run_fails_and_a_resumed_one_works() {
    let mut network = load_ok("alpha.onnx", &[]);
    let stopper = network.stopper();
    stopper.stop();
    assert!(matches!(network.run(), Err(ModelError::Run { .. })));
    stopper.resume();
    network.run().unwrap();
}

#[test]
fn another_library_than_the_loaded_one_is_a_warning() {
    let _first = load_ok("alpha.onnx", &[]);
    let search = Search {
        library: Some("/nowhere/lib.so".into()),
        ..Search::default()
    };
    let network = load(
        "alpha.onnx",
        &Options {
            search,
            ..Options::default()
        },
    )
    .unwrap();
    assert!(network.warnings()[0].contains("/nowhere/lib.so is not used"));
}

#[test]
fn networks_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Network>();
}

#[test]
fn every_provider_gives_the_same_matte_or_says_why_not() {
    // With a library that has more than the CPU (ORT_DYLIB_PATH), this runs on more.
    let mut reference = load_ok("alpha.onnx", &[]);
    fill(&mut reference, |_, p| ramp(p));
    let expected = matte(&mut reference);
    for kind in gstmatte::model::ProviderKind::ALL {
        for options in [vec![], vec![("no_such_option".to_owned(), "1".to_owned())]] {
            let mut provider = ProviderRequest::parse(kind.nick()).unwrap();
            provider.options = options.clone();
            let session = SessionOptions {
                provider,
                ..SessionOptions::default()
            };
            let options = Options {
                session,
                ..Options::default()
            };
            let mut network = match load("alpha.onnx", &options) {
                Ok(network) => network,
                Err(ModelError::Provider(problem)) => {
                    assert!(problem.contains("no_such_option"), "{kind}: {problem}");
                    continue;
                }
                Err(error) => panic!("{kind}: {error}"),
            };
            let runs_on = network.active_provider().clone();
            println!("{kind}: runs on {runs_on}, {:?}", network.warnings());
            assert!(
                runs_on.has(*kind) || !network.warnings().is_empty(),
                "{kind} is not used and nothing is said"
            );
            fill(&mut network, |_, p| ramp(p));
            let found = matte(&mut network);
            let same = found
                .iter()
                .zip(&expected)
                .all(|(a, b)| a.abs_diff(*b) <= 1);
            assert!(same, "{kind}");
        }
    }
}

#[test]
fn a_run_that_hangs_holds_up_no_other_network_of_its_session() {
    let mut slow = load_ok("slow.onnx", &[]);
    let mut other = load_ok("slow.onnx", &[]);
    assert!(slow.shares_session_with(&other));
    fill(&mut slow, |_, _| 1.0);
    let stopper = slow.stopper();
    let run = std::thread::spawn(move || slow.run().map_err(|error| error.to_string()));
    // Somewhere in the other's run of minutes.
    std::thread::sleep(std::time::Duration::from_millis(30));
    fill(&mut other, |c, p| if c == 1 { ramp(p) } else { 0.0 });
    assert_matte(&matte(&mut other), ramp);
    let mut new = load_ok("slow.onnx", &[]);
    fill(&mut new, |_, _| 0.0);
    assert_matte(&matte(&mut new), |_| 0.0);
    assert!(!run.is_finished(), "all that happened beside the run");
    stopper.stop();
    assert!(run.join().unwrap().is_err(), "a stopped run fails");
}
