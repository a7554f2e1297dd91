//! What other tools count for an operator besides its multiply-accumulates.
//!
//! A count of a tool is a fact about an operator, so that it stands with the operator: [`Operator::counted`] gives one
//! entry for each tool that has a rule. No entry means that the tool counts nothing. The rules are explained in
//! `docs/cost-model.md`, pinned to a version of each tool, and summed in `report/dialects.rs`.
//!
//! [`Operator::counted`]: super::Operator::counted

/// A tool whose figures ours are compared with.
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

/// What a tool adds for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The tool.
    pub tool: Tool,
    /// What is counted, and how; operators with one rule share its words.
    pub rule: &'static str,
    /// How much, for one picture.
    pub count: u128,
}

/// The rules of an operator, each with its amount.
pub(super) fn rules<const N: usize>(rules: [(Tool, &'static str, u128); N]) -> Vec<Counted> {
    rules.into_iter().map(|(tool, rule, count)| Counted { tool, rule, count }).collect()
}

/// Of a convolution with a bias, for `outputs` elements.
pub(super) fn convolution_bias(outputs: u128) -> Vec<Counted> {
    rules([
        (Tool::Ptflops, BIAS, outputs),
        (Tool::Torchinfo, "1 for each bias addition of convolutions", outputs),
        (Tool::Calflops, "1 for each bias addition of convolutions", outputs),
    ])
}

/// Of the functions of ReLU's kind, for `outputs` elements.
pub(super) fn relu(outputs: u128) -> Vec<Counted> {
    let ptflops = "2 for each element of ReLU: the module and the function it calls are both counted";
    rules([(Tool::Ptflops, ptflops, 2 * outputs), (Tool::Calflops, "1 for each element of ReLU", outputs)])
}

/// ptflops' rule of all layers with a bias.
pub(super) const BIAS: &str = "1 for each bias addition";
