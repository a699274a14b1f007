// SPDX-License-Identifier: MPL-2.0

//! Execution providers: what computes the network. Names, availability in the loaded library,
//! options, and where the nodes really went.

use std::fmt;
use std::str::FromStr;

use ort::ep::ExecutionProviderDispatch;
use ort::ep::{self, ExecutionProvider as _};

use super::super::ModelError;

macro_rules! providers {
    ($($(#[$doc:meta])* $variant:ident $nick:literal $ort:ident $name:literal;)*) => {
        /// An execution provider of ONNX Runtime.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProviderKind {
            $($(#[$doc])* $variant,)*
        }

        impl ProviderKind {
            /// All of them.
            pub const ALL: &[ProviderKind] = &[$(ProviderKind::$variant,)*];

            /// Short name, as users write it.
            pub const fn nick(self) -> &'static str {
                match self { $(ProviderKind::$variant => $nick,)* }
            }

            /// ONNX Runtime's own name for it.
            pub const fn name(self) -> &'static str {
                match self { $(ProviderKind::$variant => $name,)* }
            }

            /// Whether the loaded library was built with it.
            pub(super) fn is_available(self) -> bool {
                match self { $(ProviderKind::$variant => ep::$ort::is_available(),)* }
                    .unwrap_or(false)
            }
        }
    };
}

providers! {
    /// ONNX Runtime's own kernels, always there.
    Cpu "cpu" CPU "CPUExecutionProvider";
    /// XNNPACK: ARM and x86 kernels.
    Xnnpack "xnnpack" XNNPACK "XnnpackExecutionProvider";
    /// Intel OpenVINO.
    OpenVino "openvino" OpenVINO "OpenVINOExecutionProvider";
    /// NVIDIA CUDA.
    Cuda "cuda" CUDA "CUDAExecutionProvider";
    /// NVIDIA TensorRT.
    TensorRt "tensorrt" TensorRT "TensorrtExecutionProvider";
    /// AMD ROCm.
    Rocm "rocm" ROCm "ROCMExecutionProvider";
    /// AMD MIGraphX.
    MiGraphX "migraphx" MIGraphX "MIGraphXExecutionProvider";
    /// DirectML (Windows).
    DirectMl "directml" DirectML "DmlExecutionProvider";
    /// Apple CoreML.
    CoreMl "coreml" CoreML "CoreMLExecutionProvider";
    /// Arm Compute Library.
    Acl "acl" ACL "ACLExecutionProvider";
    /// Qualcomm QNN.
    Qnn "qnn" QNN "QNNExecutionProvider";
    /// Rockchip NPU.
    RkNpu "rknpu" RKNPU "RknpuExecutionProvider";
}

impl FromStr for ProviderKind {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let found = Self::ALL
            .iter()
            .find(|kind| kind.nick() == text || kind.name() == text);
        found.copied().ok_or_else(|| {
            let nicks: Vec<&str> = Self::ALL.iter().map(|kind| kind.nick()).collect();
            ModelError::Provider(format!(
                "`{text}` is unknown; known are auto, {}",
                nicks.join(", ")
            ))
        })
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.nick())
    }
}

/// Accelerators that `auto` tries, best first. TensorRT (minutes of engine building), OpenVINO
/// (slower than the CPU's own kernels on networks this small) and XNNPACK are for those who ask for
/// them.
const AUTO: &[ProviderKind] = &[
    ProviderKind::Cuda,
    ProviderKind::MiGraphX,
    ProviderKind::Rocm,
    ProviderKind::CoreMl,
    ProviderKind::DirectMl,
];

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ProviderRequest {
    /// Providers in the order of preference; the CPU always comes last by itself.
    pub kinds: Vec<ProviderKind>,
    /// Options of the first provider, in ONNX Runtime's own words.
    pub options: Vec<(String, String)>,
    /// Fail instead of running on the CPU if a provider cannot be used.
    pub strict: bool,
    /// Chosen for the user (`auto`): nothing is said about a provider that is not there.
    pub auto: bool,
}

impl ProviderRequest {
    /// Reads `cpu`, `auto`, or names with commas (`tensorrt,cuda`).
    ///
    /// # Errors
    /// [`ModelError::Provider`] naming the unknown word and those that are known.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let words = || {
            text.split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
        };
        if words().eq(["auto"]) {
            return Ok(Self {
                kinds: AUTO.to_vec(),
                auto: true,
                ..Self::default()
            });
        }
        let kinds = words()
            .map(str::parse)
            .collect::<Result<Vec<ProviderKind>, _>>()?;
        Ok(Self {
            kinds,
            ..Self::default()
        })
    }

    /// Kinds other than the CPU, each once.
    pub(super) fn accelerators(&self) -> Vec<ProviderKind> {
        let mut kinds = Vec::new();
        for &kind in &self.kinds {
            if kind == ProviderKind::Cpu {
                break;
            }
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// What of the request the loaded library has; words for what it lacks go to `warnings`.
    ///
    /// # Errors
    /// With `strict`, the first provider that is lacking; always, an option that cannot be passed.
    pub(super) fn usable(
        &self,
        threads: usize,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(ProviderKind, ExecutionProviderDispatch)>, ModelError> {
        let mut usable = Vec::new();
        for (index, kind) in self.accelerators().into_iter().enumerate() {
            if !kind.is_available() {
                let problem = format!("{kind} is not part of the loaded ONNX Runtime library");
                if self.strict && !self.auto {
                    let there = ProviderKind::ALL.iter().filter(|kind| kind.is_available());
                    let there: Vec<&str> = there.map(|kind| kind.nick()).collect();
                    return Err(ModelError::Provider(format!(
                        "{problem}, which has {}; load one that has it, or turn strict-provider off",
                        there.join(", ")
                    )));
                }
                if !self.auto {
                    warnings.push(format!("{problem}; going on without it"));
                }
                continue;
            }
            let mut options = if index == 0 {
                self.options.clone()
            } else {
                Vec::new()
            };
            // These two bring threads of their own, by default one per core.
            let key = match kind {
                ProviderKind::OpenVino => Some("num_of_threads"),
                ProviderKind::Xnnpack => Some("intra_op_num_threads"),
                _ => None,
            };
            if let Some(key) = key
                && !options.iter().any(|(known, _)| known == key)
            {
                options.push((key.to_owned(), threads.max(1).to_string()));
            }
            usable.push((kind, dispatch(kind, &options)?));
        }
        if usable.is_empty() && !self.options.is_empty() {
            warnings.push("provider options are given, but the CPU takes none".into());
        }
        Ok(usable)
    }
}

/// Sets each option and builds the provider.
fn dispatch(
    kind: ProviderKind,
    options: &[(String, String)],
) -> Result<ExecutionProviderDispatch, ModelError> {
    if options
        .iter()
        .any(|(key, value)| key.contains('\0') || value.contains('\0'))
    {
        return Err(ModelError::Provider(
            "an option holds a NUL character".into(),
        ));
    }
    macro_rules! free_form {
        ($provider:expr) => {{
            let start = $provider;
            let set = |ep, (key, value): &(String, String)| {
                ep::ArbitrarilyConfigurableExecutionProvider::with_arbitrary_config(ep, key, value)
            };
            Ok(options.iter().fold(start, set).build())
        }};
    }
    let fixed = |dispatch| match options.first() {
        None => Ok(dispatch),
        Some((key, _)) => Err(ModelError::Provider(format!(
            "{kind} takes no options, found `{key}`"
        ))),
    };
    match kind {
        ProviderKind::Cpu => fixed(ep::CPU::default().build()),
        ProviderKind::Xnnpack => free_form!(ep::XNNPACK::default()),
        ProviderKind::OpenVino => free_form!(ep::OpenVINO::default()),
        ProviderKind::Cuda => free_form!(ep::CUDA::default()),
        ProviderKind::TensorRt => free_form!(ep::TensorRT::default()),
        ProviderKind::Rocm => free_form!(ep::ROCm::default()),
        ProviderKind::CoreMl => free_form!(ep::CoreML::default()),
        ProviderKind::Qnn => free_form!(ep::QNN::default()),
        ProviderKind::MiGraphX => fixed(ep::MIGraphX::default().build()),
        ProviderKind::DirectMl => fixed(ep::DirectML::default().build()),
        ProviderKind::Acl => fixed(ep::ACL::default().build()),
        ProviderKind::RkNpu => fixed(ep::RKNPU::default().build()),
    }
}

/// How many nodes of a network each provider got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Provider (ONNX Runtime's name) and number of nodes, most first.
    pub nodes: Vec<(String, usize)>,
}

impl Placement {
    /// Everything on the CPU, as it is if nothing else was asked for.
    pub(super) fn cpu() -> Self {
        Self {
            nodes: vec![(ProviderKind::Cpu.name().into(), 0)],
        }
    }

    /// Reads what ONNX Runtime logs while it makes a session:
    /// `Node(s) placed on [NAME]. Number of nodes: N`, one line per provider.
    pub(super) fn from_log<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut nodes: Vec<(String, usize)> = lines
            .filter_map(|line| {
                let (_, rest) = line
                    .split_once("odes placed on [")
                    .or(line.split_once("ode(s) placed on ["))?;
                let (name, rest) = rest.split_once(']')?;
                let (_, count) = rest.split_once("Number of nodes:")?;
                Some((name.to_owned(), count.trim().parse().ok()?))
            })
            .collect();
        nodes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self { nodes }
    }

    /// Whether `kind` got any node.
    pub fn has(&self, kind: ProviderKind) -> bool {
        self.nodes.iter().any(|(name, _)| name == kind.name())
    }

    /// Whether anything runs elsewhere than on the CPU.
    pub fn is_accelerated(&self) -> bool {
        self.nodes
            .iter()
            .any(|(name, _)| name != ProviderKind::Cpu.name())
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nick = |name: &str| {
            let kind = ProviderKind::ALL.iter().find(|kind| kind.name() == name);
            kind.map_or_else(|| name.to_owned(), |kind| kind.nick().to_owned())
        };
        match &self.nodes[..] {
            [] => f.write_str("unknown"),
            [(name, _)] => f.write_str(&nick(name)),
            several => {
                let parts = several
                    .iter()
                    .map(|(name, count)| format!("{} ({count} nodes)", nick(name)));
                f.write_str(&parts.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
