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
        let (group, component) = self.scopes_of_one_path(outer, numbered);
        let path = quoted_path(&component);
        if let Some(lines) = self.one_statement(group, &path, depth, numbered) {
            return (lines, true);
        }
        let is_number = outer.component.chars().all(|c| c.is_ascii_digit());
        let name = match (group.mode, &group.pattern) {
            (Mode::Sequence, _) if component == outer.component && numbered && is_number => "[]".to_owned(),
            (Mode::Pattern, Some(pattern)) => format!("{path}.{pattern}"),
            (Mode::Sequence, _) => format!("{path}[]"),
            _ => path,
        };
        let is_sequence = group.mode != Mode::Explicit;
        let inner = self.list(&group.statements, depth + 1, is_sequence, false);
        if is_sequence && let Some(lines) = self.one_member(group, &name, depth) {
            return (lines, true);
        }
        let flat = joined(&inner);
        let shares_line = |statement: &Statement| self.shares_line(statement);
        let short = inner.len() <= 4 && flat.len() <= SHORT && group.statements.iter().all(shares_line);
        let single = inner.len() == 1 && inner[0].len() + 4 * depth + name.len() + 6 <= WIDTH;
        if short || single {
            return (vec![format!("[{flat}] as {name}")], true);
        }
        let mut lines = vec!["[".to_owned()];
        lines.extend(without_last_semicolon(&inner).into_iter().map(|line| format!("    {line}")));
        lines.push(format!("] as {name}"));
        (lines, true)
    }

    /// A scope that contains only a scope is printed as one path: the innermost one, and the path from the outer one.
    fn scopes_of_one_path(&self, outer: &'t Group, numbered: bool) -> (&'t Group, String) {
        let (mut group, mut component) = (outer, outer.component.clone());
        while let [Statement::Group(inner)] = group.statements.as_slice() {
            let inner = self.tree.group(*inner);
            let is_one_path = match group.mode {
                Mode::Explicit => true,
                Mode::Sequence => !numbered,
                Mode::Pattern => false,
            };
            if inner.call.is_some() || !is_one_path {
                break;
            }
            component = format!("{component}.{}", inner.component);
            group = inner;
        }
        (group, component)
    }

    /// The lines of a scope whose only statement carries the path itself, without brackets.
    fn one_statement(
        &mut self,
        group: &'t Group,
        path: &str,
        depth: usize,
        numbered: bool,
    ) -> Option<Vec<String>> {
        match (group.mode, group.statements.as_slice()) {
            (Mode::Explicit, [Statement::Head(head)]) => {
                let name = head.name.as_ref()?;
                let is_keyed = head.trailing.iter().any(|&op| self.tree.op(op).is_keyed());
                if !head.trailing.is_empty() && (numbered || is_keyed) {
                    return None;
                }
                let text = render(&head.tokens, &self.tree.slots);
                Some(vec![format!("{text} as {path}.{}", quoted_path(name))])
            }
            (Mode::Explicit, [Statement::Form(form)]) if !numbered && self.opens_scope(form) => {
                let mut lines = self.form(form, depth, false);
                lines.last_mut()?.push_str(&format!(" as {path}"));
                Some(lines)
            }
            _ => None,
        }
    }

    /// The lines of a sequence of one member that carries the name of the sequence, without brackets.
    fn one_member(&mut self, group: &'t Group, name: &str, depth: usize) -> Option<Vec<String>> {
        let [statement] = group.statements.as_slice() else { return None };
        if matches!(statement, Statement::Group(_) | Statement::Repeat(_)) && !self.is_call(statement) {
            return None;
        }
        let (mut lines, is_named) = self.statement(statement, depth, true);
        let last = lines.last_mut().filter(|_| !is_named)?;
        last.push_str(&format!(" as {name}"));
        Some(lines)
    }

    /// Returns whether a statement may share a line with others.
    fn shares_line(&self, statement: &Statement) -> bool {
        match statement {
            Statement::Head(_) | Statement::Identity { .. } | Statement::Repeat(_) => true,
            Statement::Group(id) => {
                matches!(self.tree.group(*id).statements.as_slice(), [Statement::Head(_)])
                    || self.is_call(statement)
            }
            _ => false,
        }
    }
}
