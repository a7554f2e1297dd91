//! The rewritings that an editor offers at a selection.

use crate::base::Span;

use super::analysis::View;
use super::code_actions::Proposal;
use super::{extract, inline, rewrite};

/// Everything that can be rewritten at a selection.
pub(super) fn proposals(view: View<'_>, selection: Span) -> Vec<Proposal> {
    let at_cursor = [rewrite::state_shape(view, selection), rewrite::hold_figures(view, selection)];
    let blocks = [extract::proposal(view, selection), inline::proposal(view, selection)];
    at_cursor.into_iter().chain(blocks).flatten().collect()
}
