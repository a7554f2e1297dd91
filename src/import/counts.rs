//! Finds modules that repeat a member, each its own number of times, and makes the number a slot in which instances may
//! differ.

use std::collections::{BTreeMap, BTreeSet};

use super::stream::{skeleton_of, stream};
use super::tokens::{Role, Slot, SlotId, numbers};
use super::tree::{GroupId, Mode, Repeat, Statement, Tree};

/// Writes each sequence of equal members as one member and its count, if there are several such sequences and their
/// counts differ.
pub(super) fn find(tree: &mut Tree<'_>) {
    // A model with shared weights stays as it is: statements that share are still to be found.
    if !tree.network.shared.is_empty() {
        return;
    }
    let mut known: BTreeMap<String, Vec<GroupId>> = BTreeMap::new();
    for id in tree.groups_in(&tree.root) {
        if let Some(member) = only_member(tree, id) {
            let name = tree.group(id).path.last().cloned().unwrap_or_default();
            known.entry(format!("{name} {member}")).or_default().push(id);
        }
    }
    for ids in known.into_values() {
        let counts: BTreeSet<usize> = ids.iter().map(|id| tree.group(*id).statements.len()).collect();
        if counts.len() > 1 {
            ids.into_iter().for_each(|id| collapse(tree, id));
        }
    }
}

/// The skeleton of the members of a sequence, if all members are equal, their numbers included.
fn only_member(tree: &Tree<'_>, id: GroupId) -> Option<String> {
    let group = tree.group(id);
    if group.mode != Mode::Sequence || group.call.is_some() || group.is_copy {
        return None;
    }
    let described = |statement: &Statement| {
        let Statement::Group(id) = statement else { return None };
        let member = tree.group(*id);
        if member.mode != Mode::Explicit || member.call.is_some() || tree.escapes(*id) {
            return None;
        }
        let tokens = stream(tree, &member.statements, false);
        let values: Vec<Option<u64>> = numbers(&tokens).map(|slot| tree.slots[slot.0].value).collect();
        Some((skeleton_of(tree, &member.statements, false), values, member.channels.clone()))
    };
    let mut members = group.statements.iter().map(described);
    let first = members.next()??;
    members.all(|member| member.as_ref() == Some(&first)).then_some(first.0)
}

fn collapse(tree: &mut Tree<'_>, id: GroupId) {
    let mut statements = std::mem::take(&mut tree.groups[id.0].statements);
    let count = Some(statements.len() as u64);
    statements.truncate(1);
    let output = tree.group(id).output;
    tree.slots.push(Slot { value: count, role: Role::Count, expression: None, peers: Vec::new() });
    let count = SlotId(tree.slots.len() - 1);
    let repeat = |statement| Statement::Repeat(Box::new(Repeat { statement, count, output }));
    tree.groups[id.0].statements = statements.into_iter().map(repeat).collect();
}
