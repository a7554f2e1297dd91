//! Selection ranges: selections that grow from node to node of the tree.

use gen_lsp_types::{Position, SelectionRange};

use crate::base::Span;

use super::analysis::View;
use super::tree;

/// For each position the nodes that enclose it, the innermost first: a token, an argument, a statement, a body, an
/// item, the file.
pub(super) fn ranges(view: View<'_>, positions: &[Position]) -> Vec<SelectionRange> {
    positions.iter().map(|&position| range(view, position)).collect()
}

fn range(view: View<'_>, position: Position) -> SelectionRange {
    let offset = view.places().offset(view.file(), position);
    let whole = Span::new(view.file(), 0, view.text().len());
    let mut spans = vec![whole];
    for node in tree::around(view.parsed(), offset) {
        let span = node.span();
        // Between a body and its statements comes the text between its brackets.
        if let tree::Node::Body(body) = node
            && let (Some(first), Some(last)) = (body.statements.first(), body.statements.last())
        {
            spans.push(span);
            spans.push(first.span.to(last.span));
        } else {
            spans.push(span);
        }
    }
    let token = view.parsed().tokens.iter().find(|token| token.start <= offset && offset <= token.end);
    spans.extend(token.map(|&token| view.parsed().token_span(token)));
    let mut selection: Option<SelectionRange> = None;
    let mut outer = whole;
    for span in spans {
        let fits = span.start <= offset && offset <= span.end && outer.contains(span);
        if fits && (selection.is_none() || span != outer) {
            outer = span;
            selection =
                Some(SelectionRange { range: view.places().range(span), parent: selection.map(Box::new) });
        }
    }
    selection.unwrap_or_else(|| SelectionRange { range: view.places().range(whole), parent: None })
}
