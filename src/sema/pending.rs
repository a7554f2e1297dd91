//! Expectations that wait for the end of the network, where their parts are looked up.

use crate::ir::Expectation;
use crate::syntax::ast::PathPart;

use super::scope::PathScope;

/// An expectation whose part is still to be looked up.
#[derive(Debug)]
pub(super) struct PendingExpectation {
    /// The scope from which its part is looked up.
    pub scope: PathScope,
    /// The path of the part; empty for the network.
    pub part: Vec<PathPart>,
    /// Whether text that could not be parsed mentions the part, so that nobody reports it as unknown.
    pub in_skipped_text: bool,
    pub expectation: Expectation,
}
