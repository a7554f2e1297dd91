//! A module that fetches the value it begins with names it itself, so that nothing in it refers to what is around it and it
//! can become a block.

use std::collections::BTreeMap;

use super::op::ValueId;
use super::tree::{GroupId, Statement, Tree};

/// How often values are fetched.
type Counts = BTreeMap<ValueId, usize>;

/// Names the inputs of such modules in all statements, and removes the names around them that nothing fetches any more.
pub(super) fn name(tree: &mut Tree<'_>, statements: &mut Vec<Statement>) {
    let mut captured = Counts::new();
    let left = visit(tree, statements, &mut captured);
    captured.retain(|value, _| !left.contains_key(value));
    if !captured.is_empty() {
        remove(tree, statements, &captured, None);
    }
}

/// Returns how often values are fetched in a list, without those that a module in it names itself.
fn visit(tree: &mut Tree<'_>, statements: &[Statement], captured: &mut Counts) -> Counts {
    let mut fetched = Counts::new();
    for statement in statements {
        match statement {
            Statement::Fetch { value, .. } | Statement::Aux { value, of: Some(_), .. } => {
                *fetched.entry(*value).or_insert(0) += 1;
            }
            Statement::Form(form) => {
                for branch in &form.branches {
                    add(&mut fetched, visit(tree, branch, captured));
                }
            }
            Statement::Group(id) => {
                let mut inside = tree.within(*id, |tree, inner| visit(tree, inner, captured));
                let (value, first) = (tree.group(*id).input, tree.group(*id).statements.first());
                let names_own = first.is_some_and(|first| first.names(value));
                if inside.contains_key(&value) && (names_own || close(tree, *id, value)) {
                    add(captured, inside.remove(&value).map(|count| (value, count)).into_iter().collect());
                }
                add(&mut fetched, inside);
            }
            _ => {}
        }
    }
    fetched
}

fn add(counts: &mut Counts, more: Counts) {
    for (value, count) in more {
        *counts.entry(value).or_insert(0) += count;
    }
}

/// Names the input of a module at its beginning, if it then refers to nothing around it.
fn close(tree: &mut Tree<'_>, id: GroupId, value: ValueId) -> bool {
    let statements = &tree.group(id).statements;
    let begins = statements.first().is_some_and(|first| match first {
        Statement::Head(_) | Statement::Form(_) => true,
        Statement::Group(_) => statements.len() > 1,
        _ => false,
    });
    if !begins {
        return false;
    }
    let tap = Statement::Identity { value, name: Some(String::new()) };
    tree.groups[id.0].statements.insert(0, tap);
    if tree.escapes(id) {
        tree.groups[id.0].statements.remove(0);
        return false;
    }
    true
}

/// Removes the names of values that only modules with names of their own fetch; `own` is the input of the module around.
fn remove(tree: &mut Tree<'_>, statements: &mut Vec<Statement>, unused: &Counts, own: Option<ValueId>) {
    let mut first = true;
    statements.retain(|statement| {
        let is_own = std::mem::take(&mut first);
        match statement {
            Statement::Identity { value, name: Some(_) } => {
                !unused.contains_key(value) || is_own && own == Some(*value)
            }
            _ => true,
        }
    });
    for statement in statements {
        match statement {
            Statement::Form(form) => {
                form.branches.iter_mut().for_each(|branch| remove(tree, branch, unused, None));
            }
            Statement::Group(id) => {
                let own = tree.group(*id).input;
                tree.within(*id, |tree, inner| remove(tree, inner, unused, Some(own)));
            }
            _ => {}
        }
    }
}
