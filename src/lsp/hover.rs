//! Hover: describes the word at a position.

use gen_lsp_types::{Hover, Position};

use crate::analysis::{Dtype, Metric, Unit, explain, parts};
use crate::base::{Span, counted, grouped};
use crate::ops::{self, Spec};
use crate::report::numbers::{self, Figures};
use crate::sema::{Definition, Scalar};
use crate::syntax::ast::{Path, Stmt, StmtKind};
use crate::tensor::Shape;

use super::analysis::View;
use super::figures::{self, Share};
use super::markdown::markdown;
use super::names::{self, NameKind, Named};
use super::signature;
use super::tree;

/// The number of layers whose arithmetic is written out, and of block calls that are listed.
const MOST_SHOWN: usize = 4;

/// The hover text for a position.
pub(super) fn at(view: View<'_>, position: Position) -> Option<Hover> {
    let offset = view.places().offset(view.file(), position);
    let (span, text) = described(view, offset)?;
    Some(Hover { contents: markdown(text).into(), range: Some(view.places().range(span)) })
}

/// The span of the word at an offset, and its description.
fn described(view: View<'_>, offset: u32) -> Option<(Span, String)> {
    let parsed = view.parsed();
    let covers = |start: u32, end: u32| start <= offset && offset < end;
    let token = parsed.tokens.iter().find(|token| covers(token.start, token.end))?;
    let span = parsed.token_span(*token);
    let stmt = view.statement_at(span.start);
    if let Some(StmtKind::Expect(expect)) = stmt.and_then(|stmt| tree::readable(&stmt.kind))
        && expect.path.span.contains(Span { end: span.start, ..span })
    {
        return Some((expect.path.span, metric(view, &expect.path, offset)?));
    }
    if let Some(named) = names::at(view, span.start) {
        return Some((named.place, name(view, named, stmt)));
    }
    let figures = || stmt.and_then(|stmt| statement(view, stmt));
    match view.definitions().get(&span) {
        Some(Definition::Operator(word) | Definition::Form(word)) => {
            let page = operator(word).map(page_head).unwrap_or_default();
            // The head of a statement shows the figures of the whole statement, a trailing word its own page only.
            let is_head = stmt.is_some_and(|stmt| stmt.span.start == span.start);
            let text = match figures().filter(|_| is_head) {
                Some(figures) => format!("{figures}\n\n---\n\n{page}"),
                None => page,
            };
            Some((span, text))
        }
        Some(Definition::Argument { of, name }) => {
            let doc = operator(of).and_then(|spec| argument(spec, name))?;
            Some((span, format!("`{name}` of `{of}`: {doc}")))
        }
        // In a text with errors `sema` may not have resolved the word; the catalogue still knows it.
        _ => {
            let head = stmt.filter(|stmt| stmt.span.start == span.start);
            let spec = head.and_then(|_| operator(parsed.token_text(*token)));
            let parts: Vec<String> = figures().into_iter().chain(spec.map(page_head)).collect();
            (!parts.is_empty()).then(|| (span, parts.join("\n\n---\n\n")))
        }
    }
}

/// Finds an operator, form or `input` in the catalogue.
fn operator(word: &str) -> Option<&'static Spec> {
    ops::find(word).or_else(|| ops::form(word)).or_else(|| (word == "input").then_some(&ops::INPUT))
}

/// The beginning of an operator's page: description, and how it is written.
fn page_head(spec: &Spec) -> String {
    format!("**`{}`** {}\n\n```cnn\n{}```", spec.name, spec.summary, spec.example)
}

/// The description of a flag or attribute.
fn argument(spec: &Spec, name: &str) -> Option<&'static str> {
    let flag = spec.flags.iter().find(|flag| flag.name == name).map(|flag| flag.doc);
    flag.or_else(|| spec.attributes.iter().find(|one| one.name == name).map(|one| one.doc))
}

/// The shapes, costs and arithmetic of a statement.
fn statement(view: View<'_>, stmt: &Stmt) -> Option<String> {
    let shown = |shape: Option<Shape>| shape.map_or("?".to_owned(), |shape| shape.to_string());
    let mut parts = Vec::new();
    if let Some(passage) = view.passage(stmt.span) {
        let arriving = passage.arriving.map(|shape| format!("{shape} → ")).unwrap_or_default();
        let uses = match view.uses_of(stmt) {
            0 | 1 => String::new(),
            uses => format!(" (1 of {uses} uses)"),
        };
        parts.push(format!("**{arriving}{}**{uses}", shown(passage.leaving)));
    } else if let (StmtKind::Broken(_), Some(arriving)) = (&stmt.kind, view.shape_before(stmt.span.start)) {
        parts.push(format!("**{arriving} → ?**"));
    }
    if let Some(share) = figures::share_of(view, stmt.span) {
        parts.push(share.costs());
        if let Some(&last) = share.rows.last() {
            let field = share.network.receptive(last);
            parts.push(format!("receptive field {}x{}", field.rows.size, field.columns.size));
        }
        let arithmetic = arithmetic(&share);
        if !arithmetic.is_empty() {
            parts.push(format!("```text\n{}\n```", arithmetic.join("\n")));
        }
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The written-out multiplication of the first layers that have one.
fn arithmetic(share: &Share<'_>) -> Vec<String> {
    let graph = share.network.graph();
    let costly = share.rows.iter().filter(|&&id| share.network.layer_totals(id).macs > 0);
    let paths = costly.take(MOST_SHOWN).map(|&id| graph.node(id).path.as_str());
    paths.filter_map(|path| explain::lines(share.network, path)).flatten().collect()
}

/// Describes a metric: its definition and its present value.
fn metric(view: View<'_>, path: &Path, offset: u32) -> Option<String> {
    let (last, part) = path.parts.split_last()?;
    let metric = Metric::parse(&last.value)?;
    let text = format!("`{}`: {}", metric.name(), metric.summary());
    let Some(network) = view.network_at(offset) else { return Some(text) };
    let part: Vec<&str> = part.iter().map(|part| part.value.as_str()).collect();
    let part = part.join(".");
    let value = if metric == Metric::Out {
        let node = if part.is_empty() { network.out() } else { network.graph().value(&part) };
        node.map(|node| network.graph().node(node).shape.to_string())
    } else {
        let value = if part.is_empty() {
            metric.of_network(network)
        } else {
            let rows = parts::rows(network.graph(), &part);
            rows.and_then(|rows| metric.of_totals(&network.sum(&rows), Dtype::F32))
        };
        value.map(|value| match metric.unit() {
            Unit::Bytes => format!("{} bytes ({})", grouped(value), numbers::bytes(value, Figures::Rounded)),
            Unit::Count | Unit::Shape => grouped(value),
        })
    };
    Some(value.map_or(text.clone(), |value| format!("{text}\n\nnow **{value}**")))
}

/// Describes a named thing: a constant, parameter, block or value.
fn name(view: View<'_>, named: Named, stmt: Option<&Stmt>) -> String {
    let word = view.snippet(named.definition);
    let code = |text: String| format!("```cnn\n{text}\n```");
    let mut parts = Vec::new();
    match named.kind {
        NameKind::Block | NameKind::Network => {
            let keyword = if named.kind == NameKind::Block { "block" } else { "network" };
            let callable = view.callable(word);
            let label = callable.map_or(word.to_owned(), |(_, params)| signature::label(word, params, view));
            parts.push(code(format!("{keyword} {label}")));
            parts.extend(callable.map(|(item, _)| item.doc.join("\n")).filter(|doc| !doc.is_empty()));
            if named.kind == NameKind::Block {
                parts.push(calls(view, named));
            }
            let call =
                stmt.filter(|stmt| named.place != named.definition && stmt.span.start == named.place.start);
            parts.extend(call.and_then(|stmt| statement(view, stmt)));
        }
        NameKind::Constant | NameKind::Parameter => {
            let keyword = if named.kind == NameKind::Constant { "let " } else { "" };
            let written = view.written_value(named.definition);
            let default = written.map(|value| format!(" = {value}")).unwrap_or_default();
            parts.push(code(format!("{keyword}{word}{default}")));
            let value = view.analysis.checked.uses.values().get(&named.definition).map(Scalar::to_string);
            // Each call of a block may give a parameter another value; the first is shown.
            parts.extend(value.filter(|value| written != Some(value)).map(|value| match named.kind {
                NameKind::Constant if view.is_item(named.definition) => format!("= **{value}**"),
                _ => format!("= **{value}** in the first use"),
            }));
        }
        NameKind::Table => parts.push(code(format!("table {word}"))),
        NameKind::Value => {
            parts.push(code(format!("@{}", word.trim_end_matches("[]"))));
            let there =
                (named.definition.file == view.file()).then(|| view.statement_at(named.definition.start));
            parts.extend(there.flatten().and_then(|stmt| statement(view, stmt)));
        }
    }
    parts.join("\n\n")
}

/// The number of calls of a block in the known files, and the cost of those in this file.
fn calls(view: View<'_>, named: Named) -> String {
    let places = names::places(view, named.definition);
    let calls: Vec<Span> = places.into_iter().filter(|&place| place != named.definition).collect();
    if calls.is_empty() {
        return "not called".to_owned();
    }
    let mut text = counted(calls.len() as u64, "call");
    for call in calls.iter().filter(|call| call.file == view.file()).take(MOST_SHOWN) {
        let share = view.statement_at(call.start).and_then(|stmt| figures::share_of(view, stmt.span));
        if let Some(share) = share {
            let line = view.analysis.map().location(*call).line;
            text.push_str(&format!("\n- line {line}: {}", share.costs()));
        }
    }
    text
}
