//! What other tools count for an operator besides its multiply-accumulates.
//!
//! A count of a tool is a fact about an operator, so that it stands with the operator: [`Operator::counted`] gives one
//! entry for each tool that has a rule, and a tool without an entry has none: its total is then unknown. The rules are
//! explained in `docs/cost-model.md`; `tests/fixtures/dialects/figures.json` holds what the tools themselves print, and
//! `report/dialects.rs` sums.
//!
//! [`Operator::counted`]: super::Operator::counted

/// A tool with whose figures those of cnnc are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// fvcore's flop counter, which timm's tables are made with.
    Fvcore,
    /// THOP.
    Thop,
    /// ptflops with its PyTorch backend.
    Ptflops,
    /// torchinfo.
    Torchinfo,
    /// calflops.
    Calflops,
}

impl Tool {
    /// All tools.
    pub const ALL: [Tool; 5] = [Tool::Fvcore, Tool::Thop, Tool::Ptflops, Tool::Torchinfo, Tool::Calflops];
}

/// The count of a tool for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The tool.
    pub tool: Tool,
    /// The rule by which the tool counts; operators with one rule share its words. Empty if nothing is counted.
    pub rule: &'static str,
    /// The count for one picture; below zero if a tool counts fewer multiply-accumulates than there are.
    pub count: i128,
}

/// An entry of 0 for every tool.
pub(super) fn nothing() -> Vec<Counted> {
    rules([])
}

/// The facet `cost` of an operator that only moves elements.
macro_rules! costs_nothing {
    () => {
        fn cost(
            &self,
            _inputs: &[$crate::tensor::Shape],
            _output: $crate::tensor::Shape,
        ) -> $crate::ops::Cost {
            $crate::ops::Cost::default()
        }
    };
}

/// The facet `counted` of an operator for which every tool counts nothing besides multiply-accumulates.
macro_rules! counted_by_no_tool {
    () => {
        fn counted(
            &self,
            _inputs: &[$crate::tensor::Shape],
            _output: $crate::tensor::Shape,
        ) -> Vec<$crate::ops::Counted> {
            $crate::ops::tools::nothing()
        }
    };
}

pub(crate) use {costs_nothing, counted_by_no_tool};

/// The entries of an operator: the given rules with their amounts, and 0 for the other tools.
pub(super) fn rules<const N: usize>(rules: [(Tool, &'static str, u128); N]) -> Vec<Counted> {
    let silent = Tool::ALL.into_iter().filter(|tool| rules.iter().all(|(one, ..)| one != tool));
    let silent = silent.map(|tool| Counted { tool, rule: "", count: 0 });
    let rules = rules.iter().map(|&(tool, rule, count)| Counted { tool, rule, count: signed(count) });
    rules.chain(silent).collect()
}

/// A count as a signed summand.
pub(super) fn signed(count: u128) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// The entries of a convolution that adds a bias to as many outputs as given.
pub(super) fn convolution_bias(biased: Option<u64>) -> Vec<Counted> {
    let Some(outputs) = biased.map(u128::from) else { return nothing() };
    rules([
        (Tool::Ptflops, BIAS, outputs),
        (Tool::Torchinfo, CONVOLUTION_BIAS, outputs),
        (Tool::Calflops, CONVOLUTION_BIAS, outputs),
    ])
}

/// ptflops' rule of all layers with a bias.
pub(super) const BIAS: &str = "1 for each bias addition";
/// The rule of tools that count the biases of convolutions.
pub(super) const CONVOLUTION_BIAS: &str = "1 for each bias addition of convolutions";
/// torchinfo's rule of layers that are no convolution.
pub(super) const WEIGHTS: &str = "1 for each weight of layers that do not convolve";
/// ptflops counts a module, and again the function that it calls.
pub(super) const MODULE_AND_FUNCTION: &str =
    "2 for each element of ReLU, ELU, PReLU and GELU: the module and the function it calls are both counted";
/// ptflops' rule of activations of which it knows either the module or the function.
pub(super) const ONCE: &str = "1 for each element of ReLU6, leaky ReLU and SiLU";
/// calflops' rule of activations.
pub(super) const ACTIVATIONS: &str = "1 for each element of ReLU, leaky ReLU, ELU, PReLU, SiLU and GELU";
/// The rule of fvcore and calflops of layers that compute mean and variance themselves.
pub(super) const STANDARDISED: &str =
    "5 for each element of layer, group and instance normalisation with trained factors";
/// torchinfo's rule of dense layers.
pub(super) const DENSE_BIAS: &str = "1 for each bias of dense layers";
