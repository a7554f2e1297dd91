//! Names the members of sequences that occur several times: numbers do not continue across a call of a block, so that
//! members of a block need names.

use std::collections::BTreeMap;

use super::print;
use super::stream::skeleton_of;
use super::tree::{GroupId, Mode, Statement, Tree};

/// The least number of statements for which a call of a block is shorter.
const LEAST: usize = 3;

/// Names the members of sequences that are equal except for numbers, so that they may become calls of a block. Returns
/// whether there are any.
pub(super) fn open(tree: &mut Tree<'_>) -> bool {
    let bodies = tree.blocks.iter().map(|block| tree.group(block.body).statements.as_slice());
    let lists: Vec<&[Statement]> = std::iter::once(tree.root.as_slice()).chain(bodies).collect();
    let mut known: BTreeMap<String, Vec<GroupId>> = BTreeMap::new();
    for id in lists.into_iter().flat_map(|list| tree.groups_in(list)) {
        if may_open(tree, id) {
            known.entry(skeleton_of(tree, &tree.group(id).statements, true)).or_default().push(id);
        }
    }
    let several: Vec<GroupId> = known.into_values().filter(|ids| ids.len() > 1).flatten().collect();
    for &id in &several {
        let depth = tree.group(id).path.len();
        let mut statements = std::mem::take(&mut tree.groups[id.0].statements);
        // The statement only reserves a number.
        statements.retain(|statement| !statement.is_wire());
        name(tree, &mut statements, depth);
        let group = &mut tree.groups[id.0];
        (group.statements, group.mode) = (statements, Mode::Explicit);
    }
    !several.is_empty()
}

/// Returns whether the members of a sequence can have names and are worth it: they are neither calls nor single
/// operators.
fn may_open(tree: &Tree<'_>, id: GroupId) -> bool {
    let group = tree.group(id);
    let is_call = |one: &Statement| matches!(one, Statement::Group(id) if tree.group(*id).call.is_some());
    let is_lone = |one: &Statement| matches!(one, Statement::Head(_));
    group.mode == Mode::Sequence
        && group.call.is_none()
        && !group.is_copy
        && group.statements.len() >= LEAST
        && !group.statements.iter().any(is_call)
        && !group.statements.iter().all(is_lone)
        && can_be_named(tree, &group.statements, group.path.len())
        && !tree.escapes(id)
        && print::is_long(tree, id)
}

/// Returns whether each operator with parameters has a name of one part and begins a statement; groups inside are left
/// out.
fn can_be_named(tree: &Tree<'_>, statements: &[Statement], depth: usize) -> bool {
    let is_keyed = |op: &usize| tree.op(*op).is_keyed();
    statements.iter().all(|statement| match statement {
        Statement::Head(head) => {
            let key = tree.keys[head.op].as_ref();
            !head.trailing.iter().any(is_keyed)
                && (!is_keyed(&head.op) || key.is_some_and(|key| key.len() == depth + 1))
        }
        Statement::Form(form) => {
            !form.trailing.iter().any(is_keyed)
                && form.branches.iter().all(|branch| can_be_named(tree, branch, depth))
        }
        Statement::Group(_) => true,
        other => other.is_wire(),
    })
}

fn name(tree: &Tree<'_>, statements: &mut [Statement], depth: usize) {
    for statement in statements {
        match statement {
            Statement::Head(head) => {
                head.name = tree.keys[head.op].as_ref().and_then(|key| key.get(depth)).cloned();
            }
            Statement::Form(form) => {
                form.branches.iter_mut().for_each(|branch| name(tree, branch, depth));
            }
            _ => {}
        }
    }
}
