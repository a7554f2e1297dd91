//! Finds the name at a place, and all other places that refer to the same definition.
//!
//! `sema` decides what a word means while it resolves the word; this module looks the decision up.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::sema::Definition;
use crate::syntax::ast::ItemKind;

use super::analysis::View;
use super::tree::{self, Node};

/// The kind of thing that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    Block,
    Network,
    Constant,
    Parameter,
    Table,
    /// A named statement.
    Value,
}

/// A use of a name, or its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The span of the word at the cursor.
    pub place: Span,
    /// The span of the word that defines the name.
    pub definition: Span,
    pub kind: NameKind,
}

/// The span that defines a name, and its kind; `None` for words of the language.
fn named_by(definition: &Definition) -> Option<(Span, NameKind)> {
    Some(match definition {
        Definition::Block(span) => (*span, NameKind::Block),
        Definition::Network(span) => (*span, NameKind::Network),
        Definition::Constant(span) => (*span, NameKind::Constant),
        Definition::Parameter(span) => (*span, NameKind::Parameter),
        Definition::Table(span) => (*span, NameKind::Table),
        Definition::Value { named, .. } => (*named, NameKind::Value),
        Definition::Operator(_)
        | Definition::Form(_)
        | Definition::Argument { .. }
        | Definition::Metric(_) => {
            return None;
        }
    })
}

/// The name at an offset, whether it is used or defined there.
pub(super) fn at(view: View<'_>, offset: u32) -> Option<Named> {
    let holds = |span: Span| span.file == view.file() && span.start <= offset && offset <= span.end;
    // Two words may touch at the cursor; the one that begins there is preferred.
    let upto = Span { file: view.file(), start: offset, end: u32::MAX };
    let used = view.definitions().range(..=upto).rev().take(2).find(|(span, _)| holds(**span));
    if let Some((&place, (definition, kind))) = used.and_then(|(span, one)| Some((span, named_by(one)?))) {
        return Some(Named { place, definition, kind });
    }
    given(view).find(|(span, _)| holds(*span)).map(|(span, kind)| Named {
        place: span,
        definition: span,
        kind,
    })
}

/// The words of the file that define names.
fn given<'a>(view: View<'a>) -> impl Iterator<Item = (Span, NameKind)> + 'a {
    tree::nodes(view.parsed()).filter_map(move |node| match node {
        Node::Item(item) => {
            let kind = match &item.kind {
                ItemKind::Block(_) => NameKind::Block,
                ItemKind::Network(_) => NameKind::Network,
                ItemKind::Let(_) => NameKind::Constant,
                ItemKind::Table(_) => NameKind::Table,
                ItemKind::Use { .. } | ItemKind::Broken { .. } => return None,
            };
            Some((item.name()?.span, kind))
        }
        Node::Param(param) => Some((param.name.span, NameKind::Parameter)),
        Node::Name(name) => Some((name.span, NameKind::Value)),
        Node::Stmt(stmt) => Some((tree::constant_of(stmt)?.name.span, NameKind::Constant)),
        _ => None,
    })
}

/// All uses of a definition that an analysis knows, in any file: the definition first, each place once.
pub(super) fn places(view: View<'_>, definition: Span) -> Vec<Span> {
    let uses = view
        .definitions()
        .iter()
        .filter(|(_, one)| named_by(one).is_some_and(|(span, _)| span == definition));
    let uses: BTreeSet<Span> = uses.map(|(&span, _)| span).filter(|&span| span != definition).collect();
    std::iter::once(definition).chain(uses).collect()
}

/// The part of a use that spells the name: the last part of a path such as `enc.skip`, and `features` of `features[]`.
pub(super) fn spelling(view: View<'_>, place: Span, definition: Span) -> Option<Span> {
    let name = view.snippet(definition).trim_end_matches("[]");
    let text = view.snippet(place).trim_end_matches("[]");
    let before = text.strip_suffix(name)?;
    let is_whole = before.is_empty() || before.ends_with('.');
    let start = place.start + before.len() as u32;
    (is_whole && !name.is_empty()).then_some(Span { start, end: start + name.len() as u32, ..place })
}
