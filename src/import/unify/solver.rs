//! Finds an expression for each number in which the instances of a block differ: a parameter, the incoming channels, or
//! a multiple or a part of one of them.

use std::collections::BTreeSet;

use crate::import::tokens::Role;

/// The values of one number in all instances; `None` for an instance that lacks the statement.
pub(super) type Column = Vec<Option<u64>>;

/// A parameter of a block that is being made.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) role: Role,
    /// The index of the number in the body.
    pub(super) at: usize,
    pub(super) default: Option<u64>,
}

/// Finds the expression of each number of a block.
pub(super) struct Solver<'s> {
    pub(super) roles: &'s [Role],
    pub(super) channels: &'s Column,
    /// The columns that have an expression.
    pub(super) known: Vec<(Column, String, Role)>,
    pub(super) parameters: Vec<Parameter>,
}

/// Returns whether a role counts channels.
fn counts_channels(role: Role) -> bool {
    matches!(role, Role::Filters | Role::Elements | Role::Groups)
}

/// Returns whether numbers of two roles can share a parameter.
fn compatible(left: Role, right: Role) -> bool {
    left == right || (counts_channels(left) && counts_channels(right))
}

/// Returns whether two columns are equal, except where the left one is unknown.
fn agree(left: &Column, right: &Column) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.is_none() || left == right)
}

/// `4*{}` or `{} // 4`: an expression of another column, if that has at least two different values.
fn ratio(column: &Column, of: &Column, name: &str) -> Option<String> {
    let mut pairs = Vec::new();
    for (value, other) in column.iter().zip(of) {
        match (value, other) {
            (Some(value), Some(other)) => pairs.push((*value, *other)),
            (Some(_), None) => return None,
            (None, _) => {}
        }
    }
    let others: BTreeSet<u64> = pairs.iter().map(|&(_, other)| other).collect();
    let constant = |quotients: Option<BTreeSet<u64>>| -> Option<u64> {
        let quotients = quotients?;
        quotients.first().copied().filter(|&quotient| quotients.len() == 1 && quotient > 1)
    };
    if others.len() < 2 {
        return None;
    }
    let quotient = |above: u64, below: u64| {
        (below > 0 && above.is_multiple_of(below) && above > 0).then(|| above / below)
    };
    let times = constant(pairs.iter().map(|&(value, other)| quotient(value, other)).collect());
    let parts = constant(pairs.iter().map(|&(value, other)| quotient(other, value)).collect());
    match (times, parts) {
        (Some(times), _) => Some(format!("{times}*{name}")),
        (None, Some(parts)) => Some(format!("{name} // {parts}")),
        (None, None) => None,
    }
}

impl Solver<'_> {
    /// The expression of a column; `None` for a literal.
    pub(super) fn solve(&mut self, at: usize, column: &Column, flag: Option<&String>) -> Option<String> {
        let values: BTreeSet<u64> = column.iter().flatten().copied().collect();
        if values.len() <= 1 {
            return None;
        }
        let role = self.roles[at];
        let earlier =
            self.known.iter().find(|(known, _, other)| compatible(role, *other) && agree(column, known));
        if let Some((_, expression, _)) = earlier {
            return Some(expression.clone());
        }
        let expression = self.derived(role, column).unwrap_or_else(|| self.parameter(at, role, flag));
        self.known.push((column.clone(), expression.clone(), role));
        Some(expression)
    }

    fn derived(&self, role: Role, column: &Column) -> Option<String> {
        if counts_channels(role) {
            if agree(column, self.channels) {
                return Some("cin".to_owned());
            }
            let is_parameter =
                |name: &String| self.parameters.iter().any(|parameter| parameter.name == *name);
            let of_parameters = self
                .known
                .iter()
                .filter(|(_, name, role)| counts_channels(*role) && is_parameter(name))
                .find_map(|(known, name, _)| ratio(column, known, name));
            let of_channels = || {
                (self.channels.len() == column.len()).then(|| ratio(column, self.channels, "cin")).flatten()
            };
            return of_parameters.or_else(of_channels);
        }
        if role == Role::Kernel {
            // A window of the size of a stride.
            let equal =
                |(known, _, other): &&(Column, String, Role)| *other == Role::Stride && agree(column, known);
            return self.known.iter().find(equal).map(|(_, name, _)| name.clone());
        }
        if role == Role::Pad {
            let halves = |known: &Column| {
                known.len() == column.len()
                    && known
                        .iter()
                        .zip(column)
                        .all(|(kernel, pad)| pad.is_none() || kernel.map(|k| k / 2) == *pad)
            };
            let kernel = self.known.iter().find(|(known, _, role)| *role == Role::Kernel && halves(known));
            return kernel.map(|(_, name, _)| format!("{name} // 2"));
        }
        None
    }

    fn parameter(&mut self, at: usize, role: Role, flag: Option<&String>) -> String {
        let base = match (flag, role) {
            (Some(flag), _) => flag.as_str(),
            (None, Role::Filters) => "c",
            (None, Role::Elements | Role::Count) => "n",
            (None, Role::Kernel) => "k",
            (None, Role::Stride) => "s",
            (None, Role::Pad) => "p",
            (None, Role::Groups) => "g",
            (None, Role::Dilation) => "d",
            (None, Role::Multiplier) => "m",
            (None, Role::Flag) => "more",
            (None, Role::Word) => "act",
            (None, Role::Other) => "v",
        };
        let taken: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let name = fresh(base, &taken);
        self.parameters.push(Parameter { name: name.clone(), role, at, default: None });
        name
    }
}

/// The name `base`, or with the first number that makes it differ from all names that are taken.
pub(super) fn fresh(base: &str, taken: &[&str]) -> String {
    std::iter::once(base.to_owned())
        .chain((2..).map(|number| format!("{base}{number}")))
        .find(|name| !taken.contains(&name.as_str()))
        .unwrap_or_default()
}
