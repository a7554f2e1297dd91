//! Distributes the statements of a list over lines: equal neighbours become a repetition, and short ones share a line.

use super::tree::{Statement, Tree};

/// The greatest length of a line in characters.
pub(super) const WIDTH: usize = 100;
/// The greatest number of statements in a repetition.
const PERIOD: usize = 4;

/// Words that can share a line with the statement before them.
const LIGHT: &[&str] =
    &["maxpool", "avgpool", "flatten", "dropout", "dense", "softmax", "shuffle", "relu", "pad", "upsample"];

/// The lines of a statement, and the number of equal statements in a row.
pub(super) struct Unit<'t> {
    pub(super) statement: &'t Statement,
    /// Its lines, without the last `;`.
    pub(super) lines: Vec<String>,
    /// The number of times that it follows itself.
    pub(super) count: usize,
    /// Whether it can become a repetition.
    pub(super) repeats: bool,
    /// Whether it is a member `… as []`.
    pub(super) is_member: bool,
    /// The shape to state behind it.
    pub(super) shape: Option<String>,
}

/// The statements of a list, in order.
pub(super) struct Units<'t, 'n> {
    tree: &'t Tree<'n>,
    units: Vec<Unit<'t>>,
}

impl<'t, 'n> Units<'t, 'n> {
    /// An empty list of a tree.
    pub(super) fn new(tree: &'t Tree<'n>) -> Units<'t, 'n> {
        Units { tree, units: Vec::new() }
    }

    /// Adds a statement, or increases the count of the last one if that is equal and can be repeated.
    pub(super) fn push(&mut self, unit: Unit<'t>) {
        if let Some(last) = self.units.last_mut()
            && unit.repeats
            && last.repeats
            && last.is_member == unit.is_member
            && last.lines == unit.lines
            && last.shape.is_none()
            && unit.shape.is_none()
        {
            last.count += 1;
        } else {
            self.units.push(unit);
        }
    }

    /// Returns whether the last statement is written with this name.
    pub(super) fn ends_with_name(&self, name: &str) -> bool {
        let last = self.units.last().and_then(|unit| unit.lines.last());
        last.is_some_and(|line| line.strip_suffix("[]").unwrap_or(line).ends_with(&format!(" as {name}")))
    }

    /// The lines of all units, each statement with its `;`.
    pub(super) fn lines(mut self, depth: usize) -> Vec<String> {
        self.units = periods(self.units);
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut before: Option<&Unit<'_>> = None;
        for unit in &self.units {
            let mut own = unit.lines.clone();
            let Some(last) = own.last_mut() else { continue };
            if unit.count > 1 {
                *last = if unit.is_member {
                    format!("[{last}] * {}", unit.count)
                } else {
                    format!("{last} * {}", unit.count)
                };
            }
            if let Some(shape) = &unit.shape {
                *last = match last.rfind(" as ") {
                    Some(at) => format!("{} -> {shape}{}", &last[..at], &last[at..]),
                    None => format!("{last} -> {shape}"),
                };
            }
            last.push(';');
            if let [text] = own.as_slice() {
                let fits = line.len() + 2 + text.len() + 4 * depth <= WIDTH;
                if !line.is_empty() && fits && before.is_some_and(|before| self.share(before, unit)) {
                    line.push_str(&format!("  {text}"));
                } else {
                    lines.extend((!line.is_empty()).then(|| std::mem::take(&mut line)));
                    line = text.clone();
                }
            } else {
                lines.extend((!line.is_empty()).then(|| std::mem::take(&mut line)));
                lines.extend(own);
            }
            before = Some(unit);
        }
        lines.extend((!line.is_empty()).then_some(line));
        lines
    }

    /// Returns whether two neighbouring statements can share a line.
    fn share(&self, before: &Unit<'_>, unit: &Unit<'_>) -> bool {
        let light = |statement: &Statement| matches!(statement, Statement::Head(head) if LIGHT.contains(&self.tree.op(head.op).word));
        let block = |statement: &Statement| match statement {
            Statement::Group(id) => self.tree.group(*id).call.as_ref().map(|call| call.block),
            _ => None,
        };
        let wire = |statement: &Statement| matches!(statement, Statement::Identity { .. });
        let join = |statement: &Statement| self.is_short_join(statement);
        let short = |statement: &Statement| join(statement) || light(statement) || block(statement).is_some();
        match (before.statement, unit.statement) {
            (Statement::Fetch { .. }, _) => true,
            (left, right) if wire(left) || wire(right) => true,
            (left, right) if join(left) && short(right) || join(right) && short(left) => true,
            (left, right) => match (block(left), block(right)) {
                (Some(one), Some(other)) => one == other || (before.repeats && unit.repeats),
                (Some(_), None) => light(right),
                _ => light(right) && matches!(left, Statement::Head(_)),
            },
        }
    }

    /// Returns whether a form joins only values that have names, or lack none but a word without parameters.
    fn is_short_join(&self, statement: &Statement) -> bool {
        let Statement::Form(form) = statement else { return false };
        form.trailing.is_empty()
            && form.policy.is_none()
            && form.branches.iter().flatten().all(|one| match one {
                Statement::Head(head) => !self.tree.op(head.op).is_keyed() && head.trailing.is_empty(),
                Statement::Fetch { .. } => true,
                other => other.is_wire(),
            })
    }
}

/// Replaces equal runs of a few statements by `[a; b] * n`.
fn periods(mut units: Vec<Unit<'_>>) -> Vec<Unit<'_>> {
    let same = |left: &[Unit<'_>], right: &[Unit<'_>]| {
        left.iter()
            .zip(right)
            .all(|(a, b)| a.lines == b.lines && a.count == b.count && b.repeats && b.shape.is_none())
    };
    let may = |unit: &Unit<'_>| {
        unit.repeats
            && !unit.is_member
            && unit.shape.is_none()
            && matches!(unit.statement, Statement::Group(_) | Statement::Head(_))
    };
    let mut at = 0;
    while at < units.len() {
        for period in 2..=PERIOD {
            let Some(first) = units.get(at..at + period).filter(|window| window.iter().all(may)) else {
                continue;
            };
            let mut times = 1;
            while units
                .get(at + times * period..at + (times + 1) * period)
                .is_some_and(|next| same(first, next))
            {
                times += 1;
            }
            if times < 2 {
                continue;
            }
            let text: Vec<String> = first
                .iter()
                .map(|unit| match unit.count {
                    1 => unit.lines[0].clone(),
                    count => format!("{} * {count}", unit.lines[0]),
                })
                .collect();
            let unit = Unit {
                statement: first[0].statement,
                lines: vec![format!("[{}] * {times}", text.join("; "))],
                count: 1,
                repeats: false,
                is_member: false,
                shape: None,
            };
            units.splice(at..at + times * period, [unit]);
            break;
        }
        at += 1;
    }
    units
}
