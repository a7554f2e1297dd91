//! Makes statements that only some groups have optional, `[ … ] * (flag)`, so that one block covers all of them.

use std::collections::BTreeMap;

use super::blocks::is_candidate;
use super::stream::{frame, skeleton_of};
use super::tokens::{Role, Slot, SlotId, Token, numbers};
use super::tree::{Form, GroupId, Head, Mode, Optional, Repeat, Statement, Tree};

/// The number of rounds, each of which merges two classes.
const MOST_ROUNDS: usize = 6;
/// The number of operators that a group must have for a merge.
const LEAST_OPS: usize = 3;
/// The number of different groups that are compared.
const MOST_CLASSES: usize = 200;

/// A step into nested lists: the index of a statement, and that of a branch if it is a form.
type Step = (usize, Option<usize>);

/// The difference of two lists: the path to the differing lists, and the statements that only the first one has, as
/// positions in both.
struct Difference {
    path: Vec<Step>,
    more: Vec<(usize, usize)>,
}

/// Groups with one skeleton.
struct Class {
    members: Vec<GroupId>,
}

/// Merges classes of groups by optional statements until no two can be merged.
pub(super) fn merge(tree: &mut Tree<'_>) {
    for _ in 0..MOST_ROUNDS {
        if !merge_one(tree) {
            return;
        }
    }
}

/// The list that may differ: the body of a residual without a projection (then true), otherwise the whole group.
fn body<'t>(tree: &'t Tree<'_>, id: GroupId) -> (&'t [Statement], bool) {
    let statements = tree.group(id).statements.as_slice();
    match statements {
        [Statement::Form(form)]
            if form.kind == "residual"
                && form.branches.len() == 1
                && form.trailing.is_empty()
                && form.scale.is_none()
                && matches!(form.policy.as_deref(), None | Some("ifsame")) =>
        {
            (&form.branches[0], true)
        }
        _ => (statements, false),
    }
}

fn merge_one(tree: &mut Tree<'_>) -> bool {
    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    for id in tree.groups_in(&tree.root) {
        let group = tree.group(id);
        let holds_one_group = group.mode == Mode::Explicit
            && matches!(group.statements.as_slice(), [Statement::Group(_)])
            && !tree.escapes(id);
        if group.is_copy || !(is_candidate(tree, id) || holds_one_group) {
            continue;
        }
        let (statements, _) = body(tree, id);
        let ops: usize = statements.iter().map(|statement| tree.ops_of(statement).len()).sum();
        if ops >= LEAST_OPS {
            let skeleton = skeleton_of(tree, statements, false);
            classes.entry(skeleton).or_insert(Class { members: Vec::new() }).members.push(id);
        }
    }
    let mut classes: Vec<Class> = classes.into_values().collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.members.len()));
    classes.truncate(MOST_CLASSES);
    let mut best: Option<(usize, usize, usize)> = None;
    for (first, more) in classes.iter().enumerate() {
        for (second, fewer) in classes.iter().enumerate() {
            let instances = more.members.len() + fewer.members.len();
            if first == second || best.is_some_and(|(most, _, _)| most >= instances) {
                continue;
            }
            if is_worth(tree, more, fewer) {
                best = Some((instances, first, second));
            }
        }
    }
    let Some((_, more, fewer)) = best else { return false };
    apply(tree, &classes[more], &classes[fewer]);
    true
}

fn is_worth(tree: &Tree<'_>, more: &Class, fewer: &Class) -> bool {
    let (one, other) = (more.members[0], fewer.members[0]);
    if tree.group(one).path.len() != tree.group(other).path.len() {
        return false;
    }
    let (statements, _) = body(tree, one);
    let mut optionals = 0;
    for statement in statements {
        tree.walk(statement, false, &mut |one| {
            optionals += usize::from(matches!(one, Statement::Optional(_)))
        });
    }
    if optionals >= 2 {
        return false;
    }
    let Some(difference) = difference(tree, statements, body(tree, other).0, false) else { return false };
    let Some(list) = follow(tree, statements, &difference.path) else { return false };
    let added: Vec<&Statement> = difference.more.iter().map(|&(at, _)| &list[at]).collect();
    let wires = added.iter().any(|one| {
        matches!(one, Statement::Identity { .. } | Statement::Fetch { .. } | Statement::Aux { .. })
    });
    let has_weights = |one: &&Statement| tree.ops_of(one).iter().any(|&op| tree.op(op).is_keyed());
    if wires || added.len() * 2 > list.len() || !added.iter().all(has_weights) {
        return false;
    }
    // If only some groups have a shortcut, the bodies of the others must change the shape, so that `ifsame` gives them
    // no shortcut.
    let all = || more.members.iter().chain(&fewer.members);
    let skips = |id: &GroupId| body(tree, *id).1;
    if all().any(skips) && !all().all(skips) {
        let shape = |value: super::op::ValueId| tree.network.shapes.get(value.0);
        let same = |id: &GroupId| shape(tree.group(*id).input) == shape(tree.group(*id).output);
        return !all().any(|id| !skips(id) && same(id));
    }
    true
}

/// The statements of `more` that `fewer` lacks: in one list, and at most one of them is not optional yet.
fn difference(
    tree: &Tree<'_>,
    more: &[Statement],
    fewer: &[Statement],
    numbered: bool,
) -> Option<Difference> {
    let same = |left: &Statement, right: &Statement| {
        skeleton_of(tree, std::slice::from_ref(left), numbered)
            == skeleton_of(tree, std::slice::from_ref(right), numbered)
    };
    if more.len() > fewer.len() {
        let (mut found, mut at, mut new) = (Vec::new(), 0, 0);
        for (index, statement) in more.iter().enumerate() {
            if fewer.get(at).is_some_and(|other| same(statement, other)) {
                at += 1;
                continue;
            }
            if !matches!(statement, Statement::Optional(_)) {
                new += 1;
            }
            found.push((index, at));
        }
        return (at == fewer.len() && new <= 1 && !found.is_empty())
            .then_some(Difference { path: vec![], more: found });
    }
    if more.len() != fewer.len() {
        return None;
    }
    let mut differing = (0..more.len()).filter(|&index| !same(&more[index], &fewer[index]));
    let (index, None) = (differing.next()?, differing.next()) else { return None };
    let (mut inner, branch) = match (&more[index], &fewer[index]) {
        (Statement::Group(left), Statement::Group(right)) => {
            let (left, right) = (tree.group(*left), tree.group(*right));
            let called = left.call.is_some() || right.call.is_some();
            if called || left.mode != right.mode || !(left.component == right.component || numbered) {
                return None;
            }
            (difference(tree, &left.statements, &right.statements, left.mode != Mode::Explicit)?, None)
        }
        (Statement::Form(left), Statement::Form(right)) => {
            if frame(left) != frame(right) || left.branches.len() != right.branches.len() {
                return None;
            }
            let branches = |form: &Form, at: usize| skeleton_of(tree, &form.branches[at], numbered);
            let mut differing =
                (0..left.branches.len()).filter(|&at| branches(left, at) != branches(right, at));
            let (at, None) = (differing.next()?, differing.next()) else { return None };
            (difference(tree, &left.branches[at], &right.branches[at], numbered)?, Some(at))
        }
        _ => return None,
    };
    inner.path.insert(0, (index, branch));
    Some(inner)
}

fn follow<'t>(tree: &'t Tree<'_>, statements: &'t [Statement], path: &[Step]) -> Option<&'t [Statement]> {
    let Some(((index, branch), rest)) = path.split_first() else { return Some(statements) };
    let inner = match (&statements[*index], branch) {
        (Statement::Group(id), None) => tree.group(*id).statements.as_slice(),
        (Statement::Form(form), Some(at)) => &form.branches[*at],
        _ => return None,
    };
    follow(tree, inner, rest)
}

/// Applies a change to the list at the end of a path.
fn edit(
    tree: &mut Tree<'_>,
    statements: &mut Vec<Statement>,
    path: &[Step],
    change: &mut dyn FnMut(&mut Tree<'_>, &mut Vec<Statement>),
) {
    let Some(((index, branch), rest)) = path.split_first() else { return change(tree, statements) };
    match (&mut statements[*index], branch) {
        (Statement::Group(id), None) => {
            tree.within(*id, |tree, inner| edit(tree, inner, rest, change));
        }
        (Statement::Form(form), Some(at)) => edit(tree, &mut form.branches[*at], rest, change),
        _ => {}
    }
}

/// Applies a change to the list of a group that may differ.
fn edit_body(
    tree: &mut Tree<'_>,
    id: GroupId,
    path: &[Step],
    change: &mut dyn FnMut(&mut Tree<'_>, &mut Vec<Statement>),
) {
    let skips = body(tree, id).1;
    tree.within(id, |tree, statements| match statements.as_mut_slice() {
        [Statement::Form(form)] if skips => edit(tree, &mut form.branches[0], path, change),
        _ => edit(tree, statements, path, change),
    });
}

fn apply(tree: &mut Tree<'_>, more: &Class, fewer: &Class) {
    let statements = body(tree, more.members[0]).0;
    let Some(difference) = difference(tree, statements, body(tree, fewer.members[0]).0, false) else {
        return;
    };
    let Some(list) = follow(tree, statements, &difference.path) else { return };
    let added: Vec<Statement> = difference.more.iter().map(|&(at, _)| list[at].clone()).collect();
    for &id in &fewer.members {
        edit_body(tree, id, &difference.path, &mut |tree, list| {
            for ((_, at), statement) in difference.more.iter().zip(&added).rev() {
                let value = match list.get(*at) {
                    Some(next) => tree.ends(next).0,
                    None => list.last().map_or(super::op::ValueId(0), |last| tree.ends(last).1),
                };
                let statement = match statement {
                    Statement::Optional(optional) => &optional.statement,
                    other => other,
                };
                let copy = copied(tree, statement);
                let optional = optional(tree, copy, 0, value);
                list.insert(*at, optional);
            }
        });
    }
    for &id in &more.members {
        edit_body(tree, id, &difference.path, &mut |tree, list| {
            for &(at, _) in &difference.more {
                if !matches!(list[at], Statement::Optional(_)) {
                    let value = tree.ends(&list[at]).0;
                    list[at] = optional(tree, list[at].clone(), 1, value);
                }
            }
        });
    }
    skip_if_same(tree, more.members.iter().chain(&fewer.members));
}

/// If only some groups have a shortcut, gives all of them `residual ifsame`.
fn skip_if_same<'c>(tree: &mut Tree<'_>, all: impl Iterator<Item = &'c GroupId> + Clone) {
    let skips: Vec<bool> = all.clone().map(|&id| body(tree, id).1).collect();
    let mixed = skips.contains(&true) && skips.contains(&false);
    let policy = |tree: &Tree<'_>, id: GroupId| match tree.group(id).statements.as_slice() {
        [Statement::Form(form)] => form.policy.as_deref() == Some("ifsame"),
        _ => false,
    };
    let some = all.clone().zip(&skips).any(|(&id, &skips)| skips && policy(tree, id));
    if !mixed && !some {
        return;
    }
    for (&id, skips) in all.zip(skips) {
        let (input, output) = (tree.group(id).input, tree.group(id).output);
        let group = &mut tree.groups[id.0];
        if !skips {
            let inner = std::mem::take(&mut group.statements);
            group.statements =
                vec![Statement::Form(Box::new(Form::new("residual", None, vec![inner], input, output)))];
        }
        if let Some(Statement::Form(form)) = group.statements.first_mut() {
            form.policy = Some("ifsame".to_owned());
        }
    }
}

fn optional(tree: &mut Tree<'_>, statement: Statement, flag: u64, value: super::op::ValueId) -> Statement {
    tree.slots.push(Slot { value: Some(flag), role: Role::Flag, expression: None, peers: Vec::new() });
    let flag = SlotId(tree.slots.len() - 1);
    Statement::Optional(Box::new(Optional { statement, flag, value }))
}

/// A copy of a statement for a group that lacks it. The numbers of the copy are unknown.
fn copied(tree: &mut Tree<'_>, statement: &Statement) -> Statement {
    match statement {
        Statement::Head(head) => {
            let tokens = blanked(tree, &head.tokens);
            Statement::Head(Head { tokens, ..head.clone() })
        }
        Statement::Form(form) => {
            let tokens = blanked(tree, &form.tokens);
            let branches = form
                .branches
                .iter()
                .map(|branch| branch.iter().map(|one| copied(tree, one)).collect())
                .collect();
            Statement::Form(Box::new(Form { tokens, branches, ..(**form).clone() }))
        }
        Statement::Group(id) => {
            let mut group = tree.group(*id).clone();
            match &mut group.call {
                Some(call) => {
                    call.arguments = call.arguments.iter().map(|&slot| blank(tree, slot)).collect();
                }
                None => group.statements = group.statements.iter().map(|one| copied(tree, one)).collect(),
            }
            (group.channels, group.is_copy) = (vec![None], true);
            tree.groups.push(group);
            Statement::Group(GroupId(tree.groups.len() - 1))
        }
        Statement::Optional(optional) => {
            let flag = blank(tree, optional.flag);
            let statement = copied(tree, &optional.statement);
            Statement::Optional(Box::new(Optional { statement, flag, value: optional.value }))
        }
        Statement::Repeat(repeat) => {
            let count = blank(tree, repeat.count);
            let statement = copied(tree, &repeat.statement);
            Statement::Repeat(Box::new(Repeat { statement, count, output: repeat.output }))
        }
        other => other.clone(),
    }
}

fn blank(tree: &mut Tree<'_>, slot: SlotId) -> SlotId {
    let role = tree.slots[slot.0].role;
    tree.slots.push(Slot { value: None, role, expression: None, peers: Vec::new() });
    SlotId(tree.slots.len() - 1)
}

fn blanked(tree: &mut Tree<'_>, tokens: &[Token]) -> Vec<Token> {
    debug_assert!(numbers(tokens).all(|slot| slot.0 < tree.slots.len()), "tokens name slots of the tree");
    tokens
        .iter()
        .map(|token| match token {
            Token::Number(slot, spelling) => Token::Number(blank(tree, *slot), *spelling),
            Token::Text(_) => token.clone(),
        })
        .collect()
}
