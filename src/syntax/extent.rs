//! Where the elements of a text stand: its items, their headers, statements and bodies.

use crate::base::Span;

/// A part of the text to which a comment can refer, and for which at most one error is reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) part: Part,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A statement.
    Statement,
    /// An item.
    Item,
    /// What stands before the `{` of an item.
    Header,
    /// Statements between brackets.
    Body,
}
