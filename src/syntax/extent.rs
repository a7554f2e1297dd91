//! The places of the elements of a text: its items, their headers, statements and bodies.

use crate::base::Span;

/// A part of the text to which a comment can refer, and for which at most one error is reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The place of the element.
    pub(crate) span: Span,
    /// The kind of element.
    pub(crate) part: Part,
}

/// The kinds of elements. Of two elements with the same span, the kind that comes first here is around the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The text before the `{` of an item.
    Header,
    /// An item.
    Item,
    /// A statement.
    Statement,
    /// Statements between brackets.
    Body,
}
