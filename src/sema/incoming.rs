//! The value that arrives at a statement: that of the statement before it.

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

/// What arrives at a statement, and what the statement leaves for the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Incoming {
    /// Outside of any network: in a constant or a default.
    Nowhere,
    /// Before the first value.
    Nothing,
    /// An unknown value: an error was reported, or the value depends on an argument that is not given.
    Unavailable,
    /// A value.
    Value(Current),
}

impl Incoming {
    /// The value, where there is one.
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
