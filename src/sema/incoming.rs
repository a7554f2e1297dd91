//! What arrives at a statement: the value of the statement before it.

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
    /// A value that is not known: an error was reported, or it depends on an argument that is not given.
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

    /// Whether nothing arrives because no value was made yet.
    pub(super) fn is_nothing(self) -> bool {
        matches!(self, Incoming::Nothing | Incoming::Nowhere)
    }
}
