//! The value that arrives at a statement: the one that the statement before has left.

use crate::base::Span;
use crate::ir::NodeId;

use super::{Evaluated, Unavailable};

/// A value of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Current {
    pub node: NodeId,
    /// The statement that made it.
    pub span: Span,
}

/// The value that arrives at a statement, or that the statement leaves for the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Incoming {
    /// No value can arrive: the text is a constant or a default, outside of any network.
    Nowhere,
    /// No statement has made a value yet.
    Nothing,
    /// An unknown value: an error was reported, or the value depends on an argument that is not given.
    Unavailable,
    /// A value.
    Value(Current),
}

impl Incoming {
    /// The value, if there is one.
    pub(super) fn value(self) -> Evaluated<Current> {
        match self {
            Incoming::Value(current) => Ok(current),
            _ => Err(Unavailable),
        }
    }

    /// Returns whether nothing arrives because no statement has made a value yet.
    pub(super) fn is_nothing(self) -> bool {
        matches!(self, Incoming::Nothing | Incoming::Nowhere)
    }
}
