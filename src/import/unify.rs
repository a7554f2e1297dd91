//! Anti-unification: compares the numbers of all instances of a block position by position, and replaces each by a
//! literal, a parameter, or an expression of parameters and incoming channels. An expression is used only if it is
//! right in every instance.

mod solver;

use std::collections::BTreeMap;

use super::stream::stream;
use super::tokens::{Role, Slot, SlotId, numbers};
use super::tree::{self, Block, Call, GroupId, Statement, Tree};
use solver::{Column, Parameter, Solver, fresh};

/// Makes a block of instances: one of them becomes its body, and all of them become calls.
pub(super) fn into_block(tree: &mut Tree<'_>, mut instances: Vec<GroupId>, name: String) {
    let mut slots: Vec<(GroupId, Vec<SlotId>)> = instances
        .drain(..)
        .map(|id| (id, numbers(&stream(tree, &tree.group(id).statements, false)).collect()))
        .collect();
    // The body is the first instance that has all statements.
    let unknown = |slots: &[SlotId]| slots.iter().filter(|slot| tree.slots[slot.0].value.is_none()).count();
    slots.sort_by_key(|(_, slots)| unknown(slots));
    let channels: Column = slots.iter().flat_map(|(id, _)| tree.group(*id).channels.clone()).collect();
    let columns: Vec<Column> = (0..slots[0].1.len()).map(|at| column(tree, &slots, at)).collect();
    let body = slots[0].0;
    let flags = flag_names(tree, &tree.group(body).statements, &slots[0].1);
    let roles: Vec<Role> = slots[0].1.iter().map(|slot| tree.slots[slot.0].role).collect();
    let mut solver = Solver { roles: &roles, channels: &channels, known: Vec::new(), parameters: Vec::new() };
    // Strides are solved first, because the window of a pool may have the size of its stride.
    let (first, last): (Vec<usize>, Vec<usize>) =
        (0..columns.len()).partition(|&at| roles[at] == Role::Stride);
    let mut expressions: Vec<Option<String>> = vec![None; columns.len()];
    for at in first.into_iter().chain(last) {
        expressions[at] = solver.solve(at, &columns[at], flags.get(&at));
    }
    let mut parameters = solver.parameters;
    set_defaults(&mut parameters, &columns);
    let (expressions, parameters) = in_order(expressions, parameters);
    let uses_channels =
        expressions.iter().flatten().any(|expression| words(expression).any(|word| word == "cin"));

    let block = tree.blocks.len();
    let calls: Vec<Vec<SlotId>> = slots
        .iter()
        .map(|(_, slots)| parameters.iter().map(|parameter| copy(tree, slots[parameter.at])).collect())
        .collect();
    for (at, expression) in expressions.iter().enumerate() {
        let own = slots[0].1[at];
        let peers = slots[1..].iter().map(|(_, slots)| slots[at]);
        tree.slots[own.0].peers.extend(peers);
        tree.slots[own.0].expression = expression.clone();
        if expression.is_none() {
            tree.slots[own.0].value = columns[at].iter().flatten().next().copied().or(Some(0));
        }
    }
    share_channels(tree, &slots);
    let mut representative = tree.group(body).clone();
    representative.channels = channels;
    tree.groups.push(representative);
    let formal = |Parameter { name, role, default, .. }| tree::Parameter { name, role, default };
    let parameters = parameters.into_iter().map(formal).collect();
    tree.blocks.push(Block { name, parameters, uses_channels, body: GroupId(tree.groups.len() - 1) });
    for ((id, _), arguments) in slots.iter().zip(calls) {
        tree.groups[id.0].call = Some(Call { block, arguments });
    }
}

fn column(tree: &Tree<'_>, slots: &[(GroupId, Vec<SlotId>)], at: usize) -> Column {
    let mut values = Vec::new();
    for (_, slots) in slots {
        Slot::values(slots[at], &tree.slots, &mut values);
    }
    values
}

fn copy(tree: &mut Tree<'_>, slot: SlotId) -> SlotId {
    let copy = tree.slots[slot.0].clone();
    tree.slots.push(copy);
    SlotId(tree.slots.len() - 1)
}

/// Adds the incoming channels of the other instances' groups to the groups of the body.
fn share_channels(tree: &mut Tree<'_>, slots: &[(GroupId, Vec<SlotId>)]) {
    let inner: Vec<Vec<GroupId>> =
        slots.iter().map(|(id, _)| tree.groups_in(&tree.group(*id).statements)).collect();
    for (position, id) in inner[0].iter().enumerate() {
        let peers: Column = inner[1..]
            .iter()
            .filter_map(|groups| groups.get(position))
            .flat_map(|peer| tree.group(*peer).channels.clone())
            .collect();
        tree.groups[id.0].channels.extend(peers);
    }
}

/// Sets defaults: 1 for strides, the most frequent value for flags and words, 0 for parameters that only optional
/// statements use.
fn set_defaults(parameters: &mut [Parameter], columns: &[Column]) {
    let instances = columns.first().map_or(0, Vec::len);
    let dead: Vec<bool> =
        (0..instances).map(|at| columns.iter().all(|column| column[at].is_none())).collect();
    for parameter in parameters {
        let column = &columns[parameter.at];
        let share = |value: u64| column.iter().filter(|one| **one == Some(value)).count() * 2 >= column.len();
        let lacks = column.iter().zip(&dead).any(|(value, dead)| value.is_none() && !dead);
        parameter.default = match parameter.role {
            Role::Flag => Some(u64::from(share(1))),
            Role::Word => most_common(column),
            Role::Stride if column.contains(&Some(1)) => Some(1),
            Role::Groups | Role::Dilation | Role::Multiplier if share(1) => Some(1),
            _ if lacks => Some(0),
            _ => None,
        };
    }
}

/// The value that most instances have; of several, the lowest.
fn most_common(column: &Column) -> Option<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    column.iter().flatten().for_each(|&value| *counts.entry(value).or_insert(0) += 1);
    counts.into_iter().min_by_key(|&(_, count)| std::cmp::Reverse(count)).map(|(value, _)| value)
}

/// Sorts parameters: those without defaults first, flags last; renumbers their names in this order.
fn in_order(
    expressions: Vec<Option<String>>,
    mut parameters: Vec<Parameter>,
) -> (Vec<Option<String>>, Vec<Parameter>) {
    let rank = |role: Role| match role {
        Role::Flag => 2,
        Role::Word => 1,
        _ => 0,
    };
    parameters.sort_by_key(|parameter| (parameter.default.is_some(), rank(parameter.role)));
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for parameter in &mut parameters {
        let base = parameter.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let taken: Vec<&str> = renamed.values().map(String::as_str).collect();
        let name = fresh(base, &taken);
        renamed.insert(std::mem::replace(&mut parameter.name, name.clone()), name);
    }
    let rename = |expression: String| {
        let mut text = String::new();
        for piece in pieces(&expression) {
            text.push_str(renamed.get(piece).map_or(piece, String::as_str));
        }
        text
    };
    (expressions.into_iter().map(|expression| expression.map(rename)).collect(), parameters)
}

/// Splits an expression into names and the text between them.
fn pieces(expression: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c: char| is_name(c) != is_name(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    pieces(expression).filter(|piece| piece.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// A name for the flag of each optional statement that says what the statement does.
fn flag_names(tree: &Tree<'_>, statements: &[Statement], slots: &[SlotId]) -> BTreeMap<usize, String> {
    let mut names = BTreeMap::new();
    for statement in statements {
        tree.walk(statement, false, &mut |one| {
            let Statement::Optional(optional) = one else { return };
            if let Some(at) = slots.iter().position(|slot| *slot == optional.flag) {
                names.insert(at, flag_name(tree, &optional.statement));
            }
        });
    }
    names
}

fn flag_name(tree: &Tree<'_>, statement: &Statement) -> String {
    let mut multiplies = false;
    tree.walk(statement, true, &mut |one| {
        multiplies |= matches!(one, Statement::Form(form) if form.kind == "mul")
    });
    let convolves = |head: &super::tree::Head| tree.op(head.op).word == "conv";
    let name = match statement {
        Statement::Group(_) if multiplies => Some("se".to_owned()),
        Statement::Group(id) => {
            let group = tree.group(*id);
            let is_word = group.component.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            match group.statements.as_slice() {
                _ if is_word => Some(group.component.clone()),
                [Statement::Head(head)] if convolves(head) => Some("expand".to_owned()),
                _ => None,
            }
        }
        Statement::Head(head) => match &head.name {
            Some(name) => name.split('.').next().map(str::to_owned),
            None if convolves(head) => Some("expand".to_owned()),
            None => None,
        },
        _ => None,
    };
    let plain = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !matches!(name.as_str(), "in" | "as" | "round" | "min" | "max" | "ceil" | "floor" | "cin")
    };
    name.filter(plain).unwrap_or_else(|| "more".to_owned())
}
