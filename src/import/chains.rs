//! Writes a concatenation of values that are each made from the one before as a chain: the statements one behind the
//! other, with names for the values in between, and the concatenation at the end.

use super::op::ValueId;
use super::tree::{Form, Statement, Tree};

/// The number of nested concatenations from which on they are written as a chain.
const LEAST: usize = 3;

/// Unfolds the chains in a list of statements and in what it contains.
pub(super) fn unfold(tree: &mut Tree<'_>, statements: Vec<Statement>) -> Vec<Statement> {
    let mut unfolded = Vec::new();
    for statement in statements {
        match statement {
            Statement::Group(id) => {
                tree.within(id, |tree, inner| *inner = unfold(tree, std::mem::take(inner)));
                unfolded.push(statement);
            }
            Statement::Form(form) if links(&form) >= LEAST => chain(tree, *form, &mut unfolded),
            Statement::Form(mut form) => {
                for branch in &mut form.branches {
                    *branch = unfold(tree, std::mem::take(branch));
                }
                unfolded.push(Statement::Form(form));
            }
            other => unfolded.push(other),
        }
    }
    unfolded
}

/// The concatenation that ends the second branch of `concat < identity | … >`.
fn next(form: &Form) -> Option<&Form> {
    match is_link(form).then(|| form.branches[1].last())?? {
        Statement::Form(inner) => Some(inner).filter(|inner| is_link(inner)).map(Box::as_ref),
        _ => None,
    }
}

fn is_link(form: &Form) -> bool {
    form.kind == "concat"
        && form.branches.len() == 2
        && matches!(form.branches[0].as_slice(), [one] if one.is_wire())
}

fn links(form: &Form) -> usize {
    std::iter::successors(Some(form).filter(|form| is_link(form)), |form| next(form)).count()
}

/// Appends the statements of a chain.
fn chain(tree: &mut Tree<'_>, mut form: Form, unfolded: &mut Vec<Statement>) {
    let (op, output) = (form.op, form.output);
    let mut branches = Vec::new();
    loop {
        let goes_on = next(&form).is_some();
        let value = form.input;
        tap(value, unfolded);
        branches.push(vec![Statement::Fetch { value, name: String::new() }]);
        let mut link = form.branches.pop().unwrap_or_default();
        let inner = if goes_on { link.pop() } else { None };
        let mut link = unfold(tree, link);
        unfolded.append(&mut link);
        match inner {
            Some(Statement::Form(inner)) => form = *inner,
            _ => break,
        }
    }
    let last = unfolded.last().map_or(output, |last| tree.ends(last).1);
    branches.push(vec![Statement::Identity { value: last, name: None }]);
    unfolded.push(Statement::Form(Box::new(Form::new("concat", op, branches, last, output))));
}

/// Names the current value, unless it has a name.
fn tap(value: ValueId, unfolded: &mut Vec<Statement>) {
    if !unfolded.last().is_some_and(|last| last.names(value)) {
        unfolded.push(Statement::Identity { value, name: Some(String::new()) });
    }
}
