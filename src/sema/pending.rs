//! An expectation between the place where it stands and the end of the network, where its part is looked up.

use crate::base::Span;
use crate::ir::Expectation;

use super::scope::PathScope;

/// An expectation whose part is still to be looked up.
#[derive(Debug)]
pub(super) struct PendingExpectation {
    /// Where its part is looked up from.
    pub scope: PathScope,
    /// The part, empty for the network.
    pub part: Vec<String>,
    pub part_span: Span,
    /// Whether text that could not be parsed may hold the part.
    pub salvaged: bool,
    pub expectation: Expectation,
}
