//! Lists the names that can be used at a place: constants and parameters in expressions, values behind `@`.

use crate::base::Span;
use crate::syntax::ast::{Item, ItemKind, Param, Stmt, StmtKind};
use crate::tensor::Shape;

use super::analysis::View;
use super::tree::{self, Node, flow_of, readable};

/// The constants and parameters that are visible at an offset, the nearest first, each with a description.
pub(super) fn values(view: View<'_>, offset: u32) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, what: String| {
        if !found.iter().any(|(one, _)| one == name) {
            found.push((name.to_owned(), what));
        }
    };
    for node in tree::around(view.parsed(), offset).into_iter().rev() {
        match node {
            Node::Body(body) => {
                let before = body.statements.iter().filter(|stmt| stmt.span.end < offset);
                for stmt in before {
                    if let Some(StmtKind::Let(one)) = readable(&stmt.kind) {
                        add(&one.name.value, format!("= {}", view.snippet(one.value.span)));
                    }
                }
            }
            Node::Item(item) => {
                let params: &[Param] = match &item.kind {
                    ItemKind::Block(block) => &block.params,
                    ItemKind::Network(network) => &network.params,
                    _ => &[],
                };
                for param in params.iter().filter(|param| param.name.span.end < offset) {
                    let what = param.default.as_ref().map_or("parameter".to_owned(), |value| {
                        format!("parameter, {} if left out", view.snippet(value.span))
                    });
                    add(&param.name.value, what);
                }
            }
            _ => {}
        }
    }
    // A constant does not depend on itself.
    let given_here =
        |item: &Item| item.span.file == view.file() && item.span.start <= offset && offset <= item.span.end;
    for item in view.items().filter(|item| !given_here(item)) {
        if let ItemKind::Let(one) = &item.kind {
            add(&one.name.value, format!("= {}", view.snippet(one.value.span)));
        }
    }
    found
}

/// Parameters of the enclosing block that stand for a trailing word, each with a description.
pub(super) fn words(view: View<'_>, offset: u32) -> Vec<(String, String)> {
    let around = tree::around(view.parsed(), offset);
    let params = around.iter().find_map(|node| match node {
        Node::Item(Item { kind: ItemKind::Block(block), .. }) => Some(&block.params),
        _ => None,
    });
    let words = params.into_iter().flatten().filter(|param| param.word);
    words.map(|param| (param.name.value.to_string(), "stands for a trailing word".to_owned())).collect()
}

/// The names that `@` may refer to at an offset: those of earlier statements in the same item, as relative paths.
pub(super) fn names_before(view: View<'_>, offset: u32) -> Vec<(String, Option<Shape>)> {
    let around = tree::around(view.parsed(), offset);
    let holds = |span: Span| span.start <= offset && offset <= span.end;
    let outermost = around.iter().find_map(|node| match node {
        Node::Body(body) => Some(*body),
        _ => None,
    });
    let mut names = Vec::new();
    // The statements still to visit, with the path from the offset to the scope that contains them.
    let mut stack: Vec<(&Stmt, String)> = Vec::new();
    if let Some(body) = outermost {
        stack.extend(body.statements.iter().rev().map(|stmt| (stmt, String::new())));
    }
    while let Some((stmt, scope)) = stack.pop() {
        if stmt.span.start >= offset {
            continue;
        }
        let name = match readable(&stmt.kind) {
            Some(StmtKind::Input { name, .. }) => name.as_deref(),
            _ => flow_of(stmt).and_then(|flow| flow.name()),
        };
        let written = name.map(|name| view.snippet(name.span).trim_end_matches("[]"));
        let path = written.filter(|text| !text.is_empty()).map(|text| format!("{scope}{text}"));
        if let Some(path) = path.as_ref().filter(|_| !holds(stmt.span)) {
            names.push((path.clone(), view.passage(stmt.span).and_then(|passage| passage.leaving)));
        }
        // Statements that enclose the offset add nothing to the path.
        let inner = match path {
            Some(path) if !holds(stmt.span) => format!("{path}."),
            _ => scope,
        };
        let nested = tree::statements_within(stmt);
        stack.extend(nested.into_iter().rev().map(|one| (one, inner.clone())));
    }
    names.reverse();
    names
}
