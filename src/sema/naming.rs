//! The name of a statement: that of its own `as`, or of the `as` of the `shared` statement that runs it again.

use crate::base::Span;
use crate::syntax::ast;

/// The name of a statement, from its own `as` or from that of the `shared` statement that runs it again.
#[derive(Clone)]
pub(super) struct Naming<'n> {
    /// The parts of the name; `None` without `as`, empty for `as []`.
    pub parts: Option<Vec<String>>,
    /// The way in which the members of a sequence are named.
    pub members: Option<&'n ast::Sequence>,
    /// The number of the first member.
    pub first: u64,
    /// The place of the name.
    pub span: Span,
}

impl<'n> Naming<'n> {
    /// The name behind `as`; members of a sequence are numbered from `first`.
    pub(super) fn written(name: Option<&'n ast::Name>, first: u64, statement: Span) -> Naming<'n> {
        Naming {
            parts: name.map(parts),
            members: name.and_then(|name| name.sequence.as_ref()),
            first,
            span: name.map_or(statement, |name| name.span),
        }
    }
}

/// The parts of a name as written: `a.b` has two.
pub(super) fn parts(name: &ast::Name) -> Vec<String> {
    name.parts.iter().map(|part| part.value.to_string()).collect()
}

/// Returns whether a statement is an auxiliary branch (`aux`), which the trunk does not pass through.
pub(super) fn is_aux(head: &ast::Head) -> bool {
    matches!(head, ast::Head::Form(form) if form.word.value == "aux")
}
