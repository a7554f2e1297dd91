//! The figures of a statement: which nodes of which network it made, and what they cost.

use crate::analysis::{Checked, Totals};
use crate::base::{Span, grouped, percent};
use crate::ir::{Node, NodeId};

use super::analysis::View;

/// The nodes that a statement made in one network.
pub(super) struct Share<'a> {
    pub network: &'a Checked,
    /// The layers, in source order.
    pub rows: Vec<NodeId>,
}

impl Share<'_> {
    /// The sum of the figures of its layers.
    pub(super) fn totals(&self) -> Totals {
        self.network.sum(&self.rows)
    }

    /// `9 408 parameters (0.04 %), 118 013 952 MACs (2.9 %)`
    pub(super) fn costs(&self) -> String {
        let (own, all) = (self.totals(), self.network.totals());
        let part = |own: u128, all: u128| {
            if own == 0 || all == 0 { String::new() } else { format!(" ({})", percent(own, all)) }
        };
        format!(
            "{} parameters{}, {} MACs{}",
            grouped(own.elements.params),
            part(own.elements.params, all.elements.params),
            grouped(own.macs),
            part(own.macs, all.macs)
        )
    }
}

/// The nodes made from a span: in the enclosing network, or, for text of a block, in the first network that calls the
/// block.
pub(super) fn share_of(view: View<'_>, span: Span) -> Option<Share<'_>> {
    let own = view.network_at(span.start).into_iter();
    let others = view.analysis.checked.compiled.iter().map(|one| &one.checked);
    own.chain(others).find_map(|network| {
        let rows: Vec<NodeId> =
            network.graph().rows().filter(|(_, node)| is_made_by(node, span)).map(|(id, _)| id).collect();
        (!rows.is_empty()).then_some(Share { network, rows })
    })
}

/// Whether a node comes from a span, directly or through a block call in it.
fn is_made_by(node: &Node, span: Span) -> bool {
    span.contains(node.span) || node.origin.innermost_first().any(|step| span.contains(step.call))
}
