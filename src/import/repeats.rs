//! Finds the statement that a later one repeats with the same weights, by the operators of both.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Statement, Tree};

/// The statements of a text whose operators own shared tensors.
#[derive(Default)]
pub(super) struct Repeats<'t> {
    /// The statements that begin with an operator, by its index, the outermost first. Only operators with tensors begin
    /// one here.
    owners: BTreeMap<usize, Vec<&'t Statement>>,
}

impl<'t> Repeats<'t> {
    /// Collects the statements of a tree.
    pub(super) fn of(tree: &'t Tree<'_>) -> Repeats<'t> {
        let mut owners: BTreeMap<usize, Vec<&'t Statement>> = BTreeMap::new();
        if !tree.network.shared.is_empty() {
            let needed: BTreeSet<usize> = tree.network.shared.values().copied().collect();
            for statement in &tree.root {
                tree.walk(statement, true, &mut |one| {
                    if let Some(first) = keyed(tree, one).first().filter(|first| needed.contains(first)) {
                        owners.entry(*first).or_default().push(one);
                    }
                });
            }
        }
        Repeats { owners }
    }

    /// The earlier statement whose operators own the tensors of all operators of `statement`.
    pub(super) fn earlier(&self, tree: &Tree<'_>, statement: &Statement) -> Option<&'t Statement> {
        let shared = &tree.network.shared;
        let keyed_here = keyed(tree, statement);
        let owner = self.owners.get(shared.get(keyed_here.first()?)?)?;
        let owners: Vec<usize> = keyed_here.iter().map_while(|op| shared.get(op).copied()).collect();
        let is_named = |one: &Statement| matches!(one, Statement::Head(_) | Statement::Group(_));
        let found = owner.iter().find(|one| {
            is_named(one)
                && std::mem::discriminant(**one) == std::mem::discriminant(statement)
                && keyed(tree, one) == owners
        });
        found.copied().filter(|_| owners.len() == keyed_here.len())
    }

    /// The path of a statement from the network down.
    pub(super) fn path(&self, tree: &Tree<'_>, statement: &Statement) -> Option<String> {
        match statement {
            Statement::Group(id) => Some(tree.group(*id).path.join(".")),
            Statement::Head(head) => Some(tree.keys[head.op].as_ref()?.join(".")),
            _ => None,
        }
    }
}

/// The operators of a statement that have tensors.
fn keyed(tree: &Tree<'_>, statement: &Statement) -> Vec<usize> {
    let mut ops = tree.ops_of(statement);
    ops.retain(|&op| !tree.op(op).tensors.is_empty());
    ops
}
