//! The rewritings that write a computed fact into the text: a shape behind a statement, an `expect` in a network.

use gen_lsp_types::CodeActionKind;

use crate::analysis::Metric;
use crate::base::{Span, grouped};
use crate::syntax::ast::{Arg, ExprKind, Flow, Head, Item, ItemKind, Stmt, StmtKind};
use crate::syntax::{Token, TokenKind};

use super::analysis::View;
use super::code_actions::Proposal;
use super::text::indent_at;
use super::tree::{self, Node, flow_of, readable};

/// The offset in a statement where `->` belongs: at its end, but before its `as`.
pub(super) fn place_of_shape(view: View<'_>, stmt: &Stmt, flow: &Flow) -> u32 {
    let Some(name) = flow.name() else { return stmt.span.end };
    let tokens = &view.parsed().tokens;
    let of_name = tokens.partition_point(|token| token.start < name.span.start);
    let before = tokens[..of_name].iter().rev().find(|token| !is_as(view, token));
    before.map_or(name.span.start, |token| token.end)
}

fn is_as(view: View<'_>, token: &Token) -> bool {
    token.kind == TokenKind::Word && view.parsed().token_text(*token) == "as"
}

/// Adds `-> 28x28x64` to the statement at the selection, if it has the same shape wherever it is expanded.
pub(super) fn state_shape(view: View<'_>, selection: Span) -> Option<Proposal> {
    let stmt = view.statement_at(selection.start)?;
    let flow = flow_of(stmt).filter(|flow| flow.shape().is_none())?;
    if matches!(flow.head, Head::Reference(_)) {
        return None;
    }
    if view.uses_of(stmt) > 1 {
        return None;
    }
    let shape = view.passage(stmt.span)?.leaving?;
    let at = place_of_shape(view, stmt, flow);
    let at = Span { file: view.file(), start: at, end: at };
    Some(Proposal {
        title: format!("add `-> {shape}`"),
        kind: CodeActionKind::RefactorRewrite,
        edits: vec![(at, format!(" -> {shape}"))],
    })
}

/// Adds `expect params == …` at the end of the network at the selection.
pub(super) fn hold_figures(view: View<'_>, selection: Span) -> Option<Proposal> {
    let network = view.network_at(selection.start)?;
    let body = view.network_body_at(selection.start)?;
    let last = body.statements.last()?;
    let holds = |stmt: &Stmt| match readable(&stmt.kind) {
        Some(StmtKind::Expect(expect)) => {
            expect.path.parts.len() == 1 && expect.path.parts[0].value == Metric::Params.name()
        }
        _ => false,
    };
    if body.statements.iter().any(holds) {
        return None;
    }
    let params = Metric::Params.of_network(network)?;
    let text = format!("expect {} == {};", Metric::Params, grouped(params).replace(' ', "_"));
    let indent = indent_at(view.text(), last.span.start);
    let separator = view.parsed().separator(last.span).map(|index| view.parsed().tokens[index]);
    let end = separator.filter(|token| token.is(';')).map_or(last.span.end, |token| token.end);
    let semicolon = if end == last.span.end { ";" } else { "" };
    let at = Span { file: view.file(), start: end, end };
    Some(Proposal {
        title: format!("add `{}`", text.trim_end_matches(';')),
        kind: CodeActionKind::RefactorRewrite,
        edits: vec![(at, format!("{semicolon}\n{indent}{text}"))],
    })
}

/// The item that encloses an offset.
pub(super) fn item_at<'a>(view: View<'a>, offset: u32) -> Option<&'a Item> {
    tree::around(view.parsed(), offset).into_iter().find_map(|node| match node {
        Node::Item(item) => Some(item),
        _ => None,
    })
}

/// The block of a name, if it is defined in this file.
pub(super) fn block_here<'a>(
    view: View<'a>,
    name: &str,
) -> Option<(&'a Item, &'a crate::syntax::ast::Block)> {
    view.parsed().tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Block(block) if block.name.value == name => Some((item, block)),
        _ => None,
    })
}

/// The source text of each trailing word of a call, with its arguments.
pub(super) fn trailing_segments(view: View<'_>, flow: &Flow) -> Vec<String> {
    let Head::Call(call) = &flow.head else { return Vec::new() };
    let mut segments: Vec<Span> = Vec::new();
    let mut owner = None;
    for arg in &call.trailing {
        let word =
            if let Arg::Word(word) = arg { crate::ops::trailing_word(&word.value, owner) } else { None };
        match (word, segments.last_mut()) {
            (None, Some(last)) => *last = last.to(arg.span()),
            _ => segments.push(arg.span()),
        }
        owner = word.or(owner);
    }
    segments.into_iter().map(|span| view.snippet(span).to_owned()).collect()
}

/// Returns whether an expression within a span refers to the incoming shape.
pub(super) fn names_arriving(view: View<'_>, span: Span) -> bool {
    tree::nodes(view.parsed()).any(|node| match node {
        Node::Expr(expr) => matches!(expr.kind, ExprKind::Arriving(_)) && span.contains(expr.span),
        _ => false,
    })
}
