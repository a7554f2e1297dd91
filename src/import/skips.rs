//! Writes a branch that is most of the network, and not a part of a module, as statements of the trunk: the value before
//! it gets a name, and the form that joins fetches it. So one writes a U-Net.

use super::tree::{Form, Statement, Tree};

/// Unfolds the forms around such branches. `before` is the key of the last operator before the statements.
pub(super) fn unfold(
    tree: &Tree<'_>,
    statements: Vec<Statement>,
    mut before: Option<Vec<String>>,
    is_within: bool,
) -> Vec<Statement> {
    let mut unfolded = Vec::new();
    for statement in statements {
        let last = tree.keys_of(&statement).last().map(|key| (*key).clone());
        match statement {
            Statement::Form(form) => match long(tree, &form, before.as_deref(), is_within) {
                Some(at) => skip(tree, *form, at, before.clone(), &mut unfolded),
                None => {
                    let mut form = form;
                    for branch in &mut form.branches {
                        *branch = unfold(tree, std::mem::take(branch), before.clone(), false);
                    }
                    unfolded.push(Statement::Form(form));
                }
            },
            other => unfolded.push(other),
        }
        before = last.or(before);
    }
    unfolded
}

/// The branch of a form that is to be unfolded. Within a branch that was, it is the one beside each shortcut.
fn long(tree: &Tree<'_>, form: &Form, before: Option<&[String]>, is_within: bool) -> Option<usize> {
    let is_plain = form.policy.is_none() && form.scale.is_none() && form.parts.is_empty();
    let joins = matches!(form.kind, "concat" | "add" | "mul" | "residual");
    if !is_plain || !joins || form.branches.len() > 2 || form.op.is_none() {
        return None;
    }
    let leaves = |branch: &Vec<Statement>| before.is_some_and(|before| leaves_module(tree, branch, before));
    form.branches.iter().position(leaves).or_else(|| {
        let at = beside(form)?;
        let inner = form.branches[at].split_last().map_or(&[][..], |(_, others)| others);
        let nests = |one: &Statement| matches!(one, Statement::Form(form) if beside(form).is_some());
        (is_within || inner.iter().any(nests)).then_some(at)
    })
}

/// The branch beside the shortcut of a concatenation.
fn beside(form: &Form) -> Option<usize> {
    match form.branches.as_slice() {
        [left, right] if form.kind == "concat" && left[0].is_wire() != right[0].is_wire() => {
            Some(usize::from(left[0].is_wire()))
        }
        _ => None,
    }
}

/// Returns whether a branch goes on in the module that the operator `before` it belongs to, and ends in another one.
fn leaves_module(tree: &Tree<'_>, branch: &[Statement], before: &[String]) -> bool {
    let keys: Vec<&Vec<String>> = branch.iter().flat_map(|one| tree.keys_of(one)).collect();
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return false };
    let modules = |key: &[String]| key.len().saturating_sub(1);
    let most = modules(before).min(modules(first));
    let shared = (0..most).take_while(|&part| before[part] == first[part]).count();
    shared > 0 && !last.starts_with(&first[..shared])
}

/// Appends the statements of the branch `at`, and the form that joins its value with the earlier one.
fn skip(
    tree: &Tree<'_>,
    mut form: Form,
    at: usize,
    before: Option<Vec<String>>,
    unfolded: &mut Vec<Statement>,
) {
    let (value, output) = (form.input, form.output);
    let branch = std::mem::take(&mut form.branches[at]);
    if !unfolded.last().is_some_and(|last| last.names(value)) {
        unfolded.push(Statement::Identity { value, name: Some(format!("%{}", value.0)) });
    }
    unfolded.extend(unfold(tree, branch, before, true));
    let last = unfolded.last().map_or(output, |last| tree.ends(last).1);
    let fetch = || Statement::Fetch { value, name: String::new() };
    let mut branches = Vec::new();
    for (index, other) in form.branches.into_iter().enumerate() {
        let mut statements = if index == at { Vec::new() } else { vec![fetch()] };
        match other.as_slice() {
            _ if index == at => statements.push(Statement::Identity { value: last, name: None }),
            [one] if one.is_wire() => {}
            _ => statements.extend(other),
        }
        branches.push(statements);
    }
    if let ("residual", [_]) = (form.kind, branches.as_slice()) {
        branches.push(vec![fetch()]);
    }
    let kind = if form.kind == "residual" { "add" } else { form.kind };
    unfolded.push(Statement::Form(Box::new(Form::new(kind, form.op, branches, last, output))));
}
