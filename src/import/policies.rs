//! Gives groups of one block the policies `project` and `ifsame` of `residual`, if they differ only in what their
//! shapes require.

use std::collections::BTreeMap;

use super::network::Network;
use super::op::Argument;
use super::stream::skeleton_of;
use super::tokens::number;
use super::tree::{Form, Group, GroupId, Mode, Statement, Tree};

/// Replaces `residual < body | conv 1x1 (bn) >` with the keys `downsample.0` and `.1` by `residual project`.
pub(super) fn project(tree: &mut Tree<'_>) {
    let mut root = std::mem::take(&mut tree.root);
    project_list(tree, &mut root);
    tree.root = root;
}

fn project_list(tree: &mut Tree<'_>, statements: &mut [Statement]) {
    for statement in statements {
        match statement {
            Statement::Form(form) => {
                form.branches.iter_mut().for_each(|branch| project_list(tree, branch));
                if let Some((policy, ops)) = projection(tree, form) {
                    form.policy = Some(policy);
                    form.projection = ops;
                    form.branches.truncate(1);
                }
            }
            Statement::Group(id) => {
                tree.within(*id, |tree, inner| project_list(tree, inner));
            }
            _ => {}
        }
    }
}

/// The policy that replaces the second branch of a form, and the operators of that branch.
fn projection(tree: &Tree<'_>, form: &Form) -> Option<(String, Vec<usize>)> {
    let [_, shortcut] = form.branches.as_slice() else { return None };
    let [Statement::Group(id)] = shortcut.as_slice() else { return None };
    let group = tree.group(*id);
    if form.kind != "residual" || group.component != "downsample" {
        return None;
    }
    let mut ops = Vec::new();
    for statement in &group.statements {
        let Statement::Head(head) = statement else { return None };
        ops.push(head.op);
    }
    let convolution = tree.op(*ops.first()?);
    let network: &Network = tree.network;
    let (before, after) = (network.shapes.get(form.input.0)?, network.shapes.get(form.output.0)?);
    let stride = match convolution.arguments.first()? {
        Argument::Window { dims, stride } if convolution.word == "conv" && dims[..2] == [1, 1] => *stride,
        _ => return None,
    };
    let plain = convolution.arguments[1..].iter().all(|argument| match argument {
        Argument::Pads(_, pads) => *pads == [0; 4],
        Argument::Pair(_, pair, default) => *pair == (*default, *default),
        Argument::Number(_, value, default) => value == default,
        _ => false,
    });
    let steps = |before: u64, after: u64| before.div_ceil(after);
    let ((height, width), (rows, columns)) = (before.extent(), after.extent());
    let fits = before != after && stride == (steps(height, rows), steps(width, columns));
    let named = |op: usize, last: &str| {
        tree.keys[op].as_ref().is_some_and(|key| key.ends_with(&["downsample".to_owned(), last.to_owned()]))
    };
    if !plain || !fits || !named(ops[0], "0") {
        return None;
    }
    let biased = convolution.tensor("bias").is_some();
    let policy = match ops.as_slice() {
        [_] if biased => "project".to_owned(),
        [_] => "project nobias".to_owned(),
        [_, norm] if tree.op(*norm).word == "bn" && !biased && named(*norm, "1") => {
            let eps = tree.op(*norm).arguments.iter().find_map(|argument| match argument {
                Argument::Named("eps", eps) => Some(format!(" eps={}", number(*eps))),
                _ => None,
            });
            format!("project bn{}", eps.unwrap_or_default())
        }
        _ => return None,
    };
    Some((policy, ops))
}

/// Gives groups that differ in their policy only the same policy.
pub(super) fn share(tree: &mut Tree<'_>) {
    let mut root = std::mem::take(&mut tree.root);
    let known = by_skeleton(tree, &root);
    move_in(tree, &mut root, &known);
    tree.root = root;
    share_projections(tree);
    share_ifsame(tree);
}

fn by_skeleton(tree: &Tree<'_>, root: &[Statement]) -> BTreeMap<String, Vec<GroupId>> {
    let mut known: BTreeMap<String, Vec<GroupId>> = BTreeMap::new();
    for id in tree.groups_in(root) {
        known.entry(skeleton_of(tree, &tree.group(id).statements, false)).or_default().push(id);
    }
    known
}

/// A name without its number.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// The name of a group without its number.
fn own_stem(group: &Group) -> Option<&str> {
    group.path.last().map(|name| stem(name))
}

/// Moves a form around a single group into the group, if that makes it equal to one of the same name.
fn move_in(tree: &mut Tree<'_>, statements: &mut [Statement], known: &BTreeMap<String, Vec<GroupId>>) {
    for statement in statements {
        match statement {
            Statement::Form(form) => {
                if let Some(id) = moved(tree, form, known) {
                    *statement = Statement::Group(id);
                } else {
                    form.branches.iter_mut().for_each(|branch| move_in(tree, branch, known));
                }
            }
            Statement::Group(id) => {
                tree.within(*id, |tree, inner| move_in(tree, inner, known));
            }
            _ => {}
        }
    }
}

fn moved(tree: &mut Tree<'_>, form: &Form, known: &BTreeMap<String, Vec<GroupId>>) -> Option<GroupId> {
    let mut inner = None;
    for (index, branch) in form.branches.iter().enumerate() {
        match branch.as_slice() {
            [one] if one.is_wire() => {}
            [Statement::Group(id)] if inner.is_none() => inner = Some((index, *id)),
            _ => return None,
        }
    }
    let (index, id) = inner?;
    let group = tree.group(id).clone();
    if group.mode != Mode::Explicit || group.component.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut within = form.clone();
    within.branches[index] = group.statements.clone();
    let statements = vec![Statement::Form(Box::new(within))];
    let siblings = known.get(&skeleton_of(tree, &statements, false))?;
    let is_sibling = |other: &GroupId| {
        *other != id
            && tree.group(*other).path.last().is_some_and(|last| stem(last) == stem(&group.component))
    };
    if !siblings.iter().any(is_sibling) {
        return None;
    }
    Some(tree.add_group(group.component, group.path, statements))
}

/// Gives groups a projection or `zeropad` if an equal group has it: for equal shapes it has no effect.
fn share_projections(tree: &mut Tree<'_>) {
    let known = by_skeleton(tree, &tree.root);
    for id in tree.groups_in(&tree.root) {
        for index in 0..tree.group(id).statements.len() {
            let Statement::Form(form) = &tree.group(id).statements[index] else { continue };
            let shared = form.policy.clone();
            let shared = shared.filter(|policy| policy == "zeropad" || !form.projection.is_empty());
            let Some(policy) = shared else { continue };
            let mut plain = tree.group(id).statements.clone();
            if let Statement::Form(form) = &mut plain[index] {
                form.policy = None;
            }
            for other in known.get(&skeleton_of(tree, &plain, false)).cloned().unwrap_or_default() {
                if let Some(Statement::Form(form)) = tree.groups[other.0].statements.get_mut(index)
                    && form.policy.is_none()
                {
                    form.policy = Some(policy.clone());
                }
            }
        }
    }
}

/// The only statement of a group, if it is a plain residual form.
fn residual(statements: &[Statement]) -> Option<&Form> {
    match statements {
        [Statement::Form(form)]
            if form.kind == "residual" && form.branches.len() == 1 && form.trailing.is_empty() =>
        {
            Some(form)
        }
        _ => None,
    }
}

/// Gives `ifsame` to a group with a shortcut and to an equal one without, whose body changes the shape.
fn share_ifsame(tree: &mut Tree<'_>) {
    let known = by_skeleton(tree, &tree.root);
    let groups = tree.groups_in(&tree.root);
    let mut bodies = Vec::new();
    for &id in &groups {
        let group = tree.group(id).clone();
        let Some(form) = residual(&group.statements).filter(|form| form.policy.is_none()) else { continue };
        if group.mode == Mode::Sequence {
            continue;
        }
        let body = skeleton_of(tree, &form.branches[0], false);
        let mut found = false;
        for &other in known.get(&body).into_iter().flatten() {
            let one = tree.group(other);
            let shape = |value: super::op::ValueId| tree.network.shapes.get(value.0);
            let changes = shape(one.input) != shape(one.output);
            let alike = own_stem(one) == own_stem(&group);
            if other == id
                || one.mode == Mode::Sequence
                || residual(&one.statements).is_some()
                || !changes
                || !alike
            {
                continue;
            }
            let (input, output) = (one.input, one.output);
            let inner = std::mem::take(&mut tree.groups[other.0].statements);
            let mut form = Form::new("residual", None, vec![inner], input, output);
            form.policy = Some("ifsame".to_owned());
            tree.groups[other.0].statements = vec![Statement::Form(Box::new(form))];
            found = true;
        }
        if found {
            bodies.push(body);
        }
    }
    for id in groups {
        let Some(form) = residual(&tree.group(id).statements) else { continue };
        let equal = form.policy.is_none() && bodies.contains(&skeleton_of(tree, &form.branches[0], false));
        if let (true, Some(Statement::Form(form))) = (equal, tree.groups[id.0].statements.first_mut()) {
            form.policy = Some("ifsame".to_owned());
        }
    }
}
