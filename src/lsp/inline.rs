//! The rewriting "inline block": replaces a call by the statements of its block.

use std::collections::BTreeMap;

use gen_lsp_types::CodeActionKind;

use crate::base::Span;
use crate::syntax::ast::{Block, BlockCall, CallArg, ExprKind, Head, StmtKind};

use super::analysis::View;
use super::code_actions::Proposal;
use super::rewrite::{block_here, names_arriving, trailing_segments};
use super::text::{indent_at, reindented};
use super::tree::{self, Node, flow_of, readable};

/// Replaces the block call at a selection by a group with the block's statements. `None` where the block stands in
/// another file, has constants, or an argument refers to the call's input.
pub(super) fn proposal(view: View<'_>, selection: Span) -> Option<Proposal> {
    let stmt = view.statement_at(selection.start)?;
    let flow = flow_of(stmt)?;
    let Head::Call(call) = &flow.head else { return None };
    let BlockCall { block: name, args, args_span, trailing } = &**call;
    if selection.start > args_span.end {
        return None;
    }
    let (item, block) = block_here(view, &name.value)?;
    let has_constants = tree::nodes(view.parsed()).any(|node| match node {
        Node::Stmt(inner) => {
            item.span.contains(inner.span) && matches!(readable(&inner.kind), Some(StmtKind::Let(_)) | None)
        }
        _ => false,
    });
    let recursive = item.span.contains(stmt.span);
    if has_constants || recursive || names_arriving(view, *args_span) || block.body.statements.is_empty() {
        return None;
    }
    let values = arguments(view, block, args)?;
    let indent = indent_at(view.text(), stmt.span.start);
    let mut statements = vec![substituted(view, block, &values, &format!("{indent}    "))];
    statements.extend(trailing_segments(view, flow));
    let head_end = trailing.last().map_or(args_span.end, |last| last.span().end);
    let call = Span { end: head_end, ..name.span };
    let body = statements.join(&format!(";\n{indent}    "));
    Some(Proposal {
        title: format!("inline block `{}`", name.value),
        kind: CodeActionKind::RefactorInline,
        edits: vec![(call, format!("[\n{indent}    {body}\n{indent}]"))],
    })
}

/// The source text for each parameter; `None` if an argument is missing or too many are given.
fn arguments(view: View<'_>, block: &Block, args: &[CallArg]) -> Option<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (index, arg) in args.iter().enumerate() {
        let param = match &arg.name {
            Some(name) => block.params.iter().find(|param| param.name.value == name.value)?,
            None => block.params.get(index)?,
        };
        values.insert(param.name.value.to_string(), operand(view.snippet(arg.value.span)));
    }
    for param in &block.params {
        if !values.contains_key(param.name.value.as_str()) {
            let default = param.default.as_ref()?;
            let text = replaced(view, default.span, &values);
            values.insert(param.name.value.to_string(), operand(&text));
        }
    }
    Some(values)
}

/// Puts parentheses around an expression that would bind otherwise within another.
fn operand(text: &str) -> String {
    let atomic = text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.'));
    let bracketed = text.starts_with('(') && text.ends_with(')') && text.matches('(').count() == 1;
    if atomic || bracketed { text.to_owned() } else { format!("({text})") }
}

/// The text of a block's statements, with arguments in place of parameters.
fn substituted(view: View<'_>, block: &Block, values: &BTreeMap<String, String>, indent: &str) -> String {
    let (Some(first), Some(last)) = (block.body.statements.first(), block.body.statements.last()) else {
        return String::new();
    };
    let span = first.span.to(last.span);
    let old = indent_at(view.text(), span.start);
    reindented(&replaced(view, span, values), &old, indent)
}

/// The text of a span, with arguments in place of parameters.
fn replaced(view: View<'_>, span: Span, values: &BTreeMap<String, String>) -> String {
    let mut places: Vec<(Span, &String)> = tree::nodes(view.parsed())
        .filter_map(|node| match node {
            Node::Expr(expr) if span.contains(expr.span) => match &expr.kind {
                ExprKind::Name(name) => Some((expr.span, values.get(name.as_str())?)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    places.sort_by_key(|(place, _)| place.start);
    let mut out = String::new();
    let mut at = span.start as usize;
    for (place, value) in places {
        out.push_str(&view.text()[at..place.start as usize]);
        out.push_str(value);
        at = place.end as usize;
    }
    out.push_str(&view.text()[at..span.end as usize]);
    out
}
