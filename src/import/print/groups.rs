//! Prints groups: as scopes with a name, as members of a sequence, or as calls of a block.

use super::{Printer, SHORT, joined, without_last_semicolon};
use crate::import::naming::quoted_path;
use crate::import::tokens::{literal, render};
use crate::import::tree::{Group, GroupId, Mode, Parameter, Statement};
use crate::import::units::WIDTH;

impl<'t> Printer<'t, '_> {
    /// The call that is printed instead of a group, and whether it ends with a written name; `None` for a group that is no
    /// call.
    pub(super) fn call(&self, id: GroupId, numbered: bool) -> Option<(Vec<String>, bool)> {
        let group = self.tree.group(id);
        let call = group.call.as_ref()?;
        let block = &self.tree.blocks[call.block];
        let mut arguments = Vec::new();
        for (Parameter { name, role, default }, slot) in block.parameters.iter().zip(&call.arguments) {
            let slot = &self.tree.slots[slot.0];
            let default = default.map(|default| literal(*role, default));
            let text = match (slot.value, &slot.expression, &default) {
                (None, None, Some(default)) => default.clone(),
                _ => slot.bare(),
            };
            match default {
                Some(default) if text == default => {}
                Some(_) => arguments.push(format!("{name}={text}")),
                None => arguments.push(text),
            }
        }
        let text = format!("{}({})", block.name, arguments.join(", "));
        let is_number = group.component.chars().all(|c| c.is_ascii_digit());
        let in_pattern = numbered && (is_number || self.in_pattern(group));
        if group.automatic || in_pattern {
            return Some((vec![text], false));
        }
        Some((vec![format!("{text} as {}", quoted_path(&group.component))], true))
    }

    /// Returns whether a group is a member of a pattern.
    pub(super) fn in_pattern(&self, group: &Group) -> bool {
        self.patterns.contains(&group.path[..group.path.len().saturating_sub(1)])
    }

    /// The lines of a group without its `;`, and whether they end with a written name.
    pub(super) fn group(&mut self, id: GroupId, depth: usize, numbered: bool) -> (Vec<String>, bool) {
        if let Some(call) = self.call(id, numbered) {
            return call;
        }
        let outer = self.tree.group(id);
        // A scope that contains only a scope is printed as one path.
        let (mut group, mut component) = (outer, outer.component.clone());
        while let [Statement::Group(inner)] = group.statements.as_slice() {
            let inner = self.tree.group(*inner);
            let one_path = match group.mode {
                Mode::Explicit => true,
                Mode::Sequence => !numbered,
                Mode::Pattern => false,
            };
            if inner.call.is_some() || !one_path {
                break;
            }
            component = format!("{component}.{}", inner.component);
            group = inner;
        }
        let direct = component == outer.component;
        let is_number = outer.component.chars().all(|c| c.is_ascii_digit());
        let path = quoted_path(&component);
        let sequence = group.mode != Mode::Explicit;
        if let (Mode::Explicit, [Statement::Head(head)]) = (group.mode, group.statements.as_slice())
            && let Some(name) = &head.name
            && (head.trailing.is_empty()
                || (!numbered && !head.trailing.iter().any(|&op| self.tree.op(op).is_keyed())))
        {
            let text = render(&head.tokens, &self.tree.slots);
            return (vec![format!("{text} as {path}.{}", quoted_path(name))], true);
        }
        if let (Mode::Explicit, [Statement::Form(form)], false) =
            (group.mode, group.statements.as_slice(), numbered)
            && self.opens_scope(form)
        {
            let mut lines = self.form(form, depth, false);
            if let Some(last) = lines.last_mut() {
                last.push_str(&format!(" as {path}"));
            }
            return (lines, true);
        }
        let name = match (group.mode, &group.pattern) {
            (Mode::Sequence, _) if direct && numbered && is_number => "[]".to_owned(),
            (Mode::Pattern, Some(pattern)) => format!("{path}.{pattern}"),
            (Mode::Sequence, _) => format!("{path}[]"),
            _ => path,
        };
        let inner = self.list(&group.statements, depth + 1, sequence, false);
        if let ([statement], true) = (group.statements.as_slice(), sequence)
            && (!matches!(statement, Statement::Group(_) | Statement::Repeat(_)) || self.is_call(statement))
        {
            let (mut lines, named) = self.statement(statement, depth, true);
            if let (Some(last), false) = (lines.last_mut(), named) {
                last.push_str(&format!(" as {name}"));
                return (lines, true);
            }
        }
        let flat = joined(&inner);
        let holds_one = |statement: &Statement| match statement {
            Statement::Group(id) => {
                matches!(self.tree.group(*id).statements.as_slice(), [Statement::Head(_)])
            }
            _ => false,
        };
        let plain = |statement: &Statement| {
            matches!(statement, Statement::Head(_) | Statement::Identity { .. } | Statement::Repeat(_))
                || self.is_call(statement)
                || holds_one(statement)
        };
        let short = inner.len() <= 4 && flat.len() <= SHORT && group.statements.iter().all(plain);
        let single = inner.len() == 1 && inner[0].len() + 4 * depth + name.len() + 6 <= WIDTH;
        if short || single {
            return (vec![format!("[{flat}] as {name}")], true);
        }
        let mut lines = vec!["[".to_owned()];
        lines.extend(without_last_semicolon(&inner).into_iter().map(|line| format!("    {line}")));
        lines.push(format!("] as {name}"));
        (lines, true)
    }
}
