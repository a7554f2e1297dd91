//! Records named statements, so that `shared` can run one of them again.

use std::ops::Range;

use crate::base::Span;
use crate::ir::NodeId;
use crate::syntax::ast;

use super::environment::Environment;

/// A statement with a name, which `shared` can run once more.
#[derive(Clone)]
pub(super) struct Shareable<'a> {
    pub what: Written<'a>,
    /// The names that its expressions can use.
    pub env: Environment,
    /// The nodes that it made, by index.
    pub nodes: Range<usize>,
}

/// The part of the text that `shared` runs once more.
#[derive(Clone, Copy)]
pub(super) enum Written<'a> {
    /// A whole statement, all copies of a repetition included.
    Statement(&'a ast::Flow),
    /// One copy of a repetition.
    Copy(&'a ast::Head),
}

/// A `shared` statement that is being expanded: its operators take the parameters of the earlier ones in order.
#[derive(Debug)]
pub(super) struct Sharing {
    /// The path that is shared, as written.
    pub path: String,
    /// The `shared` statement.
    pub span: Span,
    /// The nodes with parameters that the earlier statement made, in the order of the network.
    pub originals: Vec<NodeId>,
    /// The number of them whose parameters were taken so far.
    pub met: usize,
    /// Whether a difference was reported.
    pub differs: bool,
}
