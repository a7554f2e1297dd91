//! The figures that hovers and lenses show: of the nodes that a statement made, and of a network.

use crate::analysis::{Checked, Dtype, Metric, Unit};
use crate::base::{Span, grouped, percent};
use crate::ir::{Node, NodeId};
use crate::report::numbers::{self, Figures};

use super::analysis::View;

/// The nodes that a statement made in one network.
pub(super) struct Share<'a> {
    pub network: &'a Checked,
    /// The layers, in source order.
    pub rows: Vec<NodeId>,
}

impl Share<'_> {
    /// `9 408 parameters (0.04 %), 118 013 952 MACs (2.9 %)`
    pub(super) fn costs(&self) -> String {
        let (own, all) = (self.network.sum(&self.rows), self.network.totals());
        let figures = [Metric::Params, Metric::Macs].into_iter().filter_map(|metric| {
            let (own, all) = (metric.of_totals(&own, Dtype::F32)?, metric.of_totals(all, Dtype::F32)?);
            let part = if own == 0 || all == 0 { String::new() } else { format!(" ({})", percent(own, all)) };
            Some(format!("{} {}{part}", grouped(own), noun(metric)))
        });
        figures.collect::<Vec<_>>().join(", ")
    }
}

/// `25.6 M parameters · 4.09 G MACs · 9.19 MiB peak memory`
pub(super) fn headline(network: &Checked) -> String {
    let figures = [Metric::Params, Metric::Macs, Metric::PeakMemory].into_iter().filter_map(|metric| {
        let value = metric.of_network(network)?;
        let value = match metric.unit() {
            Unit::Bytes => numbers::bytes(value, Figures::Rounded),
            Unit::Count | Unit::Shape => numbers::count(value, Figures::Rounded),
        };
        Some(format!("{value} {}", noun(metric)))
    });
    figures.collect::<Vec<_>>().join(" · ")
}

/// The name of a metric behind its figure.
fn noun(metric: Metric) -> &'static str {
    match metric {
        Metric::Params => "parameters",
        Metric::Macs => "MACs",
        Metric::PeakMemory => "peak memory",
        other => other.name(),
    }
}

/// The nodes made from a span: in the enclosing network, or, for text of a block, in the first network that calls the
/// block.
pub(super) fn share_of(view: View<'_>, span: Span) -> Option<Share<'_>> {
    let own = view.network_at(span.start).into_iter();
    let others = view.analysis.checked.compiled.iter().map(|one| &one.checked);
    own.chain(others).find_map(|network| {
        let rows: Vec<NodeId> =
            network.graph().layers().filter(|(_, node)| is_made_by(node, span)).map(|(id, _)| id).collect();
        (!rows.is_empty()).then_some(Share { network, rows })
    })
}

/// Returns whether a node comes from a span, directly or through a block call in it.
fn is_made_by(node: &Node, span: Span) -> bool {
    span.contains(node.span) || node.trace.innermost_first().any(|step| span.contains(step.call))
}
