// SPDX-License-Identifier: MPL-2.0

//! Names of providers, and where the nodes went.

use super::*;

#[test]
fn names_are_parsed() {
    let request = ProviderRequest::parse("tensorrt, cuda,cpu,qnn").unwrap();
    assert_eq!(
        request.accelerators(),
        [ProviderKind::TensorRt, ProviderKind::Cuda]
    );
    assert_eq!(ProviderRequest::parse("cpu").unwrap().accelerators(), []);
    assert_eq!(ProviderRequest::parse("auto").unwrap().accelerators(), AUTO);
    let error = ProviderRequest::parse("cpu,gpu")
        .expect_err("unknown")
        .to_string();
    assert!(
        error.contains("`gpu` is unknown") && error.contains("openvino"),
        "{error}"
    );
}

#[test]
fn placement_is_read_from_the_log() {
    let log = [
        "Node placements",
        " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 3",
        " Node(s) placed on [XnnpackExecutionProvider]. Number of nodes: 40",
        "other",
    ];
    let placement = Placement::from_log(log.into_iter());
    assert_eq!(placement.to_string(), "xnnpack (40 nodes), cpu (3 nodes)");
    assert!(placement.has(ProviderKind::Xnnpack) && placement.is_accelerated());
    let log = [" All nodes placed on [CPUExecutionProvider]. Number of nodes: 39"];
    let placement = Placement::from_log(log.into_iter());
    assert_eq!(placement.to_string(), "cpu");
    assert!(!placement.is_accelerated());
}
