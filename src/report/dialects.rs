//! What other tools print for the same network, and the rule that explains each difference.
//!
//! Every figure is ours plus terms that are named and counted, so that a table of two tools can be read: a
//! difference is never an accident. The rules are those of the cost model; each is pinned to a version.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::Checked;
use crate::base::grouped;
use crate::ops::{Counted, Operator, Tool};

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

/// What each tool adds to our figure, summed over the rows that run; rules in the order of the first layer.
fn terms(checked: &Checked) -> BTreeMap<Tool, Vec<Term>> {
    let graph = checked.graph();
    let mut terms: BTreeMap<Tool, Vec<Term>> = BTreeMap::new();
    for id in checked.run_rows() {
        let node = graph.node(id);
        let Some(op) = node.op() else { continue };
        for Counted { tool, rule, count } in op.counted(&graph.operand_shapes(id), node.shape) {
            let terms = terms.entry(tool).or_default();
            match terms.iter_mut().find(|term| term.rule == rule) {
                Some(term) => term.count += count,
                None if count > 0 => terms.push(Term { rule: rule.to_owned(), count }),
                None => {}
            }
        }
    }
    terms
}

/// What the tools print for a network.
pub fn dialects(checked: &Checked) -> DialectReport {
    let terms = terms(checked);
    let totals = checked.totals();
    let (params, state, macs) = (totals.elements.params, totals.elements.state, totals.macs);
    let dialect =
        |tool: &str, version: &str, prints: &str, (from, ours): (&str, u128), terms: Vec<Term>| Dialect {
            tool: tool.to_owned(),
            version: version.to_owned(),
            prints: prints.to_owned(),
            total: ours + terms.iter().map(|term| term.count).sum::<u128>(),
            from: from.to_owned(),
            ours,
            terms,
        };
    let of = |tool: Tool| terms.get(&tool).cloned().unwrap_or_default();
    let fixed = [("running means and variances", state), ("fixed weights", totals.elements.frozen)];
    let fixed = fixed.into_iter().filter(|(_, count)| *count > 0);
    let keras = fixed.map(|(rule, count)| Term { rule: rule.to_owned(), count }).collect();
    let dialects = vec![
        dialect("fvcore", "as in the table of timm aa4b585", "flops", ("macs", macs), of(Tool::Fvcore)),
        dialect("timm", "aa4b585", "gmacs", ("macs", macs), of(Tool::Fvcore)),
        dialect("THOP", "43c064a", "MACs", ("macs", macs), of(Tool::Thop)),
        dialect("ptflops", "d612c75, pytorch backend", "MACs", ("macs", macs), of(Tool::Ptflops)),
        dialect("torchinfo", "5c4164f", "mult-adds", ("macs", macs), of(Tool::Torchinfo)),
        dialect("calflops", "29ca584", "FLOPs", ("2·macs", 2 * macs), of(Tool::Calflops)),
        dialect("Keras", "Applications table", "Total params", ("params", params), keras),
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
