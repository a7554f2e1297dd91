//! Inlay hints: shapes behind statements, and the names of parameters before arguments.

use gen_lsp_types::{InlayHint, InlayHintKind, Range, TextEdit};

use crate::syntax::ast::{Head, Stmt};

use super::analysis::View;
use super::rewrite;
use super::tree::{self, Node, flow_of};

/// The least number of parameters for which a call gets names.
const LEAST_PARAMETERS: usize = 3;

/// The hints within a range.
pub(super) fn all(view: View<'_>, range: Range) -> Vec<InlayHint> {
    let wanted = view.places().span(view.file(), range);
    let mut hints = Vec::new();
    for node in tree::nodes(view.parsed()) {
        let Node::Stmt(stmt) = node else { continue };
        if stmt.span.end < wanted.start || wanted.end < stmt.span.start {
            continue;
        }
        hints.extend(shape(view, stmt));
        parameters(view, stmt, &mut hints);
    }
    hints.sort_by_key(|hint| hint.position);
    hints
}

/// `-> 28x28x64` behind a statement without `->`. In a block it is the shape at the block's first use.
fn shape(view: View<'_>, stmt: &Stmt) -> Option<InlayHint> {
    let flow = flow_of(stmt).filter(|flow| flow.shape().is_none())?;
    let shape = view.passage(stmt.span)?.leaving?;
    let uses = view.uses_of(stmt);
    let counted = if uses > 1 { format!("  (1 of {uses} uses)") } else { String::new() };
    let places = view.places();
    let at = places.position(view.file(), rewrite::place_of_shape(view, stmt, flow));
    let insert = TextEdit { range: Range::new(at, at), new_text: format!(" -> {shape}") };
    let may_state = uses <= 1 && !matches!(flow.head, Head::Reference(_));
    Some(InlayHint {
        position: places.position(view.file(), stmt.span.end),
        label: format!("-> {shape}{counted}").into(),
        kind: Some(InlayHintKind::Type),
        text_edits: may_state.then(|| vec![insert]),
        tooltip: None,
        padding_left: Some(true),
        padding_right: None,
        data: None,
    })
}

fn parameters(view: View<'_>, stmt: &Stmt, hints: &mut Vec<InlayHint>) {
    let Some(Head::Call(call)) = flow_of(stmt).map(|flow| &flow.head) else { return };
    let Some((_, params)) = view.callable(&call.block.value) else { return };
    if params.len() < LEAST_PARAMETERS {
        return;
    }
    for (arg, param) in call.args.iter().zip(params).take_while(|(arg, _)| arg.name.is_none()) {
        // An argument that is spelt like its parameter needs no name.
        if view.snippet(arg.value.span) == param.name.value {
            continue;
        }
        hints.push(InlayHint {
            position: view.places().position(view.file(), arg.value.span.start),
            label: format!("{} =", param.name.value).into(),
            kind: Some(InlayHintKind::Parameter),
            text_edits: None,
            tooltip: None,
            padding_left: None,
            padding_right: Some(true),
            data: None,
        });
    }
}
