//! The rewriting "extract block": replaces selected statements by a call of a new block.

use std::collections::BTreeSet;

use gen_lsp_types::CodeActionKind;

use crate::base::Span;
use crate::syntax::ast::{Body, ExprKind, Item, ItemKind, Param, Stmt, StmtKind};

use super::analysis::View;
use super::code_actions::Proposal;
use super::rewrite::item_at;
use super::text::{indent_at, reindented};
use super::tree::{self, Node, readable};

/// Makes a block of the statements that a selection covers. `None` where they cannot be moved: one is an input, an
/// expectation or a side branch, or a name is used on both sides of the border.
pub(super) fn proposal(view: View<'_>, selection: Span) -> Option<Proposal> {
    if selection.start == selection.end {
        return None;
    }
    let (body, chosen) = statements(view, selection)?;
    let (first, last) = (chosen.first()?, chosen.last()?);
    let whole = first.span.to(last.span);
    if !chosen.iter().all(|stmt| may_stand_in_a_block(stmt)) || crosses(view, body, whole) {
        return None;
    }
    let item = item_at(view, whole.start)?;
    let arguments = free_names(view, item, whole);
    let name = fresh_name(view);
    let list = arguments.join(", ");
    let text = reindented(view.snippet(whole), &indent_at(view.text(), whole.start), "    ");
    let block = format!("block {name}({list}) {{\n    {text};\n}}\n\n");
    let above = start_of_item(view, item);
    Some(Proposal {
        title: "extract block".to_owned(),
        kind: CodeActionKind::RefactorExtract,
        edits: vec![(Span { start: above, end: above, ..whole }, block), (whole, format!("{name}({list})"))],
    })
}

/// The statements that a selection covers, in the innermost body that contains it.
fn statements<'a>(view: View<'a>, selection: Span) -> Option<(&'a Body, Vec<&'a Stmt>)> {
    let text = view.snippet(selection);
    let start = selection.start + (text.len() - text.trim_start().len()) as u32;
    let end = selection.end - (text.len() - text.trim_end_matches([' ', '\t', '\n', '\r', ';']).len()) as u32;
    let trimmed = Span { start, end: end.max(start), ..selection };
    let bodies = tree::around(view.parsed(), trimmed.start).into_iter().rev().filter_map(|node| match node {
        Node::Body(body) if body.span.contains(trimmed) => Some(body),
        _ => None,
    });
    for body in bodies {
        let touched: Vec<&Stmt> = body
            .statements
            .iter()
            .filter(|stmt| stmt.span.start < trimmed.end && trimmed.start < stmt.span.end)
            .collect();
        if !touched.is_empty() && touched.iter().all(|stmt| trimmed.contains(stmt.span)) {
            return Some((body, touched));
        }
    }
    None
}

fn may_stand_in_a_block(stmt: &Stmt) -> bool {
    let mut stack = vec![stmt];
    while let Some(stmt) = stack.pop() {
        let fits = match &stmt.kind {
            StmtKind::Flow(flow) => {
                !matches!(&flow.head, crate::syntax::ast::Head::Form(form) if form.word.value == "aux")
            }
            StmtKind::Let(_) => true,
            _ => false,
        };
        if !fits {
            return false;
        }
        stack.extend(tree::statements_within(stmt));
    }
    true
}

/// Returns whether a constant or name that is declared on one side of `whole` is used on the other.
fn crosses(view: View<'_>, body: &Body, whole: Span) -> bool {
    let inside = |span: Span| whole.contains(span);
    let mut defined = BTreeSet::new();
    for node in tree::nodes(view.parsed()) {
        match node {
            Node::Stmt(stmt) if inside(stmt.span) => {
                if let Some(StmtKind::Let(one)) = readable(&stmt.kind) {
                    defined.insert(one.name.value.clone());
                }
            }
            // Paths inside may refer outwards and the other way round.
            Node::Path(_) if inside(node.span()) => return true,
            Node::Path(path) if view.text()[..path.span.start as usize].ends_with('@') => {
                let first = path.parts.first().map(|part| part.value.as_str());
                let named = tree::nodes(view.parsed()).any(|other| match other {
                    Node::Name(name) => {
                        inside(name.span) && name.parts.first().map(|part| part.value.as_str()) == first
                    }
                    _ => false,
                });
                if named {
                    return true;
                }
            }
            _ => {}
        }
    }
    let behind = body.statements.iter().filter(|stmt| stmt.span.start >= whole.end).map(|stmt| stmt.span);
    let behind: Vec<Span> = behind.collect();
    tree::nodes(view.parsed()).any(|node| match node {
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Name(name) => {
                defined.contains(name) && behind.iter().any(|span| span.contains(expr.span))
            }
            _ => false,
        },
        _ => false,
    })
}

/// The parameters and constants of the enclosing item that the statements use, in order of first use.
fn free_names(view: View<'_>, item: &Item, whole: Span) -> Vec<String> {
    let params: &[Param] = match &item.kind {
        ItemKind::Block(block) => &block.params,
        ItemKind::Network(network) => &network.params,
        _ => &[],
    };
    let mut local: BTreeSet<&str> = params.iter().map(|param| param.name.value.as_str()).collect();
    for node in tree::nodes(view.parsed()) {
        if let Node::Stmt(stmt) = node
            && item.span.contains(stmt.span)
            && !whole.contains(stmt.span)
            && let Some(StmtKind::Let(one)) = readable(&stmt.kind)
        {
            local.insert(&one.name.value);
        }
    }
    let mut found: Vec<String> = Vec::new();
    for node in tree::nodes(view.parsed()) {
        if let Node::Expr(expr) = node
            && whole.contains(expr.span)
            && let ExprKind::Name(name) = &expr.kind
            && local.contains(name.as_str())
            && !found.iter().any(|one| one == name)
        {
            found.push(name.to_string());
        }
    }
    found
}

/// `extracted`, or the first unused name of `extracted2`, `extracted3`, …
fn fresh_name(view: View<'_>) -> String {
    let taken: BTreeSet<&str> = view.items().filter_map(|item| Some(item.name()?.value.as_str())).collect();
    let names = (1..)
        .map(|number: u32| if number == 1 { "extracted".to_owned() } else { format!("extracted{number}") });
    let mut free = names.filter(|name| !taken.contains(name.as_str()));
    free.next().unwrap_or_default()
}

/// The offset of the line where an item begins, including its leading comments.
fn start_of_item(view: View<'_>, item: &Item) -> u32 {
    let tokens = view.parsed().tokens_of(item.span);
    let comments = view.parsed().comments_of(tokens.start..tokens.start + 1);
    let own = comments.iter().filter(|one| one.own_line && one.end <= item.span.start);
    let start = own.map(|one| one.start).min().unwrap_or(item.span.start);
    start - indent_at(view.text(), start).len() as u32
}
