//! One file of a program, and its items.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::Span;
use crate::ops::ConnectionTable;
use crate::syntax::{Parsed, ast};

/// An item: the file that holds it and its place among the file's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemId {
    /// The file, by its index in the program.
    pub(super) file: usize,
    /// The item, by its index in the file.
    pub(super) item: usize,
}

/// The meaning of names in one file: its own items, and those of the files that it uses.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    pub blocks: BTreeMap<String, ItemId>,
    pub lets: BTreeMap<String, ItemId>,
    pub tables: BTreeMap<String, ItemId>,
    pub networks: BTreeMap<String, ItemId>,
}

/// One file.
#[derive(Debug)]
pub(super) struct Source {
    pub path: String,
    pub parsed: Arc<Parsed>,
    pub names: Namespace,
    pub tables: BTreeMap<usize, Arc<ConnectionTable>>,
    /// The names of items that were reported as wrong and left out.
    pub refused: BTreeSet<String>,
    /// The files that it uses, by index, each with the place of the `use`.
    pub used: Vec<(usize, Span)>,
}

/// The place of an item's name.
pub(super) fn name_span(item: &ast::Item) -> Span {
    item.name().map_or(item.span, |name| name.span)
}

/// The place of the first bare statement.
pub(super) fn first_statement(body: &ast::Body) -> Span {
    body.statements.first().map_or(body.span, |statement| statement.span)
}
