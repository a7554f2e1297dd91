//! What other tools print for the same network, and the rule that explains each difference.
//!
//! Every figure is ours plus terms that are named and counted, so that a table of two tools can be read: a
//! difference is never an accident. The rules are those of the cost model; each is pinned to a version.

use serde::Serialize;

use crate::analysis::Checked;
use crate::base::grouped;
use crate::ir::NodeId;
use crate::ops::{Function, Op, Reduction, Region};

/// The version of the JSON; a field that changes its meaning or goes raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// What the tools print for a network.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DialectReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The definitions behind our figures.
    pub cost_model: String,
    /// The network's name.
    pub network: String,
    /// Our parameters.
    pub params: u128,
    /// Our multiply-accumulates for one picture.
    pub macs: u128,
    /// The tools, in a fixed order.
    pub dialects: Vec<Dialect>,
}

/// What a tool prints.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Dialect {
    /// The tool.
    pub tool: String,
    /// The version of the tool, a commit of its repository where nothing else is said.
    pub version: String,
    /// What the tool calls the figure.
    pub prints: String,
    /// The figure.
    pub total: u128,
    /// The figure of ours that it begins with: `macs`, `2·macs` or `params`.
    pub from: String,
    /// Its value.
    pub ours: u128,
    /// What is added; the sum of `ours` and these is `total`. Terms of nothing are left out.
    pub terms: Vec<Term>,
}

/// A term of a rule.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Term {
    /// What is counted, and how.
    pub rule: String,
    /// The amount.
    pub count: u128,
}

/// What the rules count, summed over the rows that run.
#[derive(Default)]
struct Counts {
    bn_elements: u128,
    bn_channels: u128,
    adaptive_inputs: u128,
    adaptive_windows: u128,
    conv_biases: u128,
    dense_biases: u128,
    relu_elements: u128,
    pool_inputs: u128,
    softmax_elements: u128,
    softmax_features: u128,
}

fn counts(checked: &Checked) -> Counts {
    let graph = checked.graph();
    let mut counts = Counts::default();
    let input = |id: NodeId| graph.operand_shapes(id).first().map_or(0, |shape| u128::from(shape.elements()));
    for id in checked.run_rows() {
        let node = graph.node(id);
        let outputs = u128::from(node.shape.elements());
        match node.op() {
            Some(Op::BatchNorm(_)) => {
                counts.bn_elements += outputs;
                counts.bn_channels += node.parameters.first().map_or(0, |one| u128::from(one.elements()));
            }
            Some(Op::Pool(pool)) => {
                counts.pool_inputs += input(id);
                if pool.reduction != Reduction::Max && !matches!(pool.region, Region::Sliding(_)) {
                    counts.adaptive_inputs += input(id);
                    // THOP takes the quotient of the sizes as the window of every output.
                    let (height, width) = graph.operand_shapes(id)[0].extent();
                    let (out_height, out_width) = node.shape.extent();
                    let window = u128::from(height / out_height) * u128::from(width / out_width);
                    counts.adaptive_windows += (window + 1) * outputs;
                }
            }
            Some(Op::Conv(conv)) if conv.bias => counts.conv_biases += outputs,
            Some(Op::DwConv(conv)) if conv.bias => counts.conv_biases += outputs,
            Some(Op::Deconv(conv)) if conv.bias => counts.conv_biases += outputs,
            Some(Op::Dense(dense)) if dense.bias => counts.dense_biases += outputs,
            Some(Op::Activation(activation))
                if matches!(
                    activation.function,
                    Function::Relu | Function::Relu6 | Function::Leaky { .. } | Function::Elu { .. }
                ) =>
            {
                counts.relu_elements += outputs;
            }
            Some(Op::PRelu(_)) => counts.relu_elements += outputs,
            Some(Op::Softmax(_)) => {
                let (height, width) = node.shape.extent();
                let positions = u128::from(height) * u128::from(width);
                counts.softmax_elements += outputs;
                // Exponentials, sums and divisions of each position.
                counts.softmax_features += 3 * outputs - positions;
            }
            _ => {}
        }
    }
    counts
}

/// What the tools print for a network.
pub fn dialects(checked: &Checked) -> DialectReport {
    let counts = counts(checked);
    let totals = checked.totals();
    let (params, state, macs) = (totals.elements.params, totals.elements.state, totals.macs);
    let dialect =
        |tool: &str, version: &str, prints: &str, (from, ours): (&str, u128), terms: &[(&str, u128)]| {
            let terms: Vec<Term> = terms
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|&(rule, count)| Term { rule: rule.to_owned(), count })
                .collect();
            Dialect {
                tool: tool.to_owned(),
                version: version.to_owned(),
                prints: prints.to_owned(),
                total: ours + terms.iter().map(|term| term.count).sum::<u128>(),
                from: from.to_owned(),
                ours,
                terms,
            }
        };
    let bn = ("2 for each element of batch normalisation", 2 * counts.bn_elements);
    let adaptive = ("1 for each input element of adaptive average pooling", counts.adaptive_inputs);
    let conv_biases = ("1 for each bias addition of convolutions", counts.conv_biases);
    let dialects = vec![
        dialect("fvcore", "as in the table of timm aa4b585", "flops", ("macs", macs), &[bn, adaptive]),
        dialect("timm", "aa4b585", "gmacs", ("macs", macs), &[bn, adaptive]),
        dialect(
            "THOP",
            "43c064a",
            "MACs",
            ("macs", macs),
            &[
                (
                    "4 for each element of batch normalisation: 2, doubled because it is affine",
                    4 * counts.bn_elements,
                ),
                ("k² + 1 for each output of adaptive average pooling", counts.adaptive_windows),
                ("3n − 1 for each softmax", counts.softmax_features),
            ],
        ),
        dialect(
            "ptflops",
            "d612c75, pytorch backend",
            "MACs",
            ("macs", macs),
            &[
                ("1 for each bias addition", counts.conv_biases + counts.dense_biases),
                bn,
                (
                    "2 for each element of ReLU: the module and the function it calls are both counted",
                    2 * counts.relu_elements,
                ),
                ("2 for each input element of pooling, for the same reason", 2 * counts.pool_inputs),
                ("1 for each element of softmax", counts.softmax_elements),
            ],
        ),
        dialect(
            "torchinfo",
            "5c4164f",
            "mult-adds",
            ("macs", macs),
            &[
                conv_biases,
                ("1 for each bias of dense layers", counts.dense_biases),
                ("2 for each channel of batch normalisation: its parameters", 2 * counts.bn_channels),
            ],
        ),
        dialect(
            "calflops",
            "29ca584",
            "FLOPs",
            ("2·macs", 2 * macs),
            &[
                conv_biases,
                bn,
                ("1 for each element of ReLU", counts.relu_elements),
                ("1 for each input element of pooling", counts.pool_inputs),
                ("1 for each input element of softmax", counts.softmax_elements),
            ],
        ),
        dialect(
            "Keras",
            "Applications table",
            "Total params",
            ("params", params),
            &[("running means and variances", state), ("fixed weights", totals.elements.frozen)],
        ),
    ];
    DialectReport {
        schema_version: SCHEMA_VERSION,
        cost_model: crate::analysis::COST_MODEL.to_owned(),
        network: checked.graph().name().to_owned(),
        params,
        macs,
        dialects,
    }
}

/// The tools and the terms of their rules, for a terminal.
pub fn dialect_table(report: &DialectReport) -> String {
    let mut text = format!("{}\n\n", report.network);
    let ours = [("ours", "params", report.params), ("ours", "macs", report.macs)];
    let theirs = report.dialects.iter().map(|one| (one.tool.as_str(), one.prints.as_str(), one.total));
    let figures: Vec<(&str, &str, String)> =
        ours.into_iter().chain(theirs).map(|(tool, word, count)| (tool, word, grouped(count))).collect();
    let width = |of: fn(&(&str, &str, String)) -> usize| figures.iter().map(of).max().unwrap_or(0);
    let (first, second) = (width(|one| one.0.len()), width(|one| one.1.len()));
    let last = width(|one| one.2.chars().count());
    let rules = |tool: usize| match tool.checked_sub(2).and_then(|index| report.dialects.get(index)) {
        None => Vec::new(),
        Some(dialect) => {
            let mut lines = vec![format!("= {}", dialect.from)];
            let terms = dialect.terms.iter();
            lines.extend(terms.map(|term| format!("+ {} ({})", grouped(term.count), term.rule)));
            lines
        }
    };
    for (index, (tool, word, count)) in figures.iter().enumerate() {
        let line = format!("{tool:<first$}  {word:<second$}  {count:>last$}");
        let mut lines = rules(index).into_iter();
        text.push_str(format!("{line}  {}", lines.next().unwrap_or_default()).trim_end());
        text.push('\n');
        for rule in lines {
            text.push_str(&format!("{}  {rule}\n", " ".repeat(line.chars().count())));
        }
    }
    text.push_str("\nRules: docs/cost-model.md. ");
    let versions: Vec<String> =
        report.dialects.iter().map(|one| format!("{} {}", one.tool, one.version)).collect();
    text.push_str(&format!("Versions: {}.\n", versions.join("; ")));
    text
}
