//! Computes what other tools print for the same network, and explains each difference by a rule.
//!
//! The figure of a tool is our figure plus terms that have a name and an amount, so that a reader sees why two tools
//! disagree. The rules belong to the operators; they were measured with the tools themselves, in the version that the
//! report names. Where an operator has no rule for a tool, the tool gets no total. `published` holds how a framework's
//! own model of a shipped network departs from the network.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analysis::Checked;
use crate::base::grouped;
use crate::ops::{Counted, Operator, Tool};
use crate::report::published::departures;

/// The version of the JSON; a field that changes its meaning or goes raises it.
pub const SCHEMA_VERSION: u32 = 2;

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
    /// The version of the tool.
    pub version: String,
    /// What the tool calls the figure.
    pub prints: String,
    /// The figure; absent where the tool has no rule for an operator.
    pub total: Option<i128>,
    /// The operators for which the tool has no rule, in alphabetical order.
    pub no_rule: Vec<String>,
    /// The figure of ours that it begins with: `macs`, `2·macs` or `params`.
    pub from: String,
    /// Its value.
    pub ours: u128,
    /// What is added; the sum of `ours` and these is `total`, where there is one. Terms of nothing are left out.
    pub terms: Vec<Term>,
}

/// A term of a rule.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Term {
    /// What is counted, and how.
    pub rule: String,
    /// The amount; below zero where the tool counts less.
    pub count: i128,
}

/// The sum of a tool's additions to our figure, and the operators for which it has no rule.
#[derive(Clone, Debug, Default)]
struct Sum {
    terms: Vec<Term>,
    no_rule: BTreeSet<&'static str>,
}

impl Sum {
    fn add(&mut self, rule: &str, count: i128) {
        match self.terms.iter_mut().find(|term| term.rule == rule) {
            _ if count == 0 => {}
            Some(term) => term.count = term.count.saturating_add(count),
            None => self.terms.push(Term { rule: rule.to_owned(), count }),
        }
    }
}

/// The sum of each tool's additions to our figure over the layers that run; rules in the order of the first layer.
fn sums(checked: &Checked) -> BTreeMap<Tool, Sum> {
    let graph = checked.graph();
    let mut sums: BTreeMap<Tool, Sum> = Tool::ALL.into_iter().map(|tool| (tool, Sum::default())).collect();
    for id in checked.run_layers() {
        let node = graph.node(id);
        let Some(op) = node.op() else { continue };
        let counted = op.counted(&graph.operand_shapes(id), node.shape);
        for (tool, sum) in &mut sums {
            let mut known = false;
            for Counted { rule, count, .. } in counted.iter().filter(|one| one.tool == *tool) {
                known = true;
                sum.add(rule, *count);
            }
            if !known {
                sum.no_rule.insert(op.bound().spec().name);
            }
        }
    }
    sums
}

/// The figures that other tools print for a network.
pub fn dialects(checked: &Checked) -> DialectReport {
    let sums = sums(checked);
    let totals = checked.totals();
    let (params, state, macs) = (totals.elements.params, totals.elements.state, totals.macs);
    let network = checked.graph().name();
    let dialect = |tool: &str, version: &str, prints: &str, (from, ours): (&str, u128), mut sum: Sum| {
        for (rule, count) in departures(network, params, macs, tool) {
            sum.add(rule, count);
        }
        let total = sum.terms.iter().fold(signed(ours), |total, term| total.saturating_add(term.count));
        Dialect {
            tool: tool.to_owned(),
            version: version.to_owned(),
            prints: prints.to_owned(),
            total: sum.no_rule.is_empty().then_some(total),
            no_rule: sum.no_rule.into_iter().map(str::to_owned).collect(),
            from: from.to_owned(),
            ours,
            terms: sum.terms,
        }
    };
    let of = |tool: Tool| sums.get(&tool).cloned().unwrap_or_default();
    let mut keras = Sum::default();
    keras.add("running means and variances", signed(state));
    keras.add("fixed weights", signed(totals.elements.frozen));
    let dialects = vec![
        dialect("fvcore", "0.1.5", "flops", ("macs", macs), of(Tool::Fvcore)),
        dialect("timm", "with fvcore 0.1.5", "gmacs", ("macs", macs), of(Tool::Fvcore)),
        dialect("THOP", "0.1.1", "MACs", ("macs", macs), of(Tool::Thop)),
        dialect("ptflops", "0.7.5, pytorch backend", "MACs", ("macs", macs), of(Tool::Ptflops)),
        dialect("torchinfo", "1.8.0", "mult-adds", ("macs", macs), of(Tool::Torchinfo)),
        dialect("calflops", "0.3.2", "FLOPs", ("2·macs", 2 * macs), of(Tool::Calflops)),
        dialect("Keras", "3.15", "Total params", ("params", params), keras),
    ];
    DialectReport {
        schema_version: SCHEMA_VERSION,
        cost_model: crate::analysis::COST_MODEL.to_owned(),
        network: network.to_owned(),
        params,
        macs,
        dialects,
    }
}

/// A count as a term of a sum.
fn signed(count: u128) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// A count of a tool with its digits in groups, and what stands before its amount in a sum.
fn signed_digits(count: i128) -> (&'static str, String) {
    (if count < 0 { "−" } else { "+" }, grouped(count.unsigned_abs()))
}

/// The tools and the terms of their rules, for a terminal.
pub fn dialect_table(report: &DialectReport) -> String {
    let mut text = format!("{}\n\n", report.network);
    let ours = [("ours", "params", report.params), ("ours", "macs", report.macs)];
    let ours = ours.into_iter().map(|(tool, word, count)| (tool, word, grouped(count)));
    let theirs = report.dialects.iter().map(|one| {
        let total = match one.total.map(signed_digits) {
            Some(("−", digits)) => format!("−{digits}"),
            Some((_, digits)) => digits,
            None => "?".to_owned(),
        };
        (one.tool.as_str(), one.prints.as_str(), total)
    });
    let figures: Vec<(&str, &str, String)> = ours.chain(theirs).collect();
    let width = |of: fn(&(&str, &str, String)) -> usize| figures.iter().map(of).max().unwrap_or(0);
    let (first, second) = (width(|one| one.0.len()), width(|one| one.1.len()));
    let last = width(|one| one.2.chars().count());
    let rules = |tool: usize| match tool.checked_sub(2).and_then(|index| report.dialects.get(index)) {
        None => Vec::new(),
        Some(dialect) => {
            if !dialect.no_rule.is_empty() {
                return dialect.no_rule.iter().map(|operator| format!("no rule for `{operator}`")).collect();
            }
            let mut lines = vec![format!("= {}", dialect.from)];
            lines.extend(dialect.terms.iter().map(|term| {
                let (sign, digits) = signed_digits(term.count);
                format!("{sign} {digits} ({})", term.rule)
            }));
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
