//! Expectations that wait for the end of the network, where their parts are looked up.

use crate::ir::Expectation;
use crate::syntax::ast::PathPart;

use super::scope::PathScope;

/// An expectation whose part is still to be looked up.
#[derive(Debug)]
pub(super) struct PendingExpectation {
    /// Where its part is looked up from.
    pub scope: PathScope,
    /// The part, empty for the network.
    pub part: Vec<PathPart>,
    /// Whether text that could not be parsed mentions the part, so that nobody reports it as unknown.
    pub skipped_names: bool,
    pub expectation: Expectation,
}
