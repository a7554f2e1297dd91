//! Finds the name at a place, and all other places that refer to the same definition.
//!
//! What a word means was decided by the semantic analysis while it resolved the word; here it is only looked up.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::sema::Definition;
use crate::syntax::ast::ItemKind;

use super::analysis::View;
use super::tree::{self, Node};

/// What kind of thing a name stands for.
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

/// A name in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The word that was looked at.
    pub place: Span,
    /// The word that gives the name.
    pub definition: Span,
    pub kind: NameKind,
}

/// The place that gives a name, and what it stands for; words of the language are given no name by anybody.
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

/// The name at a byte of the file: where it is used, or where it is given.
pub(super) fn at(view: View<'_>, offset: u32) -> Option<Named> {
    let holds = |span: Span| span.file == view.file() && span.start <= offset && offset <= span.end;
    // Words that touch are apart: the one that begins here goes before the one that ends here.
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

/// The words of the file that give names.
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

/// All places that an analysis knows of what a word gives a name to, in any file: that word first, and each place once.
pub(super) fn places(view: View<'_>, definition: Span) -> Vec<Span> {
    let uses = view
        .definitions()
        .iter()
        .filter(|(_, one)| named_by(one).is_some_and(|(span, _)| span == definition));
    let uses: BTreeSet<Span> = uses.map(|(&span, _)| span).filter(|&span| span != definition).collect();
    std::iter::once(definition).chain(uses).collect()
}

/// The part of a place that spells the name: a path such as `enc.skip` may lead to a name `skip`, and `features[]` is
/// called `features`.
pub(super) fn spelling(view: View<'_>, place: Span, definition: Span) -> Option<Span> {
    let name = view.snippet(definition).trim_end_matches("[]");
    let text = view.snippet(place).trim_end_matches("[]");
    let before = text.strip_suffix(name)?;
    let is_whole = before.is_empty() || before.ends_with('.');
    let start = place.start + before.len() as u32;
    (is_whole && !name.is_empty()).then_some(Span { start, end: start + name.len() as u32, ..place })
}
